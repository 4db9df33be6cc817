// app/plan_steps.cpp: what the resolver chose, compared with what is installed.
#include <algorithm>

#include "app/plan.h"

namespace nano::app {
namespace {

using schemas::PackageName;
using schemas::Version;

/// Who in the solution asks for `name`.
std::string asker_of(const resolver::Choices& choices, const PackageName& name) {
  for (const auto& [other, choice] : choices)
    for (const auto& d : choice.offer.dependencies)
      if (d.name == name) return "needed by " + other.text() + " " + choice.version.text();
  return "needed";
}

Status from_bundle(const BundleRequest& bundle, std::size_t index, Step& step) {
  step.item.registry = "bundle";
  step.item.is_unsigned = bundle.is_unsigned();
  step.item.bytes = bundle.head.release.size_of(step.item.variant);
  step.bundle = index;
  step.release = bundle.head.digest;
  return Unit{};
}

Status from_registry(Offers& offers, Remotes& remotes, Step& step) {
  PlanItem& item = step.item;
  NANO_TRY_ASSIGN(const schemas::IndexPackage* package, offers.in_registry(item.name));
  const schemas::IndexVersion* v = nullptr;
  if (package != nullptr)
    for (const auto& x : package->versions)
      if (x.version == item.version) v = &x;
  if (v == nullptr)
    return make_error(Errc::not_found,
                      "the registry no longer lists " + item.name.text() + " " + item.version.text());
  NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(item.name.ns));
  step.registry = &remote->registry();
  step.release = v->release;
  item.registry = remote->registry().config.name;
  for (const auto& x : v->variants)
    if (x.name == item.variant) item.bytes = x.size;
  return Unit{};
}

PlanItem item_of(const schemas::GenerationEntry& e) {
  return {.name = e.name, .version = e.version, .variant = e.variant, .registry = e.registry, .why = "as it was",
          .requested = e.requested, .is_unsigned = e.signer.empty()};
}

}  // namespace

Action action_for(const schemas::GenerationEntry* now, const Version& version, const std::string& variant) {
  if (now == nullptr) return Action::install;
  if (now->version < version) return Action::upgrade;
  if (version < now->version) return Action::downgrade;
  return now->variant == variant ? Action::reinstall : Action::change_variant;
}

std::vector<PlanItem> items_between(const std::vector<schemas::GenerationEntry>& before,
                                    const std::vector<schemas::GenerationEntry>& after) {
  const auto in = [](const std::vector<schemas::GenerationEntry>& all, const PackageName& name) {
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == name; });
    return it == all.end() ? nullptr : &*it;
  };
  std::vector<PlanItem> out;
  for (const auto& e : after) {
    const auto* old = in(before, e.name);
    if (old != nullptr && old->release == e.release && old->variant == e.variant) continue;
    PlanItem item = item_of(e);
    item.action = action_for(old, e.version, e.variant);
    if (old != nullptr) {
      item.from = old->version;
      item.from_variant = old->variant;
    }
    out.push_back(std::move(item));
  }
  for (const auto& e : before)
    if (in(after, e.name) == nullptr) {
      out.push_back(item_of(e));
      out.back().action = Action::remove;
      out.back().why = "it was not there";
    }
  std::sort(out.begin(), out.end(), [](const PlanItem& a, const PlanItem& b) { return a.name < b.name; });
  return out;
}

Result<std::vector<Step>> steps_for(const resolver::Choices& choices, const Plan& plan, Offers& offers,
                                    Remotes& remotes, const std::set<PackageName>& asked, bool again) {
  std::vector<Step> out;
  for (const auto& chosen : choices) {
    const PackageName& name =
        chosen.first;  // not a structured binding: clang 14's lambdas cannot capture those
    const resolver::Choice& choice = chosen.second;
    const auto* now_there = plan.before.find(name);
    const bool is_asked = asked.contains(name);
    const auto bundle = std::find_if(plan.bundles.begin(), plan.bundles.end(),
                                     [&](const auto& b) { return b.head.release.manifest.name == name; });
    const bool same = now_there != nullptr && now_there->version == choice.version &&
                      now_there->variant == choice.variant.name;
    // A bundle of the same version may hold other bytes: it is always staged.
    if (same && bundle == plan.bundles.end() && !(is_asked && again)) continue;
    Step step;
    PlanItem& item = step.item;
    item.name = name;
    item.version = choice.version;
    item.variant = choice.variant.name;
    item.license = choice.offer.license;
    // An export brings what its packages need along with them.
    const bool by_name = is_asked && (bundle == plan.bundles.end() || bundle->requested);
    item.requested = by_name || (now_there != nullptr && now_there->requested);
    item.why = by_name                                        ? "requested"
               : now_there != nullptr && now_there->requested ? "installed by you"
                                                              : asker_of(choices, name);
    if (choice.variant.verdicts.size() > 1)
      for (const auto& v : choice.variant.verdicts)
        if (v.chosen) item.why_variant = v.why;
    if (now_there != nullptr) {
      item.from = now_there->version;
      item.from_variant = now_there->variant;
    }
    if (bundle != plan.bundles.end()) {
      NANO_TRY(from_bundle(*bundle, static_cast<std::size_t>(bundle - plan.bundles.begin()), step));
    } else {
      NANO_TRY(from_registry(offers, remotes, step));
    }
    item.action = action_for(now_there, item.version, item.variant);
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace nano::app
