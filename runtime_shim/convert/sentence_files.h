// runtime_shim/convert/sentence_files.h: what sentence-transformers' files say beside config.json: modules, pooling, prompts.
#pragma once

#include "base/result.h"
#include "runtime_shim/convert/config.h"

namespace nano::convert {

class Folder;

/// Fill pooling, normalize, context, lower_text and notes of `out`. A folder without modules.json is none of theirs.
/// Of an embedding Transformer, Pooling and Normalize are done, of a classifier (CrossEncoder) Transformer alone.
///
///   errors  invalid: a file breaks its form; unsupported: another module or order, a key with a value that this build does
///           not do (named)
[[nodiscard]] Status read_sentence_files(const Folder& folder, ModelConfig& out);

}  // namespace nano::convert
