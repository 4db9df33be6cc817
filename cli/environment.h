// cli/environment.h: the environment variables the programs and the library read, as data: `help environment`, the end of a
// command's help and docs/ENVIRONMENT.md are made from it. A test holds the table against the sources.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/table.h"
#include "cli/terminal.h"

namespace nano::cli {

struct Variable {
  std::string_view name{};
  std::string_view group{};      ///< heading
  std::string_view read_by{};    ///< "nano, libnano"
  std::string_view otherwise{};  ///< what holds when it is not set
  std::string_view meaning{};    ///< one or two sentences
  /// Commands whose help names it, separated by spaces; "network": all that may use the network; "passphrase": all
  /// that take --passphrase-file; "" = none.
  std::string_view commands{};
};

[[nodiscard]] std::span<const Variable> variables();
[[nodiscard]] bool read_by(const Variable& variable, const Program& program);
/// "NANO_THREADS, NANO_KERNELS": those that matter to one command of a program, beyond the global options' own; "" = none.
[[nodiscard]] std::string variables_of(const Program& program, const Command& command);

/// `nano help environment`.
[[nodiscard]] std::string environment_help(const Program& program, const Terminal& terminal);
/// docs/ENVIRONMENT.md.
[[nodiscard]] std::string environment_markdown();

}  // namespace nano::cli
