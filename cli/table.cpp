// cli/table.cpp: look-ups in a program's table, and the global flags.
#include "cli/table.h"

#include <algorithm>

namespace nano::cli {

const std::vector<Option>& global_options() {
  static const std::vector<Option> options = {
      {.name = "json", .help = "print one JSON document (NANO_JSON)"},
      {.name = "quiet", .short_name = 'q', .help = "say nothing but errors and results (NANO_QUIET)"},
      {.name = "verbose", .short_name = 'v', .help = "say what is being done (NANO_VERBOSE)"},
      {.name = "offline", .help = "use no network; fail with 12 where one would be needed (NANO_OFFLINE)"},
      {.name = "registry",
       .kind = OptionKind::value,
       .value = "NAME",
       .help = "use this configured registry only (NANO_REGISTRY)",
       .completes = Completes::registries},
      {.name = "store",
       .kind = OptionKind::value,
       .value = "DIR",
       .help = "keep packages here (NANO_STORE)",
       .completes = Completes::folders},
  };
  return options;
}

std::string_view asked_word(Completes completes) {
  switch (completes) {
    case Completes::installed: return "installed";
    case Completes::packages: return "packages";
    case Completes::models: return "models";
    case Completes::registries: return "registries";
    case Completes::tasks: return "tasks";
    case Completes::languages: return "languages";
    case Completes::licences: return "licences";
    case Completes::generations: return "generations";
    case Completes::nothing:
    case Completes::files:
    case Completes::folders:
    case Completes::commands:
    case Completes::choices: break;
  }
  return "";
}

const Command* find_command(const Program& program, std::string_view name) {
  for (const auto& c : program.commands)
    if (c.name == name) return &c;
  return nullptr;
}

std::vector<const Command*> family(const Program& program, std::string_view first_word) {
  std::vector<const Command*> out;
  for (const auto& c : program.commands)
    if (c.name.size() > first_word.size() && c.name.substr(0, first_word.size()) == first_word &&
        c.name[first_word.size()] == ' ')
      out.push_back(&c);
  return out;
}

std::vector<std::string> first_words(const Program& program) {
  std::vector<std::string> out;
  for (const auto& c : program.commands) {
    if (c.hidden) continue;
    std::string word(c.name.substr(0, c.name.find(' ')));
    if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(std::move(word));
  }
  return out;
}

}  // namespace nano::cli
