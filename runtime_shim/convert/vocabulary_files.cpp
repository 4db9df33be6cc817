// runtime_shim/convert/vocabulary_files.cpp: three kinds of model, what stands around them, and nothing that is not done.
#include "runtime_shim/convert/vocabulary_files.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/text.h"
#include "runtime_shim/convert/added_tokens_files.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/convert/known_keys.h"
#include "runtime_shim/convert/post_processor.h"
#include "runtime_shim/convert/unigram_text.h"
#include "runtime_shim/convert/vocabulary_checks.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/tokenizer/byte_pairs.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::convert {
namespace {

// source: llama.cpp include/llama.h, enum llama_token_type
constexpr int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUser = 4, kUnused = 5;

class VocabularyReader {
 public:
  VocabularyReader(const Folder& folder, const ModelConfig& config) : folder_(folder), config_(config) {}

  [[nodiscard]] Result<VocabularyFiles> read() {
    if (folder_.has("tokenizer_config.json")) {
      NANO_TRY_ASSIGN(settings_, folder_.json("tokenizer_config.json", kMaxTokenizerBytes));
      NANO_TRY(check_keys(folder_, "tokenizer_config.json", "tokenizer_config.json", settings_));
    }
    if (folder_.has("special_tokens_map.json")) {
      NANO_TRY_ASSIGN(special_, folder_.json("special_tokens_map.json"));
    }
    if (folder_.has("tokenizer.json")) {
      NANO_TRY(from_tokenizer());
    } else if (folder_.has("vocab.txt")) {
      NANO_TRY(expect_class({"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"}, "vocab.txt"));
      NANO_TRY(from_lines());
      NANO_TRY(read_added(nullptr));
    } else if (folder_.has("vocab.json") && folder_.has("merges.txt")) {
      NANO_TRY(expect_class({"RobertaTokenizer", "GPT2Tokenizer"}, "vocab.json"));
      NANO_TRY(from_pairs());
      NANO_TRY(read_added(nullptr));
    } else if (folder_.has("sentencepiece.bpe.model") || folder_.has("spiece.model")) {
      return folder_.unsupported("its vocabulary is a SentencePiece model alone",
                                 "write tokenizer.json beside it: in Python, "
                                 "AutoTokenizer.from_pretrained(DIR, use_fast=True).save_pretrained(DIR)");
    } else {
      return make_error(Errc::not_found, "'" + gguf::shown(folder_.dir().string()) + "' holds no vocabulary",
                        "tokenizer.json, vocab.txt, or vocab.json with merges.txt");
    }
    if (config_.lower_text) {  // source: sentence-transformers base/modules/transformer.py: a Lowercase before all else
      if (out_.kind != VocabularyKind::word_piece)
        return folder_.unsupported("sentence_bert_config.json: do_lower_case is true",
                                   "this build lowers text with WordPiece only");
      out_.lower_case = true;
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
  // The first of equal pieces.
  [[nodiscard]] int32_t id_of(const std::string& piece) {
    for (; indexed_ < out_.pieces.size(); ++indexed_) index_.try_emplace(out_.pieces[indexed_], static_cast<int32_t>(indexed_));
    const auto at = index_.find(piece);
    return at == index_.end() || piece.empty() ? -1 : at->second;
  }

  // Without a tokenizer.json the class decides what the files mean: BertJapaneseTokenizer, PhobertTokenizer and others have
  // a vocab.txt as well.
  [[nodiscard]] Status expect_class(std::initializer_list<std::string_view> known, const std::string& file) const {
    std::string name = text_of(settings_, "tokenizer_class");
    if (name.empty()) name = config_.tokenizer_class;
    std::string_view plain = name;
    if (plain.ends_with("Fast")) plain.remove_suffix(4);
    if (name.empty() || std::find(known.begin(), known.end(), plain) != known.end()) return Unit{};
    return folder_.unsupported("tokenizer_class is '" + gguf::shown(name) + "', and there is only " + file,
                               "write tokenizer.json beside it, where that class can: in Python, "
                               "AutoTokenizer.from_pretrained(DIR, use_fast=True).save_pretrained(DIR)");
  }

  // --- tokenizer.json

  [[nodiscard]] Status from_tokenizer() {
    const std::string file = "tokenizer.json";
    NANO_TRY_ASSIGN(const Json doc, folder_.json(file, kMaxTokenizerBytes));
    NANO_TRY(check_keys(folder_, file, "tokenizer.json", doc));
    if (const Json* cut = member(doc, "truncation")) NANO_TRY(check_keys(folder_, file, "truncation", *cut));
    const Json* model = member(doc, "model");
    const Json* vocab = model != nullptr ? member(*model, "vocab") : nullptr;
    if (vocab == nullptr) return invalid(file + ": it has no model with a vocab");
    std::string type = text_of(*model, "type");
    if (type.empty() && member(*model, "merges") != nullptr) type = "BPE";  // older files say nothing
    if (type == "Unigram" || type == "BPE" || type == "WordPiece") NANO_TRY(check_keys(folder_, file, type, *model));
    if (type == "Unigram") {
      if (!vocab->is_array()) return invalid(file + ": the vocab of a Unigram model is a list");
      NANO_TRY(read_unigram(*model, *vocab));
      NANO_TRY(read_unigram_text(folder_, doc, out_));
      const Json* v = member(settings_, "add_prefix_space");
      if (v != nullptr && *v != (out_.prefix != "never"))
        return contradicts("add_prefix_space", *v, "'" + out_.prefix + "' for Metaspace");
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
    NANO_TRY(read_added(&doc));
    NANO_TRY_ASSIGN(templates_, read_post_processor(folder_, doc, out_.pieces.size()));
    return Unit{};
  }

  // The tokens that were added become pieces of their own kind; those that stand around texts are set apart in finish().
  [[nodiscard]] Status read_added(const Json* doc) {
    NANO_TRY_ASSIGN(added_, read_added_tokens(folder_, doc, settings_, special_));
    for (AddedToken& token : added_) {
      const int32_t known = id_of(token.content);
      if (!token.id && known < 0)
        return invalid(token.file + ": the special token '" + gguf::shown(token.content) + "' is no piece of the vocabulary");
      if (!token.id) token.id = static_cast<uint64_t>(known);
      if (known >= 0) token.flags |= tokenizer::kAddedPiece;
      if (known >= 0 && static_cast<uint64_t>(known) != *token.id)
        return invalid(token.file + ": the added token '" + gguf::shown(token.content) + "' has the id " +
                       std::to_string(*token.id) + ", and in the vocabulary " + std::to_string(known));
      NANO_TRY(put(*token.id, token.content, kUser, token.file));
    }
    return Unit{};
  }

  // How an added token is looked for; what a normalised one becomes must be what it is.
  [[nodiscard]] Status place_added() {
    for (const AddedToken& token : added_) {
      const auto id = static_cast<std::size_t>(*token.id);
      if (out_.types[id] != kUser) continue;  // one of those around texts: in a text it is text
      if (!token.conflict.empty()) return folder_.unsupported(token.conflict, "make them agree");
      if ((token.flags & tokenizer::kAddedNormalized) != 0 && !stays_as_it_is(out_, token.content))
        return folder_.unsupported(token.file + ": the added token '" + gguf::shown(token.content) +
                                       "' is normalized, and the normalizer changes it",
                                   "this build looks for added tokens as they are written");
      out_.added_ids.push_back(static_cast<int32_t>(id));
      out_.added_flags.push_back(token.flags);
    }
    return Unit{};
  }

  [[nodiscard]] Status read_word_piece(const Json& doc, const Json& model) {
    out_.kind = VocabularyKind::word_piece;
    if (const Json* prefix = member(model, "continuing_subword_prefix"); prefix != nullptr && *prefix != "##")
      return folder_.unsupported("tokenizer.json: continuing_subword_prefix is " + shown_value(*prefix),
                                 "this build does '##'");
    if (const Json* most = member(model, "max_input_chars_per_word")) {
      if (!most->is_number_unsigned() || most->get<uint64_t>() < 1 || most->get<uint64_t>() > 1'024)
        return folder_.unsupported("tokenizer.json: max_input_chars_per_word is " + shown_value(*most),
                                   "this build does 1 to 1024");
      out_.max_word_chars = static_cast<uint32_t>(most->get<uint64_t>());
    }
    unknown_name_ = text_of(model, "unk_token");
    const Json* normalizer = member(doc, "normalizer");
    const Json* words = member(doc, "pre_tokenizer");
    const std::string n = normalizer != nullptr ? text_of(*normalizer, "type") : "none";
    const std::string w = words != nullptr ? text_of(*words, "type") : "none";
    if (n != "BertNormalizer") return not_done("normalizer", n, "BertNormalizer with WordPiece");
    if (w != "BertPreTokenizer") return not_done("pre_tokenizer", w, "BertPreTokenizer with WordPiece");
    NANO_TRY(check_keys(folder_, "tokenizer.json", "BertNormalizer", *normalizer));
    NANO_TRY(read_bert_text(*normalizer, "tokenizer.json", "lowercase", "handle_chinese_chars"));
    const auto agrees = [&](const char* key, bool here) -> Status {
      const Json* v = member(settings_, key);
      return v == nullptr || *v == here ? Status(Unit{}) : contradicts(key, *v, here ? "true" : "false");
    };
    NANO_TRY(agrees("do_lower_case", out_.lower_case));
    NANO_TRY(agrees("strip_accents", out_.strip_accents));
    return agrees("tokenize_chinese_chars", true);
  }

  // transformers goes by the one or the other, as its version and tokenizer_class have it.
  [[nodiscard]] Error contradicts(const std::string& key, const Json& value, const std::string& here) const {
    return folder_.unsupported("tokenizer_config.json: " + key + " is " + shown_value(value) + "; tokenizer.json says " + here,
                               "make the two files agree: transformers goes by one or the other");
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
    unknown_name_ = text_of(model, "unk_token");
    fuse_unknown_ = flag(model, "fuse_unk", false);
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
    NANO_TRY(check_keys(folder_, "tokenizer.json", "ByteLevel", *words));
    out_.space_before = flag(*words, "add_prefix_space", true);
    const Json* v = member(settings_, "add_prefix_space");
    if (v != nullptr && *v != out_.space_before)
      return contradicts("add_prefix_space", *v, out_.space_before ? "true" : "false");
    return Unit{};
  }

  // What becomes of a byte that has no piece: the tokenizers library drops it where there is no unknown token.
  [[nodiscard]] Status check_bytes() {
    for (unsigned b = 0; b < 256; ++b) {
      std::string piece;
      append_utf8(piece, tokenizer::byte_to_code_point(static_cast<uint8_t>(b)));
      if (id_of(piece) >= 0 || (!unknown_name_.empty() && !fuse_unknown_)) continue;
      return folder_.unsupported("the vocabulary has no piece for the byte " + std::to_string(b) +
                                     (fuse_unknown_ ? ", and fuse_unk is true" : ", and unk_token is null"),
                                 "this build does byte-level BPE over all bytes, or with an unknown token for each other byte");
    }
    return Unit{};
  }

  [[nodiscard]] Status read_unigram(const Json& model, const Json& vocab) {
    out_.kind = VocabularyKind::unigram;
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
      // No text is empty: such a piece is never found.
      NANO_TRY(put(id++, std::string(line), line.empty() ? kUnused : kNormal, "vocab.txt"));
    }
    return read_bert_text(settings_, "tokenizer_config.json", "do_lower_case", "tokenize_chinese_chars");
  }

  [[nodiscard]] Status from_pairs() {
    out_.kind = VocabularyKind::byte_pairs;
    NANO_TRY_ASSIGN(const Json vocab, folder_.json("vocab.json", kMaxTokenizerBytes));
    if (!vocab.is_object()) return invalid("vocab.json is not an object");
    NANO_TRY(put_all(vocab, "vocab.json"));
    out_.space_before = flag(settings_, "add_prefix_space", false);
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
  [[nodiscard]] std::string named(const std::string& key, std::initializer_list<const char*> usual) {
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
    for (std::size_t i = 0; i < out_.pieces.size(); ++i) {  // ids that no piece has, and empty pieces
      if (out_.types[i] != 0 && !out_.pieces[i].empty()) continue;
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
    NANO_TRY(place_added());
    if (out_.kind == VocabularyKind::byte_pairs) NANO_TRY(check_bytes());
    if (framed) NANO_TRY(place_templates(folder_, config_, settings_, templates_, out_));
    NANO_TRY(check_padding(folder_, config_, out_));
    switch (out_.kind) {
      case VocabularyKind::word_piece: {
        out_.model = "bert";
        out_.pre = "jina-v2-en";  // what llama.cpp calls BERT's own rule
        // "##▁x" cannot be told from the beginning of a word in llama.cpp's form.
        out_.hashes = std::any_of(out_.pieces.begin(), out_.pieces.end(),
                                  [](const std::string& p) { return p.starts_with("##\xE2\x96\x81"); });
        for (std::size_t i = 0; i < out_.pieces.size(); ++i) {
          std::string& p = out_.pieces[i];
          if (out_.types[i] != kNormal || out_.hashes) continue;
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
  std::unordered_map<std::string, int32_t> index_{};
  std::size_t indexed_ = 0;
  std::vector<AddedToken> added_{};
  std::optional<tokenizer::Templates> templates_{};
  bool fuse_unknown_ = false;
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

}  // namespace nano::convert
