// runtime_shim/convert/known_keys.cpp: the table. source: transformers configuration_utils.py, models/*/configuration_*.py,
// tokenization_utils_base.py; sentence-transformers base/modules/, sentence_transformer/modules/; huggingface/tokenizers src/
#include "runtime_shim/convert/known_keys.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"

namespace nano::convert {
namespace {

constexpr Use kRead = Use::honoured, kFree = Use::neutral, kOnly = Use::only;
constexpr std::string_view kBareMark = "\xE2\x96\x81";

constexpr KeyRule kRules[] = {
    // What every class of transformers reads.
    {"config.json", "model_type", kRead},
    {"config.json", "architectures", kRead},
    {"config.json", "vocab_size", kRead},
    {"config.json", "hidden_size", kRead},
    {"config.json", "num_hidden_layers", kRead},
    {"config.json", "num_attention_heads", kRead},
    {"config.json", "intermediate_size", kRead},
    {"config.json", "dim", kRead},
    {"config.json", "n_layers", kRead},
    {"config.json", "n_heads", kRead},
    {"config.json", "hidden_dim", kRead},
    {"config.json", "max_position_embeddings", kRead},
    {"config.json", "type_vocab_size", kRead},
    {"config.json", "layer_norm_eps", kRead},
    {"config.json", "hidden_act", kRead},
    {"config.json", "activation", kRead},
    {"config.json", "embedding_size", kRead},
    {"config.json", "use_task_id", kRead},
    {"config.json", "task_type_vocab_size", kRead},
    {"config.json", "pad_token_id", kRead},
    {"config.json", "id2label", kRead},
    {"config.json", "num_labels", kRead},
    {"config.json", "problem_type", kRead},
    {"config.json", "tokenizer_class", kRead},
    {"config.json", "sentence_transformers", kRead},
    {"config.json", "sbert_ce_default_activation_function", kRead},
    {"config.json", "is_decoder", kOnly, "false"},
    {"config.json", "is_encoder_decoder", kOnly, "false"},
    {"config.json", "add_cross_attention", kOnly, "false"},
    {"config.json", "cross_attention_hidden_size", kOnly, ""},
    {"config.json", "tie_encoder_decoder", kOnly, "false"},
    {"config.json", "pruned_heads", kOnly, "{}"},
    {"config.json", "quantization_config", kOnly, ""},
    {"config.json", "compression_config", kOnly, ""},
    {"config.json", "auto_map", kOnly, "{}"},
    {"config.json", "custom_pipelines", kOnly, "{}"},
    {"config.json", "task_specific_params", kOnly, "{}"},
    {"config.json", "rope_scaling", kOnly, ""},
    {"config.json", "label2id", kFree},
    {"config.json", "bos_token_id", kFree},
    {"config.json", "eos_token_id", kFree},
    {"config.json", "cls_token_id", kFree},
    {"config.json", "sep_token_id", kFree},
    {"config.json", "decoder_start_token_id", kFree},
    {"config.json", "attention_probs_dropout_prob", kFree},
    {"config.json", "hidden_dropout_prob", kFree},
    {"config.json", "classifier_dropout", kFree},
    {"config.json", "attention_dropout", kFree},
    {"config.json", "dropout", kFree},
    {"config.json", "qa_dropout", kFree},
    {"config.json", "seq_classif_dropout", kFree},
    {"config.json", "initializer_range", kFree},
    {"config.json", "sinusoidal_pos_embds", kFree},
    {"config.json", "tie_weights_", kFree},
    {"config.json", "tie_word_embeddings", kFree},
    {"config.json", "use_cache", kFree},
    {"config.json", "chunk_size_feed_forward", kFree},
    {"config.json", "gradient_checkpointing", kFree},
    {"config.json", "torch_dtype", kFree},
    {"config.json", "dtype", kFree},
    {"config.json", "torchscript", kFree},
    {"config.json", "use_bfloat16", kFree},
    {"config.json", "use_return_dict", kFree},
    {"config.json", "return_dict", kFree},
    {"config.json", "output_attentions", kFree},
    {"config.json", "output_hidden_states", kFree},
    {"config.json", "output_past", kFree},
    {"config.json", "finetuning_task", kFree},
    {"config.json", "transformers_version", kFree},
    {"config.json", "_name_or_path", kFree},
    {"config.json", "name_or_path", kFree},
    {"config.json", "_attn_implementation", kFree},
    {"config.json", "_attn_implementation_autoset", kFree},
    {"config.json", "_num_labels", kFree},
    {"config.json", "directionality", kFree},
    {"config.json", "pooler_fc_size", kFree},
    {"config.json", "pooler_num_attention_heads", kFree},
    {"config.json", "pooler_num_fc_layers", kFree},
    {"config.json", "pooler_size_per_head", kFree},
    {"config.json", "pooler_type", kFree},
    {"config.json", "summary_activation", kFree},
    {"config.json", "summary_last_dropout", kFree},
    {"config.json", "summary_type", kFree},
    {"config.json", "summary_use_proj", kFree},
    {"config.json, ModernBERT", "hidden_activation", kOnly, "gelu"},
    {"config.json, ModernBERT", "norm_eps", kRead},
    {"config.json, ModernBERT", "layer_types", kRead},
    {"config.json, ModernBERT", "global_attn_every_n_layers", kRead},
    {"config.json, ModernBERT", "local_attention", kRead},
    {"config.json, ModernBERT", "rope_parameters", kRead},
    {"config.json, ModernBERT", "global_rope_theta", kRead},
    {"config.json, ModernBERT", "local_rope_theta", kRead},
    {"config.json, ModernBERT", "classifier_pooling", kRead},
    {"config.json, ModernBERT", "classifier_activation", kOnly, "gelu"},
    {"config.json, ModernBERT", "norm_bias", kRead},
    {"config.json, ModernBERT", "attention_bias", kRead},
    {"config.json, ModernBERT", "mlp_bias", kRead},
    {"config.json, ModernBERT", "classifier_bias", kRead},
    {"config.json, ModernBERT", "position_embedding_type", kFree},
    {"config.json, ModernBERT", "decoder_bias", kFree},
    {"config.json, ModernBERT", "embedding_dropout", kFree},
    {"config.json, ModernBERT", "mlp_dropout", kFree},
    {"config.json, ModernBERT", "initializer_cutoff_factor", kFree},
    {"config.json, ModernBERT", "deterministic_flash_attn", kFree},
    {"config.json, ModernBERT", "reference_compile", kFree},
    {"config.json, ModernBERT", "repad_logits_with_grad", kFree},
    {"config.json, ModernBERT", "sparse_prediction", kFree},
    {"config.json, ModernBERT", "sparse_pred_ignore_index", kFree},
    {"config.json, others", "position_embedding_type", kOnly, "absolute"},
    {"rope_parameters", "rope_type", kOnly, "default"},
    {"rope_parameters", "type", kOnly, "default"},
    {"rope_parameters", "rope_theta", kRead},
    {"rope_parameters", "factor", kOnly, "1"},
    {"rope_parameters", "partial_rotary_factor", kOnly, "1"},

    {"tokenizer.json", "version", kFree},
    {"tokenizer.json", "truncation", kRead},
    {"tokenizer.json", "padding", kFree},
    {"tokenizer.json", "added_tokens", kRead},
    {"tokenizer.json", "normalizer", kRead},
    {"tokenizer.json", "pre_tokenizer", kRead},
    {"tokenizer.json", "post_processor", kRead},
    {"tokenizer.json", "decoder", kFree},
    {"tokenizer.json", "model", kRead},
    {"truncation", "direction", kOnly, "Right"},
    {"truncation", "max_length", kFree},
    {"truncation", "strategy", kFree},
    {"truncation", "stride", kFree},
    {"BertNormalizer", "type", kRead},
    {"BertNormalizer", "clean_text", kOnly, "true"},
    {"BertNormalizer", "handle_chinese_chars", kOnly, "true"},
    {"BertNormalizer", "strip_accents", kRead},
    {"BertNormalizer", "lowercase", kRead},
    {"ByteLevel", "type", kRead},
    {"ByteLevel", "add_prefix_space", kRead},
    {"ByteLevel", "trim_offsets", kFree},
    {"ByteLevel", "use_regex", kOnly, "true"},
    {"Metaspace", "type", kRead},
    {"Metaspace", "replacement", kOnly, kBareMark},
    {"Metaspace", "str_rep", kOnly, kBareMark},
    {"Metaspace", "add_prefix_space", kRead},
    {"Metaspace", "prepend_scheme", kRead},
    {"Metaspace", "split", kRead},
    {"WordPiece", "type", kRead},
    {"WordPiece", "vocab", kRead},
    {"WordPiece", "unk_token", kRead},
    {"WordPiece", "continuing_subword_prefix", kOnly, "##"},
    {"WordPiece", "max_input_chars_per_word", kRead},
    {"BPE", "type", kRead},
    {"BPE", "vocab", kRead},
    {"BPE", "merges", kRead},
    {"BPE", "unk_token", kRead},
    {"BPE", "fuse_unk", kRead},
    {"BPE", "dropout", kOnly, "0"},
    {"BPE", "continuing_subword_prefix", kOnly, "\"\""},
    {"BPE", "end_of_word_suffix", kOnly, "\"\""},
    {"BPE", "byte_fallback", kOnly, "false"},
    {"BPE", "ignore_merges", kOnly, "false"},
    {"Unigram", "type", kRead},
    {"Unigram", "vocab", kRead},
    {"Unigram", "unk_id", kRead},
    {"Unigram", "byte_fallback", kOnly, "false"},

    {"tokenizer_config.json", "tokenizer_class", kRead},
    {"tokenizer_config.json", "model_max_length", kRead},
    {"tokenizer_config.json", "model_input_names", kRead},
    {"tokenizer_config.json", "do_lower_case", kRead},
    {"tokenizer_config.json", "strip_accents", kRead},
    {"tokenizer_config.json", "tokenize_chinese_chars", kOnly, "true"},
    {"tokenizer_config.json", "add_prefix_space", kRead},
    {"tokenizer_config.json", "added_tokens_decoder", kRead},
    {"tokenizer_config.json", "additional_special_tokens", kRead},
    {"tokenizer_config.json", "extra_special_tokens", kRead},
    {"tokenizer_config.json", "unk_token", kRead},
    {"tokenizer_config.json", "cls_token", kRead},
    {"tokenizer_config.json", "sep_token", kRead},
    {"tokenizer_config.json", "pad_token", kRead},
    {"tokenizer_config.json", "mask_token", kRead},
    {"tokenizer_config.json", "truncation_side", kOnly, "right"},
    {"tokenizer_config.json", "split_special_tokens", kOnly, "false"},
    {"tokenizer_config.json", "do_basic_tokenize", kOnly, "true"},
    {"tokenizer_config.json", "never_split", kOnly, "[]"},
    {"tokenizer_config.json", "word_tokenizer_type", kOnly, "basic"},
    {"tokenizer_config.json", "subword_tokenizer_type", kOnly, "wordpiece"},
    {"tokenizer_config.json", "add_bos_token", kOnly, "true"},
    {"tokenizer_config.json", "add_eos_token", kOnly, "true"},
    {"tokenizer_config.json", "dropout", kOnly, "0"},
    {"tokenizer_config.json", "auto_map", kOnly, "{}"},
    {"tokenizer_config.json", "bos_token", kFree},
    {"tokenizer_config.json", "eos_token", kFree},
    {"tokenizer_config.json", "padding_side", kFree},
    {"tokenizer_config.json", "clean_up_tokenization_spaces", kFree},
    {"tokenizer_config.json", "chat_template", kFree},
    {"tokenizer_config.json", "trim_offsets", kFree},
    {"tokenizer_config.json", "errors", kFree},

    {"modules.json", "idx", kFree},
    {"modules.json", "name", kFree},
    {"modules.json", "path", kRead},
    {"modules.json", "type", kRead},
    {"modules.json", "kwargs", kOnly, "[]"},
    {"Pooling", "word_embedding_dimension", kRead},
    {"Pooling", "embedding_dimension", kRead},
    {"Pooling", "pooling_mode", kRead},
    {"Pooling", "pooling_mode_cls_token", kRead},
    {"Pooling", "pooling_mode_mean_tokens", kRead},
    {"Pooling", "pooling_mode_max_tokens", kRead},
    {"Pooling", "pooling_mode_lasttoken", kRead},
    {"Pooling", "pooling_mode_mean_sqrt_len_tokens", kOnly, "false"},
    {"Pooling", "pooling_mode_weightedmean_tokens", kOnly, "false"},
    {"Pooling", "include_prompt", kFree},
    {"Dense", "in_features", kRead},
    {"Dense", "out_features", kRead},
    {"Dense", "bias", kRead},
    {"Dense", "activation_function", kRead},
    {"Dense", "module_input_name", kOnly, "sentence_embedding"},
    {"Dense", "module_output_name", kOnly, "sentence_embedding"},
    {"Normalize", "module_input_name", kOnly, "sentence_embedding"},
    {"Normalize", "module_output_name", kOnly, "sentence_embedding"},
    {"sentence_bert_config.json", "max_seq_length", kRead},
    {"sentence_bert_config.json", "do_lower_case", kRead},
    {"sentence_bert_config.json", "transformer_task", kRead},
    {"sentence_bert_config.json", "modality_config", kRead},
    {"sentence_bert_config.json", "module_output_name", kRead},
    {"sentence_bert_config.json", "unpad_inputs", kFree},
    {"sentence_bert_config.json", "model_args", kOnly, "{}"},
    {"sentence_bert_config.json", "model_kwargs", kOnly, "{}"},
    {"sentence_bert_config.json", "config_args", kOnly, "{}"},
    {"sentence_bert_config.json", "config_kwargs", kOnly, "{}"},
    {"sentence_bert_config.json", "tokenizer_args", kOnly, "{}"},
    {"sentence_bert_config.json", "processor_kwargs", kOnly, "{}"},
    {"sentence_bert_config.json", "processing_kwargs", kOnly, "{}"},
    {"config_sentence_transformers.json", "__version__", kFree},
    {"config_sentence_transformers.json", "model_type", kOnly, "SentenceTransformer"},
    {"config_sentence_transformers.json", "prompts", kRead},
    {"config_sentence_transformers.json", "default_prompt_name", kRead},
    {"config_sentence_transformers.json", "similarity_fn_name", kFree},
    {"config_sentence_transformers.json", "truncate_dim", kOnly, ""},
};

bool is_number(std::string_view text, double& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size();
}

bool is_one_of(const Json& value, std::string_view values) {
  std::string text = dump_line(value);
  while (text.ends_with('\n')) text.pop_back();
  while (!values.empty()) {
    const std::size_t end = std::min(values.find('|'), values.size());
    const std::string_view one = values.substr(0, end);
    values.remove_prefix(std::min(end + 1, values.size()));
    double n = 0;
    if (text == one || (value.is_string() && value.get<std::string>() == one)) return true;
    if (value.is_number() && is_number(one, n) && std::fabs(value.get<double>() - n) == 0.0) return true;
  }
  return false;
}

const KeyRule* find_rule(std::string_view where, std::string_view key) {
  for (const KeyRule& rule : kRules)
    if (rule.where == where && rule.key == key) return &rule;
  return nullptr;
}

std::string listed(std::string_view values) {
  std::string out;
  for (const char c : values) {
    if (c == '|') {
      out += "`, `";
    } else {
      out += c;
    }
  }
  return out.empty() ? "absent or null" : "`" + out + "`";
}

}  // namespace

std::span<const KeyRule> known_keys() {
  return kRules;
}

bool refuses_unknown(std::string_view where) {
  // A Normalize has nothing that another key could say.
  return !where.starts_with("config.json") && where != "tokenizer_config.json" && where != "Normalize";
}

Status check_keys(const Folder& folder, const std::string& file, std::string_view where, const Json& object) {
  if (!object.is_object()) return folder.invalid(file + ": " + std::string(where) + " is not an object");
  for (const auto& [key, value] : object.items()) {
    const KeyRule* rule = find_rule(where, key);
    if (rule == nullptr) {
      if (!refuses_unknown(where) || value.is_null()) continue;
      return folder.unsupported(file + ": " + (where == file ? "" : std::string(where) + " has ") + "the key '" +
                                gguf::shown(key) + "' " + (where == file ? "is one " : "") + "that this build does not know");
    }
    if (rule->use != Use::only || value.is_null() || is_one_of(value, rule->values)) continue;
    return folder.unsupported(
        file + ": " + key + " is " + shown_value(value),
        rule->values.empty() ? "this build does models without it" : "this build does " + listed(rule->values));
  }
  return Unit{};
}

std::vector<std::string> unread_keys(std::string_view where, const Json& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items())
    if (find_rule(where, key) == nullptr) out.push_back(key);
  return out;
}

std::string known_keys_page() {
  std::string out = "| where | honoured | neutral whatever they say | refused unless |\n|---|---|---|---|\n";
  for (std::size_t first = 0; first < std::size(kRules);) {
    std::size_t end = first;
    while (end < std::size(kRules) && kRules[end].where == kRules[first].where) ++end;
    std::string columns[3];
    for (std::size_t i = first; i < end; ++i) {
      std::string& column = columns[kRules[i].use == Use::honoured ? 0 : kRules[i].use == Use::neutral ? 1 : 2];
      column += (column.empty() ? "`" : ", `") + std::string(kRules[i].key) + "`";
      if (kRules[i].use == Use::only) column += " " + listed(kRules[i].values);
    }
    if (refuses_unknown(kRules[first].where)) columns[2] += (columns[2].empty() ? "" : ", ") + std::string("any other key");
    out += "| `" + std::string(kRules[first].where) + "` | " + columns[0] + " | " + columns[1] + " | " + columns[2] + " |\n";
    first = end;
  }
  return out;
}

}  // namespace nano::convert
