// cli/nano/syncing.h: the report of everything that changes a project, as text and JSON.
#pragma once

#include "app/sync.h"
#include "cli/invocation.h"

namespace nano::cli {

void show_sync(Invocation& in, const app::SyncReport& report);
[[nodiscard]] OrderedJson golden_json(const app::GoldenReport& report);

}  // namespace nano::cli
