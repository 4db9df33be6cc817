// app/upgrade.cpp: what could be newer, what would change with it, and pins.
#include "app/upgrade.h"

#include <algorithm>

#include "app/change.h"
#include "app/origin.h"
#include "app/plan.h"
#include "app/project.h"
#include "app/upgrade_plan.h"
#include "base/text.h"
#include "schemas/first_choice.h"
#include "store/transaction.h"

namespace nano::app {
namespace {

using schemas::PackageName;

std::vector<There> there_in(const Scene& scene, const store::Store& store) {
  if (!scene.project) return what_is_there(store, scene.current);
  return scene.project->lock ? what_is_there(*scene.project->lock, scene.project->manifest.pins) : std::vector<There>{};
}

std::vector<Unasked> ask_about(const Context& ctx, Remotes& remotes, const std::vector<There>& there) {
  std::vector<AskedFor> packages;
  for (const There& t : there) packages.push_back({t.name, t.registry_id, t.from_starter});
  return ask_for_each(ctx, remotes, packages);
}

const resolver::Offer* find_offer(const std::vector<resolver::Offer>& all, const schemas::Version& v) {
  for (const auto& o : all)
    if (o.version == v) return &o;
  return nullptr;
}

/// Beyond what was asked for, but by the same rule: of what is not below the version that is there.
const schemas::Version* newest(const std::vector<resolver::Offer>& all, const schemas::Version& now,
                               const resolver::ChooseRequest& request, const PackageName& name) {
  std::vector<schemas::Version> named;
  for (const auto& r : request.requirements)
    if (r.name == name) named.insert(named.end(), r.named.begin(), r.named.end());
  const schemas::Version* best = nullptr;
  for (const auto& o : all) {
    if (o.yanked || o.version < now) continue;
    if (best == nullptr || schemas::is_taken_before(o.version, *best, named)) best = &o.version;
  }
  return best;
}

int64_t size_of(const resolver::Offer* offer, const std::string& variant) {
  if (offer != nullptr)
    for (const auto& v : offer->variants)
      if (v.name == variant) return static_cast<int64_t>(v.size);
  return 0;
}

/// Why the newest is not what an upgrade takes: the first sentence of the resolver's answer to asking for it.
std::string blocker(const resolver::ChooseRequest& request, const PackageName& name,
                    const schemas::Version& version, resolver::Memory& memory) {
  resolver::ChooseRequest wanted = request;
  wanted.max_steps = resolver::kMaxTrySteps;
  wanted.requirements.push_back({.name = name,
                                 .set = schemas::VersionSet::exactly(version),
                                 .text = version.text(),
                                 .asker = "you ask for"});
  const auto outcome = resolver::choose_plainly(wanted, memory);
  if (!outcome) return outcome.error().message;
  const auto* refusal = std::get_if<resolver::Refusal>(&*outcome);
  return refusal == nullptr || refusal->proof.lines.empty() ? "" : refusal->proof.lines.front();
}

}  // namespace

std::vector<ClaimChange> claim_changes(const resolver::Offer& before, const std::string& before_variant,
                                       const resolver::Offer& after, const std::string& after_variant) {
  using Figures = std::vector<std::pair<std::string, std::string>>;
  const auto figures = [](const resolver::Offer& o, const std::string& variant) {
    Figures out;
    const auto add = [&](const std::string& name, const std::string& text) {
      if (std::none_of(out.begin(), out.end(), [&](const auto& f) { return f.first == name; }))
        out.emplace_back(name, text);
    };
    for (const auto& c : o.claims) {
      if (c.variant != variant) continue;
      if (!c.metric.empty()) add(c.metric + (c.dataset.empty() ? "" : " on " + c.dataset), c.value.text());
      if (c.p50_ms) add("p50", c.p50_ms->text() + " ms");
      if (c.memory_bytes) add("memory", human_bytes(*c.memory_bytes));
    }
    return out;
  };
  const Figures old = figures(before, before_variant);
  const Figures fresh = figures(after, after_variant);
  const auto value = [](const Figures& in, const std::string& name) {
    for (const auto& f : in)
      if (f.first == name) return f.second;
    return std::string();
  };
  std::vector<ClaimChange> out;
  for (const auto& f : old)
    if (value(fresh, f.first) != f.second) out.push_back({f.first, f.second, value(fresh, f.first)});
  for (const auto& f : fresh)
    if (value(old, f.first).empty()) out.push_back({f.first, "", f.second});
  return out;
}

Result<OutdatedReport> outdated(Context& ctx, const ChooseOptions& options, const std::vector<std::string>& names) {
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  OutdatedReport out;
  const auto there = there_in(scene, store);
  if (scene.project && !scene.project->lock && !scene.project->manifest.dependencies.empty())
    return make_error(Errc::not_found, "there is no nano.lock in " + sanitize(scene.project->dir.string()) + " to compare with", "`nano lock` writes one");
  if (there.empty()) return out;
  const std::vector<BundleRequest> no_bundles;
  Remotes remotes(ctx);
  out.unasked = ask_about(ctx, remotes, there);
  // As the upgrade itself: a lock must come out the same on every machine, whatever is installed there.
  const schemas::Generation nothing;
  Offers offers(ctx, remotes, store, scene.project ? nothing : scene.current, no_bundles);
  resolver::Memory memory(offers);
  resolver::ChooseRequest request =
      scene.project ? request_of(*scene.project) : request_to_keep(scene.current);
  NANO_TRY(apply(ctx, options, request));
  std::vector<schemas::Requirement> named;
  for (const auto& text : names) {
    NANO_TRY_ASSIGN(named.emplace_back(), wanted_package(text));
    const auto is_it = [&](const There& t) { return t.name == named.back().name; };
    if (std::none_of(there.begin(), there.end(), is_it))
      return make_error(Errc::not_found, "'" + named.back().name.text() + "' is not " + (scene.project ? "locked" : "installed"),
                        scene.project ? "`nano tree` shows what is" : "`nano list` shows what is");
  }
  auto planned = plan_upgrade(ctx, there, named, std::move(request), offers, memory);
  if (!planned) return tell_origin(ctx, std::move(planned.error()));
  const UpgradePlan plan = std::move(*planned);
  if (const auto* refusal = std::get_if<resolver::Refusal>(&plan.outcome)) return tell_origin(ctx, refusal_error(ctx, *refusal));
  for (const auto& remark : plan.remarks) ctx.log->warn(remark);
  const auto& choices = std::get<resolver::Choices>(plan.outcome);
  for (const There& t : there) {
    NANO_TRY_ASSIGN(const auto* all, memory.look(t.name));
    const auto* latest = newest(*all, t.version, plan.request, t.name);
    const auto choice = choices.find(t.name);
    const bool moves = choice != choices.end() &&
                       (choice->second.version != t.version || choice->second.variant.name != t.variant);
    if (!moves && (latest == nullptr || !(t.version < *latest))) continue;
    OutdatedRow row{
        .name = t.name.text(), .version = t.version.text(), .variant = t.variant, .pinned = t.pinned};
    row.newest = latest == nullptr ? t.version.text() : latest->text();
    row.wanted = choice == choices.end() ? "" : choice->second.version.text();
    row.wanted_variant = choice == choices.end() ? "" : choice->second.variant.name;
    if (choice != choices.end()) {
      const auto* before = find_offer(*all, t.version);
      row.bytes = static_cast<int64_t>(choice->second.variant.size) - size_of(before, t.variant);
      if (before != nullptr && moves)
        row.claims = claim_changes(*before, t.variant, choice->second.offer, row.wanted_variant);
    }
    if (latest != nullptr && choice != choices.end() && choice->second.version < *latest)
      row.blocked = blocker(plan.request, t.name, *latest, memory);
    out.updates = out.updates || moves;
    out.rows.push_back(std::move(row));
  }
  return out;
}

Result<std::vector<Unasked>> unasked_here(Context& ctx) {
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  Remotes remotes(ctx);
  return ask_about(ctx, remotes, there_in(scene, store));
}

namespace {

/// A version that is not locked must at least be one that there is: a pin on any other would end every later lock.
Status check_listed(Context& ctx, const Scene& scene, const schemas::Requirement& want) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  Remotes remotes(ctx);
  const std::vector<BundleRequest> no_bundles;
  Offers offers(ctx, remotes, store, scene.current, no_bundles);
  return check_exists(offers, remotes, want);
}

Error not_pinned(const PackageName& name, const std::vector<std::string>& pinned) {
  std::string all;
  for (const auto& p : pinned) all += (all.empty() ? "" : ", ") + p;
  return make_error(Errc::not_found, "'" + name.text() + "' is not pinned", all.empty() ? "nothing is" : "pinned is " + all);
}

std::vector<std::string> pinned_in(const schemas::Generation& generation) {
  std::vector<std::string> out;
  for (const auto& e : generation.entries)
    if (e.pinned) out.push_back(e.name.text());
  return out;
}

}  // namespace

Result<PinReport> pin(Context& ctx, const std::string& requirement, bool dry_run) {
  NANO_TRY_ASSIGN(const auto want, wanted_package(requirement));
  NANO_TRY_ASSIGN(Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store reading, open_store(ctx, store::Mode::read));
  const auto there = there_in(scene, reading);
  const auto it =
      std::find_if(there.begin(), there.end(), [&](const There& t) { return t.name == want.name; });
  std::optional<schemas::Version> version = want.range.set().single();
  if (!want.range.is_any() && !version)
    return make_error(Errc::usage, "'" + want.range.text() + "' is not one version",
                      "a pin holds one: `nano pin " + want.name.text() + "@1.2.3`");
  if (!want.variant.empty() && !scene.project && it != there.end() && it->variant != want.variant)
    return make_error(Errc::not_found, want.text() + " is not installed; " + it->version.text() + " " + it->variant + " is",
                      "`nano install " + want.text() + "` first");
  if (!version && it != there.end()) version = it->version;
  if (!version || (!scene.project && it == there.end()))
    return make_error(Errc::not_found,
                      "'" + want.name.text() + "' is not " + (scene.project ? "locked" : "installed"),
                      scene.project ? "`nano lock` first, or name the version: `nano pin NAME@1.2.3`"
                                    : "`nano list` shows what is");
  PinReport out{.name = want.name.text(), .version = version->text(), .project = scene.project.has_value(), .dry_run = dry_run};
  out.variant = !want.variant.empty() ? want.variant : it != there.end() && it->version == *version ? it->variant : "";
  if (scene.project) {
    out.moves = it == there.end() || it->version != *version || (!out.variant.empty() && it->variant != out.variant);
    if (out.moves) NANO_TRY(check_listed(ctx, scene, want));
    const auto put = [&](Project& project) -> Status {
      auto& pins = project.manifest.pins;
      const auto old = std::find_if(pins.begin(), pins.end(), [&](const auto& p) { return p.name == want.name; });
      out.changed = old == pins.end() || old->version != *version || old->variant != out.variant;
      if (old != pins.end())
        *old = {want.name, *version, out.variant};
      else
        pins.push_back({want.name, *version, out.variant});
      return Unit{};
    };
    NANO_TRY(dry_run ? put(*scene.project) : change_project(ctx, scene.project->dir, put));
    return out;
  }
  if (*version != it->version)
    return make_error(
        Errc::not_found,
        want.name.text() + " " + version->text() + " is not installed; " + it->version.text() + " is",
        "`nano install " + want.name.text() + "@" + version->text() + "` first");
  out.changed = !it->pinned;
  if (dry_run) return out;
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::write));
  NANO_TRY_ASSIGN(auto tx, store::Transaction::begin(store, ctx.command_line));
  const auto* now = tx.before().find(want.name);
  if (now == nullptr || now->version != *version)
    return make_error(Errc::store, "another process changed what is installed meanwhile",
                      "run the command again");
  auto entry = *now;
  out.changed = !entry.pinned;
  entry.pinned = true;
  NANO_TRY(tx.update(entry));
  NANO_TRY(tx.commit(ctx.command_line, format_time(ctx.now)));
  return out;
}

Result<PinReport> unpin(Context& ctx, const std::string& name, bool dry_run) {
  NANO_TRY_ASSIGN(const PackageName parsed, named_package(name));
  NANO_TRY_ASSIGN(auto project, find_project(ctx));
  PinReport out{.name = parsed.text(), .project = project.has_value(), .changed = true, .dry_run = dry_run};
  if (project) {
    const auto take = [&](Project& now) -> Status {
      auto& pins = now.manifest.pins;
      const auto it = std::find_if(pins.begin(), pins.end(), [&](const auto& p) { return p.name == parsed; });
      if (it == pins.end()) {
        std::vector<std::string> names;
        for (const auto& p : pins) names.push_back(p.name.text());
        return not_pinned(parsed, names);
      }
      out.version = it->version.text();
      out.variant = it->variant;
      pins.erase(it);
      return Unit{};
    };
    NANO_TRY(dry_run ? take(*project) : change_project(ctx, project->dir, take));
    return out;
  }
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, dry_run ? store::Mode::read : store::Mode::write));
  if (dry_run) {
    NANO_TRY_ASSIGN(const auto current, store::read_current(store.primary()));
    const auto* e = current.find(parsed);
    if (e == nullptr || !e->pinned) return not_pinned(parsed, pinned_in(current));
    out.version = e->version.text();
    out.variant = e->variant;
    return out;
  }
  NANO_TRY_ASSIGN(auto tx, store::Transaction::begin(store, ctx.command_line));
  const auto* now = tx.before().find(parsed);
  if (now == nullptr || !now->pinned) return not_pinned(parsed, pinned_in(tx.before()));
  auto entry = *now;
  entry.pinned = false;
  out.version = entry.version.text();
  out.variant = entry.variant;
  NANO_TRY(tx.update(entry));
  NANO_TRY(tx.commit(ctx.command_line, format_time(ctx.now)));
  return out;
}

}  // namespace nano::app
