// runtime_shim/tokenizer/added_tokens.h: tokens that were added to a vocabulary: they are found in the text before it is cut into words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/tokenizer/piece_table.h"
#include "runtime_shim/tokenizer/piece_texts.h"

namespace nano::tokenizer {

inline constexpr std::size_t kMaxUserPiece = 256;  ///< bytes; one is looked for at every place of a text

/// Flags of nano.tokenizer.added_flags. The names are those of Hugging Face's tokenizers (AddedToken).
enum AddedFlag : uint8_t {
  kAddedLstrip = 1,      ///< takes the white space before it along
  kAddedRstrip = 2,      ///< and that after it
  kAddedSingleWord = 4,  ///< only where no letter, digit or underscore stands beside it
  kAddedNormalized = 8,  ///< looked for in the normalised text, not in the text as it stands
  kAddedPiece = 16,      ///< a piece that words may fall into as well
};

/// The pieces of kind 4 (user-defined) of tokenizer.ggml.token_type. nano.tokenizer.added_ids and .added_flags, two arrays of
/// as many integers, say how they are looked for; of a piece that those do not name all flags are off. Read-only after load.
/// Views into the file and the image, which outlive it.
class AddedTokens {
 public:
  AddedTokens() = default;  ///< none
  /// Which pieces of kind 4 does text become only where a whole token stands? As many as pieces; empty: the file has no
  /// flags, and says nothing of that.   errors  as load
  [[nodiscard]] static Result<std::vector<bool>> only_whole(const gguf::File& file, std::span<const uint8_t> kinds);
  /// Measured, filled, or read back from the image.
  ///   errors  invalid: arrays of other lengths or types, an id beyond the vocabulary, an unknown flag; unsupported: a
  ///           piece of more than kMaxUserPiece bytes
  [[nodiscard]] static Result<AddedTokens> load(const gguf::File& file, packed::Image& image);

  [[nodiscard]] bool any() const { return table_.longest() != 0; }
  [[nodiscard]] bool has_normalized() const { return any() && some_normalized_; }
  /// Does the file say how its tokens are looked for?
  [[nodiscard]] bool flagged() const { return flagged_; }

  struct Match {
    int32_t id = -1;  ///< -1: there is none; begin and end are then the text's end
    std::size_t begin = 0, end = 0;
  };
  /// The first token at text[at] or later, the longest of those that begin there; only normalised ones, or only the others.
  /// White space that it takes along is never taken from before `at`.
  [[nodiscard]] Match next(std::string_view text, std::size_t at, bool normalized) const;
  /// The token that stands at exactly text[at]: its id and length in bytes; -1 and 0 where none does.
  [[nodiscard]] Match at(std::string_view text, std::size_t at) const;

 private:
  class Loader;
  [[nodiscard]] uint8_t flags_of(int32_t id) const;
  [[nodiscard]] Match longest_at(std::string_view text, std::size_t at, int normalized) const;

  PieceTable table_{};
  std::span<const uint8_t> firsts_{};   ///< 256: does a token begin with this byte?
  std::span<const uint64_t> flags_{};   ///< (id << 8 | flags), sorted; of the tokens that have flags
  bool flagged_ = false;
  bool some_normalized_ = false;
};

}  // namespace nano::tokenizer
