// runtime_shim/tokenizer/templates.h: which special tokens stand before, between and after the texts.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::tokenizer {

struct SpecialIds;

inline constexpr int32_t kFirstText = -1, kSecondText = -2;

/// A special token, or a text (kFirstText, kSecondText), with the token type of its tokens.
struct TemplatePart {
  int32_t id = kFirstText;
  int32_t type = 0;
};

/// In order. The first text stands once in each, the second once in `pair`, after the first.
struct Templates {
  std::vector<TemplatePart> single{};
  std::vector<TemplatePart> pair{};
};

/// What a kind of tokenizer does where the file says nothing.
struct TemplateDefaults {
  bool two_separators = false;    ///< between the texts of a pair, as RoBERTa has them
  int32_t second_type = 0;        ///< of the second text and its separator: 1 for BERT
};

/// nano.tokenizer.single and nano.tokenizer.pair, arrays of (id or -1 or -2, type); else the special tokens of `ids`, without
/// those that tokenizer.ggml.add_bos_token and .add_eos_token leave out.
///   errors  invalid: an array of another form, an id beyond the vocabulary
[[nodiscard]] Result<Templates> read_templates(const gguf::File& file, const SpecialIds& ids, std::size_t pieces,
                                               const TemplateDefaults& defaults);

}  // namespace nano::tokenizer
