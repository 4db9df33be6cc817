// resolver/facts.cpp: requirements, dependencies, filters and yanks as incompatibilities.
#include <algorithm>
#include <tuple>

#include "resolver/solver.h"

namespace nano::resolver {
namespace {

std::string range_text(const std::string& written, const VersionSet& set) { return written.empty() ? set.to_text() : written; }

/// The same demand on the same package, as far as one incompatibility can speak for both.
bool same_demand(const Dependency& a, const Dependency& b) { return a.name == b.name && a.abi == b.abi && a.variant == b.variant && a.set == b.set; }

}  // namespace

IncompatibilityId Solver::add_fact(std::vector<Term> terms, Cause cause) {
  incompatibilities_.push_back({.terms = std::move(terms), .cause = static_cast<uint32_t>(causes_.size())});
  causes_.push_back(std::move(cause));
  const auto id = static_cast<IncompatibilityId>(incompatibilities_.size() - 1);
  attach(id);
  if (incompatibilities_[id].terms.empty() && !contradiction_) contradiction_ = id;
  return id;
}

/// Read the packages and say at once which of their versions cannot be used.
Status Solver::know(const std::vector<PackageId>& wanted) {
  NANO_TRY(universe_.load(wanted));
  for (auto p = static_cast<PackageId>(by_package_.size()); p < universe_.size(); ++p) {
    partial_.add_package(universe_[p].domain());
    by_package_.emplace_back();
    queued_.push_back(false);
    add_limits(p);
  }
  return Unit{};
}

std::vector<IncompatibilityId> Solver::add_demand(PackageId on, Demander by) {
  std::vector<IncompatibilityId> out;
  if (by.variant.empty()) return out;
  for (const Demander& before : demanders_[on]) {
    if (before.variant == by.variant) continue;
    Cause cause{.kind = Fact::Kind::variants,
                .package = before.package,
                .versions = before.versions,
                .dependency = on,
                .variant = before.variant,
                .other = by.package,
                .other_versions = by.versions,
                .other_variant = by.variant,
                .other_asker = by.asker,
                .asker = before.asker};
    std::vector<Term> terms;
    if (before.package == by.package && by.package != kNone) {
      terms.push_back({by.package, before.versions & by.versions});
      if (terms.front().states.is_empty()) continue;  // two versions of one package are never there together
      cause.versions = cause.other_versions = terms.front().states;
    } else {
      if (before.package != kNone) terms.push_back({before.package, before.versions});
      if (by.package != kNone) terms.push_back({by.package, by.versions});
      if (terms.size() == 2 && terms[1].package < terms[0].package) std::swap(terms[0], terms[1]);
    }
    out.push_back(add_fact(std::move(terms), std::move(cause)));
  }
  demanders_[on].push_back(std::move(by));
  return out;
}

void Solver::add_limits(PackageId p) {
  const Package& package = universe_[p];
  if (package.is_root) {
    IndexSet only(package.domain());
    only.set(1);
    add_fact({{p, only.complement()}}, {.kind = Fact::Kind::root, .package = p, .versions = only});
    return;
  }
  const auto locked = request_.locked.find(package.name);
  std::vector<Cause> groups;  // one for each kind and reason
  for (std::size_t i = 0; i < package.versions.size(); ++i) {
    const VersionInfo& v = package.versions[i];
    const bool is_locked = locked != request_.locked.end() && locked->second == v.version;
    Fact::Kind kind = Fact::Kind::unusable;
    const std::string* reason = nullptr;
    if (v.filtered) {
      reason = &*v.filtered;
    } else if (v.yanked && !is_locked) {
      kind = Fact::Kind::yanked;
      reason = &*v.yanked;
    }
    if (reason == nullptr) continue;
    auto it = std::find_if(groups.begin(), groups.end(), [&](const Cause& c) { return c.kind == kind && c.reason == *reason && c.filter == v.filter; });
    if (it == groups.end()) {
      groups.push_back({.kind = kind, .package = p, .versions = IndexSet(package.domain()), .reason = *reason, .filter = v.filter});
      it = groups.end() - 1;
    }
    it->versions.set(i + 1);
  }
  for (Cause& cause : groups) {
    const IndexSet versions = cause.versions;
    add_fact({{p, versions}}, std::move(cause));
  }
}

Status Solver::add_requirements() {
  std::vector<const Requirement*> sorted;
  for (const Requirement& r : request_.requirements) sorted.push_back(&r);
  // By name, so that the order in which things are asked for changes nothing; the rest makes the order total.
  std::sort(sorted.begin(), sorted.end(), [](const Requirement* a, const Requirement* b) {
    if (a->name != b->name) return a->name < b->name;
    return std::tuple(range_text(a->text, a->set), a->asker, a->variant) < std::tuple(range_text(b->text, b->set), b->asker, b->variant);
  });
  std::vector<PackageId> wanted;
  for (const Requirement* r : sorted) wanted.push_back(universe_.id(r->name));
  NANO_TRY(know(wanted));
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Requirement& r = *sorted[i];
    const auto override_ = request_.overrides.find(r.name);
    const bool overridden = override_ != request_.overrides.end();
    Cause cause{.kind = Fact::Kind::requirement,
                .dependency = wanted[i],
                .allowed = universe_.versions_in(wanted[i], overridden ? override_->second.set : r.set, "", r.variant),
                .range = overridden ? range_text(override_->second.text, override_->second.set) : range_text(r.text, r.set),
                .variant = r.variant,
                .asker = r.asker,
                .overridden = overridden};
    std::vector<Term> terms;
    if (!cause.allowed.is_empty()) terms.push_back({wanted[i], cause.allowed.complement()});
    add_fact(std::move(terms), std::move(cause));
  }
  // After the requirements themselves: a variant that nobody has is the simpler reason.
  for (std::size_t i = 0; i < sorted.size(); ++i)
    add_demand(wanted[i], {.variant = sorted[i]->variant, .asker = sorted[i]->asker});
  // The last one first, as within a package (propagate()): where choices tie, versions then come out as pub's do.
  for (std::size_t i = wanted.size(); i-- > 0;) touch(wanted[i]);
  return Unit{};
}

/// Add what that version of `p` needs. Neighbouring versions with the same demand share its incompatibility.
///   returns  whether the version fits what is decided and derived so far
Result<bool> Solver::add_dependencies(PackageId p, std::size_t version) {
  std::vector<PackageId> wanted;
  for (const Dependency& d : universe_[p].versions[version].dependencies) wanted.push_back(universe_.id(d.name));
  NANO_TRY(know(wanted));

  Package& package = universe_[p];
  const auto& all = package.versions;
  const auto& dependencies = all[version].dependencies;
  bool fits = true;
  for (std::size_t k = 0; k < dependencies.size(); ++k) {
    if (package.registered[version][k]) continue;
    const Dependency& d = dependencies[k];
    IndexSet dependents(package.domain());
    const auto claim = [&](std::size_t i) {
      for (std::size_t m = 0; m < all[i].dependencies.size(); ++m) {
        if (package.registered[i][m] || !same_demand(all[i].dependencies[m], d)) continue;
        package.registered[i][m] = true;
        dependents.set(i + 1);
        return true;
      }
      return false;
    };
    for (std::size_t i = version; claim(i) && i > 0; --i) {
    }
    for (std::size_t i = version + 1; i < all.size() && claim(i); ++i) {
    }

    const PackageId to = wanted[k];
    const auto override_ = request_.overrides.find(d.name);
    const bool overridden = override_ != request_.overrides.end();
    const VersionSet& set = overridden ? override_->second.set : d.set;
    Cause cause{.kind = Fact::Kind::dependency,
                .package = p,
                .versions = dependents,
                .dependency = to,
                .allowed = universe_.versions_in(to, set, overridden ? std::string{} : d.abi, d.variant),
                .range = range_text(overridden ? override_->second.text : d.text, set),
                .abi = overridden ? std::string{} : d.abi,
                .variant = d.variant,
                .overridden = overridden};
    std::vector<Term> terms{{p, dependents}};
    if (to == p) {
      terms[0].states &= cause.allowed.complement();
      if (terms[0].states.is_empty()) terms.clear();  // each of them is what it needs
    } else if (!cause.allowed.is_empty()) {
      terms.push_back({to, cause.allowed.complement()});
      if (to < p) std::swap(terms[0], terms[1]);
    }
    std::vector<IncompatibilityId> added;
    if (!terms.empty()) added.push_back(add_fact(std::move(terms), std::move(cause)));
    const auto clashes = add_demand(to, {.package = p, .versions = dependents, .variant = d.variant});
    added.insert(added.end(), clashes.begin(), clashes.end());
    for (const IncompatibilityId id : added) {
      bool holds = true;
      for (const Term& t : incompatibilities_[id].terms)
        holds = holds && (t.package == p ? t.states.test(version + 1) : partial_.states(t.package).is_subset_of(t.states));
      fits = fits && !holds;
    }
  }
  return fits;
}

}  // namespace nano::resolver
