// runtime_shim/tokenizer/piece_texts.h: the pieces of a vocabulary by id, where they lie in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/packed/image.h"

namespace nano::tokenizer {

/// Views into the file and the image, which outlive it. The table of places may come from a damaged file: each is checked
/// at its use.
class PieceTexts {
 public:
  PieceTexts() = default;
  explicit PieceTexts(const gguf::File& file);

  /// tokenizer.ggml.tokens.
  ///   errors  invalid: no such key, no pieces or more than kMaxVocabulary; unsupported: they lie beyond the first 4 GiB
  [[nodiscard]] static Result<std::vector<std::string_view>> read(const gguf::File& file);
  /// What is said of a piece for which PieceTable::insert found no room.
  [[nodiscard]] static Error homeless(const gguf::File& file, std::size_t id, std::string_view piece);

  /// Put the places of `pieces` into the image, or take `count` of them out of it.
  void place(packed::Image& image, std::size_t count, const std::vector<std::string_view>& pieces);

  [[nodiscard]] std::string_view text() const { return text_; }      ///< all bytes of the file
  [[nodiscard]] std::size_t size() const { return starts_.size(); }  ///< 0 while an image is measured
  [[nodiscard]] std::string_view piece(int32_t id) const;  ///< empty for an id outside the vocabulary
  [[nodiscard]] std::optional<int32_t> first_id(
      std::string_view piece) const;  ///< looks at one after another

 private:
  std::string_view text_{};
  std::span<const uint32_t> starts_{};  ///< where each piece begins; its length, a u64, lies before it
};

}  // namespace nano::tokenizer
