// app/policy.cpp: files to rules, releases to facts, and what verify/policy says of them.
#include "app/policy.h"

#include <algorithm>

#include "app/installed.h"
#include "base/text.h"
#include "resolver/license.h"

namespace nano::app {
namespace {

using verify::PolicyDecision;
using verify::PolicySource;

std::optional<UnixTime> time_of(const std::string& text) {
  const auto t = parse_time(text);
  if (!t) return std::nullopt;
  return *t;
}

/// By the registry if it can be asked; else when this machine first vouched for it, or its publisher's date if that is later.
std::optional<UnixTime> since_when(Remotes& remotes, const schemas::GenerationEntry& e,
                                   const schemas::Release& release) {
  if (!e.registry.empty())
    if (auto remote = remotes.for_namespace(e.name.ns))
      if (const auto known = public_since(**remote, e.name, e.version); known && *known) return *known;
  return std::max(time_of(release.created), time_of(e.verified));
}

Result<PolicyRow> judge_installed(const Context& ctx, Remotes& remotes, const store::Store& store,
                                  const std::vector<PolicySource>& policies,
                                  const schemas::GenerationEntry& e) {
  NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
  std::optional<UnixTime> since;
  if (asks_for_age(policies)) since = since_when(remotes, e, package.release);
  return PolicyRow{e.name.text(), e.version.text(),
                   judge(ctx, policies, facts_of(package.release, e, since))};
}

PolicyReport report_of(const std::vector<PolicySource>& policies) {
  PolicyReport out;
  for (const auto& s : policies) out.files.push_back(s.where);
  return out;
}

bool fails(const PolicyDecision& d) {
  return !d.holds;
}

}  // namespace

bool asks_for_age(const std::vector<PolicySource>& policies) {
  return std::any_of(policies.begin(), policies.end(), [](const PolicySource& s) {
    return std::any_of(s.policy.rules.begin(), s.policy.rules.end(),
                       [](const auto& r) { return !r.min_release_age.empty(); });
  });
}

bool PolicyReport::broken() const {
  return std::any_of(rows.begin(), rows.end(), [](const PolicyRow& r) {
    return !r.version.empty() && std::any_of(r.decisions.begin(), r.decisions.end(), fails);
  });
}

Result<std::vector<PolicySource>> load_policies(const Context& ctx) {
  std::vector<PolicySource> out;
  for (const fs::Path& dir : {ctx.places.system_config_dir, ctx.places.config_dir}) {
    const fs::Path file = dir / "policy.json";
    const auto bytes = fs::read_file(file, schemas::kMaxPolicyBytes);
    if (!bytes && bytes.error().code == Errc::not_found) continue;
    if (!bytes) return bytes.error();
    auto policy = schemas::parse_policy(*bytes);
    if (!policy) return std::move(policy.error()).while_("reading " + file.string());
    out.push_back({file.string(), std::move(*policy)});
  }
  return out;
}

verify::ReleaseFacts facts_of(const schemas::Release& release, const schemas::GenerationEntry& entry,
                              std::optional<UnixTime> since) {
  const auto& m = release.manifest;
  verify::ReleaseFacts out{.name = entry.name.name.empty() ? m.name : entry.name,
                           .version = m.version,
                           .kind = m.kind,
                           .license = m.license.spdx,
                           .signers = {},
                           .public_since = since};
  if (!entry.chain.empty())
    out.signers = entry.chain.back().keys;
  else if (!entry.signer.empty())
    out.signers = {entry.signer};
  return out;
}

Result<std::optional<UnixTime>> public_since(Remote& remote, const schemas::PackageName& name,
                                             const schemas::Version& version) {
  NANO_TRY_ASSIGN(const schemas::IndexPackage* package, remote.package(name));
  if (package == nullptr) return std::optional<UnixTime>();
  for (const auto& v : package->versions) {
    if (v.version != version) continue;
    NANO_TRY_ASSIGN(const UnixTime since, remote.public_since(name, v));
    return std::optional<UnixTime>(since);
  }
  return std::optional<UnixTime>();
}

std::vector<PolicyDecision> judge(const Context& ctx, const std::vector<PolicySource>& policies,
                                  const verify::ReleaseFacts& facts) {
  return verify::judge(policies, facts, ctx.now,
                       [](const std::string& expression, const std::vector<std::string>& allowed) {
                         return resolver::license_allowed(expression, allowed);
                       });
}

Status heed_policy(const Context& ctx, const std::vector<PolicySource>& policies,
                   const verify::ReleaseFacts& facts) {
  const std::string what = facts.name.text() + " " + facts.version.text();
  for (const PolicyDecision& d : judge(ctx, policies, facts)) {
    if (d.holds) continue;
    const std::string text =
        what + " breaks the policy rule '" + sanitize(d.rule) + "' (" + d.demand + "): " + d.reason;
    if (d.mode == schemas::PolicyMode::enforce)
      return make_error(Errc::untrusted, text,
                        "the rule stands in " + d.where + "; `nano policy explain " + facts.name.text() +
                            "` shows all that speak of it");
    ctx.log->warn(text);
  }
  return Unit{};
}

Result<PolicyReport> policy_check(Context& ctx) {
  NANO_TRY_ASSIGN(const auto policies, load_policies(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto all, store::installed(store));
  Remotes remotes(ctx);
  PolicyReport out = report_of(policies);
  out.packages = all.size();
  for (const auto& e : all) {
    NANO_TRY_ASSIGN(auto row, judge_installed(ctx, remotes, store, policies, e.entry));
    if (std::any_of(row.decisions.begin(), row.decisions.end(), fails)) out.rows.push_back(std::move(row));
  }
  return out;
}

Result<PolicyReport> policy_explain(Context& ctx, const std::string& text) {
  NANO_TRY_ASSIGN(const schemas::PackageName name, named_package(text));
  NANO_TRY_ASSIGN(const auto policies, load_policies(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto all, store::installed(store));
  PolicyReport out = report_of(policies);
  for (const auto& e : all) {
    if (e.entry.name != name) continue;
    Remotes remotes(ctx);
    NANO_TRY_ASSIGN(auto row, judge_installed(ctx, remotes, store, policies, e.entry));
    out.packages = 1;
    out.rows.push_back(std::move(row));
    return out;
  }
  verify::ReleaseFacts unknown;
  unknown.name = name;
  out.rows.push_back({name.text(), "", judge(ctx, policies, unknown)});
  return out;
}

}  // namespace nano::app
