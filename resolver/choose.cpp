// resolver/choose.cpp: offers judged and handed to the solver, then a variant for each version it took.
#include "resolver/choose.h"

#include <algorithm>
#include <set>

namespace nano::resolver {
namespace {

/// What the solver sees: offers with what the filters say of them.
class Judged final : public PackageSource {
 public:
  Judged(const ChooseRequest& request, Memory& catalog)
      : request_(request), catalog_(catalog), asked_(request.asked.begin(), request.asked.end()) {
    for (const Requirement& r : request.requirements)
      if (!r.variant.empty()) wanted_.emplace(r.name, r.variant);
  }

  Result<std::vector<VersionInfo>> versions(const PackageName& name) override {
    NANO_TRY_ASSIGN(const std::vector<Offer>* offers, catalog_.look(name));
    std::vector<VersionInfo> out;
    for (const Offer& o : *offers) out.push_back(info_of(name, o));
    return out;
  }
  Status prefetch(const std::vector<PackageName>& names) override { return catalog_.prefetch(names); }

  [[nodiscard]] bool is_asked(const PackageName& name) const { return asked_.contains(name); }
  [[nodiscard]] Circumstances at() const { return {request_.filters, request_.machine, request_.now}; }

 private:
  VersionInfo info_of(const PackageName& name, const Offer& o) const {
    const bool is_asked = asked_.contains(name);
    const auto wanted = wanted_.find(name);
    VersionInfo info;
    info.version = o.version;
    info.abi = o.abi;
    info.yanked = o.yanked;
    if (auto r = refuse(o, at(), is_asked)) {
      info.filtered = std::move(r->reason);
      info.filter = std::move(r->filter);
    }
    if (const auto floor = request_.floors.find(name); floor != request_.floors.end() && !info.filtered && o.version < floor->second) {
      info.filtered = "is older than the " + floor->second.text() + " that is there (an upgrade goes down only from a yanked version)";
      info.filter = kFloorFilter;
    }
    for (const auto& v : o.variants) {
      auto r = refuse_variant(o, v, at(), is_asked);
      const bool is_wanted = wanted != wanted_.end() && wanted->second == v.name;
      if (!r || is_wanted) info.variants.push_back(v.name);
      if (!r || !is_wanted || info.filtered) continue;
      info.filtered = r->reason + " in the variant " + v.name;
      info.filter = std::move(r->filter);
    }
    for (const auto& d : o.dependencies)
      info.dependencies.push_back(
          {.name = d.name, .set = d.range.set(), .text = d.range.text(), .abi = d.abi, .variant = d.variant, .named = d.range.named()});
    return info;
  }

  const ChooseRequest& request_;
  Memory& catalog_;
  std::set<PackageName> asked_;
  std::map<PackageName, std::string> wanted_{};  ///< the variant that the person asked for
};

}  // namespace

Requirement requirement_of(const schemas::Requirement& want) {
  return {.name = want.name,
          .set = want.range.set(),
          .text = want.range.is_any() ? "" : want.range.text(),
          .variant = want.variant,
          .named = want.range.named()};
}

namespace {

Request plain(const ChooseRequest& request) {
  Request out;
  out.requirements = request.requirements;
  out.overrides = request.overrides;
  for (const auto& [name, kept] : request.locked) out.locked.emplace(name, kept.version);
  for (const auto& [name, kept] : request.installed)
    if (!kept.variant_only) out.installed.emplace(name, kept.version);
  out.lowest = request.lowest;
  out.max_steps = request.max_steps;
  return out;
}

/// Which variant of each package somebody insists on. The solver let nobody insist on another.
std::map<PackageName, std::string> demands(const ChooseRequest& request, const Choices& choices) {
  std::map<PackageName, std::string> out;
  const auto add = [&](const PackageName& name, const std::string& variant) {
    if (variant.empty()) return;
    const auto [it, fresh] = out.emplace(name, variant);
    NANO_ASSERT(fresh || it->second == variant);
  };
  for (const Requirement& r : request.requirements) add(r.name, r.variant);
  for (const auto& [name, choice] : choices)
    for (const auto& d : choice.offer.dependencies) add(d.name, d.variant);
  return out;
}

Status choose_variants(const ChooseRequest& request, const Judged& source, Choices& choices) {
  const auto demanded = demands(request, choices);
  for (auto& entry : choices) {
    const PackageName& name = entry.first;
    Choice& choice = entry.second;
    VariantWish wish{.objective = request.objective};
    if (const auto d = demanded.find(name); d != demanded.end()) wish.demanded = d->second;
    for (const auto* kept : {&request.locked, &request.installed})
      if (const auto k = kept->find(name); k != kept->end() && wish.kept.empty())
        wish.kept = k->second.variant;
    auto variant = choose_variant(choice.offer, wish, source.at(), source.is_asked(name));
    if (!variant)
      return std::move(variant).error().while_("choosing a variant of " + name.text() + " " +
                                               choice.version.text());
    choice.variant = std::move(*variant);
  }
  return Unit{};
}

}  // namespace

Result<const std::vector<Offer>*> Memory::look(const PackageName& name) {
  const auto it = known_.find(name);
  if (it != known_.end()) return static_cast<const std::vector<Offer>*>(&it->second);
  auto offers = from_.offers(name);
  if (!offers && offers.error().code != Errc::not_found) return std::move(offers).error();
  auto& kept = known_[name];
  if (offers) kept = std::move(offers).value();
  return static_cast<const std::vector<Offer>*>(&kept);
}

Result<std::vector<Offer>> Memory::offers(const PackageName& name) {
  NANO_TRY_ASSIGN(const std::vector<Offer>* found, look(name));
  return *found;
}

Status Memory::prefetch(const std::vector<PackageName>& names) {
  std::vector<PackageName> missing;
  for (const PackageName& n : names)
    if (!known_.contains(n)) missing.push_back(n);
  return missing.empty() ? Status(Unit{}) : from_.prefetch(missing);
}

Result<ChooseOutcome> choose_plainly(const ChooseRequest& request, Memory& catalog) {
  Judged source(request, catalog);
  NANO_TRY_ASSIGN(Outcome outcome, resolve(plain(request), source));
  if (auto* none = std::get_if<NoSolution>(&outcome))
    return ChooseOutcome(Refusal{.proof = std::move(*none)});
  Choices out;
  for (const auto& [name, version] : std::get<Solution>(outcome).versions) {
    NANO_TRY_ASSIGN(const std::vector<Offer>* offers, catalog.look(name));
    const Version& chosen = version;  // clang 14: lambdas cannot capture structured bindings
    const auto it =
        std::find_if(offers->begin(), offers->end(), [&](const Offer& o) { return o.version == chosen; });
    NANO_ASSERT(it != offers->end());
    out.emplace(name, Choice{.version = version, .offer = *it});
  }
  NANO_TRY(choose_variants(request, source, out));
  return ChooseOutcome(std::move(out));
}

namespace {

bool is_refused_by_trust(const ChooseRequest& request, const NoSolution& proof, Memory& catalog) {
  const auto is_trust = [](const Fact& f) { return f.kind == Fact::Kind::unusable && is_trust_filter(f.filter); };
  if (std::none_of(proof.facts.begin(), proof.facts.end(), is_trust)) return false;
  ChooseRequest changed = request;
  changed.filters.ignore_trust = "";
  changed.max_steps = std::min(request.max_steps, kMaxTrySteps);
  const auto outcome = choose_plainly(changed, catalog);
  return outcome && std::holds_alternative<Choices>(*outcome);
}

}  // namespace

Result<ChooseOutcome> choose(const ChooseRequest& request, Memory& catalog) {
  NANO_TRY_ASSIGN(ChooseOutcome outcome, choose_plainly(request, catalog));
  if (auto* refusal = std::get_if<Refusal>(&outcome)) {
    refusal->suggestions = suggest(request, refusal->proof, catalog);
    refusal->by_trust = is_refused_by_trust(request, refusal->proof, catalog);
  }
  return outcome;
}

std::vector<std::string> lines_of(const Refusal& refusal) {
  std::vector<std::string> out = refusal.proof.lines;
  if (!refusal.suggestions.empty()) out.emplace_back();
  for (const Suggestion& s : refusal.suggestions) {
    out.push_back(s.text + ".");
    char& first = out.back().front();
    if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 32);
  }
  return out;
}

}  // namespace nano::resolver
