// resolver/partial_solution.cpp: the trail of assignments.
#include "resolver/partial_solution.h"

#include <algorithm>

#include "base/assert.h"

namespace nano::resolver {

void PartialSolution::add_package(std::size_t domain) {
  packages_.emplace_back();
  packages_.back().states = IndexSet::full(domain);
}

const std::vector<PackageId>& PartialSolution::undecided() {
  const auto gone = [this](PackageId p) {
    Package& package = packages_[p];
    const bool keep = !package.decided && !package.states.test(kAbsent);
    package.listed = keep;
    return !keep;
  };
  present_.erase(std::remove_if(present_.begin(), present_.end(), gone), present_.end());
  return present_;
}

void PartialSolution::push(PackageId p, IndexSet states, IncompatibilityId cause) {
  Package& package = packages_[p];
  package.trail.push_back(static_cast<uint32_t>(trail_.size()));
  package.states = states;
  if (!package.listed && !package.decided && !states.test(kAbsent)) {
    package.listed = true;
    present_.push_back(p);
  }
  trail_.push_back({.package = p, .level = level_, .cause = cause, .states = std::move(states)});
}

void PartialSolution::decide(PackageId p, std::size_t state) {
  NANO_ASSERT(!packages_[p].decided && packages_[p].states.test(state));
  ++level_;
  packages_[p].decided = true;
  IndexSet only(packages_[p].states.size());
  only.set(state);
  push(p, std::move(only), kNone);
}

void PartialSolution::derive(PackageId p, const IndexSet& keep, IncompatibilityId cause) {
  push(p, packages_[p].states & keep, cause);
}

void PartialSolution::backtrack(uint32_t level) {
  while (!trail_.empty() && trail_.back().level > level) {
    const Assignment& last = trail_.back();
    Package& package = packages_[last.package];
    if (last.cause == kNone) package.decided = false;
    package.trail.pop_back();
    package.states = package.trail.empty() ? IndexSet::full(package.states.size()) : trail_[package.trail.back()].states;
    if (!package.listed && !package.decided && !package.states.test(kAbsent)) {
      package.listed = true;
      present_.push_back(last.package);
    }
    trail_.pop_back();
  }
  level_ = level;
}

std::size_t PartialSolution::satisfier(PackageId p, const IndexSet& states) const {
  // States only shrink along the trail, so the first that fits is found by halving.
  const auto& trail = packages_[p].trail;
  const auto it = std::partition_point(trail.begin(), trail.end(), [&](uint32_t i) { return !trail_[i].states.is_subset_of(states); });
  NANO_ASSERT(it != trail.end());
  return *it;
}

}  // namespace nano::resolver
