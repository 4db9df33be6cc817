// app/upgrade.h: newer versions of what is installed, or locked in the project; and holding packages where they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/choose_options.h"
#include "app/context.h"
#include "app/unasked.h"
#include "resolver/offer.h"

namespace nano::app {

/// A claim of the version that is there beside that of the version that could be.
struct ClaimChange {
  std::string figure{};  ///< "accuracy on sst2", "p50"
  std::string before{};  ///< "0.8314"; "" = not claimed
  std::string after{};
};

struct OutdatedRow {
  std::string name{};
  std::string version{};
  std::string variant{};
  std::string wanted{};  ///< what `nano upgrade` would take; the same as version = nothing to do
  std::string wanted_variant{};
  std::string newest{};  ///< of all versions not below what is there, within what was asked for or not; never a yanked one, a
                         ///< pre-release by the rule of schemas/first_choice.h
  bool pinned = false;
  std::string blocked{};  ///< why `wanted` is not `newest`: "the project requires ^1" in short; "" = it is
  int64_t bytes = 0;      ///< difference in size; negative = smaller
  std::vector<ClaimChange> claims{};
};
struct OutdatedReport {
  std::vector<OutdatedRow> rows{};  ///< those with something newer, by name
  bool updates = false;             ///< `nano upgrade` would do something
  std::vector<Unasked> unasked{};   ///< whose registries could not say: nothing is known to be up to date that is here
};
/// Of the project of the working folder, else of the generation: the plan of `nano upgrade NAMES` (upgrade_plan.h), row by row.
///   names   as for upgrade; empty = everything
///   errors  no_solution: what is there no longer fits together; not_found: a name that is not there; those of the registries
[[nodiscard]] Result<OutdatedReport> outdated(Context& ctx, const ChooseOptions& options,
                                              const std::vector<std::string>& names = {});
/// Warn of each package here that no registry can be asked about. For a project's upgrade, which would end at the first.
[[nodiscard]] Result<std::vector<Unasked>> unasked_here(Context& ctx);

struct PinReport {
  std::string name{};
  std::string version{};
  std::string variant{};  ///< held too; "" = the package has none, or a pin of another version than the locked one leaves it open
  bool project = false;  ///< written to nano.json; else to a new generation
  bool changed = false;  ///< it was otherwise before
  bool moves = false;    ///< of a project: another version is locked; the next `nano lock` moves it
  bool dry_run = false;
};
/// Hold `name` at the version and variant that are there (or at `name@version:variant` in a project's nano.json).
///   errors  not_found: not installed or locked, or no such version or variant; usage: a range that is not one version; those of the
///           registries, where a version is named that is not locked
[[nodiscard]] Result<PinReport> pin(Context& ctx, const std::string& requirement, bool dry_run = false);
/// errors  not_found: it is not pinned
[[nodiscard]] Result<PinReport> unpin(Context& ctx, const std::string& name, bool dry_run = false);

/// Claims that differ between two offers' variants.
[[nodiscard]] std::vector<ClaimChange> claim_changes(const resolver::Offer& before,
                                                     const std::string& before_variant,
                                                     const resolver::Offer& after,
                                                     const std::string& after_variant);

}  // namespace nano::app
