// runtime_shim/tokenizer/merge.h: joining neighbours, the best pair first: the heart of byte-pair encoding of both kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace nano::tokenizer {

/// A stretch of the text that is one symbol so far. Symbols that were joined to their left neighbour have length 0.
struct Symbol {
  std::size_t at = 0;
  std::size_t length = 0;
  int32_t id = -1;
  std::ptrdiff_t before = -1, after = -1;  ///< neighbours in the list; -1: none
};

/// The buffers of merge_all, kept from word to word.
class Merger {
 public:
  std::vector<Symbol> symbols{};

  /// Append a symbol to the end.
  void add(std::size_t at, std::size_t length, int32_t id) {
    const auto n = static_cast<std::ptrdiff_t>(symbols.size());
    if (n > 0) symbols.back().after = n;
    symbols.push_back({at, length, id, n - 1, -1});
  }

  /// Join the neighbours whose join comes first, the leftmost of equals, until none can be joined. What is left is the list
  /// that begins at symbols[0]. Time n log n.
  ///
  ///   join(left, right, order, id)   can these two be joined? then their order (smaller first) and the new symbol's id
  template <class Join>
  void merge_all(Join&& join) {
    heap_ = {};
    const auto propose = [&](std::ptrdiff_t left) {
      if (left < 0) return;
      const Symbol& l = symbol(left);
      if (l.after < 0) return;
      const Symbol& r = symbol(l.after);
      Candidate c{0.0, left, l.after, l.length, r.length, -1};
      if (join(l, r, c.order, c.id)) heap_.push(c);
    };
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) propose(static_cast<std::ptrdiff_t>(i));
    while (!heap_.empty()) {
      const Candidate c = heap_.top();
      heap_.pop();
      Symbol& l = symbol(c.left);
      Symbol& r = symbol(c.right);
      // A proposal is stale when either side has been joined since: then its length has changed.
      if (l.length != c.left_length || r.length != c.right_length || l.after != c.right) continue;
      l.length += r.length;
      l.id = c.id;
      l.after = r.after;
      if (l.after >= 0) symbol(l.after).before = c.left;
      r.length = 0;
      propose(l.before);
      propose(c.left);
    }
  }

 private:
  struct Candidate {
    double order = 0.0;
    std::ptrdiff_t left = 0, right = 0;
    std::size_t left_length = 0, right_length = 0;
    int32_t id = -1;
    bool operator<(const Candidate& o) const {  // std::priority_queue gives the greatest
      return order > o.order || (order == o.order && left > o.left);
    }
  };
  [[nodiscard]] Symbol& symbol(std::ptrdiff_t i) { return symbols[static_cast<std::size_t>(i)]; }

  std::priority_queue<Candidate> heap_{};
};

}  // namespace nano::tokenizer
