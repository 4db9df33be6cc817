// cli/markdown_inline.h: the inline content of a markdown block as words, and words as lines. Child process only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <cmark-gfm.h>

namespace nano::cli {

/// A word with its style marks (cli/markdown.h, kMark) around it.
struct Word {
  std::string text{};
  std::size_t width = 0;     ///< columns, marks not counted
  bool glued = false;        ///< no space before it
  bool break_after = false;  ///< a hard line break follows
};

/// The words below a block, all of them in `styles` (letters of kMark) besides their own. Text is sanitised.
[[nodiscard]] std::vector<Word> words_of(cmark_node* block, const std::string& styles = {});
/// Lines of at most `width` columns; a longer word stands alone.
[[nodiscard]] std::vector<std::string> fill(const std::vector<Word>& words, std::size_t width);
[[nodiscard]] std::size_t widest(const std::vector<Word>& words);  ///< columns of the longest line, unwrapped
[[nodiscard]] std::size_t marked_width(std::string_view text);     ///< columns of a line with marks
[[nodiscard]] std::string literal(cmark_node* node);               ///< its literal text, sanitised
/// Nodes of extensions have no constant in the installed headers, only a name.
[[nodiscard]] bool is(cmark_node* node, std::string_view type);

}  // namespace nano::cli
