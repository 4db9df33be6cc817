// app/install.h: resolve, fetch, verify, stage and switch: what `nano install` does, as a plan and its
// execution.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/choose_options.h"
#include "app/context.h"
#include "schemas/generation.h"
#include "schemas/name.h"
#include "schemas/requirement.h"
#include "schemas/version.h"

namespace nano::app {

struct InstallOptions {
  std::vector<std::string>
      requests{};  ///< requirements, or paths of .nano bundles (contain '/' or end in .nano)
  bool dry_run = false;
  bool allow_unsigned = false;  ///< a bundle without a valid signature; asks on a terminal
  bool force = false;           ///< fetch and stage again what is installed
  std::set<schemas::PackageName> again{};  ///< installed but damaged: fetched and staged again (install() finds them)
  ChooseOptions choose{};
  bool chosen_by_nano = false;  ///< the requests are a choice of nano's (--task): their version and variant are not remembered
  /// `nano upgrade`: these, and what they need, may move to newer versions (all of them when empty); nothing new is asked for.
  bool upgrade = false;
  /// Every registry has just answered: one that does not while the plan is made ends the command. Else "up to date" would be said of what
  /// nobody was asked about.
  bool must_answer = false;
  // Exports only (air gap): both or neither. Their use is always said.
  std::optional<UnixTime> as_of{};  ///< the time by which their expiry is judged; not further back than max_stale
  int64_t max_stale_s = 0;          ///< seconds for which expired metadata are accepted
};

enum class Action { install, upgrade, downgrade, change_variant, reinstall, keep, remove };
[[nodiscard]] std::string_view action_word(Action a);

struct PlanItem {
  Action action = Action::install;
  schemas::PackageName name{};
  schemas::Version version{};
  std::optional<schemas::Version> from{};  ///< what it replaces
  std::string variant{};
  std::string from_variant{};
  std::string registry{};       ///< local name; "bundle" for a file
  std::string why{};            ///< "requested", or "needed by x 1.0.0"
  std::string why_variant{};    ///< "the fastest within one point of the best accuracy"; "" = there was no choice
  std::string license{};        ///< SPDX
  uint64_t bytes = 0;           ///< of all its files
  uint64_t download_bytes = 0;  ///< of those not in the store
  bool requested = false;
  bool is_unsigned = false;
};
/// What changes from one set of entries to another, by name: the plan of a rollback.
[[nodiscard]] std::vector<PlanItem> items_between(const std::vector<schemas::GenerationEntry>& before,
                                                  const std::vector<schemas::GenerationEntry>& after);

struct InstallReport {
  std::vector<PlanItem> items{};
  uint64_t download_bytes = 0;
  uint64_t fetched_bytes = 0;  ///< what this run really transferred (resumed parts are not counted)
  uint64_t generation = 0;     ///< the one now in force; 0 = nothing installed yet
  bool changed = false;        ///< false: everything was there already
  bool dry_run = false;
  double seconds = 0;
};

/// Plan, and unless dry_run, execute. On any error the old generation stays in force and fetched blobs are
/// kept.
///   errors  usage, not_found (package or version, with the nearest name), no_solution, network, integrity,
///   untrusted,
///           store, refused (--offline and not in the store)
[[nodiscard]] Result<InstallReport> install(Context& ctx, const InstallOptions& options);

struct UninstallOptions {
  std::vector<std::string> names{};
  bool dry_run = false;
};
struct UninstallReport {
  std::vector<PlanItem> removed{};  ///< what was asked for, and what only it needed
  uint64_t generation = 0;
  uint64_t reclaimable_bytes = 0;  ///< what `nano gc` would free now
};
/// errors  not_found (nearest installed name), usage: something installed needs it
[[nodiscard]] Result<UninstallReport> uninstall(Context& ctx, const UninstallOptions& options);

}  // namespace nano::app
