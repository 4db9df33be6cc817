// runtime_shim/tokenizer/tokenizer.h: what every tokenizer offers: text to token ids, with offsets, words, and pairs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/tokenizer/added_tokens.h"
#include "runtime_shim/tokenizer/templates.h"

namespace nano::tokenizer {

inline constexpr std::size_t kMaxVocabulary = 1u << 20;  ///< pieces
inline constexpr int32_t kNoWord = -1;                   ///< the word of a special token

struct EncodeOptions {
  std::size_t max_tokens = 0;  ///< special ones included; 0 = no limit; 1 leaves no room for [SEP]
  bool add_special = true;     ///< [CLS] before, [SEP] after (or whatever the model calls them)
};

/// Bytes [begin, end) of the original text that a token came from. Never decreasing from token to token (of one text). A
/// special token has an empty range. Characters that normalisation drops (accents, controls) may lie in no token's range.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Encoding {
  std::vector<int32_t> ids{};
  std::vector<Range> offsets{};  ///< as many as ids; of a pair: each in its own text
  std::vector<int32_t>
      words{};  ///< as many as ids: which word (pre-token) of its text, from 0; kNoWord: special
  std::vector<int32_t> types{};  ///< token types, as many as ids; empty: all 0
  std::size_t second = 0;        ///< of a pair: the first token of the second text; else 0
  bool truncated = false;        ///< there was more text than max_tokens hold
};

/// Ids of the special tokens.
struct SpecialIds {
  int32_t unknown = 0;
  int32_t cls = 0;  ///< or <s>
  int32_t sep = 0;  ///< or </s>
  int32_t pad = 0;
  std::optional<int32_t> mask{};
};

/// A tokenizer cuts text into pieces; this class finds the tokens that were added to its vocabulary before that, and puts the
/// special tokens around the pieces. Read-only after load: any number of threads may encode. Any bytes may be encoded, in
/// time linear in the text (within a small factor). The tokens that stand around texts, written in a text ("[CLS]"), are text.
/// It holds views into the File, which must outlive it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// The tokenizer that tokenizer.ggml.model names, its lookup tables in an image: measured, filled, or read back without
  /// a look at the pieces (while measuring, the tokenizer that is returned must not be used).
  /// errors  invalid: keys missing or wrong, ids outside the vocabulary, more than kMaxVocabulary pieces;
  ///         unsupported: a kind this build does not have; store: the image does not hold such tables
  [[nodiscard]] static Result<std::unique_ptr<Tokenizer>> load_any(const gguf::File& file,
                                                                   packed::Image& image);

  [[nodiscard]] Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// [CLS] a [SEP] b [SEP], or <s> a </s></s> b </s>, or as the file says. Where there is not room for all, the longer text
  /// loses its end first, and an odd token goes to the text that was the longer one, or to the second of equals.
  [[nodiscard]] Encoding encode_pair(std::string_view a, std::string_view b,
                                     const EncodeOptions& options = {}) const;

  /// The piece as the file has it; empty for an id outside the vocabulary.
  [[nodiscard]] virtual std::string_view id_to_piece(int32_t id) const = 0;
  /// The first id of exactly this piece, as the file has it (slow: for tools and tests).
  [[nodiscard]] virtual std::optional<int32_t> piece_to_id(std::string_view piece) const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;  ///< pieces
  [[nodiscard]] const SpecialIds& special() const { return special_; }

 protected:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = default;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;

  /// Append the pieces of `text`, without special tokens, to ids, offsets and words, until out.ids.size() is `limit`
  /// (then what is beyond is cut off). false: there was more. `text` is a text, or what lies between the added tokens of
  /// one: offsets count from its beginning, words from 0; `first`: nothing stands before it.
  [[nodiscard]] virtual bool append(std::string_view text, bool first, std::size_t limit, Encoding& out) const = 0;

  SpecialIds special_{};
  Templates templates_{};
  AddedTokens added_{};
  bool added_are_pieces_ = false;  ///< append() finds all added tokens itself (SentencePiece's own user-defined pieces)

 private:
  [[nodiscard]] bool append_text(std::string_view text, std::size_t limit, Encoding& out) const;
  [[nodiscard]] bool is_longer(std::string_view a, std::string_view b, std::size_t room) const;
};

}  // namespace nano::tokenizer
