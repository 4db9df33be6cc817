// cli/nano/commands.h: the commands of `nano`, by file; table.cpp puts them into one table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/install.h"
#include "cli/invocation.h"

namespace nano::cli {

[[nodiscard]] const Program& nano_program();

// Each file adds its commands, in the order of the help.
void add_package_commands(
    std::vector<Command>& table);  ///< commands_packages.cpp: install, uninstall, list, rollback, history, gc
void add_find_commands(std::vector<Command>& table);   ///< commands_find.cpp: search, info, card
void add_complete_commands(std::vector<Command>& table);  ///< commands_complete.cpp: __complete (hidden)
void add_use_commands(std::vector<Command>& table);    ///< commands_use.cpp: run, embed, path
void add_bench_commands(std::vector<Command>& table);  ///< commands_bench.cpp: bench
void add_make_commands(std::vector<Command>& table);   ///< commands_make.cpp: new, pack, inspect, convert, quantize
void add_golden_commands(std::vector<Command>& table);  ///< commands_golden.cpp: golden
void add_why_commands(std::vector<Command>& table);  ///< commands_why.cpp: resolve, why, why-not, why-variant, tree
void add_upgrade_commands(std::vector<Command>& table);  ///< commands_upgrade.cpp: outdated, upgrade, pin, unpin
void add_project_commands(std::vector<Command>& table);  ///< commands_project.cpp: init, add, remove, lock, sync
void add_policy_commands(std::vector<Command>& table);  ///< commands_policy.cpp: policy check, policy explain
void add_sign_commands(std::vector<Command>& table);   ///< commands_sign.cpp: sign
void add_trust_commands(std::vector<Command>& table);  ///< commands_trust.cpp: verify
void add_audit_commands(std::vector<Command>& table);  ///< commands_audit.cpp: audit, trust
void add_carry_commands(std::vector<Command>& table);  ///< commands_carry.cpp: export, import
void add_setting_commands(
    std::vector<Command>& table);  ///< commands_settings.cpp: registry, config, doctor, version

/// Says of every argument and option of the table which names the shell may offer for it. (commands_complete.cpp)
void name_completions(std::vector<Command>& table);

/// `verify --oms`. (commands_sign.cpp)
[[nodiscard]] Result<int> run_verify_oms(Invocation& in);

/// The use cases' context for this call: reads the configuration, settles the global flags, wires questions and progress.
/// (context.cpp)
[[nodiscard]] Result<app::Context> open_context(Invocation& in);

/// Program::stray of `nano`. (habits.cpp)
[[nodiscard]] std::optional<Error> stray_word(const std::vector<std::string>& args, std::size_t at);

/// What `install` says at its end; the exit code. (commands_packages.cpp)
[[nodiscard]] int show_install(Invocation& in, const app::InstallReport& report);

}  // namespace nano::cli
