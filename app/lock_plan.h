// app/lock_plan.h: what nano.lock is going to say, and the steps that put it in place.
#pragma once

#include <vector>

#include "app/plan.h"
#include "app/project.h"
#include "app/sync.h"

namespace nano::app {

struct LockPlan {
  schemas::Lockfile lock{};
  std::vector<Step> steps{};  ///< one for each locked package
  std::vector<LockChange>
      changes{};  ///< against the lock that was there; what only informs (golden, key ids) left out
};

/// Resolve the project. What is locked stays unless it no longer fits or may move.
///   errors  no_solution; untrusted: a locked release is not the one its registry has; those of the registries
[[nodiscard]] Result<LockPlan> plan_lock(Context& ctx, const Project& project, const store::Store& store,
                                         const schemas::Generation& synced, Remotes& remotes,
                                         const SyncOptions& options);

/// The lock as it is: no registry is asked for versions.
///   errors  not_found: no configured registry owns a namespace
[[nodiscard]] Result<LockPlan> plan_frozen(Context& ctx, const schemas::Lockfile& lock, Remotes& remotes);

/// Registry ids and key ids of what was put in place, into the lock. For the registry that came with nano there are none.
void note_signers(const Context& ctx, const schemas::Generation& synced, schemas::Lockfile& lock);

/// A locked package that comes from another registry now: untrusted. Other keys alone: a loud warning.
[[nodiscard]] Status check_signers(Context& ctx, const std::optional<schemas::Lockfile>& before,
                                   const schemas::Lockfile& after);

}  // namespace nano::app
