// app/why.h: why a package is there, why another is not, which variant and why, and what depends on what.
#pragma once

#include <string>
#include <vector>

#include "app/choose_options.h"
#include "app/context.h"
#include "app/install.h"
#include "resolver/variants.h"

namespace nano::app {

/// One package of the tree, or one step of a chain.
struct TreeNode {
  std::string name{};
  std::string version{};
  std::string variant{};
  std::string range{};    ///< that the one above asks for; "" = any, or nobody is above
  bool repeated = false;  ///< shown further up with what it needs; here without
  bool pinned = false;
  std::vector<TreeNode> needs{};
};

/// What is installed (in a project: what it was synced to), from what was asked for down to what is needed.
///   errors  store, and those of finding the project
[[nodiscard]] Result<std::vector<TreeNode>> dependency_tree(const Context& ctx);

struct WhyReport {
  TreeNode package{};
  bool requested = false;
  std::vector<std::vector<TreeNode>>
      chains{};  ///< from what was asked for to the package; the shortest of each beginning
};
/// errors  not_found: not installed (nearest name)
[[nodiscard]] Result<WhyReport> why(const Context& ctx, const std::string& name);

struct WhyNotReport {
  std::string requirement{};  ///< as it was understood: a name alone means its newest version
  bool possible = false;
  std::vector<std::string> lines{};        ///< the explanation
  std::vector<std::string> suggestions{};  ///< each tried
  std::vector<PlanItem> plan{};            ///< when possible: what `nano install` would do
};
/// errors  not_found: no such package or version (exit 3); usage
[[nodiscard]] Result<WhyNotReport> why_not(Context& ctx, const std::string& requirement,
                                           const ChooseOptions& options);

struct WhyVariantReport {
  std::string name{};
  std::string version{};
  std::string installed{};  ///< the variant that is installed; "" = none
  std::string metric{};
  std::string dataset{};
  bool calibrated = false;  ///< latencies are corrected for this machine
  std::vector<resolver::VariantVerdict> variants{};
};
/// Of the installed version, else of the newest that may be used.
[[nodiscard]] Result<WhyVariantReport> why_variant(Context& ctx, const std::string& requirement,
                                                   const ChooseOptions& options);

}  // namespace nano::app
