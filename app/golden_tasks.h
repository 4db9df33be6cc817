// app/golden_tasks.h: how golden inputs are written and replayed, task by task.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "runtime_shim/session.h"
#include "schemas/manifest.h"

namespace nano::app {

/// What came out of the inputs here.
struct GoldenOutputs {
  std::size_t inputs = 0;
  std::vector<std::string> failures{};  ///< "input 3: negative, not positive"
  std::string text{};                   ///< all that was seen, for a digest
  double ms = 0;                        ///< of all inputs
};

/// `inputs` is the file's list, hostile; each element as docs/FORMATS.md#lockfile says for the task.
///   errors  invalid: it breaks the format; those of running the model
using GoldenReplay = Result<GoldenOutputs> (*)(const Json& inputs, const nano::Model& model, const schemas::Manifest& manifest);

/// Of a task (schemas::task_words()); nullptr: it cannot be replayed. A task that the runtime learns gets its line here.
[[nodiscard]] GoldenReplay golden_replay_of(const std::string& task);

/// "the golden file WHY", invalid.
[[nodiscard]] Error golden_fault(const std::string& why);

}  // namespace nano::app
