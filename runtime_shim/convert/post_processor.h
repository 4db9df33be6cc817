// runtime_shim/convert/post_processor.h: what tokenizer.json puts around and between texts.
#pragma once

#include <cstddef>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "runtime_shim/tokenizer/templates.h"

namespace nano::convert {

class Folder;

/// The post_processor of `tokenizer`: BertProcessing, RobertaProcessing, TemplateProcessing, ByteLevel (nothing but offsets),
/// a Sequence with one of those beside ByteLevel, or null: nothing stands around texts. Nothing: the key is absent.
///
///   pieces  ids are below it
///   errors  invalid: another form, an id beyond the vocabulary; unsupported: another type, a text that stands twice, never,
///           or after the second (named)
[[nodiscard]] Result<std::optional<tokenizer::Templates>> read_post_processor(const Folder& folder, const Json& tokenizer,
                                                                              std::size_t pieces);

}  // namespace nano::convert
