// cli/pager.h: long text through the reader's pager, on a terminal only.
#pragma once

#include <string_view>

#include "cli/output.h"
#include "cli/terminal.h"

namespace nano::cli {

/// Show `text` (sanitised; it may hold styles) on standard output: by $PAGER, or else `less`, when that is a terminal and
/// standard input is one too; as it is in a pipe, with PAGER empty or `cat`, and where no pager can be started. Waits until the
/// reader is done; meanwhile ^C is the pager's.
///   errors  store: standard output cannot be written
[[nodiscard]] Status page(Output& out, const Terminal& terminal, std::string_view text);

}  // namespace nano::cli
