// runtime_shim/convert/config.h: what config.json (and sentence-transformers' files beside it) say about a model, checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace nano::convert {

class Folder;

/// How a family's tensors are called and built. camembert and data2vec-text are roberta, ernie is bert.
enum class Family { bert, distilbert, roberta, modernbert, electra, table };
enum class Task { classify, tag, embed, find };

/// One dense layer after pooling, as sentence-transformers has them: a folder of its own.
struct DenseLayer {
  std::shared_ptr<const Folder> folder{};  ///< with linear.weight and, where there is one, linear.bias
  uint64_t in = 0, out = 0;
  bool bias = true;
  std::string activation{};  ///< nano.dense.activations
};

/// A model of the BERT family, in numbers.
struct ModelConfig {
  Family family = Family::bert;
  Task task = Task::embed;
  std::string architecture{};  ///< of llama.cpp: "bert" or "modern-bert"
  std::string hf_class{};      ///< "BertForSequenceClassification"
  std::string tensor_prefix{};  ///< "bert.": of the trunk, where a head stands beside it
  uint32_t hidden = 0;
  uint32_t embedding = 0;  ///< width of the tables: hidden, but of ELECTRA
  uint32_t layers = 0;
  uint32_t heads = 0;
  uint32_t inner = 0;    ///< of the feed-forward
  uint32_t context = 0;  ///< longest sequence, tokens, after what is cut off
  uint32_t vocabulary = 0;
  uint32_t token_types = 0;     ///< 0: the family has none
  uint32_t first_position = 0;  ///< rows that are cut off the table of positions (RoBERTa: padding id + 1)
  uint32_t position_rows = 0;   ///< of the table as it stands in the file
  uint32_t task_types = 0;      ///< ERNIE's; of them the first is part of every token
  float epsilon = 1e-12f;
  // ModernBERT:
  uint32_t window = 0;         ///< tokens in all that local layers see
  uint32_t global_period = 0;  ///< layers 0, n, 2 n, … see all tokens
  std::vector<bool> local{};   ///< where no period says it: for each layer, does it see the window only?
  float rope_global = 0.0f, rope_local = 0.0f;
  // Heads:
  std::vector<std::string> labels{};  ///< by id; empty: only LABEL_0, … are known
  uint32_t outputs = 0;               ///< of the classifier or tagger
  bool multi_label = false;
  bool regression = false;  ///< outputs are the answer
  std::string pooling{};            ///< nano.pooling: "cls", "mean", "max", "last"; "": nothing says
  std::optional<bool> normalize{};  ///< of embeddings; unset: nothing says
  std::vector<DenseLayer> dense{};  ///< after pooling
  // Of a table of token vectors:
  bool drop_unknown = false;    ///< tokens the tokenizer does not know count for nothing
  uint32_t max_characters = 0;  ///< of a text that are read; 0: all
  // ModernBERT: which linear layers and norms have biases.
  bool attention_bias = false, mlp_bias = false, norm_bias = false, classifier_bias = false;
  // For the tokenizer:
  std::string tokenizer_class{};  ///< config.json's; "": it says nothing
  bool longest_is_set = false;    ///< sentence-transformers say how long a text may be
  bool lower_text = false;        ///< text is lowered before all else (sentence-transformers' do_lower_case)
  std::vector<std::string> notes{};  ///< for people: what the caller has to do, and keys that nothing reads
};

/// Read config.json and the model_max_length of tokenizer_config.json; for embeddings also modules.json, the pooling it
/// names, sentence_bert_config.json and config_sentence_transformers.json (sentence_files.h). Every key against known_keys.h.
///
///   errors  not_found: no config.json; invalid: a key is missing, of a wrong type or out of range (named);
///           unsupported: another kind of model, or a value that this build does not do (key and value named)
[[nodiscard]] Result<ModelConfig> read_config(const Folder& folder);

}  // namespace nano::convert
