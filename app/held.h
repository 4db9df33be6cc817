// app/held.h: what a lock names and the store holds already, so that nobody needs to be asked for it.
#pragma once

#include <vector>

#include "app/context.h"
#include "schemas/generation.h"
#include "schemas/lockfile.h"
#include "store/store.h"

namespace nano::app {

/// The locked packages that were verified and put in place before, for this project, for another one, or for all: release, variant
/// and registry are those that are locked, and their folders are there. Each entry says by whom it was vouched for then.
///   before  what this project was synced to: taken without a further look, as it was judged when it was put there
///   errors  untrusted: a policy forbids one; store
[[nodiscard]] Result<std::vector<schemas::GenerationEntry>> held_by_store(const Context& ctx, const store::Store& store,
                                                                          const schemas::Lockfile& lock, const schemas::Generation& before);

}  // namespace nano::app
