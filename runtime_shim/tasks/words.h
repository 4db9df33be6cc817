// runtime_shim/tasks/words.h: the words of a text as readers know them, from the words a tokenizer makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tasks {

/// Which word each token in [first, last) is of: numbers that grow, kNoWord where it is of none (special tokens, white space).
/// As many as tokens in the range. A tokenizer that splits at spaces only (XLM-R's) makes one word of "(Berlin)," and of a
/// whole Chinese sentence; here
///
///   - marks before and behind a word are words of their own: "(", "Berlin", ")", ","; marks inside it are part of it (O'Neill)
///   - in scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) each token is one
///
/// source of the scripts: Unicode 15, Blocks.txt; UAX #14, class SA (Thai to Khmer), ID
[[nodiscard]] std::vector<int32_t> words_of(std::string_view text, const tokenizer::Encoding& encoding, std::size_t first,
                                            std::size_t last);

/// The bytes of a token without white space at its ends.
[[nodiscard]] tokenizer::Range trimmed(std::string_view text, tokenizer::Range range);

/// Characters (code points) in bytes [from, to) of a text. Bytes of a broken sequence are one each.
[[nodiscard]] std::size_t characters(std::string_view text, std::size_t from, std::size_t to);

}  // namespace nano::tasks
