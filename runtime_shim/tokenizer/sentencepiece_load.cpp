// runtime_shim/tokenizer/sentencepiece_load.cpp: the keys, the tables of the vocabulary, and the pieces of single bytes.
#include <algorithm>
#include <cstdio>
#include <string>

#include "runtime_shim/tokenizer/sentencepiece.h"

namespace nano::tokenizer {
namespace {

constexpr double kUnknownPenalty = 10.0;  // source: sentencepiece src/unigram_model.cc, kUnkPenalty

constexpr KindMask kUnigram =
    mask_of({PieceKind::undefined, PieceKind::normal, PieceKind::user, PieceKind::unused});
constexpr KindMask kBytePair = kUnigram;

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};
constexpr Named<UnigramWords> kWords[] = {
    {"spaces", UnigramWords::spaces}, {"marks", UnigramWords::marks}, {"whole", UnigramWords::whole}};
constexpr Named<WordPrefix> kPrefixes[] = {
    {"always", WordPrefix::always}, {"first", WordPrefix::first}, {"never", WordPrefix::never}};
constexpr Named<uint8_t> kStrips[] = {
    {"none", 0}, {"left", kStripLeft}, {"right", kStripRight}, {"both", kStripLeft | kStripRight}};

template <class Value, std::size_t N>
Status read_named(const gguf::File& file, const char* key, const Named<Value> (&names)[N], Value& out) {
  if (!file.has(key)) return Unit{};
  NANO_TRY_ASSIGN(const std::string_view name, file.get_string(key));
  for (const auto& n : names) {
    if (n.name != name) continue;
    out = n.value;
    return Unit{};
  }
  return file.unsupported(std::string(key) + " is '" + gguf::shown(name) + "', which this build does not know");
}

// Both kinds leave out control tokens, bytes and the unknown one: text never becomes those by its letters.
struct Ready {
  int32_t space_before = 0, merge_spaces = 0;
  UnigramText text{};
  SpecialKeys keys{};
  double unknown_score = 0.0;
};

}  // namespace

/// One way through an image: measure, fill, or read.
class SentencePiece::Loader {
 public:
  Loader(const gguf::File& file, packed::Image& image) : file_(file), image_(image) {}

  [[nodiscard]] Result<SentencePiece> load() {
    NANO_TRY_ASSIGN(const std::string_view model, file_.get_string("tokenizer.ggml.model"));
    out_.unigram_ = model == "t5";
    if (!out_.unigram_ && model != "llama")
      return file_.unsupported("its tokenizer is '" + gguf::shown(model) + "', not 'llama' or 't5'");
    NANO_TRY_ASSIGN(out_.words_, Vocabulary::load(file_, image_, out_.unigram_ ? kUnigram : kBytePair,
                                                  kMaxSentencePiece, true));
    if (out_.unigram_) {
      NANO_TRY_ASSIGN(out_.charsmap_, Charsmap::load(file_));
    }
    const bool reading = image_.mode() == packed::Image::Mode::read;
    Ready ready;
    if (!reading) NANO_TRY(look(ready));
    const auto kept = image_.place<Ready>(1, [&](std::span<Ready> to) { to[0] = ready; });
    if (!kept.empty()) ready = kept[0];
    if (reading && !sound(ready.keys, out_.words_.size()))
      return make_error(Errc::store, "the packed vocabulary is damaged");
    out_.special_ = special_ids(ready.keys);
    if (reading && (ready.text.words > UnigramWords::whole || ready.text.prefix > WordPrefix::never))
      return make_error(Errc::store, "the packed vocabulary is damaged");
    out_.text_ = ready.text;
    out_.space_before_ = ready.space_before != 0;
    out_.merge_spaces_ = ready.merge_spaces != 0;
    out_.unknown_score_ = ready.unknown_score;
    out_.bytes_ =
        image_.place<int32_t>(256, [&](std::span<int32_t> to) { fill_bytes(to, ready.keys.unknown); });
    if (!image_.whole()) return make_error(Errc::store, "the packed vocabulary is cut off");
    NANO_TRY_ASSIGN(out_.added_, AddedTokens::load(file_, image_));
    out_.added_are_pieces_ = out_.unigram_ && !out_.added_.flagged();
    NANO_TRY_ASSIGN(out_.templates_, read_templates(file_, out_.special_, out_.words_.size(),
                                                    {.two_separators = out_.unigram_, .second_type = 0}));  // XLM-RoBERTa
    return std::move(out_);
  }

 private:
  [[nodiscard]] Status look(Ready& ready) const {
    NANO_TRY_ASSIGN(const bool suffix, file_.get_bool_or("tokenizer.ggml.treat_whitespace_as_suffix", false));
    if (suffix)
      return file_.unsupported(
          "tokenizer.ggml.treat_whitespace_as_suffix is true, which this build does not do");
    NANO_TRY_ASSIGN(const bool before, file_.get_bool_or("tokenizer.ggml.add_space_prefix", true));
    NANO_TRY_ASSIGN(const bool merge,
                    file_.get_bool_or("tokenizer.ggml.remove_extra_whitespaces", out_.unigram_));
    ready.space_before = before ? 1 : 0;
    ready.merge_spaces = merge && out_.unigram_ ? 1 : 0;
    if (out_.unigram_) {
      NANO_TRY(read_named(file_, "nano.tokenizer.words", kWords, ready.text.words));
      NANO_TRY(read_named(file_, "nano.tokenizer.prefix", kPrefixes, ready.text.prefix));
      NANO_TRY(read_named(file_, "nano.tokenizer.strip", kStrips, ready.text.strip));
      NANO_TRY_ASSIGN(const bool one, file_.get_bool_or("nano.tokenizer.merge_spaces", false));
      ready.text.merge_spaces = one ? 1 : 0;
    }
    NANO_TRY_ASSIGN(ready.keys, read_special(file_, out_.words_.size()));
    if (!out_.unigram_) return Unit{};
    NANO_TRY_ASSIGN(const auto scores, file_.get_f32_array("tokenizer.ggml.scores"));
    std::vector<int32_t> kinds;
    if (file_.has("tokenizer.ggml.token_type")) {
      NANO_TRY_ASSIGN(kinds, file_.get_i32_array("tokenizer.ggml.token_type"));
    }
    if (ready.keys.unknown < 0) {  // the piece of that kind
      const auto at = std::find(kinds.begin(), kinds.end(), static_cast<int32_t>(PieceKind::unknown));
      if (at == kinds.end()) return file_.invalid("no metadata key names the unknown token");
      ready.keys.unknown = static_cast<int32_t>(at - kinds.begin());
    }
    double least = 0.0;
    bool any = false;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (!kinds.empty() && kinds[i] != static_cast<int32_t>(PieceKind::normal)) continue;
      least = any ? std::min(least, static_cast<double>(scores[i])) : static_cast<double>(scores[i]);
      any = true;
    }
    ready.unknown_score = least - kUnknownPenalty;
    return Unit{};
  }

  // <0x00> to <0xFF>.
  void fill_bytes(std::span<int32_t> to, int32_t unknown) const {
    std::fill(to.begin(), to.end(), unknown);
    for (std::size_t i = 0; i < out_.words_.size(); ++i) {
      const auto id = static_cast<int32_t>(i);
      if (out_.words_.kind(id) != PieceKind::byte) continue;
      const std::string_view piece = out_.words_.piece(id);
      for (unsigned b = 0; b < 256; ++b) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", b);
        if (piece == name) to[b] = id;
      }
    }
  }

  const gguf::File& file_;
  packed::Image& image_;
  SentencePiece out_{};
};

Result<SentencePiece> SentencePiece::load(const gguf::File& file, packed::Image& image) {
  return Loader(file, image).load();
}

Result<SentencePiece> SentencePiece::load(const gguf::File& file) {
  packed::Image measured;
  NANO_TRY(load(file, measured));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY_ASSIGN(SentencePiece out, load(file, image));
  out.own_ = std::move(image);
  return out;
}

}  // namespace nano::tokenizer
