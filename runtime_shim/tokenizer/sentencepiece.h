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

/// Spaces become U+2581, one is put before the text where the file says so, and the text is cut into pieces:
///   byte-pair   neighbouring characters are joined, the pair whose piece has the greatest score first; what is no piece
///               in the end becomes the pieces of its bytes, or unknown
///   unigram     the pieces whose scores have the greatest sum; a character that no piece covers costs the least score less
///               10, and neighbours of that kind make one unknown token. Before it, the file's charsmap normalises
/// As llama.cpp reads tokenizer.ggml.model "llama" and "t5". The offsets of a token leave out white space that it begins with.
/// A word is what stands between spaces. Views into the File: it must outlive the tokenizer.
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
  [[nodiscard]] bool append(std::string_view text, std::size_t limit, Encoding& out) const override;

 private:
  class Loader;
  class Run;

  Vocabulary words_{};
  Charsmap charsmap_{};
  std::span<const int32_t>
      bytes_{};  ///< byte-pair: 256, the piece of each byte, or unknown, or -1: it is dropped
  bool unigram_ = false;
  bool space_before_ = true;    ///< a space is put before the text
  bool merge_spaces_ = false;   ///< of several spaces one is kept, and none at the ends
  double unknown_score_ = 0.0;  ///< of a character that no piece covers
  packed::Image own_{};         ///< where nobody gave one
};

}  // namespace nano::tokenizer
