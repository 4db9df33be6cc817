// schemas/release.h: one version's signed description: the manifest and every file's path, size, digest, role, variant.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/manifest.h"

namespace nano::schemas {

inline constexpr std::string_view kReleaseSchema = "nano.release/1";
inline constexpr uint64_t kMaxReleaseBytes = uint64_t{1} << 20;  ///< 1 MiB
inline constexpr uint64_t kMaxBlobBytes = uint64_t{1} << 32;     ///< 4 GiB

struct ReleaseFile {
  std::string path{};
  uint64_t size = 0;  ///< bytes
  Digest sha256{};
  Role role = Role::other;
  std::string variant{};  ///< "" = shared by all variants
  friend bool operator==(const ReleaseFile&, const ReleaseFile&) = default;
};

/// Immutable once signed. Its digest is taken over the bytes received, never over bytes written again.
struct Release {
  Manifest manifest{};
  std::string created{};             ///< YYYY-MM-DDTHH:MM:SSZ
  std::vector<ReleaseFile> files{};  ///< sorted by path; exactly the manifest's files

  [[nodiscard]] const ReleaseFile* find_file(std::string_view path) const;
  /// What installing `variant` puts there ("" = no variants): its own files and the shared ones.
  [[nodiscard]] std::vector<const ReleaseFile*> files_of(std::string_view variant) const;
  [[nodiscard]] uint64_t size_of(std::string_view variant) const;  ///< bytes of files_of(variant)
  friend bool operator==(const Release&, const Release&) = default;
};

/// errors  invalid: breaks the schema, a path rule, a limit; files and manifest disagree
[[nodiscard]] Result<Release> parse_release(std::string_view bytes);
[[nodiscard]] Problems check_release(std::string_view bytes);
/// The signed bytes: compact, keys sorted, files sorted by path. Equal releases give equal bytes.
/// errors  invalid: the release breaks a rule or is over 1 MiB
[[nodiscard]] Result<std::string> release_bytes(const Release& release);

/// Path rules over a whole list: package paths, unique ignoring case, none a folder of another, not `nano.json`.
/// Returns one problem for each fault, with pointer "/<index>".
[[nodiscard]] Problems check_paths(const std::vector<std::string>& paths);

}  // namespace nano::schemas
