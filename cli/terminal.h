// cli/terminal.h: what stands behind a descriptor, styles, widths, wrapping, and questions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nano::cli {

/// One of the three standard streams.
struct Terminal {
  bool tty = false;
  bool colour = false;     ///< a terminal, not `dumb`, and NO_COLOR unset or empty (no-color.org)
  std::size_t width = 80;  ///< columns; 80 when it is not a terminal
};
[[nodiscard]] Terminal look_at(int fd);

enum class Style { bold, dim, italic, underline, strike, red, green, yellow, cyan };
/// `text` in a style, if the terminal has colour. `text` must be sanitised already.
[[nodiscard]] std::string styled(const Terminal& terminal, Style style, std::string_view text);
/// The SGR sequence that turns a style on; kReset ends all.
[[nodiscard]] std::string_view sgr(Style style);
inline constexpr std::string_view kReset = "\x1b[0m";

/// Columns of plain text on a terminal: combining marks take none, East Asian wide forms and emoji two
/// (after Unicode's EastAsianWidth.txt, by blocks).
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to at most `width` columns, the last being `…` where something was cut.
[[nodiscard]] std::string fit(std::string_view text, std::size_t width);
[[nodiscard]] std::string pad(std::string_view text, std::size_t width, bool right = false);
/// Break one paragraph of plain text into lines of at most `width` columns; longer words stand alone.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Whether a question can be asked: standard input and standard error are terminals.
[[nodiscard]] bool can_ask();
/// Ask on standard error, read a line from standard input: y or yes is true, all else (also end of input) false.
[[nodiscard]] bool ask_yes_no(std::string_view question);
/// Ask for a line that is not shown while it is typed; end of input is an empty one.
[[nodiscard]] std::string ask_secret(std::string_view question);

}  // namespace nano::cli
