// base/fs_internal.h: what fs*.cpp share: the fault plan and errno as an Error.
#pragma once

#include "base/fs.h"

namespace nano::fs::internal {

/// 0, or the errno that the fault plan wants at this step (errno is set to it).
int fault(Op op, const Path& path, std::size_t& allowed);
inline int fault(Op op, const Path& path) {
  std::size_t none = 0;
  return fault(op, path, none);
}

/// An Error for `errno_value`: ENOENT is not_found, all else store, with a remedy for the common ones. For what is written;
/// what is read: fs::cannot_read.
[[nodiscard]] Error os_error(std::string_view doing, const Path& path, int errno_value);

/// The remedy when something could not be read; "" = none is known.
[[nodiscard]] std::string hint_for_reading(int errno_value);

/// Names in an open folder, sorted.   errors  store: it cannot be read to its end
[[nodiscard]] Result<std::vector<std::string>> names_in(const Fd& folder, const Path& for_messages);

/// What an open file holds.   errors  invalid: longer than `limit`; store
[[nodiscard]] Result<std::string> read_all(const Fd& fd, const Path& for_messages, uint64_t limit);

/// Can the file system not lock at all (ENOLCK, ENOSYS, EOPNOTSUPP)?
[[nodiscard]] bool is_without_locks(int errno_value);

}  // namespace nano::fs::internal
