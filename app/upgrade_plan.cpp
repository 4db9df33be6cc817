// app/upgrade_plan.cpp: what may move, and how far down.
#include "app/upgrade_plan.h"

#include <algorithm>
#include <set>

#include "app/plan.h"
#include "base/text.h"
#include "store/packages.h"

namespace nano::app {
namespace {

using schemas::PackageName;

/// Why what is there cannot be taken for granted; "" = it can.
enum class Footing { good, yanked, gone, unwanted };

const resolver::Offer* offer_of_version(const std::vector<resolver::Offer>& all, const schemas::Version& v) {
  for (const auto& o : all)
    if (o.version == v) return &o;
  return nullptr;
}

bool is_allowed(const resolver::ChooseRequest& request, const PackageName& name, const schemas::Version& v) {
  if (const auto o = request.overrides.find(name); o != request.overrides.end()) return o->second.set.contains(v);
  return std::all_of(request.requirements.begin(), request.requirements.end(),
                     [&](const auto& r) { return r.name != name || r.set.contains(v); });
}

Footing footing_of(const There& t, const std::vector<resolver::Offer>& all, const resolver::ChooseRequest& request) {
  if (!is_allowed(request, t.name, t.version)) return Footing::unwanted;
  const auto* offer = offer_of_version(all, t.version);
  if (offer == nullptr) return Footing::gone;
  return offer->yanked ? Footing::yanked : Footing::good;
}

/// The floors that the proof of "no solution" stands on are taken away. false = it stands on none.
bool drop_floors(const resolver::NoSolution& proof, resolver::ChooseRequest& request) {
  bool dropped = false;
  for (const auto& f : proof.facts)
    if (f.kind == resolver::Fact::Kind::unusable && f.filter == resolver::kFloorFilter)
      dropped = request.floors.erase(f.package) > 0 || dropped;
  return dropped;
}

/// Something that is there and cannot be taken for granted.
struct Shaky {
  const There* there = nullptr;
  Footing footing = Footing::good;
};

/// A yanked version that nothing can replace is no reason to do nothing for the others: those that the proof stands on stay.
/// false = it stands on none.
bool let_yanked_stay(const resolver::NoSolution& proof, const std::vector<Shaky>& shaky, resolver::ChooseRequest& request) {
  bool changed = false;
  for (const auto& f : proof.facts) {
    if (f.kind != resolver::Fact::Kind::yanked) continue;
    for (const Shaky& s : shaky) {
      if (s.footing != Footing::yanked || s.there->name != f.package || request.locked.contains(f.package)) continue;
      request.locked[f.package] = {s.there->version, s.there->variant};
      request.installed.erase(f.package);
      request.floors.emplace(f.package, s.there->version);
      changed = true;
    }
  }
  return changed;
}

/// Floors and yanks give way only where a proof says that they must.
Result<resolver::ChooseOutcome> choose_above(Context& ctx, const std::vector<Shaky>& shaky, resolver::ChooseRequest& request,
                                             Offers& offers, resolver::Memory& memory) {
  while (true) {
    NANO_TRY_ASSIGN(auto outcome, choose_here(ctx, request, offers, memory));
    const auto* refusal = std::get_if<resolver::Refusal>(&outcome);
    if (refusal == nullptr || shaky.empty()) return outcome;
    if (!drop_floors(refusal->proof, request) && !let_yanked_stay(refusal->proof, shaky, request)) return outcome;
  }
}

std::string yank_text(const There& t, const std::vector<resolver::Offer>& all) {
  const auto* offer = offer_of_version(all, t.version);
  const std::string reason = offer != nullptr && offer->yanked ? *offer->yanked : "";
  return t.name.text() + " " + t.version.text() + " was yanked" + (reason.empty() ? "" : " (" + sanitize(reason) + ")");
}

}  // namespace

std::vector<There> what_is_there(const schemas::Lockfile& lock, const std::vector<schemas::PinRule>& pins) {
  std::vector<There> out;
  for (const auto& p : lock.packages) {
    const bool pinned = std::any_of(pins.begin(), pins.end(), [&](const auto& x) { return x.name == p.name; });
    out.push_back({p.name, p.version, p.variant, pinned, p.dependencies, p.registry_id, p.registry_id.empty()});
  }
  return out;
}

std::vector<There> what_is_there(const store::Store& store, const schemas::Generation& current) {
  std::vector<There> out;
  for (const auto& e : current.entries) {
    if (e.signer.empty()) continue;
    There& t = out.emplace_back(There{e.name, e.version, e.variant, e.pinned, {}, e.registry_id, e.registry == kStarterName});
    if (const auto package = store::open_package(store, e.dir))
      for (const auto& d : package->release.manifest.dependencies) t.needs.push_back(d.name);
  }
  return out;
}

void let_move(const std::vector<There>& there, const std::vector<PackageName>& named, resolver::ChooseRequest& request) {
  std::set<PackageName> moving;
  std::vector<PackageName> open = named;
  if (open.empty())
    for (const There& t : there) open.push_back(t.name);
  while (!open.empty()) {
    const PackageName name = open.back();
    open.pop_back();
    if (!moving.insert(name).second) continue;
    const auto it = std::find_if(there.begin(), there.end(), [&](const There& t) { return t.name == name; });
    if (it != there.end()) open.insert(open.end(), it->needs.begin(), it->needs.end());
  }
  for (const PackageName& name : moving) {
    const auto kept = request.locked.find(name);
    if (kept == request.locked.end()) continue;
    kept->second.variant_only = true;
    request.installed.insert(*kept);
    request.locked.erase(kept);
  }
}

Result<UpgradePlan> plan_upgrade(Context& ctx, const std::vector<There>& there, const std::vector<schemas::Requirement>& named,
                                 resolver::ChooseRequest request, Offers& offers, resolver::Memory& memory) {
  std::vector<PackageName> names;
  for (const auto& want : named) names.push_back(want.name);
  let_move(there, names, request);
  std::vector<Shaky> shaky;
  if (!request.lowest)
    for (const There& t : there) {
      NANO_TRY_ASSIGN(const auto* all, memory.look(t.name));
      const bool moves = !request.locked.contains(t.name);
      // By what was asked for earlier: to name an older version now is no reason to go down to it.
      const Footing footing = footing_of(t, *all, request);
      if (footing == Footing::good || (footing == Footing::yanked && !moves))
        request.floors.emplace(t.name, t.version);
      else
        shaky.push_back({&t, footing});
    }
  for (const auto& want : named)
    if (!want.range.is_any() || !want.variant.empty()) request.requirements.push_back(resolver::requirement_of(want));
  UpgradePlan plan;
  plan.request = std::move(request);
  NANO_TRY_ASSIGN(plan.outcome, choose_above(ctx, shaky, plan.request, offers, memory));
  const auto* choices = std::get_if<resolver::Choices>(&plan.outcome);
  if (choices == nullptr || plan.request.lowest) return plan;
  for (const There& t : there) {
    const auto choice = choices->find(t.name);
    if (choice == choices->end()) continue;
    NANO_TRY_ASSIGN(const auto* all, memory.look(t.name));
    const auto it = std::find_if(shaky.begin(), shaky.end(), [&](const Shaky& s) { return s.there == &t; });
    const Footing footing = it == shaky.end() ? Footing::good : it->footing;
    if (choice->second.version < t.version) {
      const std::string what = t.name.text() + " goes down from " + t.version.text() + " to " + choice->second.version.text() + ": ";
      plan.remarks.push_back(what + (footing == Footing::yanked     ? yank_text(t, *all)
                                     : footing == Footing::gone     ? "no registry lists " + t.version.text() + " any more"
                                     : footing == Footing::unwanted ? "another range is asked for now"
                                                                      : "what else goes down needs that"));
    } else if (choice->second.version == t.version && footing == Footing::yanked) {
      plan.remarks.push_back(yank_text(t, *all) + ", and no other version fits: it stays");
    }
  }
  return plan;
}

}  // namespace nano::app
