// store/store_internal.h: what store/*.cpp share: folders that must be real, durable folders, publishing a blob.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/fs.h"
#include "base/fs_dir.h"
#include "base/fs_internal.h"
#include "base/fs_look.h"
#include "store/store.h"

namespace nano::store::internal {

inline constexpr std::string_view kStagingPrefix = ".staging-";  ///< in pkgs/; '.'-names are no namespace
inline constexpr std::string_view kFirstStem = ".first.";        ///< in generations/: the first one is not in force yet
inline constexpr std::string_view kAddStem = "add";              ///< in partial/: `.add.*.tmp`, no digest

/// A regular file, not a link, of that size.
[[nodiscard]] bool is_regular(const std::optional<struct stat>& st, uint64_t size);
[[nodiscard]] Result<bool> is_regular(const Path& path, uint64_t size);  ///< errors  store: it cannot be looked at

/// Is every folder from `root` (not itself) down to `path`, as far as it exists, a real folder and no link? For reading and
/// messages; whoever writes or removes holds the folder open (open_folder).   errors  store
[[nodiscard]] Result<bool> is_real_path(const Path& root, const Path& path);

/// A folder of the store, by its whole path, opened step by step below the store's root: what is done in it stays in the store.
///   errors  not_found, store (a link or file is in the way)
[[nodiscard]] Result<fs::Dir> open_folder(const StoreLayout& layout, const Path& folder);
[[nodiscard]] Result<fs::Dir> make_folder(const StoreLayout& layout, const Path& folder);  ///< made where absent. errors  store

/// `pkgs/<ns>/<name>/<leaf>` with a namespace, a name and a leaf that the layout could have made. errors  invalid
[[nodiscard]] Status check_package_dir(std::string_view dir);

/// Read a small file of the store's own: a regular file, no link on the way. errors  not_found, invalid (longer, no file), store
[[nodiscard]] Result<std::string> read_own(const StoreLayout& layout, const Path& path, uint64_t limit);

/// Give the finished, synced temporary `name` of `folder` its name (or drop it, when the blob is there already). What was packed
/// from a blob of that digest earlier is dropped with it: it was made from bytes that are gone.   errors  store
[[nodiscard]] Status publish_blob(const StoreLayout& layout, const fs::Dir& folder, const Path& name, const Digest& digest, uint64_t size);

/// Remove what killed writers left. Call with the lock held. Failures are ignored: leftovers are harmless.
void clean_leftovers(const StoreLayout& layout);

/// A leftover's name of fs::write_atomic: `.<stem>.<pid>.<n>.<random>.tmp`.
[[nodiscard]] bool is_temporary(std::string_view name);

/// The digest of the blob that a file under derived/ was made from, by its name.   nullopt: it is none of ours
[[nodiscard]] std::optional<Digest> derived_source(std::string_view name);

}  // namespace nano::store::internal
