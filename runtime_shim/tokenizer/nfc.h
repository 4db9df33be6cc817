// runtime_shim/tokenizer/nfc.h: Unicode's Normalization Form C, and where each byte of it came from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nano::tokenizer {

struct Composed {
  std::string text{};
  /// Of each byte of text, the bytes [begin, end) of the original that made it.
  struct From {
    std::size_t begin = 0, end = 0;
  };
  std::vector<From> from{};
};

/// False: the text is in NFC as it stands, seen without looking closely (all of it is below U+0300).
[[nodiscard]] bool may_compose(std::string_view text) noexcept;

/// source: Unicode Standard Annex 15. Bytes that are no UTF-8 stay as they are, and nothing is composed over them. Takes
/// memory for each code point between two below U+0300.
[[nodiscard]] Composed to_nfc(std::string_view text);

}  // namespace nano::tokenizer
