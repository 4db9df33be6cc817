// cli/nano/table.cpp: the one table of `nano`'s commands.
#include "cli/nano/commands.h"
#include "cli/self_commands.h"

#ifndef NANO_VERSION
#error "NANO_VERSION comes from CMake"
#endif

namespace nano::cli {

const Program& nano_program() {
  static const Program program = [] {
    Program p{.name = "nano",
              .version = NANO_VERSION,
              .summary = "small neural networks, installed and run like a library",
              .also_called = {"nanom"},
              .groups = {"Find models", "Use models", "Packages", "Projects", "Trust", "Make packages", "Settings and help"}};
    add_find_commands(p.commands);
    add_use_commands(p.commands);
    add_bench_commands(p.commands);
    add_package_commands(p.commands);
    add_why_commands(p.commands);
    add_upgrade_commands(p.commands);
    add_project_commands(p.commands);
    add_trust_commands(p.commands);
    add_audit_commands(p.commands);
    add_carry_commands(p.commands);
    add_policy_commands(p.commands);
    add_make_commands(p.commands);
    add_golden_commands(p.commands);
    add_sign_commands(p.commands);
    add_setting_commands(p.commands);
    p.commands.push_back(completions_command(
        "Settings and help", "nano completions bash > ~/.local/share/bash-completion/completions/nano"));
    p.commands.push_back(help_command("Settings and help", "nano help run"));
    add_complete_commands(p.commands);
    name_completions(p.commands);
    p.stray = stray_word;
    p.start = {{.line = "nano search sentiment"},
               {.line = "nano install sentiment-50m"},
               {.line = "nano run sentiment-50m \"A joy from start to end.\""}};
    return p;
  }();
  return program;
}

}  // namespace nano::cli
