// resolver/explain.cpp: the facts and the proof under a contradiction, and the list of facts where an argument is too long.
#include "resolver/explain.h"

#include <algorithm>
#include <map>

#include "resolver/phrases.h"

namespace nano::resolver {
namespace {

std::vector<Version> versions_of(const Package& package, const IndexSet& set) {
  std::vector<Version> out;
  for (std::size_t i = 0; i < package.versions.size(); ++i)
    if (set.test(i + 1)) out.push_back(package.versions[i].version);
  return out;
}

Fact fact_of(const Knowledge& known, IncompatibilityId id) {
  const Cause& cause = known.causes[known.incompatibilities[id].cause];
  Fact fact{.kind = cause.kind, .overridden = cause.overridden, .reason = cause.reason, .filter = cause.filter, .asker = cause.asker, .text = clause(known, id)};
  if (cause.package != kNone) {
    fact.package = known.universe[cause.package].name;
    fact.versions = versions_of(known.universe[cause.package], cause.versions);
  }
  if (cause.kind == Fact::Kind::variants) {
    fact.dependency = known.universe[cause.dependency].name;
    if (cause.other == kNone) return fact;
    fact.other = known.universe[cause.other].name;
    fact.other_versions = versions_of(known.universe[cause.other], cause.other_versions);
    return fact;
  }
  if (cause.dependency != kNone) {
    const Package& to = known.universe[cause.dependency];
    fact.dependency = to.name;
    fact.allowed = versions_of(to, cause.allowed);
    fact.unknown = to.versions.empty();
  }
  return fact;
}

/// What the contradiction stands on, each id after those that it follows from.
std::vector<IncompatibilityId> reached(const Knowledge& known, IncompatibilityId contradiction) {
  std::vector<IncompatibilityId> out;
  std::vector<bool> seen(known.incompatibilities.size(), false);
  std::vector<IncompatibilityId> open{contradiction};
  while (!open.empty()) {
    const IncompatibilityId id = open.back();
    open.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    out.push_back(id);
    const Incompatibility& i = known.incompatibilities[id];
    if (i.cause == kNone) open.insert(open.end(), {i.left, i.right});
  }
  std::sort(out.begin(), out.end());  // what is learned has a higher id than what it is learned from
  return out;
}

std::vector<std::string> listed(const std::vector<Fact>& facts) {
  std::vector<std::string> lines{"No set of versions fits; the argument is long. It stands on " + std::to_string(facts.size()) + " facts:"};
  // What people asked for comes first: it is what they can change.
  std::vector<const Fact*> order;
  for (const Fact& f : facts) order.push_back(&f);
  std::stable_sort(order.begin(), order.end(), [](const Fact* a, const Fact* b) {
    const auto rank = [](const Fact* f) { return f->kind == Fact::Kind::requirement ? 0 : f->kind == Fact::Kind::dependency ? 2 : 1; };
    return rank(a) < rank(b);
  });
  for (std::size_t i = 0; i < std::min(order.size(), kMaxListedFacts); ++i) lines.push_back("  " + order[i]->text);
  if (order.size() > kMaxListedFacts) lines.push_back("  and " + std::to_string(order.size() - kMaxListedFacts) + " more");
  return lines;
}

}  // namespace

NoSolution explain(const Knowledge& known, IncompatibilityId contradiction) {
  NoSolution out;
  std::map<IncompatibilityId, uint32_t> step_of;
  for (const IncompatibilityId id : reached(known, contradiction)) {
    const Incompatibility& i = known.incompatibilities[id];
    Step step;
    step.text = clause(known, id);
    if (i.cause != kNone) {
      step.fact = static_cast<uint32_t>(out.facts.size());
      out.facts.push_back(fact_of(known, id));
    } else {
      step.left = step_of.at(i.left);
      step.right = step_of.at(i.right);
    }
    step_of.emplace(id, static_cast<uint32_t>(out.proof.size()));
    out.proof.push_back(std::move(step));
  }
  out.lines = argue(known, contradiction);
  if (out.lines.empty()) out.lines = listed(out.facts);
  return out;
}

}  // namespace nano::resolver
