// registry/tar_reader.h: the entries of a `.nano` file one after the other; every byte of it is accounted for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "registry/blob_sink.h"
#include "registry/unpack.h"
#include "registry/ustar.h"

namespace nano::registry {

/// `not a nano bundle: <what>`
[[nodiscard]] Error broken_bundle(std::string what);

/// Reads forward only. Nothing is written but through a sink; no entry's name ever becomes a path.
class TarReader {
 public:
  explicit TarReader(Unpack in) : in_(std::move(in)) {}

  /// Step to the next header; the body of the one before must have been taken.
  /// errors  invalid: as ustar::parse; more than kMaxBundleEntries entries
  [[nodiscard]] Status next();
  /// Nothing at the end.
  [[nodiscard]] const std::optional<ustar::Header>& at() const { return at_; }
  /// The whole body. errors  invalid: longer than `limit` bytes
  [[nodiscard]] Result<std::string> small(uint64_t limit);
  /// The body into `sink` (what it holds already is passed over), or past it when nullptr. Does not commit.
  [[nodiscard]] Status body(BlobSink* sink);
  /// After the end mark: at least one more block of zeros, and nothing else to the end of the file.
  [[nodiscard]] Status rest_is_zero();

 private:
  [[nodiscard]] Status padding(uint64_t size);

  Unpack in_;
  std::optional<ustar::Header> at_{};
  std::size_t entries_ = 0;
};

}  // namespace nano::registry
