// runtime_shim/convert/config.h: what config.json (and sentence-transformers' files beside it) say about a model, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace nano::convert {

class Folder;

enum class Family { bert, distilbert, roberta, modernbert };
enum class Task { classify, tag, embed };

/// A model of the BERT family, in numbers.
struct ModelConfig {
  Family family = Family::bert;
  Task task = Task::embed;
  std::string architecture{};  ///< of llama.cpp: "bert" or "modern-bert"
  std::string hf_class{};      ///< "BertForSequenceClassification"
  uint32_t hidden = 0;
  uint32_t layers = 0;
  uint32_t heads = 0;
  uint32_t inner = 0;    ///< of the feed-forward
  uint32_t context = 0;  ///< longest sequence, tokens, after what is cut off
  uint32_t vocabulary = 0;
  uint32_t token_types = 0;     ///< 0: the family has none
  uint32_t first_position = 0;  ///< rows that are cut off the table of positions (RoBERTa: padding id + 1)
  uint32_t position_rows = 0;   ///< of the table as it stands in the file
  float epsilon = 1e-12f;
  // ModernBERT:
  uint32_t window = 0;         ///< tokens in all that local layers see
  uint32_t global_period = 0;  ///< layers 0, n, 2 n, … see all tokens
  float rope_global = 0.0f, rope_local = 0.0f;
  // Heads:
  std::vector<std::string> labels{};  ///< by id; empty: only LABEL_0, … are known
  uint32_t outputs = 0;               ///< of the classifier or tagger
  bool multi_label = false;
  std::string pooling{};            ///< nano.pooling: "cls", "mean", "max", "last"; "": nothing says
  std::optional<bool> normalize{};  ///< of embeddings; unset: nothing says
};

/// Read config.json; for embeddings also modules.json, the pooling it names, and sentence_bert_config.json.
///
///   errors  not_found: no config.json; invalid: a key is missing, of a wrong type or out of range (named);
///           unsupported: another kind of model, or a value that this build does not do (key and value named)
[[nodiscard]] Result<ModelConfig> read_config(const Folder& folder);

}  // namespace nano::convert
