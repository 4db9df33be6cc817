// cli/nano/choosing.h: the options that narrow what may be chosen, the same for every command that resolves; plans as text and JSON.
#pragma once

#include <string>
#include <vector>

#include "app/choose_options.h"
#include "app/install.h"
#include "app/task.h"
#include "cli/invocation.h"

namespace nano::cli {

/// --min --max --license --kind --min-age --prefer --any-machine --minimal
[[nodiscard]] std::vector<Option> choosing_options();
[[nodiscard]] std::vector<Option> with_choosing(std::vector<Option> own);
[[nodiscard]] app::ChooseOptions choosing_of(const Invocation& in);
[[nodiscard]] Option dry_run_option();

[[nodiscard]] OrderedJson item_json(const app::PlanItem& item);
/// `items`, `changed`, `dry_run`, `generation`, bytes and seconds: the plan object, executed or not.
[[nodiscard]] OrderedJson report_json(const app::InstallReport& report);
/// The same for people.
void print_report(Invocation& in, const app::InstallReport& report);
/// "sentiment-50m 1.0.0 q8"
[[nodiscard]] std::string item_name(const app::PlanItem& item);

[[nodiscard]] OrderedJson ranking_json(const resolver::TaskRanking& ranking);
void print_ranking(Invocation& in, const resolver::TaskRanking& ranking);

}  // namespace nano::cli
