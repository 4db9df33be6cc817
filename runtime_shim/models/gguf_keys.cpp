// runtime_shim/models/gguf_keys.cpp: the table. source: llama.cpp src/llama-arch.cpp (LLM_KV_NAMES), gguf-py constants.py
#include "runtime_shim/models/gguf_keys.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace nano::models {
namespace {

constexpr KeyUse kRead = KeyUse::honoured, kFree = KeyUse::neutral, kOnly = KeyUse::only;

constexpr GgufKeyRule kRules[] = {
    {"every architecture", "context_length", kRead},
    {"every architecture", "embedding_length", kRead},
    {"every architecture", "block_count", kRead},
    {"every architecture", "feed_forward_length", kRead},
    {"every architecture", "attention.head_count", kRead},
    {"every architecture", "attention.head_count_kv", kRead},
    {"every architecture", "attention.key_length", kRead},
    {"every architecture", "attention.value_length", kRead},
    {"every architecture", "attention.layer_norm_epsilon", kRead},
    {"every architecture", "attention.causal", kRead},
    {"every architecture", "pooling_type", kRead},
    {"every architecture", "classifier.output_labels", kRead},
    {"every architecture", "vocab_size", kFree},
    {"every architecture", "hidden_activation", kOnly, "gelu"},
    {"every architecture", "hidden_act", kOnly, "gelu"},
    {"every architecture", "attention.clamp_kqv", kOnly, "0"},
    {"every architecture", "attention.max_alibi_bias", kOnly, "0"},
    {"every architecture", "attention.scale", kOnly, "0"},
    {"every architecture", "attn_logit_softcapping", kOnly, "0"},
    {"every architecture", "final_logit_softcapping", kOnly, "0"},
    {"every architecture", "logit_scale", kOnly, "0|1"},
    {"every architecture", "embedding_scale", kOnly, "0|1"},
    {"every architecture", "residual_scale", kOnly, "0|1"},
    {"every architecture", "expert_count", kOnly, "0"},
    {"every architecture", "expert_used_count", kOnly, "0"},
    {"every architecture", "moe_every_n_layers", kOnly, "0"},
    {"every architecture", "use_parallel_residual", kOnly, "false"},
    {"every architecture", "tensor_data_layout", kOnly, "reference"},
    {"bert", "attention.sliding_window", kOnly, "0"},
    {"modern-bert", "attention.sliding_window", kRead},
    {"modern-bert", "attention.sliding_window_pattern", kRead},
    {"modern-bert", "rope.freq_base", kRead},
    {"modern-bert", "rope.freq_base_swa", kRead},
    {"modern-bert", "rope.dimension_count", kRead},
    {"modern-bert", "rope.scaling.type", kOnly, "none"},
    {"modern-bert", "rope.scaling.factor", kOnly, "0|1"},
    {"modern-bert", "rope.scaling.attn_factor", kOnly, "0|1"},
    {"modern-bert", "rope.scale_linear", kOnly, "0|1"},
    {"modern-bert", "rope.scaling.original_context_length", kFree},
    {"modern-bert", "rope.scaling.finetuned", kFree},

    {"every tokenizer", "tokenizer.ggml.model", kRead},
    {"every tokenizer", "tokenizer.ggml.pre", kRead},
    {"every tokenizer", "tokenizer.ggml.tokens", kRead},
    {"every tokenizer", "tokenizer.ggml.token_type", kRead},
    {"every tokenizer", "tokenizer.ggml.unknown_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.cls_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.bos_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.seperator_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.separator_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.eos_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.padding_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.mask_token_id", kRead},
    {"every tokenizer", "tokenizer.ggml.token_type_count", kFree},
    {"every tokenizer", "tokenizer.ggml.eot_token_id", kFree},
    {"every tokenizer", "tokenizer.ggml.eom_token_id", kFree},
    {"every tokenizer", "tokenizer.ggml.prefix_token_id", kFree},
    {"every tokenizer", "tokenizer.ggml.suffix_token_id", kFree},
    {"every tokenizer", "tokenizer.ggml.middle_token_id", kFree},
    {"every tokenizer", "tokenizer.ggml.fim_*", kFree},
    {"every tokenizer", "tokenizer.ggml.suppress_tokens", kFree},
    {"every tokenizer", "tokenizer.ggml.add_sep_token", kOnly, "true"},
    {"every tokenizer", "tokenizer.ggml.escape_whitespaces", kOnly, "true"},
    {"every tokenizer", "tokenizer.ggml.treat_whitespace_as_suffix", kOnly, "false"},
    {"every tokenizer", "tokenizer.chat_template*", kFree},
    {"every tokenizer", "tokenizer.huggingface.json", kFree},
    {"every tokenizer", "nano.tokenizer.added_ids", kRead},
    {"every tokenizer", "nano.tokenizer.added_flags", kRead},
    {"every tokenizer", "nano.tokenizer.single", kRead},
    {"every tokenizer", "nano.tokenizer.pair", kRead},
    {"tokenizer bert", "tokenizer.ggml.normalizer.lowercase", kRead},
    {"tokenizer bert", "tokenizer.ggml.normalizer.strip_accents", kRead},
    {"tokenizer bert", "nano.tokenizer.lower_case", kRead},
    {"tokenizer bert", "nano.tokenizer.strip_accents", kRead},
    {"tokenizer bert", "nano.tokenizer.max_word_chars", kRead},
    {"tokenizer bert", "nano.tokenizer.continuing_prefix", kRead},
    {"tokenizer bert", "tokenizer.ggml.scores", kFree},
    {"tokenizer bert", "tokenizer.ggml.merges", kFree},
    {"tokenizer bert", "tokenizer.ggml.add_bos_token", kOnly, "true"},
    {"tokenizer bert", "tokenizer.ggml.add_eos_token", kOnly, "true"},
    {"tokenizer bert", "tokenizer.ggml.add_space_prefix", kOnly, "false"},
    {"tokenizer bert", "tokenizer.ggml.remove_extra_whitespaces", kOnly, "false"},
    {"tokenizer gpt2", "tokenizer.ggml.merges", kRead},
    {"tokenizer gpt2", "tokenizer.ggml.add_bos_token", kRead},
    {"tokenizer gpt2", "tokenizer.ggml.add_eos_token", kRead},
    {"tokenizer gpt2", "tokenizer.ggml.add_space_prefix", kRead},
    {"tokenizer gpt2", "nano.tokenizer.nfc", kRead},
    {"tokenizer gpt2", "tokenizer.ggml.scores", kFree},
    {"tokenizer gpt2", "tokenizer.ggml.remove_extra_whitespaces", kOnly, "false"},
    {"tokenizer t5", "tokenizer.ggml.scores", kRead},
    {"tokenizer t5", "tokenizer.ggml.precompiled_charsmap", kRead},
    {"tokenizer t5", "tokenizer.ggml.add_bos_token", kRead},
    {"tokenizer t5", "tokenizer.ggml.add_eos_token", kRead},
    {"tokenizer t5", "tokenizer.ggml.add_space_prefix", kRead},
    {"tokenizer t5", "tokenizer.ggml.remove_extra_whitespaces", kRead},
    {"tokenizer t5", "nano.tokenizer.words", kRead},
    {"tokenizer t5", "nano.tokenizer.prefix", kRead},
    {"tokenizer t5", "nano.tokenizer.strip", kRead},
    {"tokenizer t5", "nano.tokenizer.merge_spaces", kRead},
    {"tokenizer llama", "tokenizer.ggml.scores", kRead},
    {"tokenizer llama", "tokenizer.ggml.add_bos_token", kRead},
    {"tokenizer llama", "tokenizer.ggml.add_eos_token", kRead},
    {"tokenizer llama", "tokenizer.ggml.add_space_prefix", kRead},
    {"tokenizer llama", "tokenizer.ggml.remove_extra_whitespaces", kOnly, "false"},

    {"nano's own", "nano.task", kRead},
    {"nano's own", "nano.classifier.problem", kRead},
    {"nano's own", "nano.classifier.activation", kRead},
    {"nano's own", "nano.pooling", kRead},
    {"nano's own", "nano.normalize", kRead},
    {"nano's own", "nano.embedding_width", kRead},
    {"nano's own", "nano.dense.activations", kRead},
    {"nano's own", "nano.static.drop_unknown", kRead},
    {"nano's own", "nano.static.max_characters", kRead},
    {"nano's own", "nano.abi", kRead},
    {"nano's own", "nano.head.abi", kRead},
    {"files in parts", "split.count", kOnly, "0|1"},
    {"files in parts", "split.no", kFree},
    {"files in parts", "split.tensors.count", kFree},
};

bool matches(std::string_view pattern, std::string_view key) {
  return pattern.ends_with('*') ? key.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == key;
}

template <class T>
T load_as(const std::byte* p) {
  T v{};
  std::memcpy(&v, p, sizeof v);
  return v;
}

// A value as the table writes it; arrays never are neutral.
std::string written(const gguf::Value& v) {
  using Type = gguf::ValueType;
  const std::byte* p = v.bytes.data();
  switch (v.type) {
    case Type::boolean: return p[0] == std::byte{1} ? "true" : "false";
    case Type::string: return std::string(reinterpret_cast<const char*>(p), v.bytes.size());
    case Type::f32: return std::to_string(load_as<float>(p));
    case Type::f64: return std::to_string(load_as<double>(p));
    case Type::u8: return std::to_string(load_as<uint8_t>(p));
    case Type::i8: return std::to_string(load_as<int8_t>(p));
    case Type::u16: return std::to_string(load_as<uint16_t>(p));
    case Type::i16: return std::to_string(load_as<int16_t>(p));
    case Type::u32: return std::to_string(load_as<uint32_t>(p));
    case Type::i32: return std::to_string(load_as<int32_t>(p));
    case Type::u64: return std::to_string(load_as<uint64_t>(p));
    case Type::i64: return std::to_string(load_as<int64_t>(p));
    case Type::array: break;
  }
  return "an array";
}

double number_of(const gguf::Value& v) {
  using Type = gguf::ValueType;
  if (v.type == Type::f32) return static_cast<double>(load_as<float>(v.bytes.data()));
  if (v.type == Type::f64) return load_as<double>(v.bytes.data());
  if (v.type == Type::string || v.type == Type::array || v.type == Type::boolean) return std::nan("");
  return std::strtod(written(v).c_str(), nullptr);
}

bool is_neutral(const gguf::Value& value, std::string_view values) {
  const std::string text = written(value);
  const double number = number_of(value);
  while (!values.empty()) {
    const std::size_t end = std::min(values.find('|'), values.size());
    const std::string_view one = values.substr(0, end);
    values.remove_prefix(std::min(end + 1, values.size()));
    double n = 0;
    const auto [stop, ec] = std::from_chars(one.data(), one.data() + one.size(), n);
    const bool numeric = ec == std::errc() && stop == one.data() + one.size();
    if (numeric ? std::fabs(number - n) == 0.0 : text == one) return true;
  }
  return false;
}

std::string listed_values(std::string_view values) {
  std::string out;
  for (const char c : values) out += c == '|' ? std::string("` or `") : std::string(1, c);
  return "`" + out + "`";
}

class GgufKeyChecker {
 public:
  GgufKeyChecker(const gguf::File& file, std::string_view architecture) : file_(file), architecture_(architecture) {}

  [[nodiscard]] Status check() {
    NANO_TRY_ASSIGN(const std::string_view model, file_.get_string_or("tokenizer.ggml.model", ""));
    const std::string own = "tokenizer " + std::string(model), prefix = std::string(architecture_) + ".";
    for (const gguf::Entry& e : file_.metadata()) {
      if (e.key.starts_with(prefix)) {
        NANO_TRY(one(e, e.key.substr(prefix.size()), {architecture_, "every architecture"}));
      } else if (e.key.starts_with("tokenizer.") || e.key.starts_with("nano.tokenizer.")) {
        NANO_TRY(one(e, e.key, {own, "every tokenizer"}));
      } else if (e.key.starts_with("nano.") || e.key.starts_with("split.")) {
        NANO_TRY(one(e, e.key, {"nano's own", "files in parts"}));
      }
    }
    return Unit{};
  }

 private:
  [[nodiscard]] Status one(const gguf::Entry& e, std::string_view key, std::initializer_list<std::string_view> groups) const {
    for (const std::string_view group : groups) {
      for (const GgufKeyRule& rule : kRules) {
        if (rule.where != group || !matches(rule.key, key)) continue;
        if (rule.use != KeyUse::only || is_neutral(e.value, rule.values)) return Unit{};
        const std::string what = "metadata key '" + gguf::shown(e.key) + "' is " + gguf::shown(written(e.value));
        if (key == "split.count")
          return file_.unsupported(what + ": this is one file of several", "join them first, with llama.cpp's gguf-split --merge");
        return file_.unsupported(what + ", which this build does not do", "it does " + listed_values(rule.values));
      }
    }
    return file_.unsupported("metadata key '" + gguf::shown(e.key) + "' is one that this build does not know",
                             "it may change the answers: share/doc/nanom/MODELS.md lists the keys");
  }

  const gguf::File& file_;
  std::string_view architecture_;
};

}  // namespace

std::span<const GgufKeyRule> gguf_keys() {
  return kRules;
}

Status check_gguf_keys(const gguf::File& file, std::string_view architecture) {
  return GgufKeyChecker(file, architecture).check();
}

std::string gguf_keys_page() {
  std::string out = "| keys of | honoured | neutral whatever they say | refused unless |\n|---|---|---|---|\n";
  for (std::size_t first = 0; first < std::size(kRules);) {
    std::size_t end = first;
    while (end < std::size(kRules) && kRules[end].where == kRules[first].where) ++end;
    std::string columns[3];
    for (std::size_t i = first; i < end; ++i) {
      const GgufKeyRule& rule = kRules[i];
      std::string& column = columns[rule.use == kRead ? 0 : rule.use == kFree ? 1 : 2];
      column += (column.empty() ? "`" : ", `") + std::string(rule.key) + "`";
      if (rule.use == kOnly) column += " " + listed_values(rule.values);
    }
    out += "| " + std::string(kRules[first].where) + " | " + columns[0] + " | " + columns[1] + " | " + columns[2] + " |\n";
    first = end;
  }
  return out;
}

}  // namespace nano::models
