// runtime_shim/tokenizer/vocabulary.h: the pieces of a GGUF vocabulary, their kinds and scores, and the tables that find them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/tokenizer/piece_table.h"
#include "runtime_shim/tokenizer/piece_texts.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tokenizer {

/// tokenizer.ggml.token_type. source: llama.cpp include/llama.h, enum llama_token_type
enum class PieceKind : uint8_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,
  user = 4,
  unused = 5,
  byte = 6
};

/// Where the pieces are looked for: bit 1 << kind is set for each kind that text may become.
using KindMask = uint32_t;
[[nodiscard]] constexpr KindMask mask_of(std::initializer_list<PieceKind> kinds) {
  KindMask out = 0;
  for (const PieceKind k : kinds) out |= 1u << static_cast<unsigned>(k);
  return out;
}

/// Views into the file and the image, which outlive it. Read-only after load.
class Vocabulary {
 public:
  Vocabulary() = default;
  /// Read tokenizer.ggml.tokens, .token_type (absent: all normal) and, where wanted, .scores. The image is measured,
  /// filled, or read back without a look at the pieces.
  ///
  ///   found       kinds of pieces that find() knows
  ///   max_piece   bytes; a file with a longer piece of these kinds is refused
  ///   errors      invalid: keys missing, of another length, no pieces or too many, a kind that is none, a score that is not
  ///               finite; unsupported: a piece is too long; store: the image is damaged
  [[nodiscard]] static Result<Vocabulary> load(const gguf::File& file, packed::Image& image, KindMask found,
                                               std::size_t max_piece, bool scores);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Empty for an id outside the vocabulary.
  [[nodiscard]] std::string_view piece(int32_t id) const {
    return texts_.piece(id);
  }
  /// Of any kind; slow.
  [[nodiscard]] std::optional<int32_t> first_id(std::string_view piece) const {
    return texts_.first_id(piece);
  }
  [[nodiscard]] PieceKind kind(int32_t id) const;  ///< undefined for an id outside
  [[nodiscard]] float score(int32_t id) const;     ///< 0 without scores, or outside
  /// The id of exactly these bytes among the kinds that are found, or -1.
  [[nodiscard]] int32_t find(std::string_view bytes) const;
  [[nodiscard]] const PieceTable& table() const { return table_; }

 private:
  class Loader;

  std::size_t size_ = 0;  ///< pieces; known while measuring as well
  PieceTexts texts_{};
  std::span<const uint8_t> kinds_{};
  std::span<const float> scores_{};  ///< empty: none are wanted
  PieceTable table_{};
};

/// The ids that tokenizer.ggml.*_token_id name, with what stands in where a key is absent; checked to be of the vocabulary.
/// errors  invalid: an id beyond the vocabulary, no cls or sep
struct SpecialKeys {
  int32_t unknown = -1, cls = -1, sep = -1, pad = -1, mask = -1;  ///< -1: none (unknown, pad, mask only)
};
[[nodiscard]] Result<SpecialKeys> read_special(const gguf::File& file, std::size_t pieces);
[[nodiscard]] SpecialIds special_ids(const SpecialKeys& keys);
/// Are these ids of a vocabulary of so many pieces, as read_special leaves them? For keys that come from an image.
[[nodiscard]] bool sound(const SpecialKeys& keys, std::size_t pieces);

}  // namespace nano::tokenizer
