// runtime_shim/tasks/classify.h: text to labels.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime_shim/session.h"

namespace nano::tasks {

/// One text's answer.
struct Classified {
  std::vector<float>
      scores{};  ///< probabilities, one a label, in the order of the labels; they add up to 1 (multi-label: each by itself; regression: the outputs as they are)
  std::vector<float> logits{};  ///< the outputs before that
  std::size_t best = 0;    ///< index of the highest (the first of equals)
  std::size_t tokens = 0;  ///< with the special ones
  bool truncated = false;  ///< the text was longer than the model's context
  double ms = 0.0;         ///< its share of the time, by tokens
};

/// Classify texts by the first head (any bytes; what is not UTF-8 is passed over). A text's scores do not depend on the others beside it.
/// errors  unsupported: the model has no classifier; as Model::run. threads  safe
[[nodiscard]] Result<std::vector<Classified>> classify(const Model& model,
                                                       std::span<const std::string_view> texts);

}  // namespace nano::tasks
