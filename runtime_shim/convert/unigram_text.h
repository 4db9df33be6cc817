// runtime_shim/convert/unigram_text.h: how tokenizer.json normalises the text of a Unigram model and cuts it into words.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "runtime_shim/convert/vocabulary_files.h"

namespace nano::convert {

/// Fill charsmap, words, prefix, strip and merge_spaces of `out`. Done: Precompiled, then Strip, then Replace of several
/// spaces by one, each or none of them; Metaspace, alone or after WhitespaceSplit.
///
///   errors  invalid: a charsmap that is no base64; unsupported: another normalizer or pre_tokenizer, another order, a key
///           with a value that is not done (named)
[[nodiscard]] Status read_unigram_text(const Folder& folder, const Json& tokenizer, VocabularyFiles& out);

}  // namespace nano::convert
