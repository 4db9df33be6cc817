// runtime_shim/tokenizer/wordpiece.cpp: one pass over the text: clean, fold, split into words, cut words into pieces.
#include "runtime_shim/tokenizer/wordpiece.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

/// source: llama.cpp src/llama-vocab.cpp is_chinese_char, which keeps a slip of Hugging Face's tokenizers (0x2B920
/// where BERT has 0x2B820) because the vocabularies were trained with it.
bool is_cjk(uint32_t c) {
  if (c < 0x3400) return false;
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/// Dropped whole, before anything else.
bool is_dropped(uint32_t c, Category cat) {
  return c == 0 || c == 0xFFFD || is_control(cat);
}

/// A word of its own: P*, the ASCII symbols, CJK.
bool stands_alone(uint32_t c, Category cat) {
  return is_punctuation(cat) || (c < 0x7F && is_symbol(cat)) || is_cjk(c);
}

}  // namespace

/// One call of encode. Holds the word being gathered: its normalised bytes, and where each character came from.
class WordPiece::Run {
 public:
  Run(const WordPiece& tokenizer, std::string_view text, std::size_t limit, Encoding& out)
      : tokenizer_(tokenizer), text_(text), limit_(limit), out_(out) {}

  /// False: the limit was reached and there is more.
  [[nodiscard]] bool all() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const std::size_t begin = at;
      const uint32_t c = decode_utf8(text_, at);
      if (!character(c, {begin, at})) return false;
    }
    return word();
  }

 private:
  /// A character of the word: where its bytes begin in word_, and the text it came from.
  struct Char {
    std::size_t at = 0;
    Range from{};
  };

  [[nodiscard]] bool character(uint32_t c, Range from) {
    if (c < 0x80) return ascii(static_cast<char>(c), from);
    if (is_dropped(c, category(c))) return true;  // U+0085 too, which Unicode counts as white space
    if (is_white_space(c)) return word();
    // Lower case and accents are apart: without either a character stays as it is.
    if (!tokenizer_.strip_accents_) {
      // The one character whose lower case is two: i and a dot above. source: Unicode SpecialCasing.txt
      if (tokenizer_.lower_case_ && c == 0x130) return folded('i', Category::ll, from) && folded(0x307, Category::mn, from);
      const uint32_t folded_c = tokenizer_.lower_case_ ? to_lower(c) : c;
      return folded(folded_c, category(folded_c), from);
    }
    const Decomposed parts = decompose(c);
    for (std::size_t i = 0; i < parts.count; ++i) {
      const Category cat = category(parts.points[i]);
      if (cat == Category::mn) continue;
      const uint32_t point = tokenizer_.lower_case_ ? to_lower(parts.points[i]) : parts.points[i];
      if (!folded(point, cat, from)) return false;
    }
    return true;
  }

  [[nodiscard]] bool ascii(char c, Range from) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return word();
    if (c < ' ' || c == 0x7F) return true;
    if (tokenizer_.lower_case_ && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    // Beside letters and digits ASCII has only P* and S*.
    const bool alone = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
    if (alone && !word()) return false;
    append(std::string_view(&c, 1), from);
    return alone ? word() : true;
  }

  [[nodiscard]] bool folded(uint32_t c, Category cat, Range from) {
    const bool alone = stands_alone(c, cat);
    if (alone && !word()) return false;
    bytes_.clear();
    append_utf8(bytes_, c);
    append(bytes_, from);
    return alone ? word() : true;
  }

  void append(std::string_view bytes, Range from) {
    overlong_ = overlong_ || chars_.size() >= tokenizer_.max_word_chars_;
    if (overlong_) {  // its pieces are not wanted, only where it ends
      chars_.back().from.end = from.end;
      return;
    }
    chars_.push_back({word_.size(), from});
    word_ += bytes;
  }

  /// The word is complete: cut it into pieces. Nothing gathered is success.
  [[nodiscard]] bool word() {
    if (chars_.empty()) return true;
    const std::size_t before = out_.ids.size();
    if (overlong_ || !pieces()) {
      out_.ids.resize(before);
      out_.offsets.resize(before);
      out_.words.resize(before);
      put(tokenizer_.special_.unknown, 0, chars_.size());
    }
    ++word_index_;
    word_.clear();
    chars_.clear();
    overlong_ = false;
    if (out_.ids.size() <= limit_) return true;
    out_.ids.resize(limit_);
    out_.offsets.resize(limit_);
    out_.words.resize(limit_);
    return false;
  }

  /// Longest match first, from the left. False: some part of the word is no piece, so all of it is unknown.
  [[nodiscard]] bool pieces() {
    std::size_t at = 0;
    while (at < chars_.size()) {
      const bool first = at == 0;
      std::size_t end = at;
      int32_t id = longest(first ? tokenizer_.initial_ : tokenizer_.following_, at, end);
      if (id < 0 && first && tokenizer_.bare_mark_) {
        put(*tokenizer_.bare_mark_, 0, 0);
        id = longest(tokenizer_.following_, at, end);
      }
      if (id < 0) return false;
      put(id, at, end);
      at = end;
    }
    return true;
  }

  /// The longest piece of `table` that begins at character `at`; `end` becomes the character after it. -1: none.
  [[nodiscard]] int32_t longest(const PieceTable& table, std::size_t at, std::size_t& end) {
    const std::size_t begin = chars_[at].at;
    uint64_t hash = kHashStart;
    std::size_t hashed = begin;
    std::size_t n = 0;  // prefixes of 1 … n characters are hashed
    while (at + n < chars_.size()) {
      const std::size_t stop = at + n + 1 < chars_.size() ? chars_[at + n + 1].at : word_.size();
      if (stop - begin > table.longest()) break;
      for (; hashed < stop; ++hashed) hash = hash_byte(hash, word_[hashed]);
      if (n == prefixes_.size()) prefixes_.resize(n + 64);
      prefixes_[n++] = {stop, hash};
    }
    while (n > 0) {
      --n;
      const auto& [stop, h] = prefixes_[n];
      const int32_t id = table.find(std::string_view(word_).substr(begin, stop - begin), h);
      if (id < 0) continue;
      end = at + n + 1;
      return id;
    }
    return -1;
  }

  void put(int32_t id, std::size_t first, std::size_t end) {
    const std::size_t begin = chars_[first].from.begin;
    out_.ids.push_back(id);
    out_.offsets.push_back({begin, end > first ? chars_[end - 1].from.end : begin});
    out_.words.push_back(word_index_);
  }

  struct Prefix {
    std::size_t stop = 0;
    uint64_t hash = 0;
  };

  const WordPiece& tokenizer_;
  std::string_view text_;
  std::size_t limit_;
  Encoding& out_;
  std::string word_{};
  std::string bytes_{};
  std::vector<Char> chars_{};
  std::vector<Prefix> prefixes_{};
  int32_t word_index_ = 0;
  bool overlong_ = false;
};

/// A text as the pieces see it, with where each byte came from; white space is ' '.
/// source: huggingface/tokenizers src/normalizers/bert.rs
class WordPiece::Normalized {
 public:
  Normalized(std::string_view raw, bool lower_case, bool strip_accents) {
    for (std::size_t at = 0; at < raw.size();) {
      const std::size_t begin = at;
      const uint32_t c = decode_utf8(raw, at);
      const Range of{begin, at};
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        add(' ', of);
      } else if (is_dropped(c, category(c))) {
        continue;
      } else if (is_white_space(c)) {
        add(' ', of);
      } else if (strip_accents) {
        const Decomposed parts = decompose(c);
        for (std::size_t i = 0; i < parts.count; ++i)
          if (category(parts.points[i]) != Category::mn)
            add(lower_case ? to_lower(parts.points[i]) : parts.points[i], of);
      } else if (lower_case && c == 0x130) {
        add('i', of);
        add(0x307, of);
      } else {
        add(lower_case ? to_lower(c) : c, of);
      }
    }
  }

  std::string text{};
  std::vector<Range> from{};  ///< of each byte of text

 private:
  void add(uint32_t c, Range range) {
    append_utf8(text, c);
    from.resize(text.size(), range);
  }
};

bool WordPiece::append(std::string_view text, bool, std::size_t limit, Encoding& out) const {
  if (!added_.has_normalized()) return Run(*this, text, limit, out).all();
  // Tokens are looked for in the normalised text, which normalising once more leaves as it is.
  const Normalized line(text, lower_case_, strip_accents_);
  const std::string_view all = line.text;
  int32_t words = 0;
  for (std::size_t at = 0; at < all.size();) {
    const AddedTokens::Match found = added_.next(all, at, true);
    const std::size_t before = out.ids.size();
    const bool whole = Run(*this, all.substr(at, found.begin - at), limit, out).all();
    const int32_t shift = words;
    for (std::size_t i = before; i < out.ids.size(); ++i) {
      Range& r = out.offsets[i];
      const std::size_t begin = at + r.begin, end = at + std::max(r.end, r.begin + 1);
      r = {line.from[begin].begin, line.from[std::min(end, all.size()) - 1].end};
      out.words[i] += shift;
      words = std::max(words, out.words[i] + 1);
    }
    if (!whole) return false;
    if (found.id < 0) break;
    if (out.ids.size() >= limit) return false;
    out.ids.push_back(found.id);
    out.offsets.push_back({line.from[found.begin].begin, line.from[found.end - 1].end});
    out.words.push_back(words++);
    at = found.end;
  }
  return true;
}

}  // namespace nano::tokenizer
