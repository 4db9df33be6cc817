// app/plan.cpp: requests and what is installed, handed to the resolver.
#include "app/plan.h"

#include <algorithm>

#include "app/machine.h"
#include "app/upgrade_plan.h"
#include "base/text.h"
#include "schemas/word.h"

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
                     const std::function<void(schemas::Requirement want, bool names_range)>& found) {
  for (const auto& text : options.requests) {
    if (!options.upgrade && schemas::is_path(text)) {
      NANO_TRY_ASSIGN(auto bundles, open_bundle_request(ctx, text, options));
      for (auto& b : bundles) plan.bundles.push_back(std::move(b));
    } else {
      NANO_TRY_ASSIGN(auto want, wanted_package(text));
      found(std::move(want), text.find('@') != std::string::npos);
    }
  }
  return Unit{};
}

Status add_bundles(Plan& plan, std::set<PackageName>& asked, resolver::ChooseRequest& request) {
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
      for (const auto& v : m.variants) known.push_back(v.name);
      return make_error(Errc::not_found, "the bundle has no variant '" + sanitize(b.variant) + "'", resolver::variants_hint(b.variant, known));
    }
    request.requirements.push_back({.name = m.name,
                                    .set = schemas::VersionSet::exactly(m.version),
                                    .text = m.version.text(),
                                    .variant = b.variant});
    if (!b.requested) continue;
    // A file brings what it brings; a range that was asked for before stays where that is in it.
    schemas::AskedFor& asked_for = plan.asked[m.name] = {.variant = b.variant};
    if (e != nullptr && e->requested && e->asked.range.contains(m.version)) asked_for.range = e->asked.range;
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
  return make_error(Errc::not_found, want.name.text() + " has no variant '" + sanitize(want.variant) + "'",
                    resolver::variants_hint(want.variant, {known.begin(), known.end()}));
}

/// A request together with what was asked for of that package before: what it does not name stays as it was.
schemas::AskedFor asked_now(const schemas::Requirement& want, bool range_was_named, const schemas::GenerationEntry* before) {
  schemas::AskedFor out{want.range, want.variant};
  if (before == nullptr || !before->requested) return out;
  if (!range_was_named) out.range = before->asked.range;
  if (out.variant.empty()) out.variant = before->asked.variant;
  return out;
}

constexpr std::string_view kHave = "you have installed";
constexpr std::string_view kAskedFor = "you asked for";
constexpr std::string_view kChose = "you chose";

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
    const std::string beside = remotes.hint_of_starter(want.name);
    return make_error(
        Errc::not_found,
        "the registry '" + remote->registry().config.name + "' has no package '" + want.name.text() + "'",
        !beside.empty() ? beside
        : near          ? "did you mean '" + near->text() + "'?"
                        : "look for it: `nano search " + want.name.name + "`");
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
                                      .variant = e.variant,
                                      .remedy = "`nano unpin " + name + "`"});
    else if (e.requested && e.asked.is_anything())
      request.requirements.push_back({.name = e.name, .asker = std::string(kHave), .remedy = "`nano uninstall " + name + "`"});
    else if (e.requested) {
      // Two requirements, since each is taken back in its own way.
      auto& range = request.requirements.emplace_back(resolver::requirement_of({.name = e.name, .range = e.asked.range, .variant = {}}));
      range.asker = e.asked.range.is_any() ? kHave : kAskedFor;
      range.remedy = "`nano " + (e.asked.range.is_any() ? "uninstall " + name : "install " + name + "@*") + "`";
      if (!e.asked.variant.empty())
        request.requirements.push_back({.name = e.name,
                                        .asker = std::string(kChose),
                                        .variant = e.asked.variant,
                                        .remedy = "another variant (`nano install " + name + ":VARIANT`)"});
    }
    request.locked.emplace(e.name, resolver::Kept{e.version, e.variant});
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

namespace {

/// A request of the command line, and what it comes to with what was asked for before.
struct Want {
  schemas::Requirement typed{};
  bool names_range = false;
  schemas::AskedFor asked{};
};

/// A variant that was asked for earlier, and that no version in the new range has, is let go of with a word.
Status let_go_of_variant(Context& ctx, Offers& offers, Want& want) {
  if (want.asked.variant.empty() || !want.typed.variant.empty()) return Unit{};
  NANO_TRY_ASSIGN(const schemas::IndexPackage* package, offers.in_registry(want.typed.name));
  if (package == nullptr) return Unit{};
  for (const auto& v : package->versions)
    for (const auto& x : v.variants)
      if (want.asked.range.contains(v.version) && x.name == want.asked.variant) return Unit{};
  ctx.log->warn("you asked for " + want.typed.name.text() + " in variant " + want.asked.variant + " before, and no version in '" +
                want.asked.range.text() + "' has it: another is taken");
  want.asked.variant.clear();
  return Unit{};
}

/// What is asked for anew is asked for by that request alone; a pin is not taken back by it.
void take_back(const PackageName& name, resolver::ChooseRequest& request) {
  std::erase_if(request.requirements, [&](const auto& r) {
    return r.name == name && (r.asker == kHave || r.asker == kAskedFor || r.asker == kChose);
  });
}

/// Requirements and freedom for packages that are asked for now.
Status ask_for(Context& ctx, Offers& offers, Remotes& remotes, const store::Store& store, std::vector<Want>& missing, Plan& plan,
               resolver::ChooseRequest& request) {
  std::vector<PackageName> names;
  for (Want& want : missing) {
    const PackageName& name = want.typed.name;
    const auto* e = plan.before.find(name);
    const schemas::Requirement typed_range{.name = name, .range = want.asked.range, .variant = want.typed.variant};
    if (e == nullptr || !typed_range.range.contains(e->version) || (!typed_range.variant.empty() && typed_range.variant != e->variant))
      NANO_TRY(check_exists(offers, remotes, typed_range));
    NANO_TRY(let_go_of_variant(ctx, offers, want));
    take_back(name, request);
    request.requirements.push_back(
        resolver::requirement_of({.name = name, .range = want.asked.range, .variant = want.asked.variant}));
    request.asked.push_back(name);
    names.push_back(name);
    const auto kept = request.locked.find(name);
    if (kept == request.locked.end()) continue;
    const auto& now = kept->second;
    if (want.asked.range.contains(now.version) && (want.asked.variant.empty() || want.asked.variant == now.variant)) continue;
    kept->second.variant_only = true;
    request.installed.insert(*kept);
    request.locked.erase(kept);
  }
  // The lowest versions that fit, of these and of what they need: what is there already does not count.
  if (request.lowest && !names.empty()) let_move(what_is_there(store, plan.before), names, request);
  return Unit{};
}

Result<resolver::ChooseOutcome> choose_upgrade(Context& ctx, Offers& offers, Remotes& remotes, resolver::Memory& memory,
                                               const store::Store& store, const std::vector<Want>& wants, const Plan& plan,
                                               resolver::ChooseRequest request) {
  std::vector<schemas::Requirement> named;
  for (const Want& want : wants) {
    const auto* e = plan.before.find(want.typed.name);
    const bool is_wish = !want.typed.range.is_any() || !want.typed.variant.empty();
    if (is_wish && (e == nullptr || !want.typed.range.contains(e->version))) NANO_TRY(check_exists(offers, remotes, want.typed));
    request.asked.push_back(want.typed.name);
    named.push_back(want.typed);
  }
  NANO_TRY_ASSIGN(auto upgrade, plan_upgrade(ctx, what_is_there(store, plan.before), named, std::move(request), offers, memory));
  for (const auto& remark : upgrade.remarks) ctx.log->warn(remark);
  return std::move(upgrade.outcome);
}

}  // namespace

Result<Plan> make_plan(Context& ctx, Remotes& remotes, const store::Store& store,
                       const InstallOptions& options) {
  Plan plan;
  NANO_TRY_ASSIGN(plan.before, store::read_current(store.primary()));
  std::vector<Want> wants;
  NANO_TRY(read_requests(ctx, options, plan, [&](schemas::Requirement want, bool names_range) {
    Want w{.typed = std::move(want), .names_range = names_range};
    const auto* e = plan.before.find(w.typed.name);
    w.asked = asked_now(w.typed, names_range, e);
    wants.push_back(std::move(w));
  }));

  // Asked for and there already: kept, without a look at any registry.
  std::vector<Want> missing;
  for (Want& want : wants) {
    const auto* e = plan.before.find(want.typed.name);
    if (options.upgrade && e == nullptr)
      return make_error(Errc::not_found, "'" + want.typed.name.text() + "' is not installed",
                        "install it: `nano install " + want.typed.text() + "`");
    const bool there = e != nullptr && want.asked.range.contains(e->version) &&
                       (want.typed.variant.empty() ? want.asked.variant.empty() || want.asked.variant == e->variant
                                                   : want.typed.variant == e->variant) &&
                       !options.again.contains(want.typed.name);
    if (!there || options.force || options.upgrade || !options.choose.is_default())
      missing.push_back(want);
    else
      plan.kept.push_back(kept_item(*e));
  }
  const auto note_what_was_asked = [&] {
    if (options.upgrade) return;
    for (const auto& list : {wants, missing})  // `missing` last: it may have let go of a variant
      for (const Want& want : list) {
        const auto* e = plan.before.find(want.typed.name);
        const bool had = e != nullptr && e->requested && want.typed.range.contains(e->version);
        plan.asked[want.typed.name] = !options.chosen_by_nano ? want.asked : had ? e->asked : schemas::AskedFor{};
      }
  };
  if (missing.empty() && plan.bundles.empty() && !options.upgrade) {
    note_what_was_asked();
    return plan;
  }

  Offers offers(ctx, remotes, store, plan.before, plan.bundles);
  offers.must_answer(options.must_answer);
  resolver::Memory memory(offers);
  resolver::ChooseRequest request = request_to_keep(plan.before);
  NANO_TRY(apply(ctx, options.choose, request));
  std::set<PackageName> asked;
  std::optional<resolver::ChooseOutcome> outcome;
  if (options.upgrade) {
    NANO_TRY_ASSIGN(outcome, choose_upgrade(ctx, offers, remotes, memory, store, wants, plan, std::move(request)));
  } else {
    NANO_TRY(ask_for(ctx, offers, remotes, store, missing, plan, request));
    for (const auto& want : missing) asked.insert(want.typed.name);
    note_what_was_asked();
    NANO_TRY(add_bundles(plan, asked, request));
    for (const auto& b : plan.bundles) request.asked.push_back(b.head.release.manifest.name);
    NANO_TRY_ASSIGN(outcome, choose_here(ctx, request, offers, memory));
  }
  if (const auto* refusal = std::get_if<resolver::Refusal>(&*outcome)) return refusal_error(ctx, *refusal);
  NANO_TRY_ASSIGN(plan.steps, steps_for(std::get<resolver::Choices>(*outcome), plan, offers, remotes, asked,
                                        options.force || !options.again.empty()));
  for (const auto& want : missing) {
    const auto* e = plan.before.find(want.typed.name);
    const auto has = [&](const Step& s) { return s.item.name == want.typed.name; };
    if (options.upgrade || e == nullptr || std::any_of(plan.steps.begin(), plan.steps.end(), has)) continue;
    plan.kept.push_back(kept_item(*e));
  }
  return plan;
}

bool Plan::changes_anything() const {
  return !steps.empty() || std::any_of(asked.begin(), asked.end(), [&](const auto& a) {
    const auto* e = before.find(a.first);
    return e != nullptr && (!e->requested || e->asked != a.second);
  });
}

}  // namespace nano::app
