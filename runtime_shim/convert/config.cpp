// runtime_shim/convert/config.cpp: one table of families, one reader of keys, each value checked before it is believed.
#include "runtime_shim/convert/config.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/convert/known_keys.h"
#include "runtime_shim/convert/sentence_files.h"
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
    if (out_.task == Task::embed || out_.task == Task::classify) NANO_TRY(read_sentence_files(folder_, out_));
    if (out_.task == Task::find) {
      out_.outputs = 2;
    } else if (out_.task != Task::embed) {
      NANO_TRY(read_labels());
    }
    NANO_TRY(read_longest());
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error refuse(std::string_view key, const Json& value, const std::string& done) const {
    return folder_.unsupported("config.json: " + std::string(key) + " is " + shown_value(value),
                               "this build does " + done);
  }
  [[nodiscard]] static const Json* find(const Json& in, std::string_view key) { return member(in, key); }

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
  [[nodiscard]] Status refuse_what_is_not_done() {
    if (const Json* v = find(json_, keys_->activation); v != nullptr && *v != "gelu" && *v != "gelu_python")
      return refuse(keys_->activation, *v, "'gelu' (the erf form)");
    const bool modern = out_.family == Family::modernbert;
    const std::string_view own = modern ? "config.json, ModernBERT" : "config.json, others";
    NANO_TRY(check_keys(folder_, "config.json", "config.json", json_));
    NANO_TRY(check_keys(folder_, "config.json", own, json_));
    if (const Json* v = find(json_, "embedding_size"); v != nullptr && *v != out_.embedding)
      return refuse("embedding_size", *v, "embeddings of the hidden size");
    for (const char* file : {"adapter_config.json", "adapter_model.safetensors", "model_head.pkl", "config_setfit.json"}) {
      if (!folder_.has(file)) continue;
      const bool adapter = std::string_view(file).starts_with("adapter");
      return folder_.unsupported(std::string(file) + " lies in the folder",
                                 adapter ? "an adapter changes the answers: merge it into the weights first, or take it away"
                                         : "a SetFit head is a pickle, which nano does not open");
    }
    out_.tokenizer_class = text_of(json_, "tokenizer_class");
    std::string unread;
    for (const std::string& key : unread_keys("config.json", json_)) {
      const auto& rules = known_keys();
      if (std::any_of(rules.begin(), rules.end(), [&](const KeyRule& r) { return r.where == own && r.key == key; })) continue;
      unread += (unread.empty() ? "" : ", ") + gguf::shown(key);
    }
    if (!unread.empty()) out_.notes.push_back("keys of config.json that no " + out_.hf_class + " reads: " + unread);
    return Unit{};
  }

  // Texts are cut where the tokenizer says, if no max_seq_length of sentence-transformers does.
  [[nodiscard]] Status read_longest() {
    if (out_.longest_is_set || !folder_.has("tokenizer_config.json")) return Unit{};
    NANO_TRY_ASSIGN(const Json settings, folder_.json("tokenizer_config.json", kMaxTokenizerBytes));
    const Json* most = find(settings, "model_max_length");
    if (most == nullptr) most = find(settings, "max_len");
    if (most == nullptr || !most->is_number() || most->get<double>() >= static_cast<double>(out_.context)) return Unit{};
    if (!most->is_number_unsigned() || most->get<uint64_t>() < 2)
      return folder_.invalid("tokenizer_config.json: model_max_length is " + shown_value(*most));
    out_.context = static_cast<uint32_t>(most->get<uint64_t>());
    return Unit{};
  }

  // source: transformers, configuration_modernbert.py: its defaults, and what stands before what
  [[nodiscard]] Status read_modern() {
    out_.global_period = 3;
    out_.window = 128;
    if (find(json_, "global_attn_every_n_layers") != nullptr) NANO_TRY(size("global_attn_every_n_layers", out_.global_period));
    if (find(json_, "local_attention") != nullptr) NANO_TRY(size("local_attention", out_.window));
    NANO_TRY(read_layer_types());
    out_.rope_global = 160000.0f;
    out_.rope_local = 10000.0f;
    if (json_.contains("local_rope_theta") && json_["local_rope_theta"].is_null())
      return folder_.unsupported("config.json: local_rope_theta is null, which means one thing to transformers 4 and another to 5",
                                 "write the number that the model was trained with");
    NANO_TRY(read_rotation("full_attention", "global_rope_theta", out_.rope_global));
    NANO_TRY(read_rotation("sliding_attention", "local_rope_theta", out_.rope_local));
    for (const auto& [key, to] : {std::pair<const char*, bool*>{"attention_bias", &out_.attention_bias},
                                  {"mlp_bias", &out_.mlp_bias},
                                  {"norm_bias", &out_.norm_bias},
                                  {"classifier_bias", &out_.classifier_bias}})
      *to = flag(json_, key, false);
    if (out_.task == Task::classify) {
      out_.pooling = "cls";
      if (const Json* v = find(json_, "classifier_pooling")) {
        if (*v != "cls" && *v != "mean") return refuse("classifier_pooling", *v, "'cls' and 'mean'");
        out_.pooling = v->get<std::string>();
      }
    }
    return Unit{};
  }

  // layer_types stands before the period. Where a period says the same, that one is written.
  [[nodiscard]] Status read_layer_types() {
    const Json* types = find(json_, "layer_types");
    if (types == nullptr) return Unit{};
    if (!types->is_array() || types->size() != out_.layers)
      return folder_.invalid("config.json: layer_types is no list of num_hidden_layers, " + std::to_string(out_.layers));
    for (const Json& type : *types) {
      if (type != "full_attention" && type != "sliding_attention")
        return refuse("layer_types", type, "'full_attention' and 'sliding_attention'");
      out_.local.push_back(type == "sliding_attention");
    }
    for (uint32_t period = 1; period <= out_.layers; ++period) {
      bool fits = true;
      for (uint32_t i = 0; i < out_.layers && fits; ++i) fits = out_.local[i] == (i % period != 0);
      if (!fits) continue;
      out_.global_period = period;
      out_.local.clear();
      break;
    }
    return Unit{};
  }

  // transformers 5 writes rope_parameters, 4 the other key; both may stand, and then agree.
  [[nodiscard]] Status read_rotation(const char* kind, const char* key, float& out) {
    const bool before = find(json_, key) != nullptr;
    NANO_TRY(number(json_, key, 1.0, 1e12, out));
    const Json* both = find(json_, "rope_parameters");
    if (both == nullptr) return Unit{};
    for (const auto& [name, value] : both->items())
      if (name != "full_attention" && name != "sliding_attention" && !value.is_null())
        return folder_.unsupported("config.json: rope_parameters has the key '" + gguf::shown(name) + "'",
                                   "this build does full_attention and sliding_attention");
    const Json* own = find(*both, kind);
    if (own == nullptr) return Unit{};
    NANO_TRY(check_keys(folder_, "config.json", "rope_parameters", *own));
    float theta = out;
    NANO_TRY(number(*own, "rope_theta", 1.0, 1e12, theta));
    if (before && std::fabs(theta - out) > 0.0f)
      return folder_.unsupported("config.json: " + std::string(key) + " is " + shown_value(*find(json_, key)) + ", rope_theta of " +
                                     kind + " is " + shown_value(*find(*own, "rope_theta")),
                                 "make them agree: transformers goes by one or the other, as its version has it");
    out = theta;
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
