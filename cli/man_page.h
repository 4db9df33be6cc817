// cli/man_page.h: manual pages (man(7) roff) from the same table as the help, for `cmake --install`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/table.h"

namespace nano::cli {

struct ManPage {
  std::string file{};  ///< "nanom-registry-add.1"
  std::string text{};  ///< roff
};

/// One page for the program and one for each command that is not hidden. `page_name` stands before each name: the client's pages are
/// nanom's, because `nano registry add` and `nano-registry add` would both be nano-registry-add(1) and nano(1) is the editor's.
///   source  man(7); no date, so that the same table gives the same bytes
[[nodiscard]] std::vector<ManPage> man_pages(const Program& program, std::string_view page_name);

}  // namespace nano::cli
