// runtime_shim/tokenizer/split.h: GPT-2's rule for words, by hand over the Unicode tables.
#pragma once

#include <cstddef>
#include <string_view>

namespace nano::tokenizer {

/// The end of the word that begins at `at` < text.size(), by the regular expression
///
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// with \s, \p{L} and \p{N} of Unicode. An invalid byte counts as U+FFFD. source: openai/gpt-2 src/encoder.py
[[nodiscard]] std::size_t gpt2_word_end(std::string_view text, std::size_t at);

}  // namespace nano::tokenizer
