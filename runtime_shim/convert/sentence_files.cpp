// runtime_shim/convert/sentence_files.cpp: see the header. source: sentence-transformers base/model.py, base/modules/,
// sentence_transformer/modules/pooling.py: the forms before and since 5.4.
#include "runtime_shim/convert/sentence_files.h"

#include <algorithm>
#include <string>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/convert/known_keys.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

struct Mode {
  std::string_view word, key, pooling;
};
constexpr Mode kModes[] = {{"cls", "pooling_mode_cls_token", "cls"},
                           {"mean", "pooling_mode_mean_tokens", "mean"},
                           {"max", "pooling_mode_max_tokens", "max"},
                           {"lasttoken", "pooling_mode_lasttoken", "last"}};

// Of these the first that is there counts.
constexpr const char* kOwnFiles[] = {"sentence_bert_config.json",      "sentence_roberta_config.json",
                                     "sentence_distilbert_config.json", "sentence_camembert_config.json",
                                     "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
                                     "sentence_xlnet_config.json"};

class SentenceReader {
 public:
  SentenceReader(const Folder& folder, ModelConfig& out) : folder_(folder), out_(out) {}

  [[nodiscard]] Status read() {
    if (!folder_.has("modules.json")) return Unit{};
    NANO_TRY_ASSIGN(const Json modules, folder_.json("modules.json"));
    if (!modules.is_array()) return folder_.invalid("modules.json is not a list");
    if (embeds()) out_.normalize = false;
    for (const Json& module : modules) NANO_TRY(read_module(module));
    if (seen_.empty()) return folder_.invalid("modules.json names no Transformer");
    if (embeds() && !pooled_)
      return folder_.unsupported("modules.json has no Pooling", "this build gives one vector a text, or the scores of a classifier");
    for (const char* file : kOwnFiles) {
      if (!folder_.has(file)) continue;
      NANO_TRY(read_own(file));
      break;
    }
    return read_prompts();
  }

 private:
  [[nodiscard]] bool embeds() const { return out_.task == Task::embed; }

  [[nodiscard]] Status read_module(const Json& module) {
    const std::string type = text_of(module, "type");
    if (type.empty()) return folder_.invalid("modules.json: a module has no type");
    NANO_TRY(check_keys(folder_, "modules.json", "modules.json", module));
    const std::string kind = type.substr(type.rfind('.') + 1), path = text_of(module, "path");
    const bool theirs = type.starts_with("sentence_transformers.");
    if (theirs && kind == "Transformer" && seen_.empty()) {
      if (!path.empty() && path != ".")
        return folder_.unsupported("modules.json: its Transformer lies in '" + gguf::shown(path) + "'",
                                   "move config.json, the weights and the tokenizer's files of that folder up to this one, and make "
                                   "the path empty");
    } else if (theirs && embeds() && kind == "Pooling" && !pooled_ && seen_ == "Transformer") {
      pooled_ = true;
      if (!fs::is_package_path(path))
        return folder_.invalid("modules.json: the path of Pooling is '" + gguf::shown(path) + "'");
      NANO_TRY(read_pooling(path + "/config.json"));
    } else if (theirs && embeds() && kind == "Dense" && pooled_ && !*out_.normalize) {
      if (!fs::is_package_path(path)) return folder_.invalid("modules.json: the path of Dense is '" + gguf::shown(path) + "'");
      NANO_TRY_ASSIGN(const Json own, folder_.json(path + "/config.json"));
      NANO_TRY(check_keys(folder_, path + "/config.json", "Dense", own));
      NANO_TRY(add_dense_module(folder_, path, out_));
    } else if (theirs && embeds() && kind == "Normalize" && pooled_ && !*out_.normalize) {
      out_.normalize = true;
      const std::string file = path + "/config.json";
      if (!path.empty() && fs::is_package_path(path) && folder_.has(file)) {
        NANO_TRY_ASSIGN(const Json own, folder_.json(file));
        NANO_TRY(check_keys(folder_, file, "Normalize", own));
      }
    } else {
      return folder_.unsupported("modules.json: a module is of type '" + gguf::shown(type) + "'" +
                                     (seen_.empty() ? "" : ", after " + seen_),
                                 embeds() ? "this build does Transformer, then Pooling, then perhaps Dense, and last Normalize"
                                          : "this build does a classifier's Transformer alone");
    }
    seen_ = kind;
    return Unit{};
  }

  [[nodiscard]] Status read_pooling(const std::string& file) {
    NANO_TRY_ASSIGN(const Json pooling, folder_.json(file));
    if (!pooling.is_object()) return folder_.invalid(file + " is not an object");
    NANO_TRY(check_keys(folder_, file, "Pooling", pooling));
    for (const char* key : {"word_embedding_dimension", "embedding_dimension"}) {
      const Json* width = member(pooling, key);
      if (width != nullptr && *width != out_.hidden)
        return folder_.invalid(file + ": " + key + " is " + shown_value(*width) + "; the hidden size is " +
                               std::to_string(out_.hidden));
    }
    if (const Json* mode = member(pooling, "pooling_mode")) {  // since 5.4; the older keys then say nothing
      const Json& one = mode->is_array() && mode->size() == 1 ? (*mode)[0] : *mode;
      for (const Mode& m : kModes)
        if (one == m.word) out_.pooling = m.pooling;
      if (out_.pooling.empty())
        return folder_.unsupported(file + ": pooling_mode is " + shown_value(*mode),
                                   "this build pools by one of cls, mean, max and lasttoken");
      return Unit{};
    }
    for (const Mode& m : kModes) {
      const Json* v = member(pooling, m.key);
      if (v == nullptr || *v == false) continue;
      if (*v != true) return folder_.invalid(file + ": " + std::string(m.key) + " is " + shown_value(*v));
      if (!out_.pooling.empty())
        return folder_.unsupported(file + ": " + std::string(m.key) + " is true, and another",
                                   "this build pools by one of cls, mean, max and last");
      out_.pooling = m.pooling;
    }
    if (out_.pooling.empty()) out_.pooling = "mean";  // their default
    return Unit{};
  }

  [[nodiscard]] Status read_own(const std::string& file) {
    NANO_TRY_ASSIGN(const Json own, folder_.json(file));
    NANO_TRY(check_keys(folder_, file, "sentence_bert_config.json", own));
    const auto only = [&](const char* key, const char* embedding, const char* classifier) -> Status {
      const Json* v = member(own, key);
      const char* wanted = embeds() ? embedding : classifier;
      if (v == nullptr || *v == wanted) return Unit{};
      return folder_.unsupported(file + ": " + key + " is " + shown_value(*v), "this build does '" + std::string(wanted) + "' here");
    };
    NANO_TRY(only("transformer_task", "feature-extraction", "sequence-classification"));
    NANO_TRY(only("module_output_name", "token_embeddings", "scores"));
    if (const Json* modality = member(own, "modality_config")) {
      const Json wanted = {{"text", {{"method", "forward"}, {"method_output_name", embeds() ? "last_hidden_state" : "logits"}}}};
      if (*modality != wanted)
        return folder_.unsupported(file + ": modality_config is " + shown_value(*modality), "this build does text, by forward");
    }
    if (const Json* lower = member(own, "do_lower_case"); lower != nullptr && *lower != false) {
      if (*lower != true) return folder_.invalid(file + ": do_lower_case is " + shown_value(*lower));
      out_.lower_text = true;
    }
    const Json* most = member(own, "max_seq_length");
    if (most == nullptr) return Unit{};
    if (!most->is_number_unsigned() || most->get<uint64_t>() < 2)
      return folder_.invalid(file + ": max_seq_length is " + shown_value(*most) + "; a whole number from 2 on is possible");
    out_.context = static_cast<uint32_t>(std::min<uint64_t>(out_.context, most->get<uint64_t>()));
    out_.longest_is_set = true;
    return Unit{};
  }

  // A default prompt stands before every text. Others are chosen by the caller, text by text.
  [[nodiscard]] Status read_prompts() {
    const std::string file = "config_sentence_transformers.json";
    if (!folder_.has(file)) return Unit{};
    NANO_TRY_ASSIGN(const Json own, folder_.json(file));
    if (embeds()) NANO_TRY(check_keys(folder_, file, file, own));
    const Json* prompts = member(own, "prompts");
    const std::string name = text_of(own, "default_prompt_name");
    const std::string standard = prompts != nullptr ? text_of(*prompts, name) : std::string();
    if (!name.empty() && (!standard.empty() || prompts == nullptr || member(*prompts, name) == nullptr))
      return folder_.unsupported(file + ": default_prompt_name is '" + gguf::shown(name) + "': '" + gguf::shown(standard) +
                                     "' stands before every text",
                                 "this build puts no prompt before a text: set default_prompt_name to null, and put it there yourself");
    if (prompts == nullptr || !prompts->is_object()) return Unit{};
    for (const auto& [key, text] : prompts->items())
      if (text.is_string() && !text.get<std::string>().empty())
        out_.notes.push_back("prompt '" + gguf::shown(key) + "' is yours to put before a text: '" +
                             gguf::shown(text.get<std::string>()) + "'");
    return Unit{};
  }

  const Folder& folder_;
  ModelConfig& out_;
  std::string seen_{};  // the last module
  bool pooled_ = false;
};

}  // namespace

Status read_sentence_files(const Folder& folder, ModelConfig& out) {
  return SentenceReader(folder, out).read();
}

}  // namespace nano::convert
