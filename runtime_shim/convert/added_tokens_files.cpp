// runtime_shim/convert/added_tokens_files.cpp: see the header.
#include "runtime_shim/convert/added_tokens_files.h"

#include <charconv>
#include <map>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/tokenizer/added_tokens.h"

namespace nano::convert {
namespace {

constexpr std::size_t kMostAdded = 1u << 16;

class AddedReader {
 public:
  explicit AddedReader(const Folder& folder) : folder_(folder) {}

  [[nodiscard]] Status tokenizer_json(const Json& tokenizer) {
    const Json* list = member(tokenizer, "added_tokens");
    if (list == nullptr) return Unit{};
    if (!list->is_array()) return folder_.invalid("tokenizer.json: added_tokens is not a list");
    for (const Json& token : *list) {
      const Json* id = member(token, "id");
      if (id == nullptr || !id->is_number_unsigned())
        return folder_.invalid("tokenizer.json: an element of added_tokens has no id and content");
      NANO_TRY(one(token, id->get<uint64_t>(), "tokenizer.json"));
    }
    return Unit{};
  }

  // {"30522": {"content": …}}; or, where there is none, {"[E1]": 30522} of added_tokens.json.
  [[nodiscard]] Status decoder(const Json& settings, const Json& special) {
    if (const Json* by_id = member(settings, "added_tokens_decoder")) {
      const std::string file = "tokenizer_config.json";
      if (!by_id->is_object()) return folder_.invalid(file + ": added_tokens_decoder is not an object");
      for (const auto& [text, token] : by_id->items()) {
        uint64_t id = 0;
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), id);
        if (ec != std::errc() || end != text.data() + text.size())
          return folder_.invalid(file + ": added_tokens_decoder: '" + gguf::shown(text) + "' is no id");
        NANO_TRY(one(token, id, file));
      }
      return Unit{};
    }
    if (!folder_.has("added_tokens.json")) return Unit{};
    NANO_TRY_ASSIGN(const Json by_name, folder_.json("added_tokens.json", kMaxTokenizerBytes));
    if (!by_name.is_object()) return folder_.invalid("added_tokens.json is not an object");
    for (const auto& [content, id] : by_name.items()) {
      if (!id.is_number_unsigned())
        return folder_.invalid("added_tokens.json: the id of '" + gguf::shown(content) + "' is no whole number");
      if (AddedToken* before = known(content)) {  // tokenizer.json says how it is looked for
        if (before->id && *before->id != id.get<uint64_t>())
          before->conflict = before->file + " and added_tokens.json give '" + gguf::shown(content) + "' different ids";
        continue;
      }
      const bool is_special = names(special, content) || names(settings, content);
      NANO_TRY(put({content, id.get<uint64_t>(), is_special ? uint8_t{0} : uint8_t{tokenizer::kAddedNormalized},
                    "added_tokens.json", {}}));
    }
    return Unit{};
  }

  [[nodiscard]] Status more_special(const Json& from, const std::string& file) {
    for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
      const Json* list = member(from, key);
      if (list == nullptr) continue;
      if (!list->is_array() && !list->is_object()) return folder_.invalid(file + ": " + key + " is not a list");
      for (const Json& token : *list) {
        if (token.is_string()) {
          if (known(token.get<std::string>()) == nullptr) NANO_TRY(put({token.get<std::string>(), {}, 0, file, {}}));
          continue;
        }
        if (known(text_of(token, "content")) == nullptr) NANO_TRY(one(token, {}, file));
      }
    }
    return Unit{};
  }

  [[nodiscard]] std::vector<AddedToken> take() { return std::move(out_); }

 private:
  [[nodiscard]] AddedToken* known(const std::string& content) {
    const auto at = by_content_.find(content);
    return at == by_content_.end() ? nullptr : &out_[at->second];
  }

  // Is `content` the value of a key, or one of a list's?
  [[nodiscard]] static bool names(const Json& in, const std::string& content) {
    if (!in.is_object()) return false;
    for (const auto& [key, value] : in.items()) {
      if (!key.ends_with("_token") && !key.ends_with("_special_tokens")) continue;
      if (value == content || text_of(value, "content") == content) return true;
      if (!value.is_array()) continue;
      for (const Json& v : value)
        if (v == content || text_of(v, "content") == content) return true;
    }
    return false;
  }

  [[nodiscard]] Status one(const Json& token, std::optional<uint64_t> id, const std::string& file) {
    const Json* content = member(token, "content");
    if (content == nullptr || !content->is_string() || content->get<std::string>().empty())
      return folder_.invalid(file + ": an element of the added tokens has no id and content");
    for (const auto& [key, value] : token.items()) {
      const bool known_key = key == "id" || key == "content" || key == "special" || key == "lstrip" || key == "rstrip" ||
                             key == "single_word" || key == "normalized" || key == "__type";
      if (!known_key)
        return folder_.unsupported(file + ": the added token " + shown_value(*content) + " has the key '" +
                                   gguf::shown(key) + "', which this build does not know");
    }
    uint8_t flags = 0;
    if (flag(token, "lstrip", false)) flags |= tokenizer::kAddedLstrip;
    if (flag(token, "rstrip", false)) flags |= tokenizer::kAddedRstrip;
    if (flag(token, "single_word", false)) flags |= tokenizer::kAddedSingleWord;
    if (flag(token, "normalized", !flag(token, "special", false))) flags |= tokenizer::kAddedNormalized;
    return put({content->get<std::string>(), id, flags, file, {}});
  }

  [[nodiscard]] Status put(AddedToken token) {
    if (AddedToken* before = known(token.content)) {
      const bool same = before->flags == token.flags && (!before->id || !token.id || *before->id == *token.id);
      if (!same && before->conflict.empty())
        before->conflict = before->file + " and " + token.file + " say different things of the added token '" +
                           gguf::shown(token.content) + "'";
      return Unit{};
    }
    if (out_.size() >= kMostAdded) return folder_.unsupported("more than " + std::to_string(kMostAdded) + " added tokens");
    by_content_.emplace(token.content, out_.size());
    out_.push_back(std::move(token));
    return Unit{};
  }

  const Folder& folder_;
  std::map<std::string, std::size_t> by_content_{};
  std::vector<AddedToken> out_{};
};

}  // namespace

Result<std::vector<AddedToken>> read_added_tokens(const Folder& folder, const Json* tokenizer, const Json& settings,
                                                  const Json& special) {
  AddedReader reader(folder);
  if (tokenizer != nullptr) NANO_TRY(reader.tokenizer_json(*tokenizer));
  NANO_TRY(reader.decoder(settings, special));
  NANO_TRY(reader.more_special(special, "special_tokens_map.json"));
  NANO_TRY(reader.more_special(settings, "tokenizer_config.json"));
  return reader.take();
}

}  // namespace nano::convert
