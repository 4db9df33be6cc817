// app/change.h: the one way in which settings and projects are changed: read, changed and written under one lock.
//
// Two commands at once both have their effect, or one says that it failed: what a command decides is decided by what the file
// says under the lock, not by what it said when the command began.
#pragma once

#include <functional>

#include "app/context.h"
#include "app/project.h"
#include "base/fs_change.h"

namespace nano::app {

/// Change the user's config.json. `change` gets what the file says now; an error of it changes nothing. What is written must be
/// readable again and agree with the system's. Afterwards ctx.user_config is what was written (ctx.registries stays).
///   errors  those of `change`; usage: the changed settings break a rule; invalid: the file does; store
[[nodiscard]] Status change_config(Context& ctx, const std::function<Status(schemas::Config&)>& change);

/// Change the nano.json of the project in `dir`. `change` gets the project as its files say now.
///   errors  those of `change` and of read_project; store
[[nodiscard]] Status change_project(const Context& ctx, const fs::Path& dir, const std::function<Status(Project&)>& change);

/// The lock that change_project takes, for whoever writes more than nano.json. Nobody may hold it while asking the network.
[[nodiscard]] Result<fs::FolderLock> lock_project(const Context& ctx, const fs::Path& dir);
/// Do nano.json and nano.lock still say what they said when `project` was read? errors  as read_project
[[nodiscard]] Result<bool> is_as_read(const Project& project);

}  // namespace nano::app
