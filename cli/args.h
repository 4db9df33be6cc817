// cli/args.h: from argv to one command with its options; every misuse is one clear error.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/table.h"

namespace nano::cli {

/// What was asked for on the command line.
struct Parsed {
  enum class What { run, help, version };
  What what = What::run;
  std::string topic{};               ///< help: the command's name, one word of a family, or "" = the program
  const Command* command = nullptr;  ///< run
  GlobalFlags globals{};
  std::map<std::string, std::vector<std::string>, std::less<>>
      options{};  ///< by long name; a flag has one empty value
  std::map<std::string, std::vector<std::string>, std::less<>> positionals{};  ///< by the name in the table
};

/// Parse the arguments after the program's name. Global flags may stand before or after the command's name; after `--`
/// nothing is an option. No environment is read here.
///   errors  usage: no such command or option (with the nearest real one), a missing or surplus argument, a value that
///           is not a number or not one of the choices
[[nodiscard]] Result<Parsed> parse_args(const Program& program, const std::vector<std::string>& args);

/// Whether these arguments (or NANO_JSON) ask for JSON, as well as can be told without parsing: decides how a usage
/// error is printed.
[[nodiscard]] bool wants_json(const std::vector<std::string>& args);
/// `1 true yes on` are true; unset, empty or anything else is false.
[[nodiscard]] bool env_flag(const char* name);
/// Likewise, but `0 false no off` and an empty one are all that is false. errors  usage: anything else
[[nodiscard]] Result<bool> env_switch(const char* name);

/// "nano run NAME [TEXT...]"
[[nodiscard]] std::string usage_line(const Program& program, const Command& command);

}  // namespace nano::cli
