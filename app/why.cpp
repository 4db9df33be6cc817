// app/why.cpp: trees and chains over what is installed; the resolver asked why not.
#include "app/why.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "app/machine.h"
#include "app/plan.h"
#include "app/project.h"
#include "base/text.h"

namespace nano::app {
namespace {

using schemas::PackageName;

/// What is there, and what each of it needs.
struct Graph {
  schemas::Generation current{};
  std::map<PackageName, std::vector<schemas::Dependency>> needs{};
  std::vector<PackageName> roots{};
};

Result<Graph> graph_of(const Context& ctx) {
  NANO_TRY_ASSIGN(Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  Graph g{.current = std::move(scene.current)};
  if (scene.project)
    for (auto& e : g.current.entries)
      for (const auto& pin : scene.project->manifest.pins) e.pinned = e.pinned || pin.name == e.name;
  for (const auto& e : g.current.entries) {
    auto& needs = g.needs[e.name];
    if (const auto p = store::open_package(store, e.dir))
      for (const auto& d : p->release.manifest.dependencies)
        if (g.current.find(d.name) != nullptr) needs.push_back(d);
    if (e.requested) g.roots.push_back(e.name);
  }
  return g;
}

TreeNode node_of(const Graph& g, const PackageName& name, const schemas::Dependency* asked_by) {
  const auto* e = g.current.find(name);
  TreeNode n{.name = name.text(), .version = e->version.text(), .variant = e->variant, .pinned = e->pinned};
  if (asked_by != nullptr && !asked_by->range.is_any()) n.range = asked_by->range.text();
  return n;
}

void grow(const Graph& g, const PackageName& name, TreeNode& node, std::set<PackageName>& shown) {
  const auto& needs = g.needs.at(name);
  node.repeated = !shown.insert(name).second && !needs.empty();
  if (node.repeated) return;
  for (const auto& d : needs) {
    node.needs.push_back(node_of(g, d.name, &d));
    grow(g, d.name, node.needs.back(), shown);
  }
}

/// Breadth first, so the first way found is a shortest one.
std::vector<TreeNode> chain(const Graph& g, const PackageName& from, const PackageName& to) {
  std::map<PackageName, std::pair<PackageName, const schemas::Dependency*>> came;
  std::deque<PackageName> open{from};
  std::set<PackageName> seen{from};
  while (!open.empty() && open.front() != to) {
    const PackageName at = open.front();
    open.pop_front();
    for (const auto& d : g.needs.at(at))
      if (seen.insert(d.name).second) {
        came.emplace(d.name, std::pair(at, &d));
        open.push_back(d.name);
      }
  }
  if (open.empty()) return {};
  std::vector<TreeNode> out;
  for (PackageName at = to; at != from; at = came.at(at).first)
    out.push_back(node_of(g, at, came.at(at).second));
  out.push_back(node_of(g, from, nullptr));
  std::reverse(out.begin(), out.end());
  return out;
}

/// What holds now, for asking what more would fit.
Result<resolver::ChooseRequest> request_now(const Scene& scene) {
  return scene.project ? request_of(*scene.project) : request_to_keep(scene.current);
}

/// A name alone asks why its newest release is not taken.
Status mean_the_newest(Offers& offers, Remotes& remotes, schemas::Requirement& want) {
  NANO_TRY(check_exists(offers, remotes, want));
  if (!want.range.is_any()) return Unit{};
  NANO_TRY_ASSIGN(const auto* package, offers.in_registry(want.name));
  std::vector<schemas::Version> versions;
  for (const auto& v : package->versions) versions.push_back(v.version);
  if (const auto at = want.range.select(versions)) want.range = schemas::Range::exactly(versions[*at]);
  return Unit{};
}

}  // namespace

Result<std::vector<TreeNode>> dependency_tree(const Context& ctx) {
  NANO_TRY_ASSIGN(const Graph g, graph_of(ctx));
  std::vector<TreeNode> out;
  std::set<PackageName> shown;
  for (const auto& root : g.roots) {
    out.push_back(node_of(g, root, nullptr));
    grow(g, root, out.back(), shown);
  }
  return out;
}

Result<WhyReport> why(const Context& ctx, const std::string& name) {
  NANO_TRY_ASSIGN(const auto want, wanted_package(name));
  NANO_TRY_ASSIGN(const Graph g, graph_of(ctx));
  const auto* e = g.current.find(want.name);
  if (e == nullptr) {
    std::vector<std::string> names;
    for (const auto& x : g.current.entries) names.push_back(x.name.text());
    const auto near = nearest(want.name.text(), names);
    return make_error(Errc::not_found, "'" + want.name.text() + "' is not installed",
                      near ? "did you mean '" + *near + "'?"
                           : "`nano why-not " + want.name.text() + "` says what would stand in the way");
  }
  WhyReport out{.package = node_of(g, want.name, nullptr), .requested = e->requested};
  for (const auto& root : g.roots)
    if (root != want.name)
      if (auto c = chain(g, root, want.name); !c.empty()) out.chains.push_back(std::move(c));
  return out;
}

Result<WhyNotReport> why_not(Context& ctx, const std::string& requirement, const ChooseOptions& options) {
  NANO_TRY_ASSIGN(auto want, wanted_package(requirement));
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  Plan plan;
  plan.before = scene.current;
  Remotes remotes(ctx);
  Offers offers(ctx, remotes, store, plan.before, plan.bundles);
  resolver::Memory memory(offers);
  NANO_TRY(mean_the_newest(offers, remotes, want));
  NANO_TRY_ASSIGN(auto request, request_now(scene));
  NANO_TRY(apply(ctx, options, request));
  // An own range on the package is moved by asking anew; only a pin is taken back in its own way.
  for (auto& r : request.requirements)
    if (r.name == want.name && r.asker != "you pinned")
      r.remedy = (scene.project ? "`nano add " : "`nano install ") + want.text() + "`";
  request.requirements.push_back(resolver::requirement_of(want));
  request.requirements.back().fixed = true;
  request.asked.push_back(want.name);
  request.locked.erase(want.name);
  NANO_TRY_ASSIGN(const auto outcome, choose_here(ctx, request, offers, memory));
  WhyNotReport out{.requirement = want.text()};
  if (const auto* refusal = std::get_if<resolver::Refusal>(&outcome)) {
    out.lines = refusal->proof.lines;
    for (const auto& s : refusal->suggestions) out.suggestions.push_back(s.text);
    return out;
  }
  out.possible = true;
  NANO_TRY_ASSIGN(const auto steps,
                  steps_for(std::get<resolver::Choices>(outcome), plan, offers, remotes, {want.name}, false));
  for (const auto& s : steps) out.plan.push_back(s.item);
  return out;
}

Result<WhyVariantReport> why_variant(Context& ctx, const std::string& requirement,
                                     const ChooseOptions& options) {
  NANO_TRY_ASSIGN(auto want, wanted_package(requirement));
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  Plan plan;
  plan.before = scene.current;
  Remotes remotes(ctx);
  Offers offers(ctx, remotes, store, plan.before, plan.bundles);
  NANO_TRY_ASSIGN(const auto all, offers.offers(want.name));
  const auto* e = scene.current.find(want.name);
  const resolver::Offer* offer = nullptr;
  std::vector<schemas::Version> versions;
  for (const auto& o : all) versions.push_back(o.yanked ? schemas::Version{} : o.version);
  for (const auto& o : all)
    if (e != nullptr && want.range.contains(e->version) && o.version == e->version) offer = &o;
  if (offer == nullptr) {
    NANO_TRY(check_exists(offers, remotes, {.name = want.name, .range = want.range}));
    if (const auto at = want.range.select(versions)) offer = &all[*at];
  }
  if (offer == nullptr)
    return make_error(Errc::not_found, "no version of " + want.name.text() + " may be used");
  resolver::ChooseRequest request;
  NANO_TRY(apply(ctx, options, request));
  if (offers.can_be_calibrated()) {
    if (auto c = calibrate(ctx)) request.machine.calibration_us = std::move(c->us);
  }
  const resolver::Circumstances at{request.filters, request.machine, request.now};
  // Without what is installed: the question is which one is the best.
  auto choice =
      resolver::choose_variant(*offer, {.demanded = want.variant, .objective = request.objective}, at, true);
  if (!choice)
    return std::move(choice.error())
        .while_("choosing a variant of " + want.name.text() + " " + offer->version.text());
  WhyVariantReport out{.name = want.name.text(), .version = offer->version.text()};
  if (e != nullptr && e->version == offer->version) out.installed = e->variant;
  out.metric = resolver::headline_metric(*offer, &out.dataset);
  for (const auto& v : choice->verdicts)
    out.calibrated = out.calibrated || (v.p50_ms && v.p50_ms != v.p50_claimed_ms);
  out.variants = std::move(choice->verdicts);
  return out;
}

}  // namespace nano::app
