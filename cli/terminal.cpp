// cli/terminal.cpp: terminals, widths and wrapping.
#include "cli/terminal.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace nano::cli {
namespace {

struct Block {
  uint32_t from = 0;
  uint32_t to = 0;
};

// source  Unicode 15 EastAsianWidth.txt (W and F) and emoji-data.txt (Emoji_Presentation), joined to blocks
constexpr std::array<Block, 20> kWide = {
    {{0x1100, 0x115F}, {0x231A, 0x231B}, {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
     {0x26A1, 0x26A1}, {0x2705, 0x2705}, {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2E80, 0x303E},
     {0x3041, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
     {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1FAFF}, {0x20000, 0x3FFFD}}};
// source  Unicode 15 general category Mn/Me/Cf, the common blocks
constexpr std::array<Block, 12> kNone = {{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05BD},
                                          {0x0610, 0x061A},
                                          {0x064B, 0x065F},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x200B, 0x200D},
                                          {0x20D0, 0x20FF},
                                          {0xFE00, 0xFE0F},
                                          {0xFE20, 0xFE2F},
                                          {0xE0100, 0xE01EF}}};

template <std::size_t N>
bool in(const std::array<Block, N>& blocks, uint32_t c) {
  for (const auto& b : blocks)
    if (c >= b.from && c <= b.to) return true;
  return false;
}

std::size_t width_of(uint32_t c) {
  if (c < 0x300) return 1;
  if (in(kNone, c)) return 0;
  return in(kWide, c) ? 2 : 1;
}

}  // namespace

Terminal look_at(int fd) {
  Terminal t;
  t.tty = isatty(fd) != 0;
  if (!t.tty) return t;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  t.colour =
      (no_color == nullptr || *no_color == '\0') && term != nullptr && std::string_view(term) != "dumb";
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) t.width = size.ws_col;
  return t;
}

std::string_view sgr(Style style) {
  switch (style) {
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::italic: return "\x1b[3m";
    case Style::underline: return "\x1b[4m";
    case Style::strike: return "\x1b[9m";
    case Style::red: return "\x1b[31m";
    case Style::green: return "\x1b[32m";
    case Style::yellow: return "\x1b[33m";
    case Style::cyan: return "\x1b[36m";
  }
  return "";
}

std::string styled(const Terminal& terminal, Style style, std::string_view text) {
  if (!terminal.colour || text.empty()) return std::string(text);
  return std::string(sgr(style)) + std::string(text) + std::string(kReset);
}

std::size_t display_width(std::string_view s) {
  std::size_t n = 0, at = 0;
  while (at < s.size()) n += width_of(decode_utf8(s, at));
  return n;
}

std::string fit(std::string_view s, std::size_t width) {
  if (display_width(s) <= width) return std::string(s);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0, at = 0;
  while (at < s.size()) {
    const std::size_t from = at;
    const std::size_t w = width_of(decode_utf8(s, at));
    if (used + w > width - 1) break;
    used += w;
    out += s.substr(from, at - from);
  }
  return out + "…";
}

std::string pad(std::string_view s, std::size_t width, bool right) {
  const std::size_t w = display_width(s);
  const std::string space(w < width ? width - w : 0, ' ');
  return right ? space + std::string(s) : std::string(s) + space;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0, at = 0;
  while (at < text.size()) {
    const auto start = text.find_first_not_of(" \n\t", at);
    if (start == std::string_view::npos) break;
    const auto end = std::min(text.find_first_of(" \n\t", start), text.size());
    const auto word = text.substr(start, end - start);
    const std::size_t w = display_width(word);
    if (!line.empty() && used + 1 + w > width) {
      lines.push_back(std::move(line));
      line.clear();
      used = 0;
    }
    if (!line.empty()) {
      line += ' ';
      ++used;
    }
    line += word;
    used += w;
    at = end;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

bool can_ask() {
  return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

bool ask_yes_no(std::string_view question) {
  std::fprintf(stderr, "%s [y/N] ", sanitize(question, true).c_str());
  std::fflush(stderr);
  std::string answer;
  char c = '\0';
  while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
    if (answer.size() < 16) answer.push_back(c);
  if (c != '\n') std::fputc('\n', stderr);  // end of input: what follows starts a line of its own
  const auto said = trim(answer);
  return said == "y" || said == "Y" || said == "yes" || said == "Yes" || said == "YES";
}

}  // namespace nano::cli
