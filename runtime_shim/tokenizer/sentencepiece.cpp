// runtime_shim/tokenizer/sentencepiece.cpp: normalise, then join pairs by score or find the best path.
#include "runtime_shim/tokenizer/sentencepiece.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "runtime_shim/tokenizer/merge.h"

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
      best_path();
      return fits();
    }
    std::size_t at = 0;
    bool first = true;  // of the text, or after a user-defined piece
    while (at < text_.size()) {
      Vocabulary::User user;
      const std::size_t stop = t_.words_.next_user(text_, at, user);
      if (stop > at) {
        mark_spaces(at, stop, first);
        pairs();
      }
      first = false;
      at = stop;
      if (user.id >= 0) {
        put(user.id, {at, at + user.length}, true);
        at += user.length;
        first = true;
      }
      if (!fits()) return false;
    }
    return true;
  }

 private:
  // --- the normalised line

  void add(std::string_view bytes, Range from) {
    line_ += bytes;
    from_.insert(from_.end(), bytes.size(), from);
  }

  // Byte-pair: of the text from `begin` to `end`; spaces become marks, and one more stands before where the file says so.
  void mark_spaces(std::size_t begin, std::size_t end, bool first) {
    line_.clear();
    from_.clear();
    if (first && t_.space_before_) add(kMark, {begin, begin});
    for (std::size_t i = begin; i < end; ++i) add(text_[i] == ' ' ? kMark : text_.substr(i, 1), {i, i + 1});
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
      if (const Vocabulary::User user = t_.words_.user_at(text_, at); user.id >= 0) {
        at += user.length;
        with = text_.substr(begin, user.length);
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

  // --- unigram

  struct Step {
    double score = -std::numeric_limits<double>::infinity();
    std::size_t from = 0;
    int32_t id = -1;
  };

  // Viterbi over the characters. source: sentencepiece src/unigram_model.cc, EncodeOptimized
  void best_path() {
    if (line_.empty()) return;
    const int32_t unknown = t_.special_.unknown;
    const PieceTable& table = t_.words_.table();
    const std::string_view line = line_;
    std::vector<Step> best(line.size() + 1);
    best[0].score = 0.0;
    for (std::size_t at = 0; at < line.size();) {
      std::size_t character = at;
      (void)decode_utf8(line, character);
      const double here = best[at].score;
      const auto reach = [&](std::size_t end, double score, int32_t id) {
        if (here + score > best[end].score) best[end] = {here + score, at, id};
      };
      bool covered = false;
      uint64_t hash = kHashStart;
      const std::size_t most = std::min(line.size(), at + std::min(table.longest(), kMaxSentencePiece));
      for (std::size_t end = at; end < most;) {
        hash = hash_byte(hash, line[end++]);
        // A piece ends where a character does: the next byte is no continuation.
        if (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) continue;
        const int32_t id = table.find(line.substr(at, end - at), hash);
        if (id < 0) continue;
        covered = covered || end == character;
        reach(end, t_.words_.kind(id) == PieceKind::user ? 0.0 : static_cast<double>(t_.words_.score(id)),
              id);
      }
      if (!covered) reach(character, t_.unknown_score_, unknown);
      at = character;
    }
    path_.clear();
    for (std::size_t end = line.size(); end > 0; end = best[end].from)
      path_.push_back({best[end].id, best[end].from, end});
    std::reverse(path_.begin(), path_.end());
    for (std::size_t i = 0; i < path_.size();) {
      Piece piece = path_[i++];
      while (piece.id == unknown && i < path_.size() && path_[i].id == unknown) piece.end = path_[i++].end;
      put_line(piece.id, piece.begin, piece.end);
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

  struct Piece {
    int32_t id = -1;
    std::size_t begin = 0, end = 0;
  };

  const SentencePiece& t_;
  std::string_view text_;
  std::size_t limit_;
  Encoding& out_;
  std::string line_{};
  std::vector<Range> from_{};  ///< of each byte of line_
  Merger merger_{};
  std::vector<Piece> path_{};
  Range last_{};
  int32_t word_index_ = -1;
};

bool SentencePiece::append(std::string_view text, std::size_t limit, Encoding& out) const {
  return Run(*this, text, limit, out).all();
}

}  // namespace nano::tokenizer
