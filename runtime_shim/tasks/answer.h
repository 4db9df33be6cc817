// runtime_shim/tasks/answer.h: a text, or a pair of texts, to the answers of all of a model's heads in one pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime_shim/session.h"
#include "runtime_shim/tasks/spans.h"

namespace nano::tasks {

struct Input {
  std::string_view text{};
  std::optional<std::string_view> pair{};  ///< the second text of a pair
};

/// One head's answer.
struct HeadAnswer {
  std::vector<float>
      scores{};  ///< classify: probabilities, in the order of the labels (multi-label: each by itself; regression: the outputs as they are)
  std::vector<float> logits{};  ///< classify: the outputs before that; where scores come to 1 or 0 these still differ
  std::size_t best = 0;         ///< index of the highest (the first of equals)
  std::vector<Span> spans{};    ///< tag: in the order of the text (of a pair: of its first); find: in the second text, the best first, no labels
  float no_answer = 0.0f;       ///< find: the probability that the text does not answer
  std::vector<float> vector{};  ///< embed: (the head's width), of length 1
};

/// One text's answers.
struct Answered {
  std::vector<HeadAnswer> heads{};  ///< as many as Model::heads(), in their order
  std::size_t tokens = 0;           ///< with the special ones
  bool truncated = false;           ///< the text was longer than the model's context
  double ms = 0.0;                  ///< its share of the time, by tokens
};

/// The trunk runs once for each text, whatever the number of heads. Texts may be any bytes; a text's answers do not depend
/// on the others beside it.   errors  usage: a pair where the one head tags, one text where it finds; as Model::run. threads  safe
[[nodiscard]] Result<std::vector<Answered>> answer(const Model& model, std::span<const Input> inputs);

}  // namespace nano::tasks
