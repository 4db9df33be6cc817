// store/store_internal.h: what store/*.cpp share: folders that must be real, durable folders, publishing a blob.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/fs.h"
#include "base/fs_internal.h"
#include "store/store.h"

namespace nano::store::internal {

inline constexpr std::string_view kStagingPrefix = ".staging-";  ///< in pkgs/; '.'-names are no namespace
inline constexpr std::string_view kAddStem = "add";              ///< in partial/: `.add.*.tmp`, no digest

/// lstat, or nullopt when there is nothing (or it cannot be examined).
[[nodiscard]] std::optional<struct stat> examine(const Path& path);
[[nodiscard]] bool is_regular(const Path& path, uint64_t size);  ///< not a link, and of that size

/// Every folder from `root` (not itself) down to `path`, where it exists, is a real folder and no link: so what is
/// written below or removed there stays in the store. errors  store
[[nodiscard]] Status no_links_inside(const Path& root, const Path& path);

/// mkdir -p, fsyncing the parent of each folder that was made.
[[nodiscard]] Status make_dirs_durable(const Path& dir);

/// `pkgs/<ns>/<name>/<leaf>` with a namespace, a name and a leaf that the layout could have made. errors  invalid
[[nodiscard]] Status check_package_dir(std::string_view dir);

/// Read a small file of the store's own: a regular file, no link. errors  not_found, invalid (longer), store
[[nodiscard]] Result<std::string> read_own(const Path& path, uint64_t limit);

/// Give the finished, synced temporary its name (or drop it, when the blob is there already).
[[nodiscard]] Status publish_blob(const StoreLayout& layout, const Path& temporary, const Digest& digest, uint64_t size);

/// Remove what killed writers left. Call with the lock held. Failures are ignored: leftovers are harmless.
void clean_leftovers(const StoreLayout& layout);

/// A leftover's name of fs::write_atomic: `.<stem>.<pid>.<n>.<random>.tmp`.
[[nodiscard]] bool is_temporary(std::string_view name);

}  // namespace nano::store::internal
