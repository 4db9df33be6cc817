// cli/help.h: help made from the table: for people at a terminal, and as the manual docs/COMMANDS.md.
#pragma once

#include <string>
#include <string_view>

#include "cli/table.h"
#include "cli/terminal.h"

namespace nano::cli {

[[nodiscard]] std::string program_help(const Program& program, const Terminal& terminal);
/// Usage, description, options, global flags, examples, exit codes.
[[nodiscard]] std::string command_help(const Program& program, const Command& command,
                                       const Terminal& terminal);
/// The commands below a first word ("registry").
[[nodiscard]] std::string family_help(const Program& program, std::string_view first_word,
                                      const Terminal& terminal);
/// Help for a topic as Parsed gives it. errors  usage: no such command
[[nodiscard]] Result<std::string> topic_help(const Program& program, std::string_view topic,
                                             const Terminal& terminal);

/// All commands as GitHub-flavoured markdown: this program's part of docs/COMMANDS.md.
[[nodiscard]] std::string manual_markdown(const Program& program);

/// What an exit code means to a person: "a file or document breaks its format".
[[nodiscard]] std::string_view exit_meaning(Errc code);
/// docs/EXIT_CODES.md.
[[nodiscard]] std::string exit_codes_markdown();

}  // namespace nano::cli
