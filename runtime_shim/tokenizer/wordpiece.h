// runtime_shim/tokenizer/wordpiece.h: BERT's WordPiece over a GGUF vocabulary: text to token ids, with offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "runtime_shim/tokenizer/piece_table.h"
#include "runtime_shim/tokenizer/piece_texts.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tokenizer {

inline constexpr uint32_t kMaxWordChars = 100;      ///< a longer word is one unknown token, as in BERT
inline constexpr uint32_t kMostWordChars = 1'024;  ///< that nano.tokenizer.max_word_chars may ask for

/// BERT's tokenizer: clean (controls other than tab and line ends dropped, as is invalid UTF-8; white space splits); unless
/// tokenizer.ggml.normalizer.strip_accents and .lowercase are false, NFD without nonspacing marks, and lower case;
/// punctuation and CJK characters alone, then the longest piece first. Any bytes may be encoded; time is linear in the text.
///
/// As llama.cpp reads tokenizer.ggml.model "bert", with BERT's own rules where llama.cpp leaves them: marks that stand
/// decomposed in the text are dropped, Hangul keeps all its jamo, VT, FF and NEL are no white space but dropped, U+0130 becomes
/// two characters, a word of more than kMaxWordChars (or nano.tokenizer.max_word_chars) is unknown.
/// Read-only after load; any number of threads may encode. Views into the File: it must outlive the tokenizer.
class WordPiece final : public Tokenizer {
 public:
  /// The pieces are in llama.cpp's form (word-initial ones begin with U+2581), or, where none does and some begin with
  /// "##", or nano.tokenizer.continuing_prefix is "##", in BERT's own.
  /// errors  invalid: keys missing or wrong, ids outside the vocabulary, more than kMaxVocabulary pieces;
  ///         unsupported: tokenizer.ggml.model is not "bert"
  [[nodiscard]] static Result<WordPiece> load(const gguf::File& file);
  /// The same with the lookup tables in an image, which outlives the tokenizer: measured, filled, or read back without a
  /// look at the pieces (while measuring, the tokenizer that is returned must not be used).
  ///   errors  and store: the image does not hold such tables
  [[nodiscard]] static Result<WordPiece> load(const gguf::File& file, packed::Image& image);

  [[nodiscard]] std::string_view id_to_piece(int32_t id) const override { return texts_.piece(id); }
  [[nodiscard]] std::optional<int32_t> piece_to_id(std::string_view piece) const override {
    return texts_.first_id(piece);
  }
  [[nodiscard]] std::size_t size() const override { return texts_.size(); }

 protected:
  [[nodiscard]] bool append(std::string_view text, bool first, std::size_t limit, Encoding& out) const override;

 private:
  class Run;
  class Loader;
  class Normalized;

  PieceTexts texts_{};
  PieceTable initial_{};                ///< pieces that begin a word, without their mark
  PieceTable following_{};              ///< pieces that go on, without their mark
  bool lower_case_ = true;
  bool strip_accents_ = true;
  uint32_t max_word_chars_ = kMaxWordChars;
  std::optional<int32_t> bare_mark_{};  ///< U+2581 alone, which llama.cpp takes before a word
  packed::Image own_{};                 ///< where nobody gave one
};

}  // namespace nano::tokenizer
