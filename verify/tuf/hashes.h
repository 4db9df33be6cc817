// verify/tuf/hashes.h: bytes against the length and hashes that metadata give for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verify/tuf/metadata.h"

namespace nano::verify::tuf {

/// Every hash of a known algorithm (sha256, sha512) must match, and at least one must be of a known algorithm. No
/// hashes at all: only the length is checked.
/// errors  integrity: another length or hash; unsupported: hashes of unknown algorithms only
[[nodiscard]] Status check_hashes(std::string_view bytes, const std::optional<uint64_t>& length,
                                  const Hashes& hashes, std::string_view what);

}  // namespace nano::verify::tuf
