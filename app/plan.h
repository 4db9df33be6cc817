// app/plan.h: from requests to a plan: what the resolver chose, and what that means for this store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/install.h"
#include "app/installed.h"
#include "app/remote.h"
#include "registry/bundle.h"
#include "resolver/resolver.h"

namespace nano::app {

/// A bundle named on the command line, its head read and its signature judged.
struct BundleRequest {
  fs::Path path{};
  std::string variant{};  ///< "" = the default one
  registry::BundleHead head{};
  std::vector<std::string> signers{};  ///< empty = unsigned (and allowed by the person)
};

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
  std::vector<schemas::PackageName> to_request{};  ///< installed as a dependency, now asked for by name
  std::vector<BundleRequest> bundles{};
};

/// A request on the command line: is it a bundle's path (it exists, or contains '/', or ends in .nano)?
[[nodiscard]] bool is_bundle_path(const std::string& request);

/// Read and judge a bundle. errors  not_found, invalid, untrusted (not signed by a configured key, and not
/// allowed), usage
[[nodiscard]] Result<BundleRequest> open_bundle_request(Context& ctx, const std::string& request,
                                                        bool allow_unsigned);

/// errors  usage, not_found (nearest name; version; variant), no_solution (the explanation), and those of the
/// registries
[[nodiscard]] Result<Plan> make_plan(Context& ctx, Remotes& remotes, const store::Store& store,
                                     const InstallOptions& options);

}  // namespace nano::app
