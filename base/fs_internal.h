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

/// An Error for `errno_value`: ENOENT is not_found, all else store, with a remedy for the common ones.
[[nodiscard]] Error os_error(std::string_view doing, const Path& path, int errno_value);

}  // namespace nano::fs::internal
