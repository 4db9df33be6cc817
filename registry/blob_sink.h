// registry/blob_sink.h: where a blob's bytes go as they arrive; the store is on the other side of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace nano::registry {

/// What is wanted: from the signed release, never from the wire.
struct BlobRequest {
  Digest digest{};
  uint64_t size = 0;  ///< bytes
  friend auto operator<=>(const BlobRequest&, const BlobRequest&) = default;
};

/// Takes one blob. Used by one thread at a time. The sink hashes, so that bytes are hashed once; whoever feeds it
/// never hands it more than the size asked for. Destroyed without commit() it keeps what it has, if it can resume.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  /// Bytes held and hashed already: the point to resume from. At most the blob's size.
  [[nodiscard]] virtual uint64_t have() const = 0;
  /// Bytes that follow those held. errors  store
  [[nodiscard]] virtual Status append(std::string_view bytes) = 0;
  /// Forget everything held (the server cannot resume). errors  store
  [[nodiscard]] virtual Status restart() = 0;
  /// All bytes are here: check length and digest, then name the blob. After an error the sink is dead, and what it
  /// held is gone. errors  integrity: other digest or length; store
  [[nodiscard]] virtual Status commit() = 0;
};

/// Makes the sink for a blob; nullptr = not wanted (it is held already). Called by several threads at once.
using SinkFactory = std::function<Result<std::unique_ptr<BlobSink>>(const BlobRequest&)>;

/// Checks, keeps nothing.
[[nodiscard]] std::unique_ptr<BlobSink> checking_sink(const BlobRequest& want);
/// Into `out` (at most 64 MiB), for small blobs such as cards.
[[nodiscard]] std::unique_ptr<BlobSink> memory_sink(const BlobRequest& want, std::string& out);
/// Into a new file at `path`, through a temporary beside it; an existing file is left as it is.
[[nodiscard]] std::unique_ptr<BlobSink> file_sink(const BlobRequest& want, std::filesystem::path path, unsigned mode = 0444);

}  // namespace nano::registry
