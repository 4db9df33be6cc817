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

/// Resolve the project. What is locked stays unless it no longer fits or may move. A package that none of the keys vouch for
/// by which it was locked gets the loud warning (judge.h), until a lock with the new keys is written.
///   errors  no_solution; untrusted: a locked release is not the one its registry has; those of the registries
[[nodiscard]] Result<LockPlan> plan_lock(Context& ctx, const Project& project, const store::Store& store,
                                         Remotes& remotes, const SyncOptions& options);

/// The lock as it is: no registry is asked for versions, and none is looked for of what is `held` (held.h).
///   errors  not_found: no configured registry owns a namespace; untrusted: another one owns it than the package was locked from
[[nodiscard]] Result<LockPlan> plan_frozen(const schemas::Lockfile& lock, Remotes& remotes, const std::vector<schemas::GenerationEntry>& held);

/// For a lock that is taken as it is: no registry was asked, so what was put in place says who vouches for it now.
///   errors  untrusted: a locked package comes from another registry. Other keys: the loud warning.
[[nodiscard]] Status check_vouchers(const Context& ctx, const schemas::Lockfile& lock,
                                    const std::vector<schemas::GenerationEntry>& entries);

}  // namespace nano::app
