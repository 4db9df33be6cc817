// cli/nano_registry/commands.cpp: the table of `nano-registry`.
#include "cli/nano_registry/commands.h"

#include "cli/nano_registry/shared.h"
#include "cli/self_commands.h"

namespace nano::cli {
namespace {

Result<int> run_version(Invocation& in) {
  if (in.json()) {
    in.document({{"version", std::string(in.program().version)}});
  } else {
    in.out().line(std::string(in.program().name) + " " + std::string(in.program().version));
  }
  return 0;
}

Program make_program() {
  constexpr std::string_view kHelp = "Help";
  Program p{.name = "nano-registry",
            .version = NANO_VERSION,
            .summary = "makes and signs the folder that is a nano registry",
            .groups = {kTreeGroup, kPeopleGroup, kKeysGroup, kHelp}};
  add_tree_commands(p.commands);
  add_people_commands(p.commands);
  add_key_commands(p.commands);
  add_upkeep_commands(p.commands);
  p.commands.push_back({.name = "version",
                        .group = kHelp,
                        .summary = "show the version",
                        .description = "Prints the program's name and version.",
                        .examples = {{.line = "nano-registry version"}},
                        .run = run_version});
  p.commands.push_back(completions_command(
      kHelp, "nano-registry completions bash > ~/.local/share/bash-completion/completions/nano-registry"));
  p.commands.push_back(help_command(kHelp, "nano-registry help add"));
  return p;
}

}  // namespace

const Program& registry_program() {
  static const Program program = make_program();
  return program;
}

}  // namespace nano::cli
