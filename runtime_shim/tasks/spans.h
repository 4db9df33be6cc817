// runtime_shim/tasks/spans.h: labels of tokens to entities: words aligned, BIO (and BIOES, IO) decoded.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tasks {

/// A stretch of the text with a label.
struct Span {
  std::size_t begin = 0, end = 0;  ///< bytes of the text, [begin, end)
  std::size_t char_begin = 0,
              char_end = 0;  ///< the same in characters (Unicode code points; a broken byte is one)
  std::string label{};       ///< without its prefix: "PER"
  float score = 0.0f;        ///< mean over its words of the probability of each word's label
};

/// Decode the tags of one text. A word's label is that of its first token, as taggers are trained (words: words.h); words
/// beyond truncation have none.
///
///   labels   "O" is none; "B-X" begins an X; "I-X" goes on, or begins one where no X goes on before it. Where there is a
///            "B-X" or "I-X": "E-X" (or "L-X") ends one, "S-X" ("U-X", "W-X") is one alone, "M-X" is as "I-X". "B_X" and the
///            rest with "_" likewise, where both "B_X" and another of X stand among the labels. Any other label is the name
///            of a span itself ("E-mail", "LOC"): equal neighbours make one
///   scores   (tokens, labels): probabilities; of a pair: of its first text
[[nodiscard]] std::vector<Span> decode_spans(std::string_view text, const tokenizer::Encoding& encoding,
                                             std::span<const std::string> labels,
                                             std::span<const float> scores);

}  // namespace nano::tasks
