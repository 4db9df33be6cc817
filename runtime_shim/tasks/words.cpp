// runtime_shim/tasks/words.cpp: one look at each token's characters.
#include "runtime_shim/tasks/words.h"

#include <algorithm>

#include "base/text.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tasks {
namespace {

using tokenizer::Range;

struct Block {
  uint32_t first, last;
};
constexpr Block kWithoutSpaces[] = {
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x0F00, 0x0FFF},    // Tibetan
    {0x1000, 0x109F},    // Myanmar
    {0x1780, 0x17FF},    // Khmer
    {0x1950, 0x19FF},    // Tai Le, New Tai Lue, Khmer symbols
    {0x1A20, 0x1AAF},    // Tai Tham
    {0x2E80, 0x2FDF},    // radicals
    {0x3005, 0x3007},    // iteration mark, zero
    {0x3021, 0x3029},    // Hangzhou numerals
    {0x3040, 0x312F},    // Hiragana, Katakana, Bopomofo
    {0x31A0, 0x31FF},    // Bopomofo, strokes, Katakana
    {0x3400, 0x4DBF},    // Han
    {0x4E00, 0xA4CF},    // Han, Yi
    {0xA980, 0xA9FF},    // Javanese, Myanmar
    {0xAA60, 0xAADF},    // Myanmar, Tai Viet
    {0xF900, 0xFAFF},    // Han
    {0xFF66, 0xFF9F},    // halfwidth Katakana
    {0x1B000, 0x1B16F},  // Kana
    {0x20000, 0x3FFFF},  // Han
};

bool without_spaces(uint32_t point) {
  return std::any_of(std::begin(kWithoutSpaces), std::end(kWithoutSpaces),
                     [&](const Block& b) { return point >= b.first && point <= b.last; });
}

bool is_mark(uint32_t point) {
  const auto c = tokenizer::category(point);
  return tokenizer::is_punctuation(c) || tokenizer::is_symbol(c);
}

enum class Kind { nothing, marks, unspaced, letters };

Kind kind_of(std::string_view text, Range range) {
  if (range.begin >= range.end) return Kind::nothing;
  Kind kind = Kind::marks;
  for (std::size_t at = range.begin; at < range.end;) {
    const uint32_t point = decode_utf8(text, at);
    if (without_spaces(point)) return Kind::unspaced;
    if (!is_mark(point)) kind = Kind::letters;
  }
  return kind;
}

}  // namespace

Range trimmed(std::string_view text, Range range) {
  range.end = std::min(range.end, text.size());
  range.begin = std::min(range.begin, range.end);
  while (range.begin < range.end) {
    std::size_t next = range.begin;
    if (!tokenizer::is_white_space(decode_utf8(text, next))) break;
    range.begin = std::min(next, range.end);
  }
  while (range.begin < range.end) {
    std::size_t last = range.end - 1;
    while (last > range.begin && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    std::size_t at = last;
    if (!tokenizer::is_white_space(decode_utf8(text, at)) || at < range.end) break;
    range.end = last;
  }
  return range;
}

std::size_t characters(std::string_view text, std::size_t from, std::size_t to) {
  std::size_t n = 0;
  while (from < to) {
    const auto lead = static_cast<unsigned char>(text[from]);
    std::size_t length = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    if (lead >= 0xF8 || from + length > text.size()) length = 1;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[from + i]) & 0xC0) != 0x80) length = 1;
    }
    from += length;
    ++n;
  }
  return n;
}

std::vector<int32_t> words_of(std::string_view text, const tokenizer::Encoding& encoding, std::size_t first, std::size_t last) {
  std::vector<int32_t> words(last - first, tokenizer::kNoWord);
  std::vector<Kind> kinds(last - first, Kind::nothing);
  for (std::size_t t = first; t < last; ++t) {
    if (encoding.words[t] != tokenizer::kNoWord) kinds[t - first] = kind_of(text, trimmed(text, encoding.offsets[t]));
  }
  int32_t next = 0;
  for (std::size_t begin = 0, end = 0; begin < words.size(); begin = end) {
    const int32_t word = encoding.words[first + begin];
    for (end = begin; end < words.size() && encoding.words[first + end] == word; ++end) {}
    if (word == tokenizer::kNoWord) continue;
    // The core: from its first token with letters to its last. Marks alone are a word as the tokenizer has them.
    std::size_t core = end, core_end = begin;
    bool marks = false;
    for (std::size_t t = begin; t < end; ++t) {
      marks = marks || kinds[t] == Kind::marks;
      if (kinds[t] != Kind::letters && kinds[t] != Kind::unspaced) continue;
      core = std::min(core, t);
      core_end = t + 1;
    }
    if (core == end) {
      if (marks) std::fill_n(words.begin() + static_cast<std::ptrdiff_t>(begin), end - begin, next++);
      continue;
    }
    // A piece of no text before letters ("\u2581") is their word's first token: taggers are trained on that one.
    if (core > begin && kinds[core] == Kind::letters && kinds[core - 1] == Kind::nothing) --core;
    bool joins = false;  // the token before is of a word that goes on
    for (std::size_t t = begin; t < end; ++t) {
      const bool inside = t >= core && t < core_end;
      if (kinds[t] == Kind::nothing && !inside) continue;
      const bool alone = !inside || kinds[t] == Kind::unspaced;
      words[t] = joins && !alone ? next - 1 : next++;
      joins = !alone;
    }
  }
  return words;
}

}  // namespace nano::tasks
