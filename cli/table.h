// cli/table.h: what a program can do, as data: parsing, help, completions and docs/COMMANDS.md are all made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nano::cli {

class Invocation;

/// What a shell offers for a word. From `installed` to `generations` the program itself is asked (`__complete`).
enum class Completes {
  nothing,
  installed,    ///< names of installed packages
  packages,     ///< those, and the ones in the last index of each registry; and files: bundles
  models,       ///< installed names and, after a ':', their variants; and files
  registries,   ///< names of configured registries
  tasks,
  languages,    ///< of packages in the last index
  licences,     ///< likewise
  generations,  ///< numbers
  files,
  folders,
  commands,
  choices,
};
/// The word by which `__complete` is asked; "" = it is not.
[[nodiscard]] std::string_view asked_word(Completes completes);

enum class OptionKind {
  flag,    ///< --dry-run
  value,   ///< --task T; given twice, the last one holds
  number,  ///< --top-k N; a whole number from `least` up
  multi,   ///< --key A --key B, or --key A,B (no FILE is parted at commas)
};

struct Option {
  std::string_view name{};  ///< long name without dashes
  char short_name = '\0';
  OptionKind kind = OptionKind::flag;
  std::string_view value{};  ///< the value's name in the usage: "N", "FILE"
  std::string_view help{};   ///< one sentence, lower case, no full stop
  std::vector<std::string_view> choices{};
  Completes completes = Completes::nothing;
  uint64_t least = 0;   ///< of a number
  bool hidden = false;  ///< for completions and builds; not in the help
};

struct Positional {
  std::string_view name{};  ///< "NAME"
  std::string_view help{};
  bool required = true;
  bool many = false;  ///< one or more (none or more, if not required); only the last may be
  Completes completes = Completes::nothing;
  std::vector<std::string_view> choices{};
};

struct Example {
  std::string_view line{};
  std::string_view what{};
};

using RunFunction = Result<int> (*)(Invocation&);

/// One command. `registry add` is one command of two words.
struct Command {
  std::string_view name{};
  std::string_view group{};
  std::string_view summary{};      ///< one line, for the list of commands
  std::string_view description{};  ///< paragraphs, separated by an empty line
  std::vector<Positional> positionals{};
  std::vector<Option> options{};
  std::vector<Example> examples{};
  std::vector<Errc> exits{};  ///< besides 0, 2 (usage) and 130 (interrupted), which every command can give
  RunFunction run = nullptr;  ///< returns the exit code, or the error that decides it
  bool hidden = false;
};

/// A program: the table of its commands. Lives as long as the process.
struct Program {
  std::string_view name{};  ///< as typed: "nano"
  std::string_view version{};
  std::string_view summary{};
  std::vector<std::string_view> also_called{};  ///< other names of the same program, for completions
  std::vector<std::string_view> groups{};       ///< in the order of the help
  std::vector<Command> commands{};
  std::vector<Example> start{};  ///< what to try first; the top of the help
  /// Says what somebody meant whose first word is no command (`rm`, a file for an editor); nullopt: nothing known.
  std::optional<Error> (*stray)(const std::vector<std::string>& args, std::size_t at) = nullptr;
};

/// The six global flags as given; also read from NANO_*. Settled by the program with its configuration.
struct GlobalFlags {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool offline = false;
  std::string registry{};
  std::string store{};
};

/// The global flags as options, for parsing, help and completions (the names and the order are DESIGN section 3's).
[[nodiscard]] const std::vector<Option>& global_options();

/// nullptr when there is none. `name` may have two words.
[[nodiscard]] const Command* find_command(const Program& program, std::string_view name);
/// The commands below a first word: `registry` has `registry add`, …; empty for a plain command.
[[nodiscard]] std::vector<const Command*> family(const Program& program, std::string_view first_word);
/// Every first word that is not hidden, in the order of the table, each once.
[[nodiscard]] std::vector<std::string> first_words(const Program& program);

}  // namespace nano::cli
