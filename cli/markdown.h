// cli/markdown.h: a model card for the terminal, made in a child process that may fail without harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace nano::cli {

// cmark-gfm reads hostile text here: known inputs make it take quadratic time or memory, so it runs under limits.
inline constexpr std::size_t kMaxCardBytes = 256 * 1024;  ///< longer input is cut, and the note says so
inline constexpr std::size_t kMaxRenderedBytes = std::size_t{4} << 20;  ///< of the child's answer
inline constexpr std::size_t kRenderMemory = std::size_t{512} << 20;    ///< RLIMIT_AS of the child, bytes
inline constexpr int kRenderCpuSeconds = 5;                             ///< RLIMIT_CPU of the child
inline constexpr int kRenderWallMs = 10'000;                            ///< then it is killed

struct RenderedCard {
  std::string text{};  ///< safe to print; ends with a newline
  std::string note{};  ///< why the text is plain or cut; "" = all went well
};

/// Render GitHub-flavoured markdown (tables, strikethrough). YAML front matter is left out. Never fails: when the child dies
/// or takes too long, the sanitised source is the text. Nothing but our own SGR sequences is in the result, and those only
/// with colour.
[[nodiscard]] RenderedCard render_card(std::string_view markdown, const Terminal& terminal);

/// Without the `---` … `---` block at the start (Hugging Face model cards).
[[nodiscard]] std::string_view without_front_matter(std::string_view markdown);

/// The renderer itself, as the child runs it: text with style marks (kMark, then a letter), not yet trusted.
/// Recursion and memory grow with the input: call it under limits only.
[[nodiscard]] std::string render_marked(std::string_view markdown, std::size_t width);
inline constexpr char kMark = '\x0e';  ///< b bold, d dim, i italic, u underline, s strike, c cyan, 0 plain

}  // namespace nano::cli
