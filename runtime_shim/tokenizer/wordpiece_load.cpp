// runtime_shim/tokenizer/wordpiece_load.cpp: the vocabulary of a GGUF file as lookup tables, and its special ids.
#include <algorithm>
#include <string>

#include "runtime_shim/tokenizer/wordpiece.h"

namespace nano::tokenizer {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";  // U+2581
constexpr std::string_view kHashes = "##";
constexpr int32_t kControl = 3, kUser = 4;             // source: llama.cpp, llama_token_type
constexpr std::size_t kMaxPiece = 4 * kMostWordChars;  // bytes; a longer piece can match no word

bool starts(std::string_view s, std::string_view with) {
  return s.substr(0, with.size()) == with;
}

// What an image says of a vocabulary, before its arrays.
struct Ready {
  uint32_t pieces = 0;
  uint32_t initial_slots = 0, following_slots = 0;
  uint32_t initial_longest = 0, following_longest = 0;
  int32_t lower_case = 1, strip_accents = 1;
  uint32_t max_word_chars = kMaxWordChars;
  int32_t bare_mark = -1;  // -1: there is none, as below
  int32_t unknown = -1, cls = -1, sep = -1, pad = -1, mask = -1;
};

}  // namespace

/// One way through an image: measure, fill, or read.
class WordPiece::Loader {
 public:
  Loader(const gguf::File& file, packed::Image& image) : file_(file), image_(image) {
    out_.texts_ = PieceTexts(file);
  }

  [[nodiscard]] Result<WordPiece> load() {
    NANO_TRY_ASSIGN(const std::string_view model, file_.get_string("tokenizer.ggml.model"));
    if (model != "bert")
      return file_.unsupported("its tokenizer is '" + gguf::shown(model) +
                               "'; a WordPiece vocabulary is called 'bert'");
    Ready ready;
    if (image_.mode() != packed::Image::Mode::read) {
      NANO_TRY(load_pieces(ready));
      NANO_TRY(load_special(ready));
      NANO_TRY_ASSIGN(const bool lower, flag("tokenizer.ggml.normalizer.lowercase", "nano.tokenizer.lower_case", true));
      NANO_TRY_ASSIGN(const bool strip,
                      flag("tokenizer.ggml.normalizer.strip_accents", "nano.tokenizer.strip_accents", lower));
      ready.lower_case = lower ? 1 : 0;
      ready.strip_accents = strip ? 1 : 0;
      NANO_TRY_ASSIGN(ready.max_word_chars, file_.get_u32_or("nano.tokenizer.max_word_chars", kMaxWordChars));
      if (ready.max_word_chars == 0 || ready.max_word_chars > kMostWordChars)
        return file_.unsupported("nano.tokenizer.max_word_chars is " + std::to_string(ready.max_word_chars) + ", not in 1.." +
                                 std::to_string(kMostWordChars));
    }
    const auto kept = image_.place<Ready>(1, [&](std::span<Ready> to) { to[0] = ready; });
    if (!kept.empty()) ready = kept[0];
    if (image_.mode() == packed::Image::Mode::read && !sound(ready))
      return make_error(Errc::store, "the packed vocabulary is damaged");
    NANO_TRY(place(ready));
    NANO_TRY_ASSIGN(out_.added_, AddedTokens::load(file_, image_));
    const SpecialIds ids{ready.unknown, ready.cls, ready.sep, ready.pad, {}};
    NANO_TRY_ASSIGN(out_.templates_, read_templates(file_, ids, ready.pieces, {.two_separators = false, .second_type = 1}));
    return std::move(out_);
  }

 private:
  using Slot = PieceTable::Slot;

  // llama.cpp's key and the one that nano wrote before there was that; both may stand, and then agree.
  [[nodiscard]] Result<bool> flag(const char* key, const char* own, bool absent) const {
    NANO_TRY_ASSIGN(const bool before, file_.get_bool_or(own, absent));
    NANO_TRY_ASSIGN(const bool now, file_.get_bool_or(key, before));
    if (now != before && file_.has(own)) return file_.invalid(std::string(key) + " and " + own + " contradict each other");
    return now;
  }

  static bool sound(const Ready& r) {
    const auto slots = [](uint32_t n) { return n >= 8 && n <= 4 * kMaxVocabulary && (n & (n - 1)) == 0; };
    const auto id = [&](int32_t v) { return v >= 0 && static_cast<uint32_t>(v) < r.pieces; };
    return r.pieces >= 1 && r.pieces <= kMaxVocabulary && slots(r.initial_slots) &&
           slots(r.following_slots) && r.max_word_chars >= 1 && r.max_word_chars <= kMostWordChars && id(r.unknown) && id(r.cls) && id(r.sep) && id(r.pad) &&
           (r.mask == -1 || id(r.mask)) && (r.bare_mark == -1 || id(r.bare_mark));
  }

  [[nodiscard]] Status load_pieces(Ready& ready) {
    NANO_TRY_ASSIGN(pieces_, PieceTexts::read(file_));
    if (file_.has("tokenizer.ggml.token_type")) {
      NANO_TRY_ASSIGN(types_, file_.get_i32_array("tokenizer.ggml.token_type"));
      if (types_.size() != pieces_.size())
        return file_.invalid("tokenizer.ggml.token_type has " + std::to_string(types_.size()) +
                             " elements for " + std::to_string(pieces_.size()) + " pieces");
      std::vector<uint8_t> kinds(types_.size());
      for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = types_[i] == kUser ? uint8_t{kUser} : uint8_t{0};
      NANO_TRY_ASSIGN(only_whole_, AddedTokens::only_whole(file_, kinds));
    }
    const auto count = [&](std::string_view with) {
      return static_cast<std::size_t>(
          std::count_if(pieces_.begin(), pieces_.end(), [&](std::string_view p) { return starts(p, with); }));
    };
    NANO_TRY_ASSIGN(const auto prefix, file_.get_string_or("nano.tokenizer.continuing_prefix", ""));
    if (!prefix.empty() && prefix != kHashes)
      return file_.unsupported("nano.tokenizer.continuing_prefix is '" + gguf::shown(prefix) + "', not '##'");
    std::size_t marked = prefix.empty() ? count(kMark) : 0;
    hashes_ = marked == 0 && ((marked = count(kHashes)) > 0 || !prefix.empty());
    std::size_t initial = 0, following = 0;
    ready.pieces = static_cast<uint32_t>(pieces_.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const auto [piece, is_initial, marked_piece] = part_of_words(i);
      if (piece.size() > kMaxPiece) continue;
      if (piece.empty()) {
        if (marked_piece) ready.bare_mark = static_cast<int32_t>(i);
        continue;
      }
      uint32_t& longest = is_initial ? ready.initial_longest : ready.following_longest;
      longest = std::max(longest, static_cast<uint32_t>(piece.size()));
      ++(is_initial ? initial : following);
    }
    ready.initial_slots = static_cast<uint32_t>(PieceTable::slots_for(initial));
    ready.following_slots = static_cast<uint32_t>(PieceTable::slots_for(following));
    return Unit{};
  }

  [[nodiscard]] Status load_special(Ready& ready) {
    const auto id_of = [&](std::string_view piece) {
      const auto at = std::find(pieces_.begin(), pieces_.end(), piece);
      return at == pieces_.end() ? -1 : static_cast<int32_t>(at - pieces_.begin());
    };
    // The key, then BERT's spelling in the vocabulary. "seperator" is llama.cpp's own spelling.
    const auto find = [&](std::initializer_list<const char*> keys,
                          std::string_view spelling) -> Result<int32_t> {
      for (const char* name : keys) {
        const std::string key = std::string("tokenizer.ggml.") + name;
        if (!file_.has(key)) continue;
        NANO_TRY_ASSIGN(const uint32_t id, file_.get_u32(key));
        if (id >= pieces_.size())
          return file_.invalid("metadata key '" + key + "' is " + std::to_string(id) +
                               "; the vocabulary has " + std::to_string(pieces_.size()) + " pieces");
        return static_cast<int32_t>(id);
      }
      if (const int32_t id = id_of(spelling); id >= 0) return id;
      return file_.invalid("no " + std::string(spelling) +
                           " token: neither a metadata key nor a piece of the vocabulary names it");
    };
    NANO_TRY_ASSIGN(ready.unknown, find({"unknown_token_id"}, "[UNK]"));
    NANO_TRY_ASSIGN(ready.cls, find({"cls_token_id", "bos_token_id"}, "[CLS]"));
    NANO_TRY_ASSIGN(ready.sep, find({"seperator_token_id", "separator_token_id", "eos_token_id"}, "[SEP]"));
    ready.pad = 0;
    if (file_.has("tokenizer.ggml.padding_token_id") || id_of("[PAD]") >= 0) {
      NANO_TRY_ASSIGN(ready.pad, find({"padding_token_id"}, "[PAD]"));
    }
    if (file_.has("tokenizer.ggml.mask_token_id") || id_of("[MASK]") >= 0) {
      NANO_TRY_ASSIGN(ready.mask, find({"mask_token_id"}, "[MASK]"));
    }
    return Unit{};
  }

  /// A piece as words may fall into it, without its mark: at their beginning, or further on. Empty: they may not.
  struct Part {
    std::string_view piece{};
    bool initial = false, marked = false;  // marked: by U+2581
  };
  [[nodiscard]] Part part_of_words(std::size_t i) const {
    // A control token is never found in text, not even where its name is an ordinary word; an added one is, but before
    // words are cut. One that is a piece as well stands in BERT's own form.
    const int32_t type = types_.empty() ? 0 : types_[i];
    if (type == kControl || (type == kUser && (only_whole_.empty() || only_whole_[i]))) return {};
    const bool own_form = hashes_ || type == kUser;
    const std::string_view mark = own_form ? kHashes : kMark;
    const bool marked = starts(pieces_[i], mark);
    return {pieces_[i].substr(marked ? mark.size() : 0), marked != own_form, marked && !own_form};
  }

  /// Put every piece of one table into its slots. Returns the index of a piece that found no room, or -1.
  [[nodiscard]] int64_t fill(std::span<Slot> slots, bool initial) const {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const auto [piece, is_initial, marked] = part_of_words(i);
      if (piece.empty() || piece.size() > kMaxPiece || is_initial != initial) continue;
      if (!PieceTable::insert(slots, out_.texts_.text(), piece, static_cast<int32_t>(i)))
        return static_cast<int64_t>(i);
    }
    return -1;
  }

  [[nodiscard]] Status place(const Ready& ready) {
    int64_t homeless = -1;
    out_.texts_.place(image_, ready.pieces, pieces_);
    const auto initial = image_.place<Slot>(
        ready.initial_slots, [&](std::span<Slot> to) { homeless = std::max(homeless, fill(to, true)); });
    const auto following = image_.place<Slot>(
        ready.following_slots, [&](std::span<Slot> to) { homeless = std::max(homeless, fill(to, false)); });
    if (homeless >= 0)
      return PieceTexts::homeless(file_, static_cast<std::size_t>(homeless),
                                  pieces_[static_cast<std::size_t>(homeless)]);
    if (!image_.whole()) return make_error(Errc::store, "the packed vocabulary is cut off");
    if (image_.mode() == packed::Image::Mode::measure) return Unit{};
    out_.initial_ = PieceTable(initial, ready.initial_longest, out_.texts_.text());
    out_.following_ = PieceTable(following, ready.following_longest, out_.texts_.text());
    out_.lower_case_ = ready.lower_case != 0;
    out_.strip_accents_ = ready.strip_accents != 0;
    out_.max_word_chars_ = ready.max_word_chars;
    if (ready.bare_mark >= 0) out_.bare_mark_ = ready.bare_mark;
    out_.special_ = {ready.unknown, ready.cls, ready.sep, ready.pad, {}};
    if (ready.mask >= 0) out_.special_.mask = ready.mask;
    return Unit{};
  }

  const gguf::File& file_;
  packed::Image& image_;
  std::vector<std::string_view> pieces_{};
  std::vector<int32_t> types_{};
  std::vector<bool> only_whole_{};
  bool hashes_ = false;  // the vocabulary is in BERT's own form
  WordPiece out_{};
};

Result<WordPiece> WordPiece::load(const gguf::File& file, packed::Image& image) {
  return Loader(file, image).load();
}

Result<WordPiece> WordPiece::load(const gguf::File& file) {
  packed::Image measured;
  NANO_TRY(load(file, measured));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY_ASSIGN(WordPiece out, load(file, image));
  out.own_ = std::move(image);
  return out;
}

}  // namespace nano::tokenizer
