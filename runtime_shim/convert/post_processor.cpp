// runtime_shim/convert/post_processor.cpp: see the header. source: huggingface/tokenizers src/processors/
#include "runtime_shim/convert/post_processor.h"

#include <string>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

using tokenizer::kFirstText;
using tokenizer::kSecondText;
using tokenizer::TemplatePart;
using tokenizer::Templates;

class PostProcessorReader {
 public:
  PostProcessorReader(const Folder& folder, std::size_t pieces) : folder_(folder), pieces_(pieces) {}

  [[nodiscard]] Result<Templates> read(const Json& node) {
    const std::string type = text_of(node, "type");
    if (type == "ByteLevel") return bare();
    if (type == "BertProcessing" || type == "RobertaProcessing") return two(node, type);
    if (type == "TemplateProcessing") return from_template(node);
    if (type == "Sequence") return sequence(node);
    return folder_.unsupported("tokenizer.json: the post_processor is of type '" + gguf::shown(type) + "'",
                               "this build does BertProcessing, RobertaProcessing, TemplateProcessing and ByteLevel");
  }

 private:
  [[nodiscard]] static Templates bare() {
    return {{TemplatePart{}}, {TemplatePart{}, TemplatePart{kSecondText, 1}}};
  }

  [[nodiscard]] Result<int32_t> id_of(const Json& v) const {
    if (!v.is_number_unsigned() || v.get<uint64_t>() >= pieces_)
      return folder_.invalid("tokenizer.json: the post_processor names the id " + shown_value(v) + ", which is no piece's");
    return static_cast<int32_t>(v.get<uint64_t>());
  }

  // [CLS] a [SEP] b [SEP] with types 0 and 1; <s> a </s></s> b </s> with type 0 for all.
  [[nodiscard]] Result<Templates> two(const Json& node, const std::string& type) const {
    int32_t ids[2] = {};
    for (const int i : {0, 1}) {
      const char* name = i == 0 ? "cls" : "sep";
      const Json* v = member(node, name);
      if (v == nullptr || !v->is_array() || v->size() != 2)
        return folder_.invalid("tokenizer.json: the post_processor's " + std::string(name) + " is no token with its id");
      NANO_TRY_ASSIGN(ids[i], id_of((*v)[1]));
    }
    const TemplatePart cls{ids[0], 0}, sep{ids[1], 0}, text{};
    if (type == "RobertaProcessing") return Templates{{cls, text, sep}, {cls, text, sep, sep, {kSecondText, 0}, sep}};
    return Templates{{cls, text, sep}, {cls, text, sep, {kSecondText, 1}, {ids[1], 1}}};
  }

  [[nodiscard]] Result<Templates> from_template(const Json& node) const {
    Templates out;
    NANO_TRY(parts(node, "single", false, out.single));
    NANO_TRY(parts(node, "pair", true, out.pair));
    return out;
  }

  [[nodiscard]] Status parts(const Json& node, const char* name, bool pair, std::vector<TemplatePart>& out) const {
    const std::string who = "tokenizer.json: the post_processor's " + std::string(name);
    const Json* list = member(node, name);
    if (list == nullptr || !list->is_array()) return folder_.invalid(who + " is not a list");
    const Json* special = member(node, "special_tokens");
    std::size_t first = 0, second = 0;
    for (const Json& part : *list) {
      const Json* token = member(part, "SpecialToken");
      const Json* text = member(part, "Sequence");
      const Json* one = token != nullptr ? token : text;
      const Json* type = one != nullptr ? member(*one, "type_id") : nullptr;
      if (type == nullptr || !type->is_number_unsigned() || type->get<uint64_t>() > 63)
        return folder_.invalid(who + ": a part has no type_id from 0 to 63");
      const auto type_id = static_cast<int32_t>(type->get<uint64_t>());
      const std::string id = text_of(*one, "id");
      if (text != nullptr) {
        if (id == "B" && first == 0) return folder_.unsupported(who + " has the second text before the first");
        (id == "A" ? first : second) += 1;
        out.push_back({id == "A" ? kFirstText : kSecondText, type_id});
        continue;
      }
      const Json* known = special != nullptr ? member(*special, id) : nullptr;
      const Json* ids = known != nullptr ? member(*known, "ids") : nullptr;
      if (ids == nullptr || !ids->is_array())
        return folder_.invalid(who + ": special_tokens has no ids of '" + gguf::shown(id) + "'");
      for (const Json& v : *ids) {
        NANO_TRY_ASSIGN(const int32_t n, id_of(v));
        out.push_back({n, type_id});
      }
    }
    if (first != 1 || second != (pair ? 1u : 0u) || out.size() > 64)
      return folder_.unsupported(who + " does not hold each text once", "this build puts special tokens around texts");
    return Unit{};
  }

  [[nodiscard]] Result<Templates> sequence(const Json& node) {
    const Json* list = member(node, "processors");
    if (list == nullptr || !list->is_array()) return folder_.invalid("tokenizer.json: the post_processor has no list of processors");
    const Json* counts = nullptr;
    for (const Json& one : *list) {
      if (text_of(one, "type") == "ByteLevel") continue;
      if (counts != nullptr || text_of(one, "type") == "Sequence")
        return folder_.unsupported("tokenizer.json: the post_processor puts tokens around texts more than once");
      counts = &one;
    }
    return counts != nullptr ? read(*counts) : Result<Templates>(bare());
  }

  const Folder& folder_;
  std::size_t pieces_;
};

}  // namespace

Result<std::optional<Templates>> read_post_processor(const Folder& folder, const Json& tokenizer, std::size_t pieces) {
  const auto at = tokenizer.find("post_processor");
  if (at == tokenizer.end()) return std::optional<Templates>();
  if (at->is_null())
    return std::optional<Templates>(Templates{{TemplatePart{}}, {TemplatePart{}, TemplatePart{kSecondText, 1}}});
  NANO_TRY_ASSIGN(Templates read, PostProcessorReader(folder, pieces).read(*at));
  return std::optional<Templates>(std::move(read));
}

}  // namespace nano::convert
