// runtime_shim/tasks/find.h: from scores of where an answer begins and ends to the stretches of the text that answer.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "runtime_shim/tasks/spans.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tasks {

inline constexpr std::size_t kMostAnswerTokens = 15;  ///< of one answer; transformers' max_answer_len
inline constexpr std::size_t kMostAnswers = 8;        ///< given for one question

struct FoundAnswers {
  std::vector<Span> spans{};  ///< the best first; none overlaps a better one; without labels; empty: the context has no token
  float no_answer = 0.0f;     ///< the probability that the text does not answer: both ends at the first token
};

/// Probabilities by softmax over the first token and those of the second text, separately for begin and end; the probability
/// of a stretch is the product of its ends', which lie at most kMostAnswerTokens apart; it is widened to whole words (words.h).
/// source: transformers, pipelines/question_answering.py
///
///   context  the second text of the pair
///   logits   (tokens, 2): begin, end
[[nodiscard]] FoundAnswers find_answers(std::string_view context, const tokenizer::Encoding& encoding,
                                        std::span<const float> logits);

}  // namespace nano::tasks
