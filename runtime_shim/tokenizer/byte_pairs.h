// runtime_shim/tokenizer/byte_pairs.h: byte-level byte-pair encoding, the kind of GPT-2, RoBERTa and ModernBERT.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime_shim/tokenizer/vocabulary.h"

namespace nano::tokenizer {

/// Text is cut into words by GPT-2's rule (split.h); a word's bytes, each a symbol, are joined by the list of merges, the
/// first of the list first. Nothing is lost: every byte is a piece. The offsets of a token leave out white space that it begins
/// with. Where tokenizer.ggml.add_space_prefix is true a text that begins with no space gets one.
///
/// As llama.cpp reads tokenizer.ggml.model "gpt2" with these values of tokenizer.ggml.pre: gpt-2, roberta-bpe, modern-bert
/// and the jina-v2 ones. Text is brought into NFC first where nano.tokenizer.nfc says so; absent, for modern-bert. Offsets
/// are of the text as it was given.
/// Views into the File: it must outlive the tokenizer.
class BytePairs final : public Tokenizer {
 public:
  /// errors  invalid: keys missing or wrong, a merge of what are no pieces, or into none (its number is named), a byte
  ///         without a piece, too many merges that hash alike; unsupported: another tokenizer.ggml.pre; as Vocabulary::load
  [[nodiscard]] static Result<BytePairs> load(const gguf::File& file);
  [[nodiscard]] static Result<BytePairs> load(const gguf::File& file, packed::Image& image);

  [[nodiscard]] std::string_view id_to_piece(int32_t id) const override { return words_.piece(id); }
  [[nodiscard]] std::optional<int32_t> piece_to_id(std::string_view piece) const override {
    return words_.first_id(piece);
  }
  [[nodiscard]] std::size_t size() const override { return words_.size(); }

  /// One slot of the table of merges: open addressing, linear probing, at most half full.
  struct Merge {
    uint32_t left_plus_one = 0;  ///< 0 = free
    uint32_t right = 0;
    uint32_t rank = 0;  ///< place in the list
    int32_t merged = 0;
  };
  static_assert(sizeof(Merge) == 16);

 protected:
  [[nodiscard]] bool append(std::string_view text, bool first, std::size_t limit, Encoding& out) const override;

 private:
  class Loader;
  class Run;
  [[nodiscard]] const Merge* find_merge(int32_t left, int32_t right) const;

  Vocabulary words_{};
  std::span<const int32_t> bytes_{};  ///< 256: the piece of each byte
  std::span<const Merge> merges_{};   ///< a power of two
  bool nfc_ = false;
  bool space_before_ = false;  ///< a space is put before the text, and behind an added token, where none stands
  packed::Image own_{};  ///< where nobody gave one
};

/// The text of a piece as GPT-2 writes the byte: printable Latin-1 as it is, the others from U+0100 on.
/// source: openai/gpt-2 src/encoder.py bytes_to_unicode
[[nodiscard]] uint32_t byte_to_code_point(uint8_t byte);

}  // namespace nano::tokenizer
