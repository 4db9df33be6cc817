// resolver/task.h: the best models for a task by what their publishers claim: a ranking, the Pareto front, and why not the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resolver/choose.h"

namespace nano::resolver {

struct TaskRequest {
  std::string
      task{};  ///< of schemas::task_words(); or a short word for one: "sentiment" is text-classification
  std::string keyword{};   ///< what a short word stands for beyond the task; filled by task_of
  std::string language{};  ///< "" = any
  Filters filters{};
  Machine machine{};
  UnixTime now = 0;
  Objective objective = Objective::balanced;
};

/// One variant of one package, as good as another or not.
struct Candidate {
  PackageName name{};
  Version version{};
  std::string variant{};
  std::string license{};
  uint64_t size = 0;
  std::string metric{};
  std::string dataset{};
  std::optional<double> quality{};
  std::optional<double> p50_ms{};
  std::optional<double> memory_bytes{};
  bool on_front =
      false;  ///< no other candidate is at least as good in quality, latency and size, and better in one
  std::vector<std::string> rejected{};  ///< the claims and facts that failed; empty = it may be chosen
};

struct TaskRanking {
  std::vector<Candidate> candidates{};  ///< best first
  std::vector<Candidate> rejected{};    ///< by name
  std::vector<std::string> notes{};     ///< "accuracies are of different data sets ..."
};

/// The packages that do a task, with their newest usable version's offers; made by the caller from its indexes.
struct TaskPackage {
  PackageName name{};
  std::vector<std::string> keywords{};
  std::vector<Offer> offers{};
};

/// `sentiment`, `ner`, `embedding` ... as the task word they mean and the keyword they leave.
///   errors  usage: no such task (with the nearest)
struct TaskWord {
  std::string task{};
  std::string keyword{};  ///< "" = none
};
[[nodiscard]] Result<TaskWord> task_of(std::string_view word);

/// Judge every variant of each package's newest version that may be considered (no pre-release while there is a release, not
/// yanked). Same input, same output.
[[nodiscard]] TaskRanking rank(const TaskRequest& request, const std::vector<TaskPackage>& packages);

}  // namespace nano::resolver
