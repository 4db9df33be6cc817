// app/task.cpp: every registry's packages for a task, ranked.
#include "app/task.h"

#include "app/machine.h"
#include "app/offers.h"

namespace nano::app {

Result<resolver::TaskRanking> rank_for_task(Context& ctx, const TaskOptions& options) {
  NANO_TRY_ASSIGN(const auto word, resolver::task_of(options.task));
  resolver::ChooseRequest request;
  NANO_TRY(apply(ctx, options.choose, request));
  Remotes remotes(ctx);
  NANO_TRY_ASSIGN(const auto packages, packages_for(ctx, remotes, word.task));
  bool calibrated = false;
  for (const auto& p : packages)
    for (const auto& o : p.offers)
      for (const auto& c : o.claims) calibrated = calibrated || c.calibration_us.has_value();
  if (calibrated)
    if (auto c = calibrate(ctx)) request.machine.calibration_us = std::move(c->us);
  return resolver::rank({.task = word.task,
                         .keyword = word.keyword,
                         .language = options.language,
                         .filters = request.filters,
                         .machine = request.machine,
                         .now = ctx.now,
                         .objective = request.objective.value_or(resolver::Objective::balanced)},
                        packages);
}

Result<std::string> best_of(const resolver::TaskRanking& ranking, const TaskOptions& options) {
  if (!ranking.candidates.empty()) {
    const auto& c = ranking.candidates.front();
    return c.name.text() + "@" + c.version.text() + (c.variant.empty() ? "" : ":" + c.variant);
  }
  if (ranking.rejected.empty())
    return make_error(Errc::not_found,
                      "no registry has a package for the task '" + options.task + "'" +
                          (options.language.empty() ? "" : " in the language '" + options.language + "'"),
                      "`nano search` shows what there is");
  std::string hint;
  for (const auto& r : ranking.rejected)
    if (hint.size() < 400)
      hint += (hint.empty() ? "" : "; ") + r.name.text() + " " + r.variant + " " + r.rejected.front();
  return make_error(Errc::unmet, "no package for the task '" + options.task + "' meets what was asked", hint);
}

}  // namespace nano::app
