// cli/text_table.cpp: column widths and cutting.
#include "cli/text_table.h"

#include <algorithm>

#include "base/text.h"

namespace nano::cli {
namespace {

constexpr std::size_t kGap = 2;         // columns between columns
constexpr std::size_t kLeastWidth = 6;  // a cut column keeps this many

/// Lower the widest column (of those that may shrink) until all fit.
void shrink(std::vector<std::size_t>& widths, const std::vector<TextTable::Column>& columns,
            std::size_t limit, bool any) {
  const auto total = [&] {
    std::size_t n = kGap * (widths.size() - 1);
    for (const auto w : widths) n += w;
    return n;
  };
  while (total() > limit) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if ((any || columns[i].shrink) && widths[i] > kLeastWidth &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

std::string trim_right(std::string s) {
  while (!s.empty() && s.back() == ' ') s.pop_back();
  return s;
}

}  // namespace

void TextTable::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (auto& c : cells) c = sanitize(c);
  rows_.push_back(std::move(cells));
}

std::string TextTable::render(const Terminal& terminal) const {
  if (columns_.empty()) return {};
  std::vector<std::size_t> widths;
  for (const auto& c : columns_) widths.push_back(display_width(c.title));
  for (const auto& r : rows_)
    for (std::size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], display_width(r[i]));
  if (terminal.tty) {
    shrink(widths, columns_, terminal.width, false);
    shrink(widths, columns_, terminal.width, true);
  }
  const auto line = [&](const auto& cell) {
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out.append(kGap, ' ');
      out += pad(fit(cell(i), widths[i]), widths[i], columns_[i].right);
    }
    return trim_right(std::move(out));
  };
  std::string out =
      styled(terminal, Style::bold, line([&](std::size_t i) { return columns_[i].title; })) + "\n";
  for (const auto& r : rows_) out += line([&](std::size_t i) { return std::string_view(r[i]); }) + "\n";
  return out;
}

std::string render_facts(const Terminal& terminal,
                         const std::vector<std::pair<std::string, std::string>>& facts,
                         std::size_t at_most) {
  std::size_t width = 0;
  for (const auto& [k, v] : facts)
    if (!v.empty()) width = std::max(width, display_width(sanitize(k)));
  std::string out;
  for (const auto& [k, v] : facts) {
    if (v.empty()) continue;
    const std::string value = sanitize(v, true);
    const std::size_t columns = at_most > 0 ? std::min(terminal.width, at_most) : terminal.width;
    const std::size_t room = columns > width + 2 + 20 ? columns - width - 2 : 20;
    std::vector<std::string> lines;
    if (terminal.tty || at_most > 0) lines = wrap(value, room);
    if (lines.empty()) lines = {sanitize(v)};
    for (std::size_t i = 0; i < lines.size(); ++i)
      out += (i == 0 ? styled(terminal, Style::dim, pad(sanitize(k), width)) : std::string(width, ' ')) +
             "  " + lines[i] + "\n";
  }
  return out;
}

}  // namespace nano::cli
