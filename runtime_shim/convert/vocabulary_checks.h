// runtime_shim/convert/vocabulary_checks.h: what is looked at once a vocabulary is read: what stands around texts, the padding, added tokens.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "runtime_shim/convert/config.h"
#include "runtime_shim/convert/vocabulary_files.h"

namespace nano::convert {

class Folder;

/// Does the normalizer leave this text as it is? Where that is not plain: no.
[[nodiscard]] bool stays_as_it_is(const VocabularyFiles& vocabulary, std::string_view text);

/// Fill templates and usual_templates of `out`.
///   said    by the post_processor; nothing: what is usual for the kind
///   errors  invalid: a token type that the model does not have
[[nodiscard]] Status place_templates(const Folder& folder, const ModelConfig& config, const Json& settings,
                                     const std::optional<tokenizer::Templates>& said, VocabularyFiles& out);

/// Is the padding of a RoBERTa's config.json the tokenizer's?   errors  unsupported: it is not
[[nodiscard]] Status check_padding(const Folder& folder, const ModelConfig& config, const VocabularyFiles& vocabulary);

}  // namespace nano::convert
