// runtime_shim/tokenizer/unicode.cpp: binary searches in the generated tables, with ASCII answered first.
#include "runtime_shim/tokenizer/unicode.h"

#include <algorithm>

#include "runtime_shim/tokenizer/unicode_tables.h"

namespace nano::tokenizer {

using namespace tables;

Category category(uint32_t code_point) noexcept {
  if (code_point > 0x10FFFF) return Category::cn;
  const uint32_t* end = kCategoryRuns + kCategoryRunCount;
  // The first run is U+0000's, so there is always one before.
  const uint32_t* run = std::upper_bound(kCategoryRuns, end, (code_point << 8) | 0xFFu) - 1;
  return static_cast<Category>(*run & 0xFFu);
}

uint32_t to_lower(uint32_t code_point) noexcept {
  if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  const LowerRange* end = kLowerRanges + kLowerRangeCount;
  const LowerRange* range = std::lower_bound(kLowerRanges, end, code_point,
                                             [](const LowerRange& r, uint32_t c) { return r.last < c; });
  if (range == end || code_point < range->first || (code_point - range->first) % range->stride != 0)
    return code_point;
  return static_cast<uint32_t>(static_cast<int64_t>(code_point) + range->delta);
}

Decomposed decompose(uint32_t code_point) noexcept {
  if (code_point < 0xC0) return {{code_point}, 1};
  if (code_point >= 0xAC00 && code_point < 0xD7A4) {  // Unicode Standard, section 3.12
    const uint32_t s = code_point - 0xAC00;
    const uint32_t t = s % 28;
    Decomposed out{{0x1100 + s / 588, 0x1161 + s % 588 / 28}, 2};
    if (t != 0) out.points[out.count++] = 0x11A7 + t;
    return out;
  }
  const uint64_t* end = kDecompositions + kDecompositionCount;
  const uint64_t* at = std::lower_bound(kDecompositions, end, uint64_t{code_point} << 16);
  if (at == end || *at >> 16 != code_point) return {{code_point}, 1};
  Decomposed out;
  out.count = std::min<std::size_t>(*at & 7, out.points.size());
  std::copy_n(kDecompositionPool + ((*at >> 3) & 0x1FFF), out.count, out.points.begin());
  return out;
}

uint8_t combining_class(uint32_t code_point) noexcept {
  const uint32_t* end = kCombiningRuns + kCombiningRunCount;
  const uint32_t* run = std::upper_bound(kCombiningRuns, end, (uint64_t{code_point} << 8) | 0xFFu);
  return run == kCombiningRuns ? uint8_t{0} : static_cast<uint8_t>(run[-1] & 0xFFu);
}

uint32_t compose(uint32_t first, uint32_t second) noexcept {
  // Hangul: a leading consonant and a vowel, or those two and a trailing consonant (Unicode Standard, section 3.12).
  if (first >= 0x1100 && first < 0x1113 && second >= 0x1161 && second < 0x1176)
    return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28;
  if (first >= 0xAC00 && first < 0xD7A4 && (first - 0xAC00) % 28 == 0 && second > 0x11A7 && second < 0x11C3)
    return first + (second - 0x11A7);
  if (first > 0x10FFFF || second > 0x10FFFF) return 0;
  const uint64_t pair = (uint64_t{first} << 42) | (uint64_t{second} << 21);
  const uint64_t* end = kCompositions + kCompositionCount;
  const uint64_t* at = std::lower_bound(kCompositions, end, pair);
  return at != end && *at >> 21 == pair >> 21 ? static_cast<uint32_t>(*at & 0x1FFFFF) : 0;
}

bool is_white_space(uint32_t code_point) noexcept {
  if (code_point < 0x80) return code_point == ' ' || (code_point >= 9 && code_point <= 13);
  return code_point == 0x85 || category(code_point) >= Category::zs;
}

}  // namespace nano::tokenizer
