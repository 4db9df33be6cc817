// registry/unpack.h: a zstd file as a stream of unpacked bytes that cannot grow without end. For bundle_read.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"

struct archive;

namespace nano::registry {

/// Reads by libarchive (zstd filter, raw format: the tar inside is parsed by us, strictly).
class Unpack {
 public:
  /// errors  not_found; invalid: not zstd (what it is instead is named); store
  [[nodiscard]] static Result<Unpack> open(const std::filesystem::path& file);
  /// Up to `n` bytes; 0 = the end, and then nothing follows the compressed data.
  /// errors  invalid: damaged or cut short, or more than 200 times its packed size (after the first MiB)
  [[nodiscard]] Result<std::size_t> read(char* to, std::size_t n);
  /// Exactly `n` bytes. errors  also invalid: the end comes first
  [[nodiscard]] Status read_all(char* to, std::size_t n);

  Unpack(Unpack&&) noexcept = default;
  Unpack& operator=(Unpack&&) noexcept = default;

 private:
  Unpack() = default;
  struct Free {
    void operator()(archive* a) const noexcept;
  };
  fs::Fd fd_{};
  std::unique_ptr<archive, Free> archive_{};
  uint64_t limit_ = 0;  ///< unpacked bytes allowed
  uint64_t seen_ = 0;
};

}  // namespace nano::registry
