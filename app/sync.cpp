// app/sync.cpp: the steps of a sync, from nano.json to the root that keeps its packages.
#include "app/sync.h"

#include <algorithm>
#include <map>

#include "app/change.h"
#include "app/damage.h"
#include "app/held.h"
#include "app/judge.h"
#include "app/lock_edited.h"
#include "app/lock_plan.h"
#include "app/origin.h"
#include "app/plan.h"
#include "app/project.h"
#include "base/fs_look.h"
#include "base/text.h"
#include "store/roots.h"

namespace nano::app {
namespace {

using schemas::PackageName;

constexpr int kSyncAttempts = 16;  // somebody else may change the project between plan and lock; each time they got on

Status edit(const SyncOptions& options, Project& project) {
  auto& list = project.manifest.dependencies;
  const auto find = [&](const PackageName& name) {
    return std::find_if(list.begin(), list.end(), [&](const auto& d) { return d.name == name; });
  };
  for (const auto& text : options.remove) {
    NANO_TRY_ASSIGN(const PackageName name, named_package(text));
    const auto it = find(name);
    if (it == list.end()) {
      std::vector<std::string> names;
      for (const auto& d : list) names.push_back(d.name.text());
      const auto near = nearest(name.text(), names);
      return make_error(
          Errc::not_found, "nano.json does not name '" + name.text() + "'",
          near ? "did you mean '" + *near + "'?" : "`nano tree` shows what it names and what that needs");
    }
    list.erase(it);
    std::erase_if(project.manifest.pins, [&](const auto& p) { return p.name == name; });
  }
  for (const auto& text : options.add) {
    NANO_TRY_ASSIGN(const auto want, wanted_package(text));
    schemas::Dependency d;
    d.name = want.name;
    d.range = want.range;
    d.use = schemas::DependencyUse::model;
    d.variant = want.variant;
    if (const auto it = find(want.name); it != list.end())
      *it = std::move(d);
    else
      list.push_back(std::move(d));
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return Unit{};
}

/// What was added without a range is asked for from the version chosen now upwards, up to the next breaking one.
Status settle_ranges(const SyncOptions& options, const schemas::Lockfile& lock, Project& project) {
  for (const auto& text : options.add) {
    NANO_TRY_ASSIGN(const auto want, wanted_package(text));
    if (!want.range.is_any()) continue;
    const auto* locked = lock.find(want.name);
    for (auto& d : project.manifest.dependencies)
      if (d.name == want.name && locked != nullptr) {
        NANO_TRY_ASSIGN(d.range, schemas::Range::parse("^" + locked->version.text()));
      }
  }
  return Unit{};
}

/// Replay what was put in place, and what stayed but runs on a base that was; a failure stops the sync.
Status replay(const store::Store& store, const std::vector<schemas::GenerationEntry>& kept,
              const std::vector<schemas::GenerationEntry>& fresh, bool must_write, schemas::Lockfile& lock, SyncReport& report) {
  const auto entry_of = [&](const PackageName& name) -> const schemas::GenerationEntry* {
    for (const auto* list : {&fresh, &kept})
      for (const auto& e : *list)
        if (e.name == name) return &e;
    return nullptr;
  };
  const BaseOf base_of = [&](const PackageName& name) -> Result<std::optional<GoldenPlace>> {
    const auto* e = entry_of(name);
    if (e == nullptr) return std::optional<GoldenPlace>();
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, e->dir));
    return std::optional(GoldenPlace{package.dir, e->variant});
  };
  const auto one = [&](const schemas::GenerationEntry& e, bool is_fresh) -> Status {
    if (!is_fresh && fresh.empty()) return Unit{};
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
    const schemas::Manifest& m = package.release.manifest;
    const auto* base = golden_base(m);
    const bool new_base = base != nullptr && std::any_of(fresh.begin(), fresh.end(), [&](const auto& f) { return f.name == *base; });
    if (!is_fresh && !new_base) return Unit{};
    NANO_TRY_ASSIGN(auto golden, replay_golden({package.dir, e.variant}, m, base_of));
    if (!golden) return Unit{};
    const auto* under = new_base ? entry_of(*base) : nullptr;
    const std::string on = under == nullptr ? std::string() : " on " + under->name.text() + " " + under->version.text();
    if (!golden->failures.empty())
      return make_error(
          Errc::unmet,
          golden->package + on + " does not behave here as its golden file says: " + golden->failures.front(),
          is_fresh ? "nothing was changed; `nano bench` and `nano doctor` tell more about this machine"
                   : "nothing was changed; `nano pin` holds its base at the version it was locked with");
    auto it = std::find_if(lock.packages.begin(), lock.packages.end(), [&](const auto& p) { return p.name == e.name; });
    if (must_write && it != lock.packages.end() && golden->skipped.empty())
      it->golden = schemas::LockedGolden{golden->file, golden->outputs};
    report.golden.push_back(std::move(*golden));
    return Unit{};
  };
  for (const auto& e : fresh) NANO_TRY(one(e, true));
  for (const auto& e : kept) NANO_TRY(one(e, false));
  return Unit{};
}

/// What the last sync put in place, is still wanted and is whole stays: `kept`. The rest is the plan's.
Status part_steps(const store::Store& store, const std::set<PackageName>& damaged, std::vector<Step> steps, Plan& plan,
                  std::vector<schemas::GenerationEntry>& kept) {
  for (Step& step : steps) {
    const auto* e = plan.before.find(step.item.name);
    if (e != nullptr && e->release == step.release && e->version != step.item.version)
      return lock_has_other_release(e->name, e->version, step.item.version);
    bool there = false;
    if (e != nullptr) {
      NANO_TRY_ASSIGN(there, fs::is_there(store.primary().root() / e->dir / store::kReleaseFile));
    }
    if (there && e->release == step.release && e->variant == step.item.variant && !damaged.contains(e->name)) {
      kept.push_back(*e);
      kept.back().requested = step.item.requested;
    } else {
      if (e != nullptr) {
        step.item.from = e->version;
        step.item.from_variant = e->variant;
      }
      step.item.action = action_for(e, step.item.version, step.item.variant);
      plan.steps.push_back(std::move(step));
    }
  }
  return Unit{};
}

}  // namespace

Result<bool> is_in_project(const Context& ctx) {
  NANO_TRY_ASSIGN(const auto project, find_project(ctx));
  return project.has_value();
}

Result<fs::Path> init_project(const Context& ctx, const fs::Path& dir) {
  NANO_TRY(fs::make_dirs(dir, 0755));
  NANO_TRY_ASSIGN(const auto lock, lock_project(ctx, dir));
  NANO_TRY_ASSIGN(const bool there, fs::is_there(dir / kProjectFile));
  if (there)
    return make_error(Errc::usage, "there is a nano.json already in " + sanitize(dir.string()),
                      "`nano add NAME` adds to a project");
  Project p{.dir = dir};
  p.manifest.kind = schemas::Kind::project;
  NANO_TRY(write_project(p));
  return dir / kProjectFile;
}

namespace {

/// One plan and its execution. `again`: nano.json, nano.lock or what the project was synced to changed meanwhile (another
/// command, an editor), so nothing was written and all is to be decided anew.
Result<SyncReport> sync_once(Context& ctx, const SyncOptions& options, Remotes& remotes, bool& again) {
  const double start = monotonic_ms();
  NANO_TRY_ASSIGN(Project project, require_project(ctx));
  if ((options.locked || options.frozen) && !project.lock)
    return make_error(Errc::refused, "there is no nano.lock in " + sanitize(project.dir.string()),
                      "`nano lock` writes one");
  const std::string manifest_before = schemas::write_manifest(project.manifest);
  NANO_TRY(edit(options, project));
  NANO_TRY_ASSIGN(const store::Store store,
                  open_store(ctx, options.dry_run ? store::Mode::read : store::Mode::write));
  SyncReport report{.project = project.dir.string(), .dry_run = options.dry_run};

  Plan plan;
  if (auto root = store::read_root(store.primary(), project.dir); root)
    plan.before = std::move(root->wants);
  else if (root.error().code != Errc::not_found)
    return std::move(root.error());

  LockPlan locking;
  std::vector<schemas::GenerationEntry> kept;
  std::set<PackageName> damaged;
  if (options.frozen) {
    NANO_TRY_ASSIGN(kept, held_by_store(ctx, store, *project.lock, plan.before));
    NANO_TRY_ASSIGN(damaged, damaged_entries(ctx, store, kept));
    std::erase_if(kept, [&](const auto& e) { return damaged.contains(e.name); });
    NANO_TRY_ASSIGN(locking, plan_frozen(*project.lock, remotes, kept));
  } else {
    NANO_TRY_ASSIGN(locking, plan_lock(ctx, project, store, remotes, options));
  }
  plan.keys_were_compared = project.lock && !options.frozen;
  report.changes = std::move(locking.changes);
  report.packages = locking.lock.packages.size();
  if (options.locked && !report.changes.empty())
    return make_error(Errc::refused,
                      "nano.lock is not current: " + report.changes.front().name + " would be " +
                          (report.changes.front().after.empty() ? "taken out" : report.changes.front().after),
                      "`nano lock` brings it up to date");
  NANO_TRY(settle_ranges(options, locking.lock, project));
  if (!options.add.empty() || !options.remove.empty()) project.manifest.registries = origins_to_write(project, locking.lock);

  if (!options.frozen) {
    NANO_TRY_ASSIGN(damaged, damaged_entries(ctx, store, plan.before.entries));
  }
  NANO_TRY(part_steps(store, damaged, std::move(locking.steps), plan, kept));
  InstallReport installed;
  const auto finish = [&](const store::WriteLock& lock,
                          const std::vector<schemas::GenerationEntry>& fresh) -> Status {
    const auto changed_meanwhile = [&]() -> Result<bool> {
      NANO_TRY_ASSIGN(const bool same, is_as_read(project));
      const auto root = store::read_root(store.primary(), project.dir);
      if (!root && root.error().code != Errc::not_found) return root.error();
      return !same || plan.before.entries != (root ? root->wants.entries : std::vector<schemas::GenerationEntry>{});
    };
    NANO_TRY_ASSIGN(again, changed_meanwhile());
    if (again) return Unit{};
    NANO_TRY(replay(store, kept, fresh, !options.frozen && !options.locked, locking.lock, report));
    schemas::Generation wants;
    wants.created = format_time(ctx.now);
    wants.command = ctx.command_line;
    wants.entries = kept;
    wants.entries.insert(wants.entries.end(), fresh.begin(), fresh.end());
    if (options.frozen) NANO_TRY(check_vouchers(ctx, *project.lock, wants.entries));
    std::sort(wants.entries.begin(), wants.entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    const std::string text = schemas::write_lockfile(locking.lock);
    report.wrote_manifest = schemas::write_manifest(project.manifest) != manifest_before;
    report.wrote_lock = !options.frozen && !options.locked && text != project.lock_text;
    std::optional<fs::FolderLock> held;  // a project that is current may lie where nobody can write
    // Where packages come from is for people: a current lock that does not tell, and cannot be written, is no failure.
    const bool only_informs = !report.wrote_manifest && project.lock && project.lock->packages == locking.lock.packages;
    const auto cannot_inform = [&](const Error& why) {
      ctx.log->detail("nano.lock does not say where its packages come from: " + why.message);
      report.wrote_lock = false;
    };
    if (report.wrote_manifest || report.wrote_lock) {
      auto locked = lock_project(ctx, project.dir);
      if (!locked && !only_informs) return std::move(locked.error());
      if (locked) {
        held = std::move(*locked);
        NANO_TRY_ASSIGN(again, changed_meanwhile());
        if (again) return Unit{};
      } else {
        cannot_inform(locked.error());
      }
    }
    // The root first: files that name packages the store may not keep would be worse than packages no file names.
    if (wants.entries != plan.before.entries) NANO_TRY(store::write_root(lock, project.dir, wants));
    if (report.wrote_manifest) NANO_TRY(write_project(project));
    if (!report.wrote_lock) return Unit{};
    auto written = fs::rewrite(project.dir / kLockFile, text);
    if (!written && only_informs) {
      cannot_inform(written.error());
      return Unit{};
    }
    return written;
  };
  NANO_TRY(put_in_place(ctx, remotes, store, plan, options.dry_run, installed, finish));
  report.items = std::move(installed.items);
  report.download_bytes = installed.download_bytes;
  report.fetched_bytes = installed.fetched_bytes;
  report.seconds = (monotonic_ms() - start) / 1000;
  return report;
}

}  // namespace

Result<SyncReport> sync(Context& ctx, const SyncOptions& options) {
  if (options.locked && options.frozen)
    return make_error(Errc::usage, "--locked and --frozen were both given",
                      "--frozen takes the lock as it is, --locked checks that it is current");
  Remotes remotes(ctx, !options.dry_run);
  for (int attempt = 0; attempt < kSyncAttempts; ++attempt) {
    bool again = false;
    auto report = sync_once(ctx, options, remotes, again);
    if (!report) return tell_origin(ctx, std::move(report.error()));
    if (!again) return report;
    ctx.log->detail("the project changed meanwhile: planning again");
  }
  return make_error(Errc::store, "other processes keep changing this project", "run the command again when they are done");
}

}  // namespace nano::app
