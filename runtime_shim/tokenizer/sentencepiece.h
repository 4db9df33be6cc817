// runtime_shim/tokenizer/sentencepiece.h: SentencePiece's two kinds: byte-pair (Llama, Phi-3) and unigram (XLM-RoBERTa, T5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/tokenizer/charsmap.h"
#include "runtime_shim/tokenizer/vocabulary.h"

namespace nano::tokenizer {

inline constexpr std::size_t kMaxSentencePiece = 512;  ///< bytes of a piece; one that is longer is refused

/// nano.tokenizer.words, .prefix and .strip. `line`: as SentencePiece itself, the text in one.
enum class UnigramWords : uint8_t { line, spaces, marks, whole };
enum class WordPrefix : uint8_t { always, first, never };
enum StripEnds : uint8_t { kStripLeft = 1, kStripRight = 2 };
struct UnigramText {
  UnigramWords words = UnigramWords::line;
  WordPrefix prefix = WordPrefix::always;
  uint8_t strip = 0;          ///< StripEnds
  uint8_t merge_spaces = 0;  ///< 1: of several spaces one is kept
};

/// Spaces become U+2581, one is put before the text where the file says so, and the text is cut into pieces:
///   byte-pair   neighbouring characters are joined, the pair whose piece has the greatest score first; what is no piece
///               in the end becomes the pieces of its bytes, or unknown
///   unigram     the pieces whose scores have the greatest sum; a character that no piece covers costs the least score less
///               10, and neighbours of that kind make one unknown token. Before it, the file's charsmap normalises
/// As llama.cpp reads tokenizer.ggml.model "llama" and "t5". The offsets of a token leave out white space that it begins with.
/// A word is what stands between spaces. nano.tokenizer.words says that a unigram text is cut into words before, as Hugging
/// Face's tokenizers do it, each by itself: "spaces" (by white space), "marks" (before each space) or "whole" (not at all);
/// nano.tokenizer.prefix then gives a mark to each ("always"), to the first of the text ("first") or to none ("never"),
/// nano.tokenizer.strip ("left", "right", "both") drops white space at the ends and nano.tokenizer.merge_spaces makes one of
/// several. Views into the File: it must outlive the tokenizer.
class SentencePiece final : public Tokenizer {
 public:
  /// errors  invalid: keys missing or wrong, no unknown token where one is needed; unsupported: another model, white space
  ///         treated as a suffix; as Vocabulary::load
  [[nodiscard]] static Result<SentencePiece> load(const gguf::File& file);
  [[nodiscard]] static Result<SentencePiece> load(const gguf::File& file, packed::Image& image);

  [[nodiscard]] std::string_view id_to_piece(int32_t id) const override { return words_.piece(id); }
  [[nodiscard]] std::optional<int32_t> piece_to_id(std::string_view piece) const override {
    return words_.first_id(piece);
  }
  [[nodiscard]] std::size_t size() const override { return words_.size(); }

 protected:
  [[nodiscard]] bool append(std::string_view text, bool first, std::size_t limit, Encoding& out) const override;

 private:
  class Loader;
  class Run;
  class WordsRun;

  Vocabulary words_{};
  Charsmap charsmap_{};
  std::span<const int32_t>
      bytes_{};  ///< byte-pair: 256, the piece of each byte, or unknown, or -1: it is dropped
  bool unigram_ = false;
  UnigramText text_{};
  bool space_before_ = true;    ///< a space is put before the text
  bool merge_spaces_ = false;   ///< of several spaces one is kept, and none at the ends
  double unknown_score_ = 0.0;  ///< of a character that no piece covers
  packed::Image own_{};         ///< where nobody gave one
};

}  // namespace nano::tokenizer
