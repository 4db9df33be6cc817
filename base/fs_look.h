// base/fs_look.h: what lies at a path, in three answers: this, nothing, or "it cannot be looked at".
//
// Nothing (absent) means ENOENT or ENOTDIR and nothing else. Whoever takes EACCES, EIO or ESTALE for "not there" removes what
// is needed, or writes over what is there; so these are errors, and every caller decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <sys/stat.h>

#include "base/fs.h"

namespace nano::fs {

enum class What { absent, file, folder, link, other };

/// Without following a final link; nullopt = absent.   errors  store: it cannot be looked at
[[nodiscard]] Result<std::optional<struct stat>> status_of(const Path& path);
/// Links are followed; one that leads nowhere is absent.   errors  store
[[nodiscard]] Result<std::optional<struct stat>> status_follow(const Path& path);

[[nodiscard]] Result<What> look(const Path& path);         ///< without following a final link. errors  store
[[nodiscard]] Result<What> look_follow(const Path& path);  ///< errors  store
[[nodiscard]] Result<bool> is_there(const Path& path);     ///< anything, a link that leads nowhere too. errors  store
[[nodiscard]] Result<bool> is_folder(const Path& path);    ///< or a link to one. errors  store
[[nodiscard]] Result<bool> is_file(const Path& path);      ///< a regular one, or a link to one. errors  store
/// Bytes of a regular file, links followed.   errors  not_found, store
[[nodiscard]] Result<uint64_t> size_of_file(const Path& path);
[[nodiscard]] What what_of(const struct stat& st);

/// `path` from the root of the file system; lexically normal, nothing is looked up but the working folder.
///   errors  store: the working folder is gone or may not be read
[[nodiscard]] Result<Path> absolute_path(const Path& path);
/// Every link resolved.   errors  not_found, store
[[nodiscard]] Result<Path> real_path(const Path& path);

/// An Error for what the system said when something was to be read: ENOENT and ENOTDIR are not_found, all else is store with a
/// remedy that is about reading. "cannot read '/x': Permission denied"
[[nodiscard]] Error cannot_read(const Path& path, int errno_value, std::string_view doing = "cannot read");

}  // namespace nano::fs
