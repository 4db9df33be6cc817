// app/lock_plan.cpp: the resolver's choices as lock lines and steps.
#include "app/lock_plan.h"

#include <algorithm>
#include <set>

#include "app/installed.h"
#include "app/judge.h"
#include "app/lock_edited.h"
#include "app/upgrade_plan.h"
#include "base/text.h"
#include "base/url.h"

namespace nano::app {
namespace {

using schemas::LockedPackage;
using schemas::PackageName;

std::string what(const LockedPackage& p) {
  return p.version.text() + (p.variant.empty() ? "" : " " + p.variant);
}

Step step_of(const LockedPackage& p, const Registry& registry) {
  Step step;
  step.item.name = p.name;
  step.item.version = p.version;
  step.item.variant = p.variant;
  step.item.requested = p.requested;
  step.item.registry = registry.config.name;
  step.item.bytes = p.size;
  step.item.why = p.requested ? "the project requires it" : "needed";
  step.registry = &registry;
  step.release = p.release;
  return step;
}

const resolver::Offer* offer_for(const std::vector<resolver::Offer>& all, const schemas::Version& v) {
  for (const auto& o : all)
    if (o.version == v) return &o;
  return nullptr;
}

Result<std::vector<LockChange>> difference(const schemas::Lockfile& before, const schemas::Lockfile& after,
                                           resolver::Memory& memory) {
  std::vector<LockChange> out;
  for (const auto& p : after.packages) {
    const auto* old = before.find(p.name);
    if (old == nullptr) {
      out.push_back({.name = p.name.text(), .after = what(p), .bytes = static_cast<int64_t>(p.size)});
      continue;
    }
    const bool same = old->version == p.version && old->variant == p.variant && old->release == p.release &&
                      old->requested == p.requested && old->dependencies == p.dependencies;
    if (same) continue;
    LockChange c{.name = p.name.text(), .before = what(*old), .after = what(p)};
    c.bytes = static_cast<int64_t>(p.size) - static_cast<int64_t>(old->size);
    NANO_TRY_ASSIGN(const auto* offers, memory.look(p.name));
    const auto* from = offer_for(*offers, old->version);
    const auto* to = offer_for(*offers, p.version);
    if (from != nullptr && to != nullptr) c.claims = claim_changes(*from, old->variant, *to, p.variant);
    out.push_back(std::move(c));
  }
  for (const auto& p : before.packages)
    if (after.find(p.name) == nullptr)
      out.push_back({.name = p.name.text(), .before = what(p), .bytes = -static_cast<int64_t>(p.size)});
  std::sort(out.begin(), out.end(), [](const LockChange& a, const LockChange& b) { return a.name < b.name; });
  return out;
}

/// errors  untrusted: it was locked from another registry than it comes from now
Status check_registry(const LockedPackage& locked, const std::string& now) {
  if (locked.registry_id.empty() || now.empty() || locked.registry_id == now) return Unit{};
  return make_error(Errc::untrusted,
                    locked.name.text() + " was locked from another registry (" + locked.registry_id.substr(0, 16) + "…, now " +
                        now.substr(0, 16) + "…)",
                    "configure that registry, or take the package out of nano.lock and lock it anew");
}

/// The address where the lock was made first stays: it would be another one on each machine with a mirror.
void note_registry(const Project& project, const Remote& remote, schemas::Lockfile& lock) {
  const std::string id = remote.id().hex();
  if (lock.find_registry(id) != nullptr) return;
  const auto* old = project.lock ? project.lock->find_registry(id) : nullptr;
  lock.registries.push_back(old != nullptr ? *old : schemas::LockedRegistry{.id = id, .url = display_url(remote.registry().config.url)});
}

/// A lock that was edited by hand says what no registry ever said.
///   now  what the registry lists of the package; may_move: `nano upgrade` was asked to
Status check_edited(const LockedPackage& locked, const schemas::IndexPackage& now, bool may_move) {
  const schemas::IndexVersion* listed = nullptr;
  for (const auto& v : now.versions) {
    if (v.version == locked.version)
      listed = &v;
    else if (v.release == locked.release)
      return lock_has_other_release(locked.name, v.version, locked.version);
  }
  if (listed == nullptr) {
    if (may_move) return Unit{};
    return make_error(Errc::no_solution, "nano.lock has " + locked.name.text() + " " + locked.version.text() + ", which the registry does not list",
                      "`nano upgrade " + locked.name.text() + "` takes another version");
  }
  if (listed->release != locked.release) return Unit{};  // said where it is chosen
  for (const auto& v : listed->variants) {
    if (v.name != locked.variant) continue;
    if (v.size == locked.size) return Unit{};
    return lock_edited("gives " + what(locked) + " of " + locked.name.text() + " " + std::to_string(locked.size) + " bytes, its release has " +
                       std::to_string(v.size));
  }
  if (listed->variants.empty() && locked.variant.empty()) return Unit{};
  return lock_has_no_such_variant(locked.name, locked.version, locked.variant);
}

/// With an upgrade, the plan of upgrade_plan.h. Else what is locked stays where it fits; only --minimal takes the lowest versions
/// whatever the lock says, of what is added (and needed by that), or of everything.
Result<resolver::ChooseOutcome> choose_lock(Context& ctx, const Project& project, const SyncOptions& options,
                                            resolver::ChooseRequest& request, Offers& offers, resolver::Memory& memory) {
  const auto there = what_is_there(project.lock.value_or(schemas::Lockfile{}), project.manifest.pins);
  if (!options.upgrade) {
    std::vector<PackageName> added;
    for (const auto& text : options.add) {
      NANO_TRY_ASSIGN(const auto want, wanted_package(text));
      added.push_back(want.name);
    }
    if (request.lowest) let_move(there, added, request);
    return choose_here(ctx, request, offers, memory);
  }
  std::vector<schemas::Requirement> named;
  for (const auto& text : options.names) {
    NANO_TRY_ASSIGN(const auto want, wanted_package(text));
    if (!request.locked.contains(want.name))
      return make_error(Errc::not_found, "'" + want.name.text() + "' is not locked",
                        "`nano tree` shows what is");
    named.push_back(want);
  }
  NANO_TRY_ASSIGN(auto plan, plan_upgrade(ctx, there, named, request, offers, memory));
  for (const auto& remark : plan.remarks) ctx.log->warn(remark);
  return std::move(plan.outcome);
}

}  // namespace

Result<LockPlan> plan_lock(Context& ctx, const Project& project, const store::Store& store,
                           Remotes& remotes, const SyncOptions& options) {
  const std::vector<BundleRequest> no_bundles;
  // Not what is installed here: a lock must come out the same on every machine.
  const schemas::Generation nothing;
  Offers offers(ctx, remotes, store, nothing, no_bundles);
  resolver::Memory memory(offers);
  resolver::ChooseRequest request = request_of(project);
  NANO_TRY(apply(ctx, options.choose, request));
  for (const auto& text : options.add) {
    NANO_TRY_ASSIGN(const auto want, wanted_package(text));
    NANO_TRY(check_exists(offers, remotes, want));
  }
  NANO_TRY_ASSIGN(const auto outcome, choose_lock(ctx, project, options, request, offers, memory));
  if (const auto* refusal = std::get_if<resolver::Refusal>(&outcome)) return refusal_error(ctx, *refusal);
  LockPlan out;
  std::set<PackageName> open;
  for (const auto& text : options.names) {
    NANO_TRY_ASSIGN(const auto want, wanted_package(text));
    open.insert(want.name);
  }
  const std::set<PackageName> asked(request.asked.begin(), request.asked.end());
  for (const auto& [name, choice] : std::get<resolver::Choices>(outcome)) {
    NANO_TRY_ASSIGN(const schemas::IndexPackage* package, offers.in_registry(name));
    const schemas::IndexVersion* listed = nullptr;
    if (package != nullptr)
      for (const auto& v : package->versions)
        if (v.version == choice.version) listed = &v;
    if (listed == nullptr)
      return make_error(Errc::not_found,
                        "the registry no longer lists " + name.text() + " " + choice.version.text());
    LockedPackage p{
        .name = name, .version = choice.version, .variant = choice.variant.name, .release = listed->release};
    p.size = choice.variant.size;
    p.requested = asked.contains(name);
    for (const auto& d : choice.offer.dependencies) p.dependencies.push_back(d.name);
    std::sort(p.dependencies.begin(), p.dependencies.end());
    const auto* old = project.lock ? project.lock->find(name) : nullptr;
    if (old != nullptr) NANO_TRY(check_edited(*old, *package, options.upgrade && (open.empty() || open.contains(name))));
    if (old != nullptr && old->version == p.version) {
      if (old->release != p.release)
        return make_error(Errc::untrusted,
                          "nano.lock and the registry disagree about " + name.text() + " " +
                              p.version.text() + ": locked is the release " +
                              old->release.text().substr(0, 19) + "…, the registry has " +
                              p.release.text().substr(0, 19) + "…",
                          "a published version never changes: the lock was edited, or the registry lies; "
                          "`git log nano.lock` may tell");
      // What was learned when it was put in place stays as long as the release does.
      if (old->variant == p.variant) p.golden = old->golden;
    }
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(name.ns));
    if (!remote->registry().starter) {
      p.registry_id = remote->id().hex();
      p.signers = remote->tree().signers(p.release);
      note_registry(project, *remote, out.lock);
    }
    out.steps.push_back(step_of(p, remote->registry()));
    out.lock.packages.push_back(std::move(p));
  }
  for (const auto& p : out.lock.packages) {
    const auto* old = project.lock ? project.lock->find(p.name) : nullptr;
    if (old == nullptr) continue;
    NANO_TRY(check_registry(*old, p.registry_id));
    warn_of_other_keys(ctx, p.name, old->signers, p.signers);
  }
  NANO_TRY_ASSIGN(out.changes, difference(project.lock.value_or(schemas::Lockfile{}), out.lock, memory));
  return out;
}

Result<LockPlan> plan_frozen(const schemas::Lockfile& lock, Remotes& remotes, const std::vector<schemas::GenerationEntry>& held) {
  LockPlan out{.lock = lock};
  for (const auto& p : lock.packages) {
    if (std::any_of(held.begin(), held.end(), [&](const auto& e) { return e.name == p.name; })) continue;
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(p.name.ns));
    NANO_TRY(check_registry(p, remote->id().hex()));  // before it is asked for what another one has
    out.steps.push_back(step_of(p, remote->registry()));
  }
  return out;
}

Status check_vouchers(const Context& ctx, const schemas::Lockfile& lock, const std::vector<schemas::GenerationEntry>& entries) {
  for (const auto& e : entries) {
    const auto* locked = lock.find(e.name);
    if (locked == nullptr || locked->registry_id.empty()) continue;
    NANO_TRY(check_registry(*locked, e.registry_id));
    warn_of_other_keys(ctx, e.name, locked->signers, signing_keys(e.chain));
  }
  return Unit{};
}

}  // namespace nano::app
