// runtime_shim/convert/vocabulary_files.cpp: three kinds of model, what stands around them, and nothing that is not done.
#include "runtime_shim/convert/vocabulary_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/base64.h"
#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::convert {
namespace {

// source: llama.cpp include/llama.h, enum llama_token_type
constexpr int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUser = 4, kUnused = 5;

const Json* member(const Json& in, std::string_view key) {
  if (!in.is_object()) return nullptr;
  const auto at = in.find(std::string(key));
  return at == in.end() || at->is_null() ? nullptr : &*at;
}
std::string text_of(const Json& in, std::string_view key) {
  const Json* v = member(in, key);
  return v != nullptr && v->is_string() ? v->get<std::string>() : std::string();
}
bool flag(const Json& in, std::string_view key, bool absent) {
  const Json* v = member(in, key);
  return v != nullptr && v->is_boolean() ? v->get<bool>() : absent;
}

class VocabularyReader {
 public:
  VocabularyReader(const Folder& folder, const ModelConfig& config) : folder_(folder), config_(config) {}

  [[nodiscard]] Result<VocabularyFiles> read() {
    if (folder_.has("tokenizer_config.json")) {
      NANO_TRY_ASSIGN(settings_, folder_.json("tokenizer_config.json", kMaxTokenizerBytes));
    }
    if (folder_.has("special_tokens_map.json")) {
      NANO_TRY_ASSIGN(special_, folder_.json("special_tokens_map.json"));
    }
    if (folder_.has("tokenizer.json")) {
      NANO_TRY(from_tokenizer());
    } else if (folder_.has("vocab.txt")) {
      NANO_TRY(from_lines());
    } else if (folder_.has("vocab.json") && folder_.has("merges.txt")) {
      NANO_TRY(from_pairs());
    } else if (folder_.has("sentencepiece.bpe.model") || folder_.has("spiece.model")) {
      return folder_.unsupported("its vocabulary is a SentencePiece model alone",
                                 "write tokenizer.json beside it: in Python, "
                                 "AutoTokenizer.from_pretrained(DIR, use_fast=True).save_pretrained(DIR)");
    } else {
      return make_error(Errc::not_found, "'" + gguf::shown(folder_.dir().string()) + "' holds no vocabulary",
                        "tokenizer.json, vocab.txt, or vocab.json with merges.txt");
    }
    NANO_TRY(finish());
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error invalid(const std::string& why) const { return folder_.invalid(why); }
  [[nodiscard]] Error not_done(const std::string& what, const std::string& kind,
                               const std::string& done) const {
    return folder_.unsupported("tokenizer.json: the " + what + " is of type '" + gguf::shown(kind) + "'",
                               "this build does " + done);
  }

  // --- pieces by id

  [[nodiscard]] Status put(uint64_t id, const std::string& piece, int32_t type, const std::string& file) {
    if (id >= config_.vocabulary)
      return invalid(file + ": the piece '" + gguf::shown(piece) + "' has id " + std::to_string(id) +
                     "; config.json's vocab_size is " + std::to_string(config_.vocabulary));
    const auto at = static_cast<std::size_t>(id);
    if (at >= out_.pieces.size()) {
      out_.pieces.resize(at + 1);
      out_.types.resize(at + 1, 0);
    }
    if (out_.types[at] != 0 && out_.pieces[at] != piece)
      return invalid(file + ": the pieces '" + gguf::shown(out_.pieces[at]) + "' and '" + gguf::shown(piece) +
                     "' have the id " + std::to_string(id));
    out_.pieces[at] = piece;
    out_.types[at] = type;
    return Unit{};
  }
  [[nodiscard]] Status put_all(const Json& vocab, const std::string& file) {
    for (const auto& [piece, id] : vocab.items()) {
      if (!id.is_number_unsigned())
        return invalid(file + ": the id of '" + gguf::shown(piece) + "' is no whole number");
      NANO_TRY(put(id.get<uint64_t>(), piece, kNormal, file));
    }
    return Unit{};
  }
  [[nodiscard]] int32_t id_of(const std::string& piece) const {
    const auto at = std::find(out_.pieces.begin(), out_.pieces.end(), piece);
    return at == out_.pieces.end() || piece.empty() ? -1 : static_cast<int32_t>(at - out_.pieces.begin());
  }

  // --- tokenizer.json

  [[nodiscard]] Status from_tokenizer() {
    const std::string file = "tokenizer.json";
    NANO_TRY_ASSIGN(const Json doc, folder_.json(file, kMaxTokenizerBytes));
    const Json* model = member(doc, "model");
    const Json* vocab = model != nullptr ? member(*model, "vocab") : nullptr;
    if (vocab == nullptr) return invalid(file + ": it has no model with a vocab");
    std::string type = text_of(*model, "type");
    if (type.empty() && member(*model, "merges") != nullptr) type = "BPE";  // older files say nothing
    if (type == "Unigram") {
      if (!vocab->is_array()) return invalid(file + ": the vocab of a Unigram model is a list");
      NANO_TRY(read_unigram(*model, *vocab));
      NANO_TRY(read_unigram_text(doc));
    } else if (type == "BPE" || type == "WordPiece") {
      if (!vocab->is_object()) return invalid(file + ": the vocab of a " + type + " model is an object");
      NANO_TRY(put_all(*vocab, file));
      if (type == "BPE") {
        NANO_TRY(read_byte_pairs(*model));
        NANO_TRY(read_byte_pairs_text(doc));
      } else {
        NANO_TRY(read_word_piece(doc, *model));
      }
    } else {
      return not_done("model", type, "WordPiece, BPE (byte level) and Unigram");
    }
    const Json* added = member(doc, "added_tokens");
    if (added == nullptr) return Unit{};
    if (!added->is_array()) return invalid(file + ": added_tokens is not a list");
    for (const Json& token : *added) {
      const Json* id = member(token, "id");
      if (id == nullptr || !id->is_number_unsigned() || member(token, "content") == nullptr ||
          !token.at("content").is_string())
        return invalid(file + ": an element of added_tokens has no id and content");
      const bool special = flag(token, "special", false);
      const std::string content = token.at("content").get<std::string>();
      if (!special && out_.kind == VocabularyKind::word_piece)
        return folder_.unsupported(
            file + ": '" + gguf::shown(content) + "' is an added token that is not special",
            "this build has none of those with WordPiece");
      NANO_TRY(put(id->get<uint64_t>(), content, special ? kControl : kUser, file));
    }
    return Unit{};
  }

  [[nodiscard]] Status read_word_piece(const Json& doc, const Json& model) {
    out_.kind = VocabularyKind::word_piece;
    if (const std::string prefix = text_of(model, "continuing_subword_prefix"); prefix != "##")
      return folder_.unsupported("tokenizer.json: continuing_subword_prefix is '" + gguf::shown(prefix) + "'",
                                 "this build does '##'");
    unknown_name_ = text_of(model, "unk_token");
    const Json* normalizer = member(doc, "normalizer");
    const Json* words = member(doc, "pre_tokenizer");
    const std::string n = normalizer != nullptr ? text_of(*normalizer, "type") : "none";
    const std::string w = words != nullptr ? text_of(*words, "type") : "none";
    if (n != "BertNormalizer") return not_done("normalizer", n, "BertNormalizer with WordPiece");
    if (w != "BertPreTokenizer") return not_done("pre_tokenizer", w, "BertPreTokenizer with WordPiece");
    return read_bert_text(*normalizer, "tokenizer.json", "lowercase", "handle_chinese_chars");
  }

  // BERT's settings have other names in tokenizer_config.json.
  [[nodiscard]] Status read_bert_text(const Json& in, const std::string& file, const char* lower,
                                      const char* chinese) {
    out_.lower_case = flag(in, lower, true);
    out_.strip_accents = flag(in, "strip_accents", out_.lower_case);
    for (const char* key : {"clean_text", chinese}) {
      if (!flag(in, key, true))
        return folder_.unsupported(file + ": " + key + " is false",
                                   "this build cleans text and parts Chinese characters");
    }
    return Unit{};
  }

  [[nodiscard]] Status read_byte_pairs(const Json& model) {
    out_.kind = VocabularyKind::byte_pairs;
    for (const char* key : {"byte_fallback", "ignore_merges"})
      if (flag(model, key, false))
        return folder_.unsupported(std::string("tokenizer.json: ") + key +
                                   " is true, which this build does not do");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (const std::string v = text_of(model, key); !v.empty())
        return folder_.unsupported(std::string("tokenizer.json: ") + key + " is '" + gguf::shown(v) + "'",
                                   "this build does byte-level BPE, which has none");
    const Json* merges = member(model, "merges");
    if (merges == nullptr || !merges->is_array()) return invalid("tokenizer.json: a BPE model has no merges");
    for (const Json& m : *merges) {  // "a b", or since 2024 ["a", "b"]
      if (m.is_string()) {
        out_.merges.push_back(m.get<std::string>());
      } else if (m.is_array() && m.size() == 2 && m[0].is_string() && m[1].is_string()) {
        out_.merges.push_back(m[0].get<std::string>() + " " + m[1].get<std::string>());
      } else {
        return invalid("tokenizer.json: element " + std::to_string(out_.merges.size()) +
                       " of merges is no pair");
      }
    }
    return Unit{};
  }

  [[nodiscard]] Status read_byte_pairs_text(const Json& doc) {
    if (const Json* normalizer = member(doc, "normalizer")) {
      const std::string type = text_of(*normalizer, "type");
      if (type != "NFC") return not_done("normalizer", type, "none, or NFC, with BPE");
      out_.nfc = true;
    }
    const Json* words = member(doc, "pre_tokenizer");
    const std::string type = words != nullptr ? text_of(*words, "type") : "none";
    if (type != "ByteLevel") return not_done("pre_tokenizer", type, "ByteLevel with BPE");
    if (flag(*words, "add_prefix_space", true) || !flag(*words, "use_regex", true))
      return folder_.unsupported("tokenizer.json: ByteLevel has add_prefix_space true or use_regex false",
                                 "this build does GPT-2's words, without a space before the text");
    return Unit{};
  }

  [[nodiscard]] Status read_unigram(const Json& model, const Json& vocab) {
    out_.kind = VocabularyKind::unigram;
    if (flag(model, "byte_fallback", false))
      return folder_.unsupported(
          "tokenizer.json: byte_fallback is true, which this build does not do with Unigram");
    uint64_t id = 0;
    for (const Json& entry : vocab) {
      if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
        return invalid("tokenizer.json: element " + std::to_string(id) +
                       " of vocab is no piece with its score");
      NANO_TRY(put(id++, entry[0].get<std::string>(), kNormal, "tokenizer.json"));
      out_.scores.push_back(static_cast<float>(entry[1].get<double>()));
    }
    const Json* unknown = member(model, "unk_id");
    if (unknown == nullptr || !unknown->is_number_unsigned() ||
        unknown->get<uint64_t>() >= out_.pieces.size())
      return invalid("tokenizer.json: the Unigram model has no unk_id of its vocab");
    out_.unknown = static_cast<int32_t>(unknown->get<uint64_t>());
    return Unit{};
  }

  // XLM-RoBERTa's: a charsmap, runs of spaces made one; words between spaces, a mark before each.
  [[nodiscard]] Status read_unigram_text(const Json& doc) {
    out_.space_before = out_.merge_spaces = true;
    const auto each = [](const Json* in, const char* list, auto&& one) -> Status {
      if (in == nullptr) return Unit{};
      const Json* parts = text_of(*in, "type") == "Sequence" ? member(*in, list) : nullptr;
      if (parts == nullptr) return one(*in);
      if (!parts->is_array()) return Unit{};
      for (const Json& part : *parts) NANO_TRY(one(part));
      return Unit{};
    };
    NANO_TRY(each(member(doc, "normalizer"), "normalizers", [&](const Json& part) -> Status {
      const std::string type = text_of(part, "type");
      if (type == "Precompiled") {
        auto bytes = from_base64(text_of(part, "precompiled_charsmap"));
        if (!bytes || !out_.charsmap.empty())
          return invalid("tokenizer.json: precompiled_charsmap is not base64");
        out_.charsmap = std::move(*bytes);
        return Unit{};
      }
      // " {2,}" -> " ": merge_spaces does it. What strips the ends does nothing more.
      const Json* pattern = member(part, "pattern");
      const std::string with = text_of(part, "content");
      if (type == "Replace" && pattern != nullptr && text_of(*pattern, "Regex") == " {2,}" &&
          (with == " " || with == "\xE2\x96\x81"))
        return Unit{};
      if (type == "Strip") return Unit{};
      return not_done("normalizer", type, "Precompiled, and Replace of several spaces, with Unigram");
    }));
    return each(member(doc, "pre_tokenizer"), "pretokenizers", [&](const Json& part) -> Status {
      const std::string type = text_of(part, "type");
      if (type == "WhitespaceSplit") return Unit{};
      if (type != "Metaspace")
        return not_done("pre_tokenizer", type, "WhitespaceSplit and Metaspace with Unigram");
      const std::string scheme = text_of(part, "prepend_scheme");
      if (scheme == "never" || !flag(part, "add_prefix_space", true))
        return folder_.unsupported("tokenizer.json: Metaspace puts no mark before words", "this build does");
      return Unit{};
    });
  }

  // --- vocab.txt; vocab.json and merges.txt

  [[nodiscard]] Status from_lines() {
    out_.kind = VocabularyKind::word_piece;
    NANO_TRY_ASSIGN(const std::string text, folder_.text("vocab.txt", kMaxTokenizerBytes));
    uint64_t id = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!is_utf8(line)) return invalid("vocab.txt: line " + std::to_string(id + 1) + " is not UTF-8");
      NANO_TRY(put(id++, std::string(line), kNormal, "vocab.txt"));
    }
    return read_bert_text(settings_, "tokenizer_config.json", "do_lower_case", "tokenize_chinese_chars");
  }

  [[nodiscard]] Status from_pairs() {
    out_.kind = VocabularyKind::byte_pairs;
    NANO_TRY_ASSIGN(const Json vocab, folder_.json("vocab.json", kMaxTokenizerBytes));
    if (!vocab.is_object()) return invalid("vocab.json is not an object");
    NANO_TRY(put_all(vocab, "vocab.json"));
    if (flag(settings_, "add_prefix_space", false))
      return folder_.unsupported(
          "tokenizer_config.json: add_prefix_space is true, which this build does not do");
    NANO_TRY_ASSIGN(const std::string text, folder_.text("merges.txt", kMaxTokenizerBytes));
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || (out_.merges.empty() && line.starts_with("#version"))) continue;
      if (!is_utf8(line))
        return invalid("merges.txt: line " + std::to_string(out_.merges.size() + 1) + " is not UTF-8");
      out_.merges.emplace_back(line);
    }
    return Unit{};
  }

  // --- special tokens

  // As the files name it, else as models of this kind call it. A token may stand as text or as {"content": text}.
  [[nodiscard]] std::string named(const std::string& key, std::initializer_list<const char*> usual) const {
    for (const Json* file : {&special_, &settings_}) {
      const Json* v = member(*file, key);
      if (v != nullptr && v->is_object()) v = member(*v, "content");
      if (v != nullptr && v->is_string()) return v->get<std::string>();
    }
    for (const char* piece : usual)
      if (id_of(piece) >= 0) return piece;
    return {};
  }

  [[nodiscard]] Status special(const std::string& key, std::initializer_list<const char*> usual, bool needed,
                               int32_t type, int32_t& out) {
    if (out < 0) {
      const std::string name =
          key == "unk_token" && !unknown_name_.empty() ? unknown_name_ : named(key, usual);
      out = id_of(name);
      if (out < 0 && !name.empty())
        return invalid("the " + key + " '" + gguf::shown(name) + "' is no piece of the vocabulary");
      if (out < 0 && needed) return invalid("no file names the " + key);
    }
    if (out >= 0) out_.types[static_cast<std::size_t>(out)] = type;
    return Unit{};
  }

  [[nodiscard]] Status finish() {
    if (out_.pieces.empty() || out_.pieces.size() > tokenizer::kMaxVocabulary)
      return invalid("the vocabulary has " + std::to_string(out_.pieces.size()) + " pieces");
    out_.scores.resize(out_.kind == VocabularyKind::unigram ? out_.pieces.size() : 0, 0.0f);
    for (std::size_t i = 0; i < out_.pieces.size(); ++i) {  // ids that no piece has
      if (out_.types[i] != 0) continue;
      out_.pieces[i] = "[PAD" + std::to_string(i) + "]";
      out_.types[i] = kUnused;
    }
    const bool word_piece = out_.kind == VocabularyKind::word_piece;
    NANO_TRY(
        special("unk_token", {"[UNK]", "<unk>"}, word_piece, word_piece ? kControl : kUnknown, out_.unknown));
    const bool framed = config_.family != Family::table;  // a table's texts have no special tokens
    NANO_TRY(special("cls_token", {"[CLS]", "<s>"}, framed, kControl, out_.cls));
    NANO_TRY(special("sep_token", {"[SEP]", "</s>"}, framed, kControl, out_.sep));
    NANO_TRY(special("pad_token", {"[PAD]", "<pad>"}, false, kControl, out_.pad));
    NANO_TRY(special("mask_token", {"[MASK]", "<mask>"}, false, kControl, out_.mask));
    switch (out_.kind) {
      case VocabularyKind::word_piece: {
        out_.model = "bert";
        out_.pre = "jina-v2-en";  // what llama.cpp calls BERT's own rule
        for (std::size_t i = 0; i < out_.pieces.size(); ++i) {
          std::string& p = out_.pieces[i];
          if (out_.types[i] != kNormal) continue;
          p = p.starts_with("##") && p.size() > 2 ? p.substr(2) : "\xE2\x96\x81" + p;
        }
        break;
      }
      case VocabularyKind::byte_pairs:
        out_.model = "gpt2";
        out_.pre = config_.family == Family::modernbert ? "modern-bert" : "roberta-bpe";
        break;
      case VocabularyKind::unigram:
        out_.model = "t5";
        out_.pre = "default";
        break;
    }
    return Unit{};
  }

  const Folder& folder_;
  const ModelConfig& config_;
  Json settings_ = Json::object(), special_ = Json::object();
  std::string unknown_name_{};
  VocabularyFiles out_{};
};

}  // namespace

Result<VocabularyFiles> read_vocabulary(const Folder& folder, const ModelConfig& config) {
  return VocabularyReader(folder, config).read();
}

void add_frame(VocabularyFiles& v) {
  const std::pair<int32_t*, const char*> needed[] = {{&v.cls, "[CLS]"}, {&v.sep, "[SEP]"}};
  for (const auto& [id, piece] : needed) {
    if (*id >= 0) continue;
    *id = static_cast<int32_t>(v.pieces.size());
    v.pieces.emplace_back(piece);
    v.types.push_back(kControl);
    if (v.kind == VocabularyKind::unigram) v.scores.push_back(0.0f);
  }
}

void write_vocabulary(const VocabularyFiles& v, const ModelConfig& config, gguf::Builder& b) {
  b.set_string("tokenizer.ggml.model", v.model);
  b.set_string("tokenizer.ggml.pre", v.pre);
  if (config.token_types != 0) b.set_u32("tokenizer.ggml.token_type_count", config.token_types);
  b.set_string_array("tokenizer.ggml.tokens", v.pieces);
  if (v.kind == VocabularyKind::unigram) b.set_f32_array("tokenizer.ggml.scores", v.scores);
  b.set_i32_array("tokenizer.ggml.token_type", v.types);
  if (v.kind == VocabularyKind::byte_pairs) b.set_string_array("tokenizer.ggml.merges", v.merges);
  if (v.kind == VocabularyKind::unigram) {
    b.set_bool("tokenizer.ggml.add_space_prefix", v.space_before);
    b.set_bool("tokenizer.ggml.remove_extra_whitespaces", v.merge_spaces);
    if (!v.charsmap.empty()) b.set_bytes("tokenizer.ggml.precompiled_charsmap", v.charsmap);
  }
  const std::pair<const char*, int32_t> ids[] = {{"unknown", v.unknown}, {"cls", v.cls}, {"bos", v.cls},
                                                 {"seperator", v.sep},   {"eos", v.sep}, {"padding", v.pad},
                                                 {"mask", v.mask}};
  for (const auto& id : ids)
    if (id.second >= 0)
      b.set_u32("tokenizer.ggml." + std::string(id.first) + "_token_id", static_cast<uint32_t>(id.second));
  if (v.kind != VocabularyKind::word_piece) {
    b.set_bool("tokenizer.ggml.add_bos_token", true);
    b.set_bool("tokenizer.ggml.add_eos_token", true);
  }
  if (v.kind == VocabularyKind::byte_pairs && v.nfc != (v.pre == "modern-bert")) b.set_bool("nano.tokenizer.nfc", v.nfc);
  if (v.kind == VocabularyKind::word_piece && (!v.lower_case || !v.strip_accents)) {
    b.set_bool("nano.tokenizer.lower_case", v.lower_case);
    b.set_bool("nano.tokenizer.strip_accents", v.strip_accents);
  }
}

}  // namespace nano::convert
