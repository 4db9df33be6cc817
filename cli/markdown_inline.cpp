// cli/markdown_inline.cpp: walking inline nodes, gluing pieces to words, filling lines.
#include "cli/markdown_inline.h"

#include <algorithm>

#include "base/text.h"
#include "cli/markdown.h"
#include "cli/terminal.h"

namespace nano::cli {

using Node = cmark_node;

bool is(Node* n, std::string_view type) {
  return cmark_node_get_type_string(n) == type;
}

std::string literal(Node* n) {
  const char* s = cmark_node_get_literal(n);
  return s == nullptr ? std::string() : sanitize(s, true);
}

namespace {

/// Collects inline content as words.
class Inline {
 public:
  void add(Node* parent, const std::string& styles) {
    for (Node* n = cmark_node_first_child(parent); n != nullptr; n = cmark_node_next(n)) one(n, styles);
  }
  [[nodiscard]] std::vector<Word> take() {
    end_word();
    return std::move(words_);
  }

 private:
  void one(Node* n, const std::string& styles) {
    const cmark_node_type t = cmark_node_get_type(n);
    if (t == CMARK_NODE_TEXT) {
      text(literal(n), styles);
    } else if (t == CMARK_NODE_SOFTBREAK) {
      text(" ", styles);
    } else if (t == CMARK_NODE_LINEBREAK) {
      line_break();
    } else if (t == CMARK_NODE_CODE) {
      text(literal(n), styles + "c");
    } else if (t == CMARK_NODE_HTML_INLINE) {
      html(literal(n), styles);
    } else if (t == CMARK_NODE_STRONG) {
      add(n, styles + "b");
    } else if (t == CMARK_NODE_EMPH) {
      add(n, styles + "i");
    } else if (t == CMARK_NODE_LINK) {
      link(n, styles);
    } else if (t == CMARK_NODE_IMAGE) {
      text("[image: ", styles + "d");
      add(n, styles + "d");
      text("]", styles + "d");
    } else if (is(n, "strikethrough")) {
      add(n, styles + "s");
    } else {
      add(n, styles);
    }
  }

  void link(Node* n, const std::string& styles) {
    const char* raw = cmark_node_get_url(n);
    const std::string url = raw == nullptr ? "" : sanitize(raw);
    const std::string seen_before = plain_;
    plain_.clear();
    add(n, styles + "u");
    const std::string shown = plain_;
    plain_ = seen_before + shown;
    if (!url.empty() && url != shown && url != "mailto:" + shown) text(" (" + url + ")", styles + "d");
  }

  void html(const std::string& tag, const std::string& styles) {
    if (tag.substr(0, 3) == "<br") {
      line_break();
    } else if (tag.substr(0, 4) != "<!--") {
      text(tag, styles + "d");
    }
  }

  void line_break() {
    end_word();
    if (!words_.empty()) words_.back().break_after = true;
  }

  void text(const std::string& s, const std::string& styles) {
    plain_ += s;
    std::size_t at = 0;
    while (at < s.size()) {
      if (s[at] == ' ' || s[at] == '\n' || s[at] == '\t') {
        end_word();
        space_ = true;
        ++at;
        continue;
      }
      const auto end = std::min(s.find_first_of(" \n\t", at), s.size());
      append(s.substr(at, end - at), styles);
      at = end;
    }
  }

  void append(const std::string& piece, const std::string& styles) {
    if (!open_) {
      word_ = Word{.glued = !space_ && !words_.empty()};
      open_ = true;
      space_ = false;
    }
    for (const char c : styles) word_.text += std::string(1, kMark) + c;
    word_.text += piece;
    if (!styles.empty()) word_.text += std::string(1, kMark) + "0";
    word_.width += display_width(piece);
  }

  void end_word() {
    if (open_) words_.push_back(std::move(word_));
    open_ = false;
    word_ = {};
  }

  std::vector<Word> words_{};
  Word word_{};
  std::string plain_{};
  bool open_ = false;
  bool space_ = false;
};

}  // namespace

std::vector<Word> words_of(Node* n, const std::string& styles) {
  Inline in;
  in.add(n, styles);
  return in.take();
}

std::vector<std::string> fill(const std::vector<Word>& words, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  for (const auto& w : words) {
    const std::size_t gap = used == 0 || w.glued ? 0 : 1;
    if (used > 0 && used + gap + w.width > width) end_line();
    if (used > 0 && gap > 0) {
      line += ' ';
      ++used;
    }
    line += w.text;
    used += w.width;
    if (w.break_after) end_line();
  }
  if (used > 0) end_line();
  return lines;
}

std::size_t widest(const std::vector<Word>& words) {
  std::size_t n = 0, best = 0;
  for (const auto& w : words) {
    n += w.width + (n > 0 && !w.glued ? 1 : 0);
    best = std::max(best, n);
    if (w.break_after) n = 0;
  }
  return best;
}

std::size_t marked_width(std::string_view s) {
  std::string bare;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == kMark) {
      ++i;
    } else {
      bare += s[i];
    }
  }
  return display_width(bare);
}

}  // namespace nano::cli
