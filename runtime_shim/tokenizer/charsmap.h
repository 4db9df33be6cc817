// runtime_shim/tokenizer/charsmap.h: SentencePiece's compiled normalisation: the longest known prefix and what replaces it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::tokenizer {

/// The bytes of tokenizer.ggml.precompiled_charsmap:
///
///   u32        bytes of the trie, a multiple of 4
///   u32[]      the trie, an XOR-compressed double array (S. Kanda 2018): bits 0-7 the label, bit 8 "a value follows",
///              bits 10-30 the offset, shifted by 8 more where bit 9 is set; bit 31 marks a value, its bits 0-30
///   text       the replacements, each ended by a zero byte; a value is the place of one in it
///
/// source: sentencepiece src/normalizer.cc, builder.cc; darts-clone include/darts.h. Every index is checked at use: damaged
/// tables normalise less, and never read outside. A view; the file must outlive it.
class Charsmap {
 public:
  Charsmap() = default;  ///< changes nothing
  /// errors  invalid: not an array of bytes, or too short for the trie that it announces
  [[nodiscard]] static Result<Charsmap> load(const gguf::File& file);

  struct Replaced {
    std::size_t length = 0;   ///< bytes of the text that are replaced; 0: no prefix is known
    std::string_view with{};  ///< may be empty
  };
  /// The longest known prefix of text[at..].
  [[nodiscard]] Replaced prefix(std::string_view text, std::size_t at) const;

 private:
  [[nodiscard]] uint32_t node(std::size_t index) const;  ///< 0xFF (a leaf that matches nothing) outside

  std::span<const std::byte> trie_{};
  std::string_view texts_{};
};

}  // namespace nano::tokenizer
