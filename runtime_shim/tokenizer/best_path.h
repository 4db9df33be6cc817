// runtime_shim/tokenizer/best_path.h: the pieces of a unigram vocabulary whose scores have the greatest sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime_shim/tokenizer/vocabulary.h"

namespace nano::tokenizer {

struct PathPiece {
  int32_t id = -1;
  std::size_t begin = 0, end = 0;  ///< bytes of the line
};

/// Viterbi over the characters of `line`. A character that no piece covers becomes `unknown`, at `unknown_score`; neighbours of
/// that kind are one piece. `users_free`: user-defined pieces cost nothing, as in SentencePiece.
/// source: sentencepiece src/unigram_model.cc, EncodeOptimized
[[nodiscard]] std::vector<PathPiece> best_path(const Vocabulary& words, std::string_view line, int32_t unknown,
                                               double unknown_score, bool users_free);

}  // namespace nano::tokenizer
