// runtime_shim/tokenizer/wordpiece_load.cpp: the vocabulary of a GGUF file as lookup tables, and its special ids.
#include <algorithm>
#include <array>
#include <string>

#include "runtime_shim/tokenizer/wordpiece.h"

namespace nano::tokenizer {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";  // U+2581
constexpr std::string_view kHashes = "##";
constexpr int32_t kControl = 3;                       // source: llama.cpp, llama_token_type
constexpr std::size_t kMaxPiece = 4 * kMaxWordChars;  // bytes; a longer piece can match no word

bool starts(std::string_view s, std::string_view with) {
  return s.substr(0, with.size()) == with;
}

}  // namespace

Result<WordPiece> WordPiece::load(const gguf::File& file) {
  NANO_TRY_ASSIGN(const std::string_view model, file.get_string("tokenizer.ggml.model"));
  if (model != "bert")
    return file.unsupported("its tokenizer is '" + gguf::shown(model) +
                            "'; a WordPiece vocabulary is called 'bert'");
  WordPiece out;
  NANO_TRY(out.load_pieces(file));
  NANO_TRY(out.load_special(file));
  return out;
}

Status WordPiece::load_pieces(const gguf::File& file) {
  NANO_TRY_ASSIGN(pieces_, file.get_string_array("tokenizer.ggml.tokens"));
  if (pieces_.empty() || pieces_.size() > kMaxVocabulary)
    return file.invalid("the vocabulary has " + std::to_string(pieces_.size()) + " pieces; 1 to " +
                        std::to_string(kMaxVocabulary) + " are possible");
  std::vector<int32_t> types;
  if (file.has("tokenizer.ggml.token_type")) {
    NANO_TRY_ASSIGN(types, file.get_i32_array("tokenizer.ggml.token_type"));
    if (types.size() != pieces_.size())
      return file.invalid("tokenizer.ggml.token_type has " + std::to_string(types.size()) + " elements for " +
                          std::to_string(pieces_.size()) + " pieces");
  }
  const auto count = [&](std::string_view with) {
    return static_cast<std::size_t>(
        std::count_if(pieces_.begin(), pieces_.end(), [&](std::string_view p) { return starts(p, with); }));
  };
  std::size_t marked_pieces = count(kMark);
  const bool hashes = marked_pieces == 0 && (marked_pieces = count(kHashes)) > 0;
  const std::string_view mark = hashes ? kHashes : kMark;
  initial_.reserve(hashes ? pieces_.size() - marked_pieces : marked_pieces);
  following_.reserve(hashes ? marked_pieces : pieces_.size() - marked_pieces);
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    // A control token is never found in text, not even where its name is an ordinary word.
    if (!types.empty() && types[i] == kControl) continue;
    const auto id = static_cast<int32_t>(i);
    const bool marked = starts(pieces_[i], mark);
    const std::string_view piece = pieces_[i].substr(marked ? mark.size() : 0);
    if (piece.size() > kMaxPiece) continue;
    if (piece.empty()) {
      if (marked && !hashes) bare_mark_ = id;
      continue;
    }
    PieceTable& table = marked != hashes ? initial_ : following_;
    if (!table.insert(piece, id))
      return file.invalid("piece " + std::to_string(i) + " of the vocabulary, '" + gguf::shown(pieces_[i]) +
                          "', is one of too many that hash alike");
  }
  return Unit{};
}

Status WordPiece::load_special(const gguf::File& file) {
  // The key, then BERT's spelling in the vocabulary. "seperator" is llama.cpp's own spelling.
  const auto find = [&](std::initializer_list<const char*> keys,
                        std::string_view spelling) -> Result<int32_t> {
    for (const char* name : keys) {
      const std::string key = std::string("tokenizer.ggml.") + name;
      if (!file.has(key)) continue;
      NANO_TRY_ASSIGN(const uint32_t id, file.get_u32(key));
      if (id >= pieces_.size())
        return file.invalid("metadata key '" + key + "' is " + std::to_string(id) + "; the vocabulary has " +
                            std::to_string(pieces_.size()) + " pieces");
      return static_cast<int32_t>(id);
    }
    if (const auto id = piece_to_id(spelling)) return *id;
    return file.invalid("no " + std::string(spelling) +
                        " token: neither a metadata key nor a piece of the vocabulary names it");
  };
  NANO_TRY_ASSIGN(special_.unknown, find({"unknown_token_id"}, "[UNK]"));
  NANO_TRY_ASSIGN(special_.cls, find({"cls_token_id", "bos_token_id"}, "[CLS]"));
  NANO_TRY_ASSIGN(special_.sep, find({"seperator_token_id", "separator_token_id", "eos_token_id"}, "[SEP]"));
  special_.pad = 0;
  if (file.has("tokenizer.ggml.padding_token_id") || piece_to_id("[PAD]")) {
    NANO_TRY_ASSIGN(special_.pad, find({"padding_token_id"}, "[PAD]"));
  }
  if (file.has("tokenizer.ggml.mask_token_id") || piece_to_id("[MASK]")) {
    NANO_TRY_ASSIGN(special_.mask, find({"mask_token_id"}, "[MASK]"));
  }
  return Unit{};
}

std::string_view WordPiece::id_to_piece(int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= pieces_.size()) return {};
  return pieces_[static_cast<std::size_t>(id)];
}

std::optional<int32_t> WordPiece::piece_to_id(std::string_view piece) const {
  const auto at = std::find(pieces_.begin(), pieces_.end(), piece);
  if (at == pieces_.end()) return std::nullopt;
  return static_cast<int32_t>(at - pieces_.begin());
}

}  // namespace nano::tokenizer
