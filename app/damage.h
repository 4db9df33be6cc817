// app/damage.h: what is installed already, and is it still whole?
#pragma once

#include <set>
#include <vector>

#include "app/context.h"
#include "schemas/generation.h"
#include "schemas/name.h"
#include "store/store.h"

namespace nano::app {

/// Of `entries`, those whose folder is not what their release says, by every byte. Each is named, with its first fault.
///   errors  store: something cannot be read, so that nothing is known
[[nodiscard]] Result<std::set<schemas::PackageName>> damaged_entries(Context& ctx, const store::Store& store,
                                                                    const std::vector<schemas::GenerationEntry>& entries);

/// The entries that `requests` name (those that are paths, or are not installed so, left out), when they are damaged: mended
/// from what lies here where that can be done. returns  those that must be fetched again
///   errors  store
[[nodiscard]] Result<std::set<schemas::PackageName>> mend_requested(Context& ctx, const store::Store& store,
                                                                    const std::vector<std::string>& requests, bool dry_run);

}  // namespace nano::app
