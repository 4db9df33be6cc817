// tests/resolver/check.cpp: plain loops over everything.
#include "tests/resolver/check.h"

#include <algorithm>
#include <set>

namespace nano::test {
namespace {

using resolver::Fact;

const VersionInfo* find(const MemorySource& source, const PackageName& package, const Version& v) {
  const auto it = source.packages().find(package);
  if (it == source.packages().end()) return nullptr;
  for (const VersionInfo& info : it->second)
    if (info.version == v) return &info;
  return nullptr;
}

/// The packages of the source by number; versions in the source's own order.
struct Numbered {
  explicit Numbered(const MemorySource& source) {
    for (const auto& [n, versions] : source.packages()) {
      names.push_back(n);
      all.push_back(&versions);
    }
  }
  int number(const PackageName& n) const {
    const auto it = std::find(names.begin(), names.end(), n);
    return it == names.end() ? -1 : static_cast<int>(it - names.begin());
  }
  template <class F>
  uint64_t states(int package, F&& wanted) const {
    uint64_t bits = 0;
    if (package < 0) return bits;
    const auto& versions = *all[static_cast<std::size_t>(package)];
    for (std::size_t i = 0; i < versions.size(); ++i)
      if (wanted(versions[i])) bits |= uint64_t{1} << (i + 1);
    return bits;
  }
  Puzzle empty() const {
    Puzzle p;
    for (const auto* versions : all) p.states.push_back(static_cast<int>(versions->size()) + 1);
    return p;
  }
  std::vector<PackageName> names{};
  std::vector<const std::vector<VersionInfo>*> all{};
};

/// Two packages are not in these states together. A package below 0 is the request, which is always there.
Rule not_both(int a, uint64_t a_states, int b, uint64_t b_states) {
  if (a < 0) return {b, b_states, -1, 0};
  if (b < 0) return {a, a_states, -1, 0};
  return {a, a_states, b, ~b_states};
}

bool breaks(const Rule& rule, const std::vector<int>& state) {
  const auto in = [&](int package, uint64_t states) { return ((states >> state[static_cast<std::size_t>(package)]) & 1U) != 0; };
  if (rule.when >= 0 && !in(rule.when, rule.when_states)) return false;
  return rule.then < 0 || !in(rule.then, rule.then_states);
}

}  // namespace

std::string fault(const resolver::Request& request, const MemorySource& source, const resolver::Solution& solution) {
  std::vector<PackageName> open;
  std::map<PackageName, std::string> variants;
  const auto meet = [&](const std::string& who, const PackageName& n, const VersionSet& set, const std::string& abi,
                        const std::string& variant) -> std::string {
    if (request.root && request.root->name == n) return set.contains(request.root->version) ? "" : who + ": the root does not fit";
    const auto it = solution.versions.find(n);
    if (it == solution.versions.end()) return who + " needs " + n.text() + ", which is absent";
    const auto o = request.overrides.find(n);
    if (!(o == request.overrides.end() ? set : o->second.set).contains(it->second)) return who + " does not allow " + n.text() + " " + it->second.text();
    const VersionInfo* info = find(source, n, it->second);
    if (info == nullptr) return n.text() + " " + it->second.text() + " does not exist";
    if (o == request.overrides.end() && !abi.empty() && info->abi != abi) return who + " needs another ABI of " + n.text();
    if (!variant.empty()) {
      if (std::find(info->variants.begin(), info->variants.end(), variant) == info->variants.end()) return n.text() + " has no variant " + variant;
      if (variants.emplace(n, variant).first->second != variant) return who + " needs another variant of " + n.text();
    }
    open.push_back(n);
    return "";
  };
  for (const auto& r : request.requirements)
    if (std::string s = meet("the request", r.name, r.set, "", r.variant); !s.empty()) return s;
  std::set<PackageName> seen;
  while (!open.empty()) {
    const PackageName n = open.back();
    open.pop_back();
    if (!seen.insert(n).second) continue;
    const VersionInfo& info = *find(source, n, solution.versions.at(n));
    const auto locked = request.locked.find(n);
    if (info.filtered) return n.text() + " is filtered";
    if (info.yanked && (locked == request.locked.end() || locked->second != info.version)) return n.text() + " is yanked";
    for (const Dependency& d : info.dependencies)
      if (std::string s = meet(n.text() + " " + info.version.text(), d.name, d.set, d.abi, d.variant); !s.empty()) return s;
  }
  for (const auto& [n, v] : solution.versions)
    if (seen.count(n) == 0) return n.text() + " is not needed";
  return "";
}

bool has_solution(const Puzzle& puzzle) {
  std::vector<int> state(puzzle.states.size(), 0);
  while (true) {
    if (std::none_of(puzzle.rules.begin(), puzzle.rules.end(), [&](const Rule& r) { return breaks(r, state); })) return true;
    std::size_t i = 0;
    while (i < state.size() && ++state[i] == puzzle.states[i]) state[i++] = 0;
    if (i == state.size()) return false;
  }
}

Puzzle puzzle_of(const resolver::Request& request, const MemorySource& source) {
  const Numbered numbered(source);
  Puzzle puzzle = numbered.empty();
  const auto in = [&](const PackageName& n, const VersionSet& set, const std::string& variant) {
    return numbered.states(numbered.number(n), [&](const VersionInfo& v) {
      return set.contains(v.version) && (variant.empty() || std::find(v.variants.begin(), v.variants.end(), variant) != v.variants.end());
    });
  };
  struct Wish {
    int by = -1;
    uint64_t states = 0;
    PackageName of{};
    std::string variant{};
  };
  std::vector<Wish> wishes;
  for (const auto& r : request.requirements) {
    puzzle.rules.push_back({-1, 0, numbered.number(r.name), in(r.name, r.set, r.variant)});
    wishes.push_back({-1, 0, r.name, r.variant});
  }
  for (const auto& [n, versions] : source.packages()) {
    const int me = numbered.number(n);
    for (const VersionInfo& v : versions) {
      const uint64_t self = numbered.states(me, [&](const VersionInfo& o) { return o.version == v.version; });
      const auto locked = request.locked.find(n);
      const bool is_locked = locked != request.locked.end() && locked->second == v.version;
      if (v.filtered || (v.yanked && !is_locked)) puzzle.rules.push_back({me, self, -1, 0});
      for (const Dependency& d : v.dependencies) {
        puzzle.rules.push_back({me, self, numbered.number(d.name), in(d.name, d.set, d.variant)});
        wishes.push_back({me, self, d.name, d.variant});
      }
    }
  }
  // Nobody has two wishes for one package's variant met.
  for (const Wish& a : wishes)
    for (const Wish& b : wishes)
      if (a.of == b.of && !a.variant.empty() && !b.variant.empty() && a.variant != b.variant) puzzle.rules.push_back(not_both(a.by, a.states, b.by, b.states));
  return puzzle;
}

Puzzle puzzle_of(const std::vector<Fact>& facts, const MemorySource& source) {
  const Numbered numbered(source);
  Puzzle puzzle = numbered.empty();
  const auto among = [&](const PackageName& n, const std::vector<Version>& list) {
    return numbered.states(numbered.number(n),
                           [&](const VersionInfo& v) { return std::find(list.begin(), list.end(), v.version) != list.end(); });
  };
  for (const Fact& f : facts) {
    Rule rule;
    if (f.kind == Fact::Kind::variants) {
      const auto by = [&](const PackageName& n) { return n.name.empty() ? -1 : numbered.number(n); };
      puzzle.rules.push_back(not_both(by(f.package), among(f.package, f.versions), by(f.other), among(f.other, f.other_versions)));
      continue;
    }
    if (f.kind != Fact::Kind::requirement) {
      rule.when = numbered.number(f.package);
      rule.when_states = among(f.package, f.versions);
    }
    if (f.kind == Fact::Kind::requirement || f.kind == Fact::Kind::dependency) {
      rule.then = numbered.number(f.dependency);
      rule.then_states = among(f.dependency, f.allowed);
    }
    puzzle.rules.push_back(rule);
  }
  return puzzle;
}

}  // namespace nano::test
