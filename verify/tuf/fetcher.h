// verify/tuf/fetcher.h: how the updater asks for bytes. It knows no URL and no protocol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano::verify::tuf {

/// Takes bytes as they arrive. An error ends the transfer and is what fetch() returns.
class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual Status write(std::string_view bytes) = 0;
};

enum class Area { metadata, targets };  ///< the two trees of a repository

/// Gets one file of a repository. Implemented over HTTP, folders, bundles and, in tests, by a repository that lies.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  /// Write the file's bytes into `into` as they arrive.
  ///
  ///   path       relative to the area, percent-encoded, as in "3.targets.json", "..%2Fx.json"
  ///   max_bytes  stop before or at this length; the updater's sink refuses the first byte beyond it in any case
  ///   errors     not_found: the repository does not have it (HTTP 404, and 403, which some stores answer instead);
  ///              anything else: it could not be learned (network, timeouts, what the sink said)
  [[nodiscard]] virtual Status fetch(Area area, std::string_view path, uint64_t max_bytes, Sink& into) = 0;
};

}  // namespace nano::verify::tuf
