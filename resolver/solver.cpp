// resolver/solver.cpp: the loop of PubGrub: propagate, learn from a conflict, decide.
#include "resolver/solver.h"

#include <algorithm>

#include "base/assert.h"
#include "resolver/explain.h"
#include "schemas/first_choice.h"

namespace nano::resolver {

Result<Outcome> resolve(const Request& request, PackageSource& source) { return Solver(request, source).run(); }

Result<Outcome> Solver::run() {
  NANO_TRY(add_requirements());
  bool more = true;
  while (more) {
    NANO_TRY(propagate());
    if (contradiction_) break;
    NANO_TRY_ASSIGN(more, decide());
  }
  effort_.incompatibilities = incompatibilities_.size();
  effort_.packages = universe_.loaded();
  if (!contradiction_) return Outcome{solution()};
  NoSolution none = explain({.universe = universe_, .incompatibilities = incompatibilities_, .causes = causes_}, *contradiction_);
  none.effort = effort_;
  return Outcome{std::move(none)};
}

Solution Solver::solution() {
  Solution out{.effort = effort_};
  for (PackageId p = 0; p < universe_.size(); ++p) {
    if (!partial_.knows(p) || !partial_.is_decided(p) || universe_[p].is_root) continue;
    const auto& all = universe_[p].versions;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (partial_.states(p).test(i + 1)) out.versions.emplace(universe_[p].name, all[i].version);
  }
  return out;
}

Status Solver::count_step() {
  if (++steps_ <= request_.max_steps) return Unit{};
  return make_error(Errc::no_solution, "gave up looking for versions after " + std::to_string(request_.max_steps) + " steps",
                    "ask for narrower ranges: exact versions of what you know you want");
}

void Solver::touch(PackageId p) {
  if (queued_[p]) return;
  queued_[p] = true;
  queue_.push_back(p);
}

void Solver::attach(IncompatibilityId id) {
  for (const Term& t : incompatibilities_[id].terms) by_package_[t.package].push_back(id);
}

Status Solver::propagate() {
  for (std::size_t next = 0; next < queue_.size() && !contradiction_; ++next) {
    const PackageId p = queue_[next];
    queued_[p] = false;
    // The newest first: what was learned last is the most likely to say something.
    std::size_t idle = 0;
    for (std::size_t i = by_package_[p].size(); i-- > 0;) {
      const IncompatibilityId id = by_package_[p][i];
      const Effect effect = apply(id);
      if (effect == Effect::never) {
        by_package_[p][i] = kNone;
        ++idle;
      }
      if (effect != Effect::conflict) continue;
      for (const PackageId q : queue_) queued_[q] = false;
      queue_.clear();
      next = static_cast<std::size_t>(-1);
      NANO_TRY(resolve_conflict(id));
      break;
    }
    if (idle > 0) std::erase(by_package_[p], kNone);
  }
  queue_.clear();
  return Unit{};
}

Solver::Effect Solver::apply(IncompatibilityId id) {
  const Term* open = nullptr;
  for (const Term& t : incompatibilities_[id].terms) {
    const IndexSet& states = partial_.states(t.package);
    if (states.is_subset_of(t.states)) continue;
    // What is so without any decision stays so.
    if (states.is_disjoint_from(t.states)) return partial_.level() == 0 ? Effect::never : Effect::nothing;
    if (open != nullptr) return Effect::nothing;
    open = &t;
  }
  if (open == nullptr) return Effect::conflict;
  partial_.derive(open->package, open->states.complement(), id);
  touch(open->package);
  return Effect::derived;
}

IncompatibilityId Solver::learn(IncompatibilityId left, IncompatibilityId right, PackageId on, const IndexSet& both) {
  const auto& a = incompatibilities_[left].terms;
  const auto& b = incompatibilities_[right].terms;
  Incompatibility learned{.left = left, .right = right};
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const PackageId pa = i < a.size() ? a[i].package : kNone;
    const PackageId pb = j < b.size() ? b[j].package : kNone;
    const PackageId p = std::min(pa, pb);
    if (p == on) {
      if (!both.is_full()) learned.terms.push_back({p, both});
    } else if (pa == pb) {
      learned.terms.push_back({p, a[i].states & b[j].states});
    } else {
      learned.terms.push_back(pa < pb ? a[i] : b[j]);
    }
    if (pa == p) ++i;
    if (pb == p) ++j;
  }
  incompatibilities_.push_back(std::move(learned));
  return static_cast<IncompatibilityId>(incompatibilities_.size() - 1);
}

/// Go back along the causes until the incompatibility would have forced a derivation at an earlier level, return to
/// that level and derive it. One without terms left holds always: there is no solution.
Status Solver::resolve_conflict(IncompatibilityId id) {
  ++effort_.conflicts;
  const IncompatibilityId met = id;
  while (!incompatibilities_[id].terms.empty()) {
    const Term* latest_term = nullptr;
    std::size_t latest = 0;
    uint32_t previous_level = 0;
    for (const Term& t : incompatibilities_[id].terms) {
      const std::size_t at = partial_.satisfier(t.package, t.states);
      if (latest_term == nullptr || at > latest) {
        if (latest_term != nullptr) previous_level = std::max(previous_level, partial_[latest].level);
        latest = at;
        latest_term = &t;
      } else {
        previous_level = std::max(previous_level, partial_[at].level);
      }
    }
    const Assignment& assignment = partial_[latest];
    const PackageId on = assignment.package;
    IndexSet both = latest_term->states;
    if (assignment.cause != kNone) {
      for (const Term& t : incompatibilities_[assignment.cause].terms)
        if (t.package == on) both |= t.states;
      // The assignment alone may not be enough for the term: then what came before it on the package counts too.
      if (!both.is_full()) previous_level = std::max(previous_level, partial_[partial_.satisfier(on, both)].level);
    }
    if (assignment.cause == kNone || previous_level < assignment.level) {
      backtracking_ = true;
      partial_.backtrack(previous_level);
      if (id != met) attach(id);
      const Effect effect = apply(id);
      NANO_ASSERT(effect == Effect::derived);
      return Unit{};
    }
    NANO_TRY(count_step());
    id = learn(id, assignment.cause, on, both);
  }
  contradiction_ = id;
  return Unit{};
}

std::optional<std::size_t> Solver::kept_version(PackageId p) const {
  const Package& package = universe_[p];
  for (const auto* kept : {&request_.locked, &request_.installed}) {
    const auto it = kept->find(package.name);
    if (it == kept->end()) continue;
    for (std::size_t i = 0; i < package.versions.size(); ++i)
      if (package.versions[i].version == it->second && partial_.states(p).test(i + 1)) return i;
  }
  return std::nullopt;
}

std::size_t Solver::best_version(PackageId p) const {
  if (const auto kept = kept_version(p)) return *kept;
  const auto& all = universe_[p].versions;
  std::optional<std::size_t> prerelease;
  std::optional<std::vector<Version>> named;  // looked for only where there is a pre-release
  for (std::size_t n = 0; n < all.size(); ++n) {
    const std::size_t i = request_.lowest ? n : all.size() - 1 - n;
    if (!partial_.states(p).test(i + 1)) continue;
    if (all[i].version.is_prerelease() && !named) named = named_prereleases(p);
    if (!all[i].version.is_prerelease() || schemas::is_first_choice(all[i].version, *named)) return i;
    if (!prerelease) prerelease = i;
  }
  NANO_ASSERT(prerelease);
  return *prerelease;
}

std::vector<Version> Solver::named_prereleases(PackageId p) const {
  const PackageName& name = universe_[p].name;
  if (const auto o = request_.overrides.find(name); o != request_.overrides.end()) return o->second.named;
  std::vector<Version> out;
  const auto add = [&](const std::vector<Version>& named) { out.insert(out.end(), named.begin(), named.end()); };
  for (const Requirement& r : request_.requirements)
    if (r.name == name) add(r.named);
  for (PackageId q = 0; q < universe_.size(); ++q) {
    if (!partial_.knows(q) || !partial_.is_decided(q) || universe_[q].is_root) continue;
    const auto& versions = universe_[q].versions;
    for (std::size_t i = 0; i < versions.size(); ++i)
      if (partial_.states(q).test(i + 1))
        for (const Dependency& d : versions[i].dependencies)
          if (d.name == name) add(d.named);
  }
  return out;
}

Result<bool> Solver::decide() {
  const auto& open = partial_.undecided();
  if (open.empty()) return false;
  // The fewest choices first: what is hardest to place is placed while there is still room.
  PackageId chosen = open.front();
  std::size_t fewest = SIZE_MAX;
  for (const PackageId p : open) {
    const std::size_t choices = kept_version(p) ? 1 : partial_.states(p).count();
    if (choices >= fewest) continue;
    fewest = choices;
    chosen = p;
  }
  NANO_TRY(count_step());
  const std::size_t version = best_version(chosen);
  NANO_TRY_ASSIGN(const bool fits, add_dependencies(chosen, version));
  if (fits) {
    if (backtracking_) ++effort_.tries;
    backtracking_ = false;
    ++effort_.decisions;
    partial_.decide(chosen, version + 1);
  }
  touch(chosen);
  return true;
}

}  // namespace nano::resolver
