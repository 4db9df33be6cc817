// runtime_shim/convert/kin.h: what stands around BERT's nearest kin: dense layers after pooling, ERNIE's task types, tables of
// token vectors; and what models that are not done would need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"
#include "runtime_shim/convert/config.h"
#include "runtime_shim/convert/tensor_map.h"

namespace nano::convert {

class Folder;

/// What this build lacks for a model_type that people have and that is not done; nullopt: nothing is known of it.
[[nodiscard]] std::optional<std::string> what_is_needed(std::string_view model_type);

/// sentence-transformers' module Dense in `path`: config.json, and linear.weight and linear.bias in safetensors.
/// errors  invalid: keys missing, sizes that do not follow on what is before it; unsupported: an activation, or inputs and
///         outputs other than the sentence's embedding, named; as Folder::open
[[nodiscard]] Status add_dense_module(const Folder& folder, const std::string& path, ModelConfig& config);
/// Its tensors, as dense.N.weight and dense.N.bias.   errors  as map_tensors
[[nodiscard]] Status place_dense(const ModelConfig& config, TensorMap& map);

/// The rows of the token types with ERNIE's first task type added to each: what every token of a text gets.
/// errors  as map_tensors
[[nodiscard]] Status add_task_type(const Folder& folder, const ModelConfig& config, const SourceTensor& tasks, TensorMap& map);

/// A table of token vectors: model2vec's (`embeddings`, and in newer files `mapping` and `weights`) or the module
/// StaticEmbedding of sentence-transformers.
struct TableFolder {
  std::shared_ptr<const Folder> folder{};  ///< of the weights and the tokenizer
  ModelConfig config{};
};
/// nullopt: `dir` holds none, but perhaps a model of layers.
/// errors  invalid, unsupported: what it says of itself that is not done, named; as Folder::open
[[nodiscard]] Result<std::optional<TableFolder>> find_table(const fs::Path& dir);
/// token_embd.weight, weighted and mapped. What follows the tokenizer's pieces (special tokens that it has not, and that no
/// text gets) are rows of zeros: `pieces` rows at least.
/// errors  as map_tensors
[[nodiscard]] Result<TensorMap> map_table(const TableFolder& table, uint64_t pieces);

}  // namespace nano::convert
