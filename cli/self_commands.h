// cli/self_commands.h: the commands that are about the program itself; both programs have them.
#pragma once

#include "cli/invocation.h"

namespace nano::cli {

[[nodiscard]] Result<int> run_help(Invocation& in);         ///< `help [COMMAND...] [--markdown]`
[[nodiscard]] Result<int> run_completions(Invocation& in);  ///< `completions bash|zsh|fish`

/// Their entries in a table. `example` is a shell line that sets the completions up.
[[nodiscard]] Command help_command(std::string_view group, std::string_view example);
[[nodiscard]] Command completions_command(std::string_view group, std::string_view example);

}  // namespace nano::cli
