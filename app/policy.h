// app/policy.h: policy.json of the user and of the system: heeded by install, checked and explained on request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/remote.h"
#include "schemas/generation.h"
#include "schemas/release.h"
#include "verify/policy/policy.h"

namespace nano::app {

/// `policy.json` beside the system's and the user's config.json; a file that is not there asks for nothing. Both hold.
///   errors  invalid: named, with the place; store. Never "no policy" because one cannot be read.
[[nodiscard]] Result<std::vector<verify::PolicySource>> load_policies(const Context& ctx);

/// What the policy rules look at, of a release about to be installed or installed.
///   entry  its signer and chain
[[nodiscard]] verify::ReleaseFacts facts_of(const schemas::Release& release,
                                            const schemas::GenerationEntry& entry,
                                            std::optional<UnixTime> public_since);
/// Does any rule want an age? Only then are dates asked for.
[[nodiscard]] bool asks_for_age(const std::vector<verify::PolicySource>& policies);
/// Remote::public_since of a version; nullopt when the registry does not list it. errors  those of reading the registry
[[nodiscard]] Result<std::optional<UnixTime>> public_since(Remote& remote, const schemas::PackageName& name,
                                                           const schemas::Version& version);

[[nodiscard]] std::vector<verify::PolicyDecision> judge(const Context& ctx,
                                                        const std::vector<verify::PolicySource>& policies,
                                                        const verify::ReleaseFacts& facts);
/// Warns of broken rules that only warn. errors  untrusted: an enforced rule does not hold; the rule is named
[[nodiscard]] Status heed_policy(const Context& ctx, const std::vector<verify::PolicySource>& policies,
                                 const verify::ReleaseFacts& facts);

struct PolicyRow {
  std::string package{};
  std::string version{};  ///< "" = not installed: the rules that speak of the name, without a verdict
  std::vector<verify::PolicyDecision> decisions{};
};
struct PolicyReport {
  std::vector<std::string> files{};  ///< policies in force
  std::size_t packages = 0;          ///< installed ones that were looked at
  std::vector<PolicyRow> rows{};     ///< check: those below policy. explain: the one asked for
  [[nodiscard]] bool broken() const;
};
/// Everything installed. Registries are asked for dates only if a rule wants an age; where one cannot be, what this machine saw
/// first counts. errors  invalid, store
[[nodiscard]] Result<PolicyReport> policy_check(Context& ctx);
/// One package, installed or not. errors  also usage: no name
[[nodiscard]] Result<PolicyReport> policy_explain(Context& ctx, const std::string& name);

}  // namespace nano::app
