// runtime_shim/tokenizer/sentencepiece.cpp: normalise, then join pairs by score or find the best path.
#include "runtime_shim/tokenizer/sentencepiece.h"

#include <algorithm>

#include "base/text.h"
#include "runtime_shim/tokenizer/best_path.h"
#include "runtime_shim/tokenizer/merge.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";         // U+2581, which stands for a space
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD, which stands for an invalid byte

}  // namespace

/// One call of append: the normalised text, and where each of its bytes came from.
class SentencePiece::Run {
 public:
  Run(const SentencePiece& tokenizer, std::string_view text, std::size_t limit, Encoding& out)
      : t_(tokenizer), text_(text), limit_(limit), out_(out) {}

  /// False: the limit was reached and there is more.
  [[nodiscard]] bool all() {
    if (t_.unigram_) {
      normalize();
      for (const PathPiece& piece : best_path(t_.words_, line_, t_.special_.unknown, t_.unknown_score_, true))
        put_line(piece.id, piece.begin, piece.end);
      return fits();
    }
    if (text_.empty()) return true;
    mark_spaces();
    pairs();
    return fits();
  }

 private:
  // --- the normalised line

  void add(std::string_view bytes, Range from) {
    line_ += bytes;
    from_.insert(from_.end(), bytes.size(), from);
  }

  // Byte-pair: spaces become marks, and one more stands before where the file says so.
  void mark_spaces() {
    if (t_.space_before_) add(kMark, {0, 0});
    for (std::size_t i = 0; i < text_.size(); ++i) add(text_[i] == ' ' ? kMark : text_.substr(i, 1), {i, i + 1});
  }

  // Unigram: what the charsmap makes of the text; then a mark before the text or before every word, and spaces kept or not.
  void normalize() {
    bool in_word = false, marked = false;
    const auto put_byte = [&](char c, Range from) {
      if (c == ' ') {
        in_word = false;
        if (!t_.merge_spaces_) add(kMark, from);
        return;
      }
      if (!in_word && ((t_.space_before_ && !marked) || t_.merge_spaces_)) {
        add(kMark, {from.begin, from.begin});
        marked = true;
      }
      in_word = true;
      add({&c, 1}, from);
    };
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t begin = at;
      std::string_view with;
      const auto user = t_.added_are_pieces_ ? t_.added_.at(text_, at) : AddedTokens::Match{};
      if (user.id >= 0) {
        at = user.end;
        with = text_.substr(begin, at - begin);
      } else if (const auto replaced = t_.charsmap_.prefix(text_, at); replaced.length > 0) {
        at += replaced.length;
        with = replaced.with;
      } else {
        with = decode_utf8(text_, at) == 0xFFFD ? kReplacement : text_.substr(begin, at - begin);
      }
      for (const char c : with) put_byte(c, {begin, at});
    }
  }

  // --- byte-pair

  void pairs() {
    merger_.symbols.clear();
    for (std::size_t at = 0; at < line_.size();) {
      const std::size_t begin = at;
      (void)decode_utf8(line_, at);
      merger_.add(begin, at - begin, -1);
    }
    const std::string_view line = line_;
    merger_.merge_all([&](const Symbol& l, const Symbol& r, double& order, int32_t& id) {
      id = t_.words_.find(line.substr(l.at, l.length + r.length));
      if (id < 0) return false;
      order = -static_cast<double>(t_.words_.score(id));
      return true;
    });
    if (merger_.symbols.empty()) return;
    for (std::ptrdiff_t i = 0; i >= 0; i = merger_.symbols[static_cast<std::size_t>(i)].after) {
      const Symbol& s = merger_.symbols[static_cast<std::size_t>(i)];
      const int32_t id = t_.words_.find(line.substr(s.at, s.length));
      if (id >= 0) {
        put_line(id, s.at, s.at + s.length);
        continue;
      }
      for (std::size_t b = s.at; b < s.at + s.length; ++b) {
        const int32_t byte = t_.bytes_[static_cast<unsigned char>(line[b])];
        if (byte >= 0) put_line(byte, b, b + 1);
      }
    }
  }

  // --- out

  // A token of bytes [begin, end) of the line.
  void put_line(int32_t id, std::size_t begin, std::size_t end) {
    const bool starts = line_.compare(begin, kMark.size(), kMark) == 0;
    std::size_t first = begin;
    while (first + kMark.size() < end && line_.compare(first, kMark.size(), kMark) == 0)
      first += kMark.size();
    put(id, {from_[first].begin, from_[end - 1].end}, starts);
  }

  void put(int32_t id, Range from, bool starts_word) {
    if (starts_word) ++word_index_;
    from.begin = std::max(from.begin, last_.begin);
    from.end = std::max({from.end, last_.end, from.begin});
    last_ = from;
    out_.ids.push_back(id);
    out_.offsets.push_back(from);
    out_.words.push_back(std::max(word_index_, 0));
  }

  [[nodiscard]] bool fits() {
    if (out_.ids.size() <= limit_) return true;
    out_.ids.resize(limit_);
    out_.offsets.resize(limit_);
    out_.words.resize(limit_);
    return false;
  }

  const SentencePiece& t_;
  std::string_view text_;
  std::size_t limit_;
  Encoding& out_;
  std::string line_{};
  std::vector<Range> from_{};  ///< of each byte of line_
  Merger merger_{};
  Range last_{};
  int32_t word_index_ = -1;
};

/// One call of append for a unigram text that is cut into words first.
/// source: huggingface/tokenizers src/normalizers/, src/pre_tokenizers/metaspace.rs, src/models/unigram/model.rs
class SentencePiece::WordsRun {
 public:
  WordsRun(const SentencePiece& tokenizer, std::string_view text, bool first, std::size_t limit, Encoding& out)
      : t_(tokenizer), text_(text), first_(first), limit_(limit), out_(out) {}

  [[nodiscard]] bool all() {
    normalize();
    const std::string_view line = line_;
    for (std::size_t at = 0; at < line.size();) {
      const AddedTokens::Match added = t_.added_.next(line, at, true);
      if (added.begin > at && !part(at, added.begin)) return false;
      if (added.id < 0) return true;
      put(added.id, {from_[added.begin].begin, from_[added.end - 1].end});
      ++word_;
      if (!fits()) return false;
      at = added.end;
    }
    return true;
  }

 private:
  void normalize() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t begin = at;
      std::string_view with;
      if (const auto replaced = t_.charsmap_.prefix(text_, at); replaced.length > 0) {
        at += replaced.length;
        with = replaced.with;
      } else {
        with = decode_utf8(text_, at) == 0xFFFD ? kReplacement : text_.substr(begin, at - begin);
      }
      line_ += with;
      from_.resize(line_.size(), {begin, at});
    }
    if (t_.text_.strip != 0) strip();
    if (t_.text_.merge_spaces != 0) merge_spaces();
  }

  void strip() {
    const std::string_view line = line_;
    std::size_t begin = line.size(), end = 0;  // of what is no white space
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t here = at;
      if (is_white_space(decode_utf8(line, at))) continue;
      begin = std::min(begin, here);
      end = at;
    }
    if ((t_.text_.strip & kStripLeft) == 0) begin = 0;
    if ((t_.text_.strip & kStripRight) == 0) end = line.size();
    begin = std::min(begin, line.size());
    end = std::max(end, begin);
    line_ = std::string(line.substr(begin, end - begin));
    from_.erase(from_.begin() + static_cast<std::ptrdiff_t>(end), from_.end());
    from_.erase(from_.begin(), from_.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  void merge_spaces() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < line_.size(); ++i) {
      if (i > 0 && line_[i] == ' ' && line_[i - 1] == ' ') {
        from_[kept - 1].end = from_[i].end;
        continue;
      }
      if (kept != i) from_[kept] = from_[i];
      ++kept;
    }
    from_.resize(kept);
    line_.erase(std::unique(line_.begin(), line_.end(), [](char a, char b) { return a == ' ' && b == ' '; }), line_.end());
  }

  // Words of line_[begin, end).
  [[nodiscard]] bool part(std::size_t begin, std::size_t end) {
    const std::string_view line = std::string_view(line_).substr(0, end);
    part_begin_ = begin;
    if (t_.text_.words == UnigramWords::whole) return word(begin, end);
    if (t_.text_.words == UnigramWords::marks) return marked_words(begin, end);
    for (std::size_t at = begin; at < end;) {
      std::size_t stop = at, next = at;
      while (next < end && !is_white_space(decode_utf8(line, next))) stop = next;
      part_begin_ = at;
      if (stop > at && !marked_words(at, stop)) return false;
      at = stop == end ? end : next;
    }
    return true;
  }

  // A space begins a word, and so does a mark that stands in the text.
  [[nodiscard]] bool marked_words(std::size_t begin, std::size_t end) {
    const std::string_view line = std::string_view(line_).substr(0, end);
    for (std::size_t at = begin; at < end;) {
      std::size_t stop = at;
      do {
        (void)decode_utf8(line, stop);
      } while (stop < end && line[stop] != ' ' && line.compare(stop, kMark.size(), kMark) != 0);
      if (!word(at, stop)) return false;
      at = stop;
    }
    return true;
  }

  [[nodiscard]] bool word(std::size_t begin, std::size_t end) {
    marked_.clear();
    origin_.clear();
    const auto add = [&](std::string_view bytes, Range from) {
      marked_ += bytes;
      origin_.resize(marked_.size(), from);
    };
    const std::string_view line = line_;
    const bool has_mark = line[begin] == ' ' || line.compare(begin, kMark.size(), kMark) == 0;
    const bool at_start = first_ && from_[begin].begin == 0;
    const WordPrefix prefix = t_.text_.prefix;
    // Metaspace puts its mark before each part that it is given: all of the text, or what stands between white space.
    const bool gets_one = begin == part_begin_ && (prefix == WordPrefix::always || (prefix == WordPrefix::first && at_start));
    if (!has_mark && gets_one) add(kMark, {from_[begin].begin, from_[begin].begin});
    for (std::size_t i = begin; i < end; ++i) add(line[i] == ' ' ? kMark : line.substr(i, 1), from_[i]);
    for (const PathPiece& piece : best_path(t_.words_, marked_, t_.special_.unknown, t_.unknown_score_, false)) {
      std::size_t from = piece.begin;  // without the marks that it begins with
      while (from + kMark.size() < piece.end && marked_.compare(from, kMark.size(), kMark) == 0) from += kMark.size();
      put(piece.id, {origin_[from].begin, origin_[piece.end - 1].end});
    }
    ++word_;
    return fits();
  }

  void put(int32_t id, Range from) {
    from.begin = std::max(from.begin, last_.begin);
    from.end = std::max({from.end, last_.end, from.begin});
    last_ = from;
    out_.ids.push_back(id);
    out_.offsets.push_back(from);
    out_.words.push_back(word_);
  }

  [[nodiscard]] bool fits() {
    if (out_.ids.size() <= limit_) return true;
    out_.ids.resize(limit_);
    out_.offsets.resize(limit_);
    out_.words.resize(limit_);
    return false;
  }

  const SentencePiece& t_;
  std::string_view text_;
  bool first_;
  std::size_t limit_;
  Encoding& out_;
  std::string line_{}, marked_{};
  std::vector<Range> from_{}, origin_{};  ///< of each byte of line_, of marked_
  std::size_t part_begin_ = 0;
  Range last_{};
  int32_t word_ = 0;
};

bool SentencePiece::append(std::string_view text, bool first, std::size_t limit, Encoding& out) const {
  if (text_.words != UnigramWords::line) return WordsRun(*this, text, first, limit, out).all();
  return Run(*this, text, limit, out).all();
}

}  // namespace nano::tokenizer
