// store/packages.h: package folders: the files of one variant of one release, as links into blobs.
//
//   pkgs/<ns>/<name>/<version>~<variant>/<path of each file>   hard links (or reflinks, or copies), 0444
//                                       /nano.json             the release's manifest, for people and other programs
//                                       /~release.json         the release's bytes as signed
//   pkgs/.staging-<…>/                  a folder being made or unmade; the next writer removes it
//
// No package path may begin a segment with '~' (fs::is_package_path), so the `~` file collides with nothing.
// Another release under the same version and variant (unsigned packages packed again) gets `~<12 hex of its digest>` appended.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/release.h"
#include "store/store.h"

namespace nano::store {

inline constexpr std::string_view kReleaseFile = "~release.json";
inline constexpr std::string_view kManifestFile = "nano.json";

/// What a package folder is made from. Verified by the caller (verify/): the store checks bytes, not trust.
struct PackageSource {
  std::string release_bytes{};  ///< as signed; parsed here
  std::string variant{};        ///< "" = the release has no variants
  /// What it is called here, where that is not its manifest's name: the starter registry's `x` is `starter/x` beside another's.
  std::optional<schemas::PackageName> name{};
};

/// A package folder that is not in place yet. Transaction::commit moves it; without that the next writer removes it.
struct StagedPackage {
  schemas::Release release{};
  schemas::PackageName name{};  ///< what it is called here
  Digest digest{};          ///< of the release's bytes
  std::string dir{};        ///< where it will be, relative to the store: GenerationEntry::dir
  Path staging{};           ///< empty: the folder is there already and whole
};

/// Make the folder under pkgs/.staging-…, everything fsync'ed. All blobs must be in a store (reuse_blob, add_blob,
/// Partial); files, sizes and kinds are checked, digests were when the blobs came in.
///   errors  not_found: a blob is missing (fetch it and stage again: gc may have run between); invalid: release; store
[[nodiscard]] Result<StagedPackage> stage_package(const Store& store, const WriteLock& lock, const PackageSource& source);
/// Rename the staged folder into place; a damaged folder of the same release is replaced by one exchange. errors  store
[[nodiscard]] Status place_package(const WriteLock& lock, const StagedPackage& staged);
/// Rename into staging, then delete: a reader sees the folder whole or not at all. Absent is success. errors  store
[[nodiscard]] Status remove_package(const WriteLock& lock, std::string_view dir);

/// One package folder as read back.
struct InstalledPackage {
  Path dir{};                   ///< absolute if the store's path is
  std::string release_bytes{};
  schemas::Release release{};
  Digest digest{};              ///< of release_bytes
};
/// Read a folder by GenerationEntry::dir, in the first store that has it.
///   errors  not_found, invalid (a damaged document), store
[[nodiscard]] Result<InstalledPackage> open_package(const Store& store, std::string_view dir);

/// All package folders of one store, relative to it: "pkgs/_/x/1.0.0~q8", sorted. errors  store
[[nodiscard]] Result<std::vector<std::string>> list_packages(const StoreLayout& layout);

}  // namespace nano::store
