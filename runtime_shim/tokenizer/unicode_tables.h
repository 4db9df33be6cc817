// runtime_shim/tokenizer/unicode_tables.h: the shape of the generated tables. For unicode.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nano::tokenizer::tables {

/// first, first + stride, …, last each have `delta` added in lower case.
struct LowerRange {
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t stride = 1;
  int32_t delta = 0;
};

extern const uint32_t kCategoryRuns[];  ///< (first code point << 8) | category; each run goes on to the next
extern const std::size_t kCategoryRunCount;
extern const LowerRange kLowerRanges[];  ///< sorted, apart
extern const std::size_t kLowerRangeCount;
extern const uint64_t kDecompositions[];  ///< (code point << 16) | (place in the pool << 3) | length; full, Hangul left out
extern const std::size_t kDecompositionCount;
extern const uint32_t kDecompositionPool[];
extern const std::size_t kDecompositionPoolCount;
extern const uint32_t kCombiningRuns[];  ///< (first code point << 8) | combining class, from the first that is not 0 on
extern const std::size_t kCombiningRunCount;
extern const uint64_t kCompositions[];  ///< (first << 42) | (second << 21) | composite; Hangul left out
extern const std::size_t kCompositionCount;

}  // namespace nano::tokenizer::tables
