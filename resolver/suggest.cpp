// resolver/suggest.cpp: what could be asked for instead: changes taken from the facts of a proof, each tried.
#include <algorithm>
#include <functional>
#include <set>

#include "resolver/choose.h"

namespace nano::resolver {
namespace {

/// A change to try. `about` is the package whose version the sentence names.
struct Change {
  std::string words{};
  PackageName about{};
  std::function<void(ChooseRequest&)> apply{};
  std::string verb = "would allow";
};

/// Taking a filter away, where an option can.
std::optional<Change> relax(const std::string& filter, const PackageName& about) {
  if (filter == "min-age")
    return Change{"`--min-age 0`", about, [](ChooseRequest& r) { r.filters.min_age_seconds = 0; }};
  if (filter == "license")
    return Change{"leaving out `--license`", about, [](ChooseRequest& r) { r.filters.licenses.clear(); }};
  if (filter == "kind")
    return Change{"leaving out `--kind`", about, [](ChooseRequest& r) { r.filters.kinds.clear(); }};
  if (filter == "isa" || filter == "memory")
    return Change{"another machine (`--any-machine` looks for one)", about,
                  [](ChooseRequest& r) { r.filters.any_machine = true; }};
  if (filter.starts_with("--"))
    return Change{"leaving out `" + filter + "`", about, [filter](ChooseRequest& r) {
                    std::erase_if(r.filters.limits, [&](const Limit& l) { return l.option() == filter; });
                  }};
  return std::nullopt;
}

/// Another rule of trust, as far as its owner can change it. One fact may hold versions that several rules refuse.
void relax_trust(const Fact& fact, Memory& catalog, std::vector<Change>& out) {
  const auto offers = catalog.look(fact.package);
  if (!offers) return;
  for (const Offer& o : **offers)
    if (o.refused && !o.refused->remedy.empty() && o.refused->reason == fact.reason)
      out.push_back({o.refused->remedy, fact.package,
                     [remedy = o.refused->remedy](ChooseRequest& r) { r.filters.ignore_trust = remedy; }});
}

bool is_of(const Requirement& r, const Fact& f) {
  if (f.kind == Fact::Kind::variants) return r.name == f.dependency && !r.variant.empty();
  return r.name == f.dependency && r.asker == f.asker;
}

/// What a requirement could be instead: any version, or not there at all.
void add_requirement(const ChooseRequest& request, const Fact& fact, Memory& catalog,
                     std::vector<Change>& out) {
  if (fact.unknown) {
    if (const auto near = catalog.nearest(fact.dependency)) {
      const PackageName from = fact.dependency;
      const PackageName to = *near;
      out.push_back({"asking for `" + to.text() + "`", to, [from, to](ChooseRequest& r) {
                       for (Requirement& q : r.requirements)
                         if (q.name == from) q.name = to;
                       std::replace(r.asked.begin(), r.asked.end(), from, to);
                     }});
    }
    return;
  }
  if (fact.overridden) {
    const PackageName name = fact.dependency;
    out.push_back({"leaving out your override of " + name.text(), name,
                   [name](ChooseRequest& r) { r.overrides.erase(name); }});
    return;
  }
  for (const Requirement& r : request.requirements) {
    if (!is_of(r, fact) || r.fixed) continue;
    const Fact f = fact;
    if (!r.remedy.empty()) {
      out.push_back({r.remedy, r.name,
                     [f](ChooseRequest& q) {
                       std::erase_if(q.requirements, [&](const Requirement& x) { return is_of(x, f); });
                     },
                     "first would allow"});
    } else if (!r.set.is_all()) {
      out.push_back({"`" + r.name.text() + "` in any version", r.name, [f](ChooseRequest& q) {
                       for (Requirement& x : q.requirements)
                         if (is_of(x, f)) {
                           x.set = VersionSet::all();
                           x.text.clear();
                         }
                     }});
    }
    if (r.remedy.empty() && !r.variant.empty())
      out.push_back({"`" + r.name.text() + "` in any variant", r.name, [f](ChooseRequest& q) {
                       for (Requirement& x : q.requirements)
                         if (is_of(x, f)) x.variant.clear();
                     }});
  }
}

/// "foo 1.3.0", or what else the solution holds of what was asked for when `about` is not in it.
std::string allowed_text(const Choices& choices, const ChooseRequest& request, const PackageName& about) {
  std::string out;
  const auto add = [&](const PackageName& n) {
    if (const auto it = choices.find(n); it != choices.end())
      out += (out.empty() ? "" : " with ") + n.text() + " " + it->second.version.text();
  };
  add(about);
  for (const PackageName& n : request.asked)
    if (n != about && out.size() < 120) add(n);
  return out;
}

/// What is there already may break a rule that was made since, and is no answer to asking for another.
bool is_what_there_is(const Choices& choices, const ChooseRequest& request, const PackageName& about) {
  std::vector<PackageName> names = request.asked;
  names.push_back(about);
  bool there = false;
  for (const PackageName& n : names) {
    const auto choice = choices.find(n);
    if (choice == choices.end()) continue;
    const Kept* kept = nullptr;
    for (const auto* map : {&request.installed, &request.locked})
      if (const auto it = map->find(n); it != map->end()) kept = &it->second;
    if (kept == nullptr || kept->version != choice->second.version || kept->variant != choice->second.variant.name) return false;
    there = true;
  }
  return there;
}

}  // namespace

std::vector<Suggestion> suggest(const ChooseRequest& request, const NoSolution& proof, Memory& catalog) {
  std::vector<Change> changes;
  for (const Fact& f : proof.facts) {
    if (f.kind != Fact::Kind::unusable) continue;
    if (is_trust_filter(f.filter)) relax_trust(f, catalog, changes);
    if (auto c = relax(f.filter, f.package)) changes.push_back(std::move(*c));
  }
  for (const Fact& f : proof.facts)
    if (f.kind == Fact::Kind::requirement ||
        (f.kind == Fact::Kind::variants && (f.package.name.empty() || f.other.name.empty())))
      add_requirement(request, f, catalog, changes);
  for (const Fact& f : proof.facts)
    if (f.kind == Fact::Kind::dependency && f.overridden) add_requirement(request, f, catalog, changes);

  std::vector<Suggestion> out;
  std::set<std::string> tried;
  for (const Change& c : changes) {
    if (out.size() == kMaxSuggestions || tried.size() == kMaxTries) break;
    if (!tried.insert(c.words).second) continue;
    ChooseRequest changed = request;
    changed.max_steps = std::min(request.max_steps, kMaxTrySteps);
    c.apply(changed);
    const auto outcome = choose_plainly(changed, catalog);
    if (!outcome) continue;
    const auto* choices = std::get_if<Choices>(&*outcome);
    if (choices == nullptr) continue;
    if (is_what_there_is(*choices, request, c.about)) continue;
    const std::string what = allowed_text(*choices, changed, c.about);
    out.push_back({c.words, c.words + " " + c.verb + (what.empty() ? " a solution" : " " + what)});
  }
  return out;
}

}  // namespace nano::resolver
