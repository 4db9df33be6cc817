// app/plan.cpp: requests and what is installed, handed to the resolver.
#include "app/plan.h"

#include <algorithm>

#include "app/machine.h"
#include "base/text.h"

namespace nano::app {
namespace {

using schemas::PackageName;

PlanItem kept_item(const schemas::GenerationEntry& e) {
  PlanItem item;
  item.action = Action::keep;
  item.name = e.name;
  item.version = e.version;
  item.variant = e.variant;
  item.registry = e.registry;
  item.why = "installed already";
  item.requested = true;
  item.is_unsigned = e.signer.empty();
  return item;
}

Status read_requests(Context& ctx, const InstallOptions& options, Plan& plan,
                     std::vector<schemas::Requirement>& wants) {
  for (const auto& text : options.requests) {
    if (!options.upgrade && is_bundle_path(text)) {
      NANO_TRY_ASSIGN(auto bundles, open_bundle_request(ctx, text, options));
      for (auto& b : bundles) plan.bundles.push_back(std::move(b));
    } else {
      NANO_TRY_ASSIGN(auto want, schemas::Requirement::parse(text));
      wants.push_back(std::move(want));
    }
  }
  return Unit{};
}

Status add_bundles(const Plan& plan, std::set<PackageName>& asked, resolver::ChooseRequest& request) {
  for (const auto& b : plan.bundles) {
    const auto& m = b.head.release.manifest;
    if (!asked.insert(m.name).second)
      return make_error(Errc::usage, "'" + m.name.text() + "' is asked for twice", "name it once");
    const auto* e = plan.before.find(m.name);
    if (b.is_unsigned() && e != nullptr && !e->signer.empty())
      return make_error(
          Errc::untrusted,
          "an unsigned bundle may not replace " + entry_text(*e) + ", which came signed from a registry",
          "uninstall that one first: `nano uninstall " + m.name.text() + "`");
    if (!b.variant.empty() && m.find_variant(b.variant) == nullptr) {
      std::vector<std::string> known;
      std::string list;
      for (const auto& v : m.variants) {
        known.push_back(v.name);
        list += (list.empty() ? "" : ", ") + v.name;
      }
      const auto near = nearest(b.variant, known);
      return make_error(Errc::not_found, "the bundle has no variant '" + sanitize(b.variant) + "'",
                        near            ? "did you mean '" + *near + "'?"
                        : known.empty() ? "it has no variants"
                                        : "it has " + list);
    }
    request.requirements.push_back({.name = m.name,
                                    .set = schemas::VersionSet::exactly(m.version),
                                    .text = m.version.text(),
                                    .variant = b.variant});
  }
  return Unit{};
}

/// A variant that no version in the range has is a slip; one that only some have is the resolver's business.
Status check_variant(const schemas::IndexPackage& package, const schemas::Requirement& want) {
  std::set<std::string> known;
  for (const auto& v : package.versions)
    for (const auto& x : v.variants)
      if (want.range.contains(v.version)) known.insert(x.name);
  if (want.variant.empty() || known.contains(want.variant)) return Unit{};
  const std::vector<std::string> names(known.begin(), known.end());
  std::string list;
  for (const auto& n : names) list += (list.empty() ? "" : ", ") + n;
  const auto near = nearest(want.variant, names);
  return make_error(Errc::not_found, want.name.text() + " has no variant '" + sanitize(want.variant) + "'",
                    near            ? "did you mean '" + *near + "'?"
                    : names.empty() ? "it has no variants"
                                    : "it has " + list);
}

/// What an upgrade lets move: the named ones and all that they need, or everything.
void let_move(const std::vector<schemas::Requirement>& named, const store::Store& store,
              const schemas::Generation& current, resolver::ChooseRequest& request) {
  if (named.empty()) return request.installed.clear();
  std::vector<PackageName> open;
  for (const auto& n : named) open.push_back(n.name);
  std::set<PackageName> seen;
  while (!open.empty()) {
    const PackageName name = open.back();
    open.pop_back();
    if (!seen.insert(name).second) continue;
    request.installed.erase(name);
    const auto* e = current.find(name);
    const auto package = e == nullptr ? Result<store::InstalledPackage>(make_error(Errc::not_found, ""))
                                      : store::open_package(store, e->dir);
    if (!package) continue;
    for (const auto& d : package->release.manifest.dependencies) open.push_back(d.name);
  }
}

}  // namespace

Error refusal_error(const Context& ctx, const resolver::Refusal& refusal) {
  std::string text = "no set of versions satisfies this:";
  std::string hint;
  for (const auto& line : refusal.proof.lines) text += "\n  " + sanitize(line);
  for (const auto& s : refusal.suggestions) hint += (hint.empty() ? "" : "; ") + sanitize(s.text);
  // A namespace belongs to one registry, and which one that is, is for the person to say.
  for (const auto& f : refusal.proof.facts) {
    if (!hint.empty() || !f.unknown) continue;
    const std::string name = f.dependency.text();
    const auto owner = registry_for(ctx, f.dependency.ns);
    hint = owner ? "the registry '" + (*owner)->config.name + "' owns its namespace and has no " + name + ": `nano search " + f.dependency.name + "`"
                 : "no configured registry owns the namespace '" + f.dependency.ns + "': `nano registry add NAME URL --namespaces " +
                       f.dependency.ns + " --root root.json` adds one that does";
  }
  return make_error(refusal.by_trust ? Errc::untrusted : Errc::no_solution, std::move(text),
                    hint.empty() ? "ask for other versions, or uninstall what stands in the way" : hint);
}

Status check_exists(Offers& offers, Remotes& remotes, const schemas::Requirement& want) {
  NANO_TRY_ASSIGN(const schemas::IndexPackage* package, offers.in_registry(want.name));
  if (package == nullptr) {
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(want.name.ns));
    const auto near = offers.nearest(want.name);
    return make_error(
        Errc::not_found,
        "the registry '" + remote->registry().config.name + "' has no package '" + want.name.text() + "'",
        near ? "did you mean '" + near->text() + "'?" : "look for it: `nano search " + want.name.name + "`");
  }
  const auto fits = [&](const auto& v) { return want.range.contains(v.version); };
  if (std::any_of(package->versions.begin(), package->versions.end(), fits))
    return check_variant(*package, want);
  std::string have;
  const std::size_t from = package->versions.size() > 8 ? package->versions.size() - 8 : 0;
  for (std::size_t i = package->versions.size(); i > from; --i)
    have += (have.empty() ? "" : ", ") + package->versions[i - 1].version.text();
  return make_error(Errc::not_found,
                    "no version of " + want.name.text() + " fits '" + want.range.text() + "'",
                    have.empty() ? "no version of it is published"
                                 : "there is " + have + (from > 0 ? ", and older ones" : ""));
}

resolver::ChooseRequest request_to_keep(const schemas::Generation& current) {
  resolver::ChooseRequest request;
  for (const auto& e : current.entries) {
    if (e.signer.empty()) continue;
    const std::string name = e.name.text();
    if (e.pinned)
      request.requirements.push_back({.name = e.name,
                                      .set = schemas::VersionSet::exactly(e.version),
                                      .text = e.version.text(),
                                      .asker = "you pinned",
                                      .remedy = "`nano unpin " + name + "`"});
    else if (e.requested)
      request.requirements.push_back(
          {.name = e.name, .asker = "you have installed", .remedy = "`nano uninstall " + name + "`"});
    request.installed.emplace(e.name, resolver::Kept{e.version, e.variant});
  }
  return request;
}

Result<resolver::ChooseOutcome> choose_here(Context& ctx, resolver::ChooseRequest& request, Offers& offers,
                                            resolver::Memory& memory) {
  if (request.filters.min_age_seconds > 0) offers.need_dates();
  NANO_TRY_ASSIGN(auto outcome, resolver::choose(request, memory));
  if (!offers.can_be_calibrated() || !request.machine.calibration_us.empty()) return outcome;
  auto measured = calibrate(ctx);
  if (!measured) {
    ctx.log->detail("latencies are not corrected for this machine: " + measured.error().message);
    return outcome;
  }
  request.machine.calibration_us = std::move(measured->us);
  return resolver::choose(request, memory);
}

Result<Plan> make_plan(Context& ctx, Remotes& remotes, const store::Store& store,
                       const InstallOptions& options) {
  Plan plan;
  NANO_TRY_ASSIGN(plan.before, store::read_current(store.primary()));
  std::vector<schemas::Requirement> wants;
  NANO_TRY(read_requests(ctx, options, plan, wants));

  // Asked for and there already: kept, without a look at any registry.
  std::vector<schemas::Requirement> missing;
  for (const auto& want : wants) {
    const auto* e = plan.before.find(want.name);
    const bool there = e != nullptr && want.range.contains(e->version) &&
                       (want.variant.empty() || want.variant == e->variant) && !options.again.contains(want.name);
    if (options.upgrade && e == nullptr)
      return make_error(Errc::not_found, "'" + want.name.text() + "' is not installed",
                        "install it: `nano install " + want.text() + "`");
    if (!there || options.force || options.upgrade || !options.choose.is_default()) {
      missing.push_back(want);
      continue;
    }
    plan.kept.push_back(kept_item(*e));
    if (!e->requested) plan.to_request.push_back(e->name);
  }
  if (missing.empty() && plan.bundles.empty() && !options.upgrade) return plan;

  Offers offers(ctx, remotes, store, plan.before, plan.bundles);
  resolver::Memory memory(offers);
  resolver::ChooseRequest request = request_to_keep(plan.before);
  NANO_TRY(apply(ctx, options.choose, request));
  std::set<PackageName> asked;
  for (const auto& want : missing) {
    const auto* e = plan.before.find(want.name);
    const bool is_new_wish = !options.upgrade || !want.range.is_any() || !want.variant.empty();
    if (is_new_wish && (e == nullptr || !want.range.contains(e->version)))
      NANO_TRY(check_exists(offers, remotes, want));
    if (!options.upgrade) asked.insert(want.name);
    if (is_new_wish)
      request.requirements.push_back({.name = want.name,
                                      .set = want.range.set(),
                                      .text = want.range.is_any() ? "" : want.range.text(),
                                      .variant = want.variant});
    request.asked.push_back(want.name);
  }
  // What is asked for anew is asked for by that request alone; a pin is not taken back by it.
  std::erase_if(request.requirements,
                [&](const auto& r) { return asked.contains(r.name) && r.asker == "you have installed"; });
  for (const auto& want : missing)
    if (const auto e = request.installed.find(want.name); e != request.installed.end() && !options.upgrade)
      e->second.variant_only = !want.range.contains(e->second.version) ||
                               (!want.variant.empty() && want.variant != e->second.variant);
  if (options.upgrade) let_move(wants, store, plan.before, request);
  NANO_TRY(add_bundles(plan, asked, request));
  for (const auto& b : plan.bundles) request.asked.push_back(b.head.release.manifest.name);

  NANO_TRY_ASSIGN(auto outcome, choose_here(ctx, request, offers, memory));
  if (const auto* refusal = std::get_if<resolver::Refusal>(&outcome)) return refusal_error(ctx, *refusal);
  NANO_TRY_ASSIGN(plan.steps, steps_for(std::get<resolver::Choices>(outcome), plan, offers, remotes, asked,
                                        options.force || !options.again.empty()));
  for (const auto& want : missing) {
    const auto* e = plan.before.find(want.name);
    const auto has = [&](const Step& s) { return s.item.name == want.name; };
    if (options.upgrade || e == nullptr || std::any_of(plan.steps.begin(), plan.steps.end(), has)) continue;
    plan.kept.push_back(kept_item(*e));
    if (!e->requested) plan.to_request.push_back(e->name);
  }
  return plan;
}

}  // namespace nano::app
