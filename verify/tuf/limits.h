// verify/tuf/limits.h: every limit on what a repository may make a client do, once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nano::verify::tuf {

/// Bytes of one metadata file. Enforced while the bytes arrive (TUF specification 5.3.3, 5.4.1, 5.5.1, 5.6.1).
struct Limits {
  uint64_t root_bytes = 512'000;
  uint64_t timestamp_bytes = 16'384;
  uint64_t snapshot_bytes = 8'000'000;  ///< when the timestamp names no smaller length
  uint64_t targets_bytes = 8'000'000;   ///< of targets and of each delegated role, likewise
  uint32_t root_rotations = 256;        ///< root versions followed in one refresh (5.3.3)
  uint32_t visited_roles = 32;          ///< delegated roles looked into for one target (5.6.7.1)
};

inline constexpr std::size_t kMaxSignatures = 256;       ///< of one document: each may cost a verification
inline constexpr uint32_t kMaxDepth = 64;                ///< of its JSON
inline constexpr std::size_t kMaxKeyTextBytes = 16'384;  ///< of a key's PEM text
inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 16'384;  ///< a larger modulus only burns our time

}  // namespace nano::verify::tuf
