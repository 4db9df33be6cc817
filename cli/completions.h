// cli/completions.h: shell completions made from the table.
#pragma once

#include <string>

#include "cli/table.h"

namespace nano::cli {

/// A script to source: commands, second words, options, choices, files, and the names `nano list --names` prints.
[[nodiscard]] std::string bash_completions(const Program& program);
[[nodiscard]] std::string zsh_completions(const Program& program);
[[nodiscard]] std::string fish_completions(const Program& program);

}  // namespace nano::cli
