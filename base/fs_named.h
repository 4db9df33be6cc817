// base/fs_named.h: a path that a person typed: it must be there.
#pragma once

#include "base/fs_look.h"

namespace nano::fs {

/// What it leads to, links followed.   errors  not_found: "no such file"; usage: longer than a path may be; store
[[nodiscard]] Result<What> look_for(const Path& path);

}  // namespace nano::fs
