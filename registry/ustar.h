// registry/ustar.h: one tar header, read so strictly that no two programs can disagree about it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace nano::registry::ustar {

inline constexpr std::size_t kBlock = 512;  ///< bytes; a file's data is padded to a multiple of it
using Block = std::array<char, kBlock>;

struct Header {
  std::string name{};
  uint64_t size = 0;  ///< bytes
};

/// POSIX.1-1988 ustar, regular files with short names only. nullopt = a block of zeros, the end.
///   errors  invalid: links, devices, folders, PAX and GNU extensions (each by its name), a wrong checksum, bytes behind
///           a name, a size that is not plain octal
///   source  POSIX.1-2017 pax, "ustar Interchange Format"
[[nodiscard]] Result<std::optional<Header>> parse(const Block& block);

}  // namespace nano::registry::ustar
