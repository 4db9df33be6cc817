// runtime_shim/convert/config.cpp: one table of families, one reader of keys, each value checked before it is believed.
#include "runtime_shim/convert/config.h"

#include <array>
#include <cmath>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

constexpr uint32_t kMost = 1u << 24;  ///< of any size; the loader's own limits are narrower

// What the sizes are called. source: transformers, models/*/configuration_*.py
struct FamilyKeys {
  Family family;
  std::string_view model_type, class_prefix, architecture, tensors;
  std::string_view hidden, layers, heads, inner, activation, epsilon;
};
constexpr FamilyKeys kFamilies[] = {
    {Family::bert, "bert", "Bert", "bert", "bert.", "hidden_size", "num_hidden_layers", "num_attention_heads",
     "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::distilbert, "distilbert", "DistilBert", "bert", "distilbert.", "dim", "n_layers", "n_heads", "hidden_dim",
     "activation", ""},
    {Family::roberta, "roberta", "Roberta", "bert", "roberta.", "hidden_size", "num_hidden_layers", "num_attention_heads",
     "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::roberta, "xlm-roberta", "XLMRoberta", "bert", "roberta.", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::roberta, "camembert", "Camembert", "bert", "roberta.", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::roberta, "data2vec-text", "Data2VecText", "bert", "data2vec_text.", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::bert, "ernie", "Ernie", "bert", "ernie.", "hidden_size", "num_hidden_layers", "num_attention_heads",
     "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::electra, "electra", "Electra", "bert", "electra.", "hidden_size", "num_hidden_layers",
     "num_attention_heads", "intermediate_size", "hidden_act", "layer_norm_eps"},
    {Family::modernbert, "modernbert", "ModernBert", "modern-bert", "model.", "hidden_size", "num_hidden_layers",
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
    } else if (out_.task == Task::find) {
      out_.outputs = 2;
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
    if (keys_ == nullptr) {
      if (const auto needed = what_is_needed(type->get<std::string>()))
        return folder_.unsupported("config.json: model_type is " + shown_value(*type) + ", which this build does not run yet",
                                   "it would need " + *needed + "; this build does " + known);
      return refuse("model_type", *type, known);
    }
    out_.family = keys_->family;
    out_.tensor_prefix = keys_->tensors;
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
    } else if (is("ForQuestionAnswering")) {
      out_.task = Task::find;
    } else if (is("Model") || is("ForMaskedLM") || is("ForPreTraining")) {
      out_.task = Task::embed;
    } else {
      const std::string p(keys_->class_prefix);
      return refuse("architectures", classes->at(0),
                    p + "ForSequenceClassification, " + p + "ForTokenClassification, " + p + "ForQuestionAnswering and " + p + "Model");
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
    out_.embedding = out_.hidden;
    if (out_.family == Family::electra) {
      out_.embedding = 128;  // source: transformers, configuration_electra.py
      if (find(json_, "embedding_size") != nullptr) NANO_TRY(size("embedding_size", out_.embedding));
      if (out_.embedding > out_.hidden)
        return refuse("embedding_size", *find(json_, "embedding_size"), "embeddings of at most the hidden size");
    }
    if (const Json* v = find(json_, "use_task_id"); v != nullptr && *v == true) {
      out_.task_types = 3;  // source: transformers, configuration_ernie.py
      if (find(json_, "task_type_vocab_size") != nullptr) NANO_TRY(size("task_type_vocab_size", out_.task_types));
    }
    if (out_.family == Family::bert || out_.family == Family::roberta || out_.family == Family::electra) {
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
    if (const Json* v = find(json_, "embedding_size"); v != nullptr && *v != out_.embedding)
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
      out_.regression = *problem == "regression";
      if (!out_.regression && *problem != "single_label_classification" && *problem != "multi_label_classification")
        return refuse("problem_type", *problem, "single_label_classification, multi_label_classification and regression");
      out_.multi_label = out_.multi_label || *problem == "multi_label_classification";
    }
    NANO_TRY(read_cross_encoder());
    if (out_.regression) out_.multi_label = false;
    return Unit{};
  }

  // What sentence-transformers' CrossEncoder does with the outputs. Of several labels its users choose the highest, of raw
  // outputs and of probabilities the same; nano gives both.
  [[nodiscard]] Status read_cross_encoder() {
    const Json* own = find(json_, "sentence_transformers");
    const Json* named = own != nullptr && own->is_object() ? find(*own, "activation_fn") : nullptr;
    std::string key = "sentence_transformers.activation_fn";
    if (named == nullptr) {
      key = "sbert_ce_default_activation_function";
      named = find(json_, key);
    }
    if (named == nullptr) return Unit{};
    const std::string full = named->is_string() ? named->get<std::string>() : std::string(), name = full.substr(full.rfind('.') + 1);
    if (name == "Identity") {
      out_.regression = out_.regression || out_.outputs == 1;
    } else if (name == "Sigmoid") {
      out_.multi_label = true;
    } else if (name != "Softmax" || out_.outputs == 1) {
      return refuse(key, *named, "Identity and Sigmoid, and of several labels Softmax");
    }
    return Unit{};
  }

  // sentence-transformers: the order of modules is theirs; Transformer, Pooling, Dense and Normalize are done.
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
      } else if (kind == "Dense" && !*out_.normalize) {
        NANO_TRY(add_dense_module(folder_, path != nullptr && path->is_string() ? path->get<std::string>() : "", out_));
      } else {
        return folder_.unsupported("modules.json: a module is of type " + shown_value(*type),
                                   "this build does Transformer, Pooling, Dense and, last, Normalize");
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
