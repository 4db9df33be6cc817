// app/task.cpp: every registry's packages for a task, ranked.
#include "app/task.h"

#include <set>

#include "app/installed.h"
#include "app/machine.h"
#include "app/offers.h"

namespace nano::app {
namespace {

constexpr std::size_t kConfirmedFirst = 10;  ///< lines of a ranking whose claims are read out of signed metadata
constexpr std::size_t kMaxConfirmed = 64;    ///< packages asked for that at most

}  // namespace

Result<resolver::TaskRanking> rank_for_task(Context& ctx, const TaskOptions& options) {
  NANO_TRY_ASSIGN(const auto word, resolver::task_of(options.task));
  resolver::ChooseRequest request;
  NANO_TRY(apply(ctx, options.choose, request));
  Remotes remotes(ctx);
  NANO_TRY_ASSIGN(auto packages, packages_for(ctx, remotes, word.task));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  const schemas::Generation nothing;
  const std::vector<BundleRequest> no_bundles;
  Offers offers(ctx, remotes, store, nothing, no_bundles);
  if (request.filters.min_age_seconds > 0) offers.need_dates();
  resolver::TaskRequest wish{.task = word.task,
                             .keyword = word.keyword,
                             .language = options.language,
                             .filters = request.filters,
                             .machine = request.machine,
                             .now = ctx.now,
                             .objective = request.objective.value_or(resolver::Objective::balanced)};
  const auto calibrate_if_needed = [&] {
    for (const auto& p : packages)
      for (const auto& o : p.offers)
        for (const auto& c : o.claims)
          if (c.calibration_us && wish.machine.calibration_us.empty())
            if (auto measured = calibrate(ctx)) wish.machine.calibration_us = std::move(measured->us);
  };
  calibrate_if_needed();
  // The search index is a hint. What would be shown first is read as its publishers signed it, and judged again.
  std::set<schemas::PackageName> confirmed;
  resolver::TaskRanking ranking = resolver::rank(wish, packages);
  for (bool again = true; again && confirmed.size() < kMaxConfirmed;) {
    again = false;
    for (std::size_t i = 0; i < ranking.candidates.size() && i < kConfirmedFirst; ++i) {
      const schemas::PackageName name = ranking.candidates[i].name;
      if (!confirmed.insert(name).second) continue;
      const auto asked = offers.offers(name);
      again = true;
      if (!asked) {
        // What its registry can no longer confirm is left out; the others can still be chosen.
        ctx.log->warn(name.text() + " is not among these: " + asked.error().message);
        std::erase_if(packages, [&](const auto& p) { return p.name == name; });
        continue;
      }
      for (auto& p : packages) {
        if (p.name != name) continue;
        // Languages are words of the manifest, which only the index repeats.
        const std::vector<std::string> languages = p.offers.empty() ? std::vector<std::string>() : p.offers.front().languages;
        p.offers = *asked;
        for (auto& o : p.offers)
          if (o.languages.empty()) o.languages = languages;
      }
    }
    if (again) {
      calibrate_if_needed();
      ranking = resolver::rank(wish, packages);
    }
  }
  return ranking;
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
