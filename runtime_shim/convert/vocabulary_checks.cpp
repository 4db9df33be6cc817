// runtime_shim/convert/vocabulary_checks.cpp: see the header.
#include "runtime_shim/convert/vocabulary_checks.h"

#include <algorithm>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/tokenizer/nfc.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::convert {
namespace {

constexpr int32_t kNormalPiece = 1;  // source: llama.cpp include/llama.h, enum llama_token_type

}  // namespace

bool stays_as_it_is(const VocabularyFiles& v, std::string_view text) {
  if (v.kind == VocabularyKind::byte_pairs) return !v.nfc || tokenizer::to_nfc(text).text == text;
  const bool unigram = v.kind == VocabularyKind::unigram;
  for (std::size_t at = 0; at < text.size();) {
    const uint32_t c = decode_utf8(text, at);
    const tokenizer::Category cat = tokenizer::category(c);
    if (unigram && (c <= ' ' || c >= 0x7F || (c >= 'A' && c <= 'Z'))) return false;  // a charsmap may change others
    if (unigram) continue;
    if (c == 0xFFFD || tokenizer::is_control(cat) || (c != ' ' && tokenizer::is_white_space(c))) return false;
    if (c >= 0x2E80) return false;  // of those some are set apart
    if (v.strip_accents && (cat == tokenizer::Category::mn || tokenizer::decompose(c).count != 1)) return false;
    if (v.lower_case && tokenizer::to_lower(c) != c) return false;
  }
  return true;
}

// What stands around texts: the post_processor's, or what is usual for the kind. Types that nobody hands on are 0:
// transformers does by the model_input_names of the tokenizer's class or settings.
Status place_templates(const Folder& folder, const ModelConfig& config, const Json& settings,
                       const std::optional<tokenizer::Templates>& said, VocabularyFiles& out) {
  using tokenizer::kSecondText;
  using tokenizer::TemplatePart;
  const bool two = out.kind == VocabularyKind::unigram ||
                   (out.kind == VocabularyKind::byte_pairs && config.family != Family::modernbert);
  const int32_t second = out.kind == VocabularyKind::word_piece ? 1 : 0;
  const TemplatePart cls{out.cls, 0}, sep{out.sep, 0}, text{};
  tokenizer::Templates usual{{cls, text, sep}, {cls, text, sep}};
  if (two) usual.pair.push_back(sep);
  usual.pair.push_back({kSecondText, second});
  usual.pair.push_back({out.sep, second});
  out.templates = said ? *said : usual;
  bool typed = config.token_types >= 2;
  if (const Json* names = member(settings, "model_input_names"); names != nullptr && names->is_array())
    typed = typed && std::find(names->begin(), names->end(), Json("token_type_ids")) != names->end();
  if (text_of(settings, "tokenizer_class").find("Roberta") != std::string::npos) typed = false;
  for (auto* parts : {&out.templates.single, &out.templates.pair}) {
    for (TemplatePart& part : *parts) {
      if (!typed) part.type = 0;
      if (static_cast<uint32_t>(part.type) >= std::max(config.token_types, 1u))
        return folder.invalid("tokenizer.json: the post_processor has type_id " + std::to_string(part.type) +
                       "; config.json's type_vocab_size is " + std::to_string(config.token_types));
    }
  }
  // Without token types a reader takes those of the second text for 0, whatever it would write.
  const auto same = [&](const std::vector<TemplatePart>& a, const std::vector<TemplatePart>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const TemplatePart& x, const TemplatePart& y) {
      return x.id == y.id && (x.type == y.type || config.token_types < 2);
    });
  };
  out.usual_templates = same(out.templates.single, usual.single) && same(out.templates.pair, usual.pair);
  return Unit{};
}

// RoBERTa counts positions over the tokens that are not the padding: that one must be no other.
Status check_padding(const Folder& folder, const ModelConfig& config, const VocabularyFiles& v) {
  if (config.first_position == 0) return Unit{};
  const auto pad = static_cast<int32_t>(config.first_position - 1);
  const bool wrong = v.pad >= 0 ? v.pad != pad
                                   : pad == v.cls || pad == v.sep ||
                                         (static_cast<std::size_t>(pad) < v.types.size() &&
                                          v.types[static_cast<std::size_t>(pad)] == kNormalPiece);
  if (!wrong) return Unit{};
  return folder.unsupported("config.json: pad_token_id is " + std::to_string(pad) + "; the tokenizer's padding is " +
                                 (v.pad >= 0 ? std::to_string(v.pad) : std::string("none")),
                             "positions are counted from that id: the two must agree");
}

}  // namespace nano::convert
