// app/plan.h: from requests to a plan: what the resolver chose, and what that means for this store.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/install.h"
#include "app/installed.h"
#include "app/offers.h"

namespace nano::app {

/// One package to be put in place.
struct Step {
  PlanItem item{};
  Registry const* registry = nullptr;   ///< nullptr: from a bundle
  std::optional<std::size_t> bundle{};  ///< index into Plan::bundles
  Digest release{};                     ///< digest the index (or the bundle) states
};

struct Plan {
  schemas::Generation before{};                    ///< the generation it was made for
  std::vector<Step> steps{};                       ///< what changes, dependencies first in name order
  std::vector<PlanItem> kept{};                    ///< asked for and there already
  /// Asked for by name from now on, in this way: of packages that a step puts in place, and of those that stay as they are.
  std::map<schemas::PackageName, schemas::AskedFor> asked{};
  std::vector<BundleRequest> bundles{};
  [[nodiscard]] bool changes_anything() const;
  bool keys_were_compared = false;  ///< with those of a lockfile: not again with what is in place
};

/// What putting this version and variant in place does to what is there now (nullptr: nothing).
[[nodiscard]] Action action_for(const schemas::GenerationEntry* now, const schemas::Version& version, const std::string& variant);

/// Read and judge a file that a request names (schemas/word.h). A packed bundle is unsigned; an export goes through the updater of the registry it names, which must
/// be configured and own the namespaces, and nothing is fetched for it.
///   errors  not_found, invalid, integrity, usage; untrusted: unsigned and not allowed, of no configured registry, of a namespace
///           that another registry owns, expired (and not excused by --as-of and --max-stale), older than what was seen before
[[nodiscard]] Result<std::vector<BundleRequest>> open_bundle_request(Context& ctx, const std::string& request,
                                                                     const InstallOptions& options);

/// errors  usage, not_found (nearest name; version; variant), no_solution (the explanation), and those of the
/// registries
[[nodiscard]] Result<Plan> make_plan(Context& ctx, Remotes& remotes, const store::Store& store,
                                     const InstallOptions& options);

/// What the resolver is asked when nothing but `current` counts: what was asked for earlier, in the range and variant it was asked
/// for in, must stay possible and keeps its version unless something new needs another, even a yanked one; pins hold.
[[nodiscard]] resolver::ChooseRequest request_to_keep(const schemas::Generation& current);

/// The explanation as an error. errors  untrusted: policy and advisories alone stand in the way; else no_solution
[[nodiscard]] Error refusal_error(const Context& ctx, const resolver::Refusal& refusal);

/// choose(), with latencies corrected by this machine's calibration, which is measured now if that could change anything.
[[nodiscard]] Result<resolver::ChooseOutcome> choose_here(Context& ctx, resolver::ChooseRequest& request,
                                                          Offers& offers, resolver::Memory& memory);

/// A request that no version in the registry meets: which of the two is missing, the package or the version?
///   errors  not_found (with the nearest name, or the versions there are)
[[nodiscard]] Status check_exists(Offers& offers, Remotes& remotes, const schemas::Requirement& want);

/// Fetch, verify and stage the steps of a plan for a project, then hand their entries (in the order of the steps) to `finish`
/// under the writers' lock. No generation is written. dry_run: nothing but the report is made.
[[nodiscard]] Status put_in_place(Context& ctx, Remotes& remotes, const store::Store& store, const Plan& plan, bool dry_run,
                                  InstallReport& report,
                                  const std::function<Status(const store::WriteLock&, const std::vector<schemas::GenerationEntry>&)>& finish);

/// Steps for what `choices` has and `before` has not, dependencies and all, sorted by name.
///   asked    named by the person now
[[nodiscard]] Result<std::vector<Step>> steps_for(const resolver::Choices& choices, const Plan& plan,
                                                  Offers& offers, Remotes& remotes,
                                                  const std::set<schemas::PackageName>& asked, bool again);

}  // namespace nano::app
