// cli/nano/syncing.h: the report of everything that changes a project, as text and JSON.
#pragma once

#include "app/sync.h"
#include "cli/invocation.h"

namespace nano::cli {

void show_sync(Invocation& in, const app::SyncReport& report);
/// `nano verify --behaviour`: replay the golden inputs; exits with 10 when a package behaves otherwise.
[[nodiscard]] Result<int> run_behaviour(Invocation& in);
[[nodiscard]] OrderedJson golden_json(const app::GoldenReport& report);

}  // namespace nano::cli
