// cli/markdown_render.cpp: cmark-gfm's tree as lines of text with style marks. Runs in the child process only.
#include <algorithm>
#include <memory>
#include <vector>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include "base/text.h"
#include "cli/markdown.h"
#include "cli/markdown_inline.h"

namespace nano::cli {
namespace {

using Node = cmark_node;
constexpr std::size_t kLeastWidth = 16;  // columns, however deep the nesting

struct NodeFree {
  void operator()(Node* n) const { cmark_node_free(n); }
};

class Renderer {
 public:
  std::string out{};

  void blocks(Node* parent, const std::string& prefix, std::size_t width, bool tight = false) {
    for (Node* n = cmark_node_first_child(parent); n != nullptr; n = cmark_node_next(n)) {
      if (n != cmark_node_first_child(parent) && !tight) line(prefix, "");
      block(n, prefix, width);
    }
  }

 private:
  void line(const std::string& prefix, const std::string& text) {
    std::string whole = (pending_.empty() ? prefix : pending_) + text;
    pending_.clear();
    while (!whole.empty() && whole.back() == ' ') whole.pop_back();
    out += whole + "\n";
  }

  void lines(const std::string& prefix, const std::vector<std::string>& all) {
    for (const auto& l : all) line(prefix, l);
  }

  void block(Node* n, const std::string& prefix, std::size_t width) {
    const cmark_node_type t = cmark_node_get_type(n);
    if (t == CMARK_NODE_HEADING) {
      const int level = cmark_node_get_heading_level(n);
      lines(prefix, fill(words_of(n, level == 1 ? "bu" : "b"), width));
    } else if (t == CMARK_NODE_PARAGRAPH) {
      lines(prefix, fill(words_of(n), width));
    } else if (t == CMARK_NODE_LIST) {
      list(n, prefix, width);
    } else if (t == CMARK_NODE_BLOCK_QUOTE) {
      blocks(n, prefix + "│ ", narrower(width, 2));
    } else if (t == CMARK_NODE_CODE_BLOCK || t == CMARK_NODE_HTML_BLOCK) {
      verbatim(literal(n), prefix, t == CMARK_NODE_CODE_BLOCK ? 'c' : 'd');
    } else if (t == CMARK_NODE_THEMATIC_BREAK) {
      std::string rule;
      for (std::size_t i = 0; i < std::min<std::size_t>(width, 40); ++i) rule += "─";
      line(prefix, rule);
    } else if (is(n, "table")) {
      table(n, prefix, width);
    } else {
      blocks(n, prefix, width);
    }
  }

  static std::size_t narrower(std::size_t width, std::size_t by) {
    return width > by + kLeastWidth ? width - by : kLeastWidth;
  }

  void verbatim(const std::string& text, const std::string& prefix, char style) {
    if (style == 'd' && text.substr(0, 4) == "<!--") return;
    for (const auto& l : split(text.substr(0, text.find_last_not_of('\n') + 1), '\n'))
      line(prefix,
           "    " + (l.empty() ? "" : std::string(1, kMark) + style + l + std::string(1, kMark) + "0"));
  }

  void list(Node* n, const std::string& prefix, std::size_t width) {
    int number = cmark_node_get_list_start(n);
    const bool ordered = cmark_node_get_list_type(n) == CMARK_ORDERED_LIST;
    const bool tight = cmark_node_get_list_tight(n) != 0;
    for (Node* item = cmark_node_first_child(n); item != nullptr; item = cmark_node_next(item)) {
      if (item != cmark_node_first_child(n) && !tight) line(prefix, "");
      std::string bullet = ordered ? std::to_string(number++) + ". " : "• ";
      if (is(item, "tasklist"))
        bullet += cmark_gfm_extensions_get_tasklist_item_checked(item) ? "[x] " : "[ ] ";
      const std::size_t indent = display_width(bullet);
      pending_ = (pending_.empty() ? prefix : pending_) + bullet;
      if (cmark_node_first_child(item) == nullptr) line(prefix, "");
      blocks(item, prefix + std::string(indent, ' '), narrower(width, indent), tight);
    }
  }

  void table(Node* n, const std::string& prefix, std::size_t width) {
    const std::size_t columns = cmark_gfm_extensions_get_table_columns(n);
    const uint8_t* align = cmark_gfm_extensions_get_table_alignments(n);
    std::vector<std::vector<std::vector<Word>>> rows;
    std::vector<std::size_t> widths(columns, 1);
    for (Node* r = cmark_node_first_child(n); r != nullptr; r = cmark_node_next(r)) {
      auto& row = rows.emplace_back();
      for (Node* c = cmark_node_first_child(r); c != nullptr && row.size() < columns;
           c = cmark_node_next(c)) {
        row.push_back(words_of(c, rows.size() == 1 ? "b" : ""));
        widths[row.size() - 1] = std::max(widths[row.size() - 1], widest(row.back()));
      }
      row.resize(columns);
    }
    squeeze(widths, width);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      table_row(rows[i], widths, align, prefix);
      if (i > 0) continue;
      std::string rule;
      for (std::size_t c = 0; c < columns; ++c) {
        if (c > 0) rule += "  ";
        for (std::size_t k = 0; k < widths[c]; ++k) rule += "─";
      }
      line(prefix, rule);
    }
  }

  static void squeeze(std::vector<std::size_t>& widths, std::size_t width) {
    std::size_t total = widths.empty() ? 0 : 2 * (widths.size() - 1);
    for (const auto w : widths) total += w;
    while (total > width) {
      const auto it = std::max_element(widths.begin(), widths.end());
      if (*it <= 6) return;
      --*it;
      --total;
    }
  }

  void table_row(const std::vector<std::vector<Word>>& row, const std::vector<std::size_t>& widths,
                 const uint8_t* align, const std::string& prefix) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (std::size_t c = 0; c < row.size(); ++c) {
      cells.push_back(fill(row[c], widths[c]));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t y = 0; y < height; ++y) {
      std::string text;
      for (std::size_t c = 0; c < cells.size(); ++c) {
        const std::string cell = y < cells[c].size() ? cells[c][y] : "";
        const std::size_t w = marked_width(cell);
        const std::size_t space = w < widths[c] ? widths[c] - w : 0;
        const bool right = align != nullptr && align[c] == 'r';
        const std::size_t left = right ? space : align != nullptr && align[c] == 'c' ? space / 2 : 0;
        if (c > 0) text += "  ";
        text += std::string(left, ' ') + cell + std::string(space - left, ' ');
      }
      line(prefix, text);
    }
  }

  std::string pending_{};  ///< the next line's prefix, with its bullet
};

}  // namespace

std::string render_marked(std::string_view markdown, std::size_t width) {
  cmark_gfm_core_extensions_ensure_registered();
  struct ParserFree {
    void operator()(cmark_parser* p) const { cmark_parser_free(p); }
  };
  const std::unique_ptr<cmark_parser, ParserFree> parser(cmark_parser_new(CMARK_OPT_VALIDATE_UTF8));
  for (const char* name : {"table", "strikethrough", "tasklist"})
    if (auto* extension = cmark_find_syntax_extension(name); extension != nullptr)
      cmark_parser_attach_syntax_extension(parser.get(), extension);
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  const std::unique_ptr<Node, NodeFree> doc(cmark_parser_finish(parser.get()));
  Renderer renderer;
  renderer.blocks(doc.get(), "", std::max(width, kLeastWidth));
  return std::move(renderer.out);
}

}  // namespace nano::cli
