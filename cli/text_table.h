// cli/text_table.h: aligned columns that fit the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace nano::cli {

/// Rows of sanitised one-line cells. On a terminal, too wide tables are cut in their `shrink` columns first (the widest of
/// them), then in any; in a pipe nothing is cut.
class TextTable {
 public:
  struct Column {
    std::string_view title{};
    bool right = false;   ///< numbers
    bool shrink = false;  ///< prose that may be cut
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string render(const Terminal& terminal) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Left-aligned pairs, as `nano info` shows facts; empty values are left out. Long values are broken on a terminal; with
/// `at_most`, in a pipe too, at so many columns.
[[nodiscard]] std::string render_facts(const Terminal& terminal,
                                       const std::vector<std::pair<std::string, std::string>>& facts,
                                       std::size_t at_most = 0);

}  // namespace nano::cli
