// app/task.h: choosing by what a model is to do.
#pragma once

#include <string>

#include "app/choose_options.h"
#include "app/context.h"
#include "resolver/task.h"

namespace nano::app {

struct TaskOptions {
  std::string task{};  ///< "sentiment", "text-classification"
  std::string language{};
  ChooseOptions choose{};
};
/// errors  usage: no such task, a faulty bound; those of reading the registries. No candidate is no error: the ranking says why
[[nodiscard]] Result<resolver::TaskRanking> rank_for_task(Context& ctx, const TaskOptions& options);

/// The first candidate as a request: "sentiment-50m@1.0.0:q8". errors  unmet (10): no candidate holds
[[nodiscard]] Result<std::string> best_of(const resolver::TaskRanking& ranking, const TaskOptions& options);

}  // namespace nano::app
