// runtime_shim/tokenizer/unicode.h: what tokenizers ask of a code point: category, lower case, canonical decomposition
// and composition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nano::tokenizer {

/// General_Category. The order is that of scripts/make_unicode_tables.py.
enum class Category : uint8_t {
  cn, cc, cf, cs, co,
  lu, ll, lt, lm, lo,
  mn, mc, me,
  nd, nl, no,
  pc, pd, ps, pe, pi, pf, po,
  sm, sc, sk, so,
  zs, zl, zp,
};

[[nodiscard]] Category category(uint32_t code_point) noexcept;  ///< cn beyond U+10FFFF
[[nodiscard]] uint32_t to_lower(uint32_t code_point) noexcept;  ///< simple mapping, one to one

/// Up to four code points (no canonical decomposition is longer).
struct Decomposed {
  std::array<uint32_t, 4> points{};
  std::size_t count = 0;
};
/// The full canonical decomposition (NFD of one code point); itself where there is none. Hangul by arithmetic.
[[nodiscard]] Decomposed decompose(uint32_t code_point) noexcept;

/// Canonical_Combining_Class: 0 of what begins a new character.
[[nodiscard]] uint8_t combining_class(uint32_t code_point) noexcept;
/// What NFC makes of two neighbours; 0: they stay two.
[[nodiscard]] uint32_t compose(uint32_t first, uint32_t second) noexcept;

[[nodiscard]] constexpr bool is_punctuation(Category c) { return c >= Category::pc && c <= Category::po; }  ///< P*
[[nodiscard]] constexpr bool is_symbol(Category c) { return c >= Category::sm && c <= Category::so; }       ///< S*
[[nodiscard]] constexpr bool is_letter(Category c) { return c >= Category::lu && c <= Category::lo; }       ///< L*
[[nodiscard]] constexpr bool is_number(Category c) { return c >= Category::nd && c <= Category::no; }       ///< N*
/// C* of assigned code points: controls, formats, surrogates, private use.
[[nodiscard]] constexpr bool is_control(Category c) { return c >= Category::cc && c <= Category::co; }
[[nodiscard]] bool is_white_space(uint32_t code_point) noexcept;  ///< Unicode's White_Space property

}  // namespace nano::tokenizer
