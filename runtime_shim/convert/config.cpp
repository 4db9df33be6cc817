// runtime_shim/convert/config.cpp: one table of families, one reader of keys, each value checked before it is believed.
#include "runtime_shim/convert/config.h"

#include <array>
#include <cmath>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

constexpr uint32_t kMost = 1u << 24;  ///< of any size; the loader's own limits are narrower

// What the sizes are called. source: transformers, models/*/configuration_*.py
struct FamilyKeys {
  Family family;
  std::string_view model_type, class_prefix, architecture;
  std::string_view hidden, layers, heads, inner, activation, epsilon;
};
constexpr FamilyKeys kFamilies[] = {
    {Family::bert, "bert", "Bert", "bert", "hidden_size", "num_hidden_layers", "num_attention_heads",
     "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::distilbert, "distilbert", "DistilBert", "bert", "dim", "n_layers", "n_heads", "hidden_dim",
     "activation", ""},
    {Family::roberta, "roberta", "Roberta", "bert", "hidden_size", "num_hidden_layers", "num_attention_heads",
     "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::roberta, "xlm-roberta", "XLMRoberta", "bert", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::modernbert, "modernbert", "ModernBert", "modern-bert", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_activation", "norm_eps"},
};

class ConfigReader {
 public:
  explicit ConfigReader(const Folder& folder) : folder_(folder) {}

  [[nodiscard]] Result<ModelConfig> read() {
    NANO_TRY_ASSIGN(json_, folder_.json("config.json"));
    if (!json_.is_object()) return folder_.invalid("config.json is not an object");
    NANO_TRY(choose_family());
    NANO_TRY(read_sizes());
    NANO_TRY(refuse_what_is_not_done());
    if (out_.family == Family::modernbert) NANO_TRY(read_modern());
    if (out_.task == Task::embed) {
      NANO_TRY(read_modules());
    } else {
      NANO_TRY(read_labels());
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] static std::string shown_value(const Json& v) {
    std::string text = v.is_string() ? v.get<std::string>() : dump_line(v);
    while (text.ends_with('\n')) text.pop_back();
    return "'" + gguf::shown(text) + "'";
  }
  [[nodiscard]] Error refuse(std::string_view key, const Json& value, const std::string& done) const {
    return folder_.unsupported("config.json: " + std::string(key) + " is " + shown_value(value),
                               "this build does " + done);
  }
  [[nodiscard]] static const Json* find(const Json& in, std::string_view key) {
    const auto at = in.find(std::string(key));
    return at == in.end() || at->is_null() ? nullptr : &*at;
  }

  // A whole number in least..kMost.
  [[nodiscard]] Status size(const Json& in, const std::string& file, std::string_view key, uint32_t least,
                            uint32_t& out) const {
    const Json* v = find(in, key);
    if (v == nullptr) return folder_.invalid(file + ": the key '" + std::string(key) + "' is missing");
    if (!v->is_number_unsigned() || v->get<uint64_t>() < least || v->get<uint64_t>() > kMost)
      return folder_.invalid(file + ": " + std::string(key) + " is " + shown_value(*v) +
                             "; a whole number from " + std::to_string(least) + " to " +
                             std::to_string(kMost) + " is possible");
    out = static_cast<uint32_t>(v->get<uint64_t>());
    return Unit{};
  }
  [[nodiscard]] Status size(std::string_view key, uint32_t& out) const {
    return size(json_, "config.json", key, 1, out);
  }

  [[nodiscard]] Status number(const Json& in, std::string_view key, double low, double high,
                              float& out) const {
    const Json* v = find(in, key);
    if (v == nullptr) return Unit{};
    const double x = v->is_number() ? v->get<double>() : std::nan("");
    if (!(x >= low && x <= high))
      return folder_.invalid("config.json: " + std::string(key) + " is " + shown_value(*v) +
                             ", not a number from " + std::to_string(low) + " to " + std::to_string(high));
    out = static_cast<float>(x);
    return Unit{};
  }

  [[nodiscard]] Status choose_family() {
    const Json* type = find(json_, "model_type");
    if (type == nullptr || !type->is_string())
      return folder_.invalid("config.json: the key 'model_type' is missing");
    std::string known;
    for (const FamilyKeys& f : kFamilies) {
      if (f.model_type == type->get<std::string>()) keys_ = &f;
      known += (known.empty() ? "" : ", ") + std::string(f.model_type);
    }
    if (keys_ == nullptr) return refuse("model_type", *type, known);
    out_.family = keys_->family;
    out_.architecture = keys_->architecture;
    const Json* classes = find(json_, "architectures");
    if (classes == nullptr || !classes->is_array() || classes->empty() || !classes->at(0).is_string())
      return folder_.invalid("config.json: 'architectures' names no class");
    out_.hf_class = classes->at(0).get<std::string>();
    const std::string_view name = out_.hf_class;
    const auto is = [&](std::string_view end) {
      return name == std::string(keys_->class_prefix) + std::string(end);
    };
    if (is("ForSequenceClassification")) {
      out_.task = Task::classify;
    } else if (is("ForTokenClassification")) {
      out_.task = Task::tag;
    } else if (is("Model") || is("ForMaskedLM") || is("ForPreTraining")) {
      out_.task = Task::embed;
    } else {
      const std::string p(keys_->class_prefix);
      return refuse("architectures", classes->at(0),
                    p + "ForSequenceClassification, " + p + "ForTokenClassification and " + p + "Model");
    }
    return Unit{};
  }

  [[nodiscard]] Status read_sizes() {
    NANO_TRY(size(keys_->hidden, out_.hidden));
    NANO_TRY(size(keys_->layers, out_.layers));
    NANO_TRY(size(keys_->heads, out_.heads));
    NANO_TRY(size(keys_->inner, out_.inner));
    NANO_TRY(size("vocab_size", out_.vocabulary));
    NANO_TRY(size("max_position_embeddings", out_.position_rows));
    if (out_.hidden % out_.heads != 0)
      return folder_.invalid("config.json: " + std::string(keys_->heads) + " " + std::to_string(out_.heads) +
                             " does not divide " + std::string(keys_->hidden) + " " +
                             std::to_string(out_.hidden));
    if (!keys_->epsilon.empty()) {
      if (out_.family == Family::modernbert) out_.epsilon = 1e-5f;
      NANO_TRY(number(json_, keys_->epsilon, 0.0, 1.0, out_.epsilon));
    }
    if (out_.family == Family::bert || out_.family == Family::roberta) {
      out_.token_types = 2;
      if (find(json_, "type_vocab_size") != nullptr) NANO_TRY(size("type_vocab_size", out_.token_types));
    }
    if (out_.family == Family::roberta) {
      uint32_t pad = 1;
      if (find(json_, "pad_token_id") != nullptr)
        NANO_TRY(size(json_, "config.json", "pad_token_id", 0, pad));
      out_.first_position = pad + 1;
      if (out_.position_rows <= out_.first_position)
        return folder_.invalid("config.json: max_position_embeddings " + std::to_string(out_.position_rows) +
                               " leaves nothing after pad_token_id " + std::to_string(pad));
    }
    out_.context = out_.position_rows - out_.first_position;
    return Unit{};
  }

  // Keys with which the same tensors mean something else.
  [[nodiscard]] Status refuse_what_is_not_done() const {
    if (const Json* v = find(json_, keys_->activation); v != nullptr && *v != "gelu")
      return refuse(keys_->activation, *v, "'gelu' (the erf form)");
    if (const Json* v = find(json_, "position_embedding_type"); v != nullptr && *v != "absolute")
      return refuse("position_embedding_type", *v, "'absolute'");
    for (const char* key : {"is_decoder", "add_cross_attention"})
      if (const Json* v = find(json_, key); v != nullptr && *v != false) return refuse(key, *v, "encoders");
    if (const Json* v = find(json_, "embedding_size"); v != nullptr && *v != out_.hidden)
      return refuse("embedding_size", *v, "embeddings of the hidden size");
    return Unit{};
  }

  [[nodiscard]] Status read_modern() {
    NANO_TRY(size("global_attn_every_n_layers", out_.global_period));
    NANO_TRY(size("local_attention", out_.window));
    out_.rope_global = 160000.0f;  // source: transformers, configuration_modernbert.py
    out_.rope_local = 10000.0f;
    NANO_TRY(number(json_, "global_rope_theta", 1.0, 1e12, out_.rope_global));
    NANO_TRY(number(json_, "local_rope_theta", 1.0, 1e12, out_.rope_local));
    if (const Json* rope = find(json_, "rope_parameters"); rope != nullptr && rope->is_object()) {
      if (const Json* full = find(*rope, "full_attention"); full != nullptr && full->is_object())
        NANO_TRY(number(*full, "rope_theta", 1.0, 1e12, out_.rope_global));
      if (const Json* near = find(*rope, "sliding_attention"); near != nullptr && near->is_object())
        NANO_TRY(number(*near, "rope_theta", 1.0, 1e12, out_.rope_local));
    }
    if (const Json* v = find(json_, "classifier_activation"); v != nullptr && *v != "gelu")
      return refuse("classifier_activation", *v, "'gelu'");
    if (out_.task == Task::classify) {
      out_.pooling = "cls";
      if (const Json* v = find(json_, "classifier_pooling")) {
        if (*v != "cls" && *v != "mean") return refuse("classifier_pooling", *v, "'cls' and 'mean'");
        out_.pooling = v->get<std::string>();
      }
    }
    return Unit{};
  }

  [[nodiscard]] Status read_labels() {
    const Json* names = find(json_, "id2label");
    if (names != nullptr) {
      if (!names->is_object() || names->empty() || names->size() > kMost)
        return folder_.invalid("config.json: id2label is not an object of labels");
      out_.outputs = static_cast<uint32_t>(names->size());
      bool placeholders = true;
      for (uint32_t i = 0; i < out_.outputs; ++i) {
        const Json* name = find(*names, std::to_string(i));
        if (name == nullptr || !name->is_string())
          return folder_.invalid("config.json: id2label has no text for " + std::to_string(i));
        out_.labels.push_back(name->get<std::string>());
        placeholders = placeholders && out_.labels.back() == "LABEL_" + std::to_string(i);
      }
      if (placeholders) out_.labels.clear();
    } else {
      out_.outputs = 2;  // transformers' default
      if (find(json_, "num_labels") != nullptr) NANO_TRY(size("num_labels", out_.outputs));
    }
    if (out_.task != Task::classify) return Unit{};
    out_.multi_label = out_.outputs == 1;  // a score by itself, as text-classification pipelines give it
    if (const Json* problem = find(json_, "problem_type")) {
      if (*problem != "single_label_classification" && *problem != "multi_label_classification")
        return refuse("problem_type", *problem, "single_label_classification and multi_label_classification");
      out_.multi_label = out_.multi_label || *problem == "multi_label_classification";
    }
    return Unit{};
  }

  // sentence-transformers: the order of modules is theirs; only Transformer, Pooling and Normalize are done.
  [[nodiscard]] Status read_modules() {
    if (!folder_.has("modules.json")) return Unit{};
    NANO_TRY_ASSIGN(const Json modules, folder_.json("modules.json"));
    if (!modules.is_array()) return folder_.invalid("modules.json is not a list");
    out_.normalize = false;
    for (const Json& module : modules) {
      const Json* type = module.is_object() ? find(module, "type") : nullptr;
      const Json* path = module.is_object() ? find(module, "path") : nullptr;
      if (type == nullptr || !type->is_string()) return folder_.invalid("modules.json: a module has no type");
      const std::string name = type->get<std::string>();
      const std::string kind = name.substr(name.rfind('.') + 1);
      if (kind == "Transformer") continue;
      if (kind == "Normalize") {
        out_.normalize = true;
      } else if (kind == "Pooling") {
        const std::string folder = path != nullptr && path->is_string() ? path->get<std::string>() : "";
        if (!fs::is_package_path(folder))
          return folder_.invalid("modules.json: the path of Pooling is '" + gguf::shown(folder) + "'");
        NANO_TRY(read_pooling(folder + "/config.json"));
      } else {
        return folder_.unsupported("modules.json: a module is of type " + shown_value(*type),
                                   "this build does Transformer, Pooling and Normalize");
      }
    }
    if (folder_.has("sentence_bert_config.json")) {
      NANO_TRY_ASSIGN(const Json own, folder_.json("sentence_bert_config.json"));
      uint32_t most = out_.context;
      if (own.is_object() && find(own, "max_seq_length") != nullptr)
        NANO_TRY(size(own, "sentence_bert_config.json", "max_seq_length", 2, most));
      out_.context = std::min(out_.context, most);
    }
    return Unit{};
  }

  [[nodiscard]] Status read_pooling(const std::string& file) {
    NANO_TRY_ASSIGN(const Json pooling, folder_.json(file));
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kModes{{
        {"pooling_mode_cls_token", "cls"},
        {"pooling_mode_mean_tokens", "mean"},
        {"pooling_mode_max_tokens", "max"},
        {"pooling_mode_lasttoken", "last"},
    }};
    if (!pooling.is_object()) return folder_.invalid(file + " is not an object");
    for (const auto& [key, value] : pooling.items()) {
      if (!key.starts_with("pooling_mode_") || value != true) continue;
      std::string mode;
      for (const auto& known : kModes)
        if (known.first == key) mode = known.second;
      if (mode.empty() || !out_.pooling.empty())
        return folder_.unsupported(
            file + ": " + gguf::shown(key) + " is true" + (mode.empty() ? "" : ", and another"),
            "this build pools by one of cls, mean, max and last");
      out_.pooling = mode;
    }
    if (out_.pooling.empty()) return folder_.invalid(file + " names no way of pooling");
    return Unit{};
  }

  const Folder& folder_;
  const FamilyKeys* keys_ = nullptr;
  Json json_{};
  ModelConfig out_{};
};

}  // namespace

Result<ModelConfig> read_config(const Folder& folder) {
  return ConfigReader(folder).read();
}

}  // namespace nano::convert
