// runtime_shim/tokenizer/nfc.cpp: decompose, order the marks, compose; a stretch at a time.
#include "runtime_shim/tokenizer/nfc.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

constexpr uint32_t kFirstMark = 0x300;  ///< below it nothing combines with what stands before it

struct Point {
  uint32_t code = 0;
  uint8_t combining = 0;
  Composed::From from{};
};

class Composer {
 public:
  explicit Composer(std::string_view text) : text_(text) {}

  [[nodiscard]] Composed all() {
    out_.text.reserve(text_.size());
    out_.from.reserve(text_.size());
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t begin = at;
      const uint32_t code = decode_utf8(text_, at);
      if (code < kFirstMark) flush();
      if (code == 0xFFFD && at - begin == 1) {  // no UTF-8
        flush();
        out_.text += text_[begin];
        out_.from.push_back({begin, at});
        continue;
      }
      const Decomposed parts = decompose(code);
      for (std::size_t i = 0; i < parts.count; ++i)
        points_.push_back({parts.points[i], combining_class(parts.points[i]), {begin, at}});
    }
    flush();
    return std::move(out_);
  }

 private:
  void flush() {
    order();
    compose_all();
    for (const Point& p : points_) {
      append_utf8(out_.text, p.code);
      out_.from.resize(out_.text.size(), p.from);
    }
    points_.clear();
  }

  // Marks after a character go by their class.
  void order() {
    for (auto at = points_.begin(); at != points_.end();) {
      if (at->combining == 0) {
        ++at;
        continue;
      }
      const auto end = std::find_if(at, points_.end(), [](const Point& p) { return p.combining == 0; });
      std::stable_sort(at, end, [](const Point& a, const Point& b) { return a.combining < b.combining; });
      at = end;
    }
  }

  // A character takes in what follows, unless something of the same class, or another character, stands between.
  void compose_all() {
    std::size_t starter = points_.size(), kept = 0;
    uint8_t last = 0;  // class of what was kept since the starter; 0: nothing was
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const Point p = points_[i];
      if (starter < kept && (last == 0 || last < p.combining)) {
        const uint32_t both = compose(points_[starter].code, p.code);
        if (both != 0) {
          points_[starter].code = both;
          points_[starter].from = {std::min(points_[starter].from.begin, p.from.begin),
                                   std::max(points_[starter].from.end, p.from.end)};
          continue;
        }
      }
      if (p.combining == 0) starter = kept;
      last = p.combining;
      points_[kept++] = p;
    }
    points_.resize(kept);
  }

  std::string_view text_;
  Composed out_{};
  std::vector<Point> points_{};
};

}  // namespace

bool may_compose(std::string_view text) noexcept {
  // U+0300 and all above it begin with a byte of at least 0xCC.
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
}

Composed to_nfc(std::string_view text) {
  return Composer(text).all();
}

}  // namespace nano::tokenizer
