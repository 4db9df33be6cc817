// app/export_request.h: an export on its way in: judged by the same updater as a registry, without one.
#pragma once

#include <vector>

#include "app/plan.h"

namespace nano::app {

/// One request for each release of the export. What the registry signed is kept as if it had been fetched, so that later neither
/// a server nor another export can show anything older.
///   errors  as open_bundle_request
[[nodiscard]] Result<std::vector<BundleRequest>> open_export(Context& ctx, const fs::Path& path, const InstallOptions& options);

}  // namespace nano::app
