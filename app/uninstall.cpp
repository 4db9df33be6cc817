// app/uninstall.cpp: remove packages and what only they needed.
#include <algorithm>
#include <map>
#include <set>

#include "app/install.h"
#include "app/installed.h"
#include "store/gc.h"
#include "store/transaction.h"

namespace nano::app {
namespace {

constexpr int kUninstallReplans = 16;  ///< as install's: each time somebody else got on

Result<std::vector<schemas::PackageName>> needs_of(const store::Store& store,
                                                   const schemas::GenerationEntry& e) {
  std::vector<schemas::PackageName> out;
  const auto package = store::open_package(store, e.dir);
  if (!package && package.error().code == Errc::store) return package.error();  // it cannot be read: what it needs is unknown
  if (!package) return out;  // damaged: it cannot hold anything back
  for (const auto& d : package->release.manifest.dependencies) out.push_back(d.name);
  return out;
}

PlanItem item_of(const schemas::GenerationEntry& e, std::string why) {
  return {.action = Action::remove,
          .name = e.name,
          .version = e.version,
          .variant = e.variant,
          .registry = e.registry,
          .why = std::move(why),
          .bytes = 0,
          .download_bytes = 0,
          .requested = e.requested,
          .is_unsigned = e.signer.empty()};
}

/// One try. nullopt: another process changed what is installed between the plan and the lock.
Result<std::optional<UninstallReport>> try_once(Context& ctx, const UninstallOptions& options, const store::Store& store) {
  std::set<schemas::PackageName> going;
  for (const auto& text : options.names) {
    auto found = find_entry(ctx, store, text);
    if (!found) {
      Error e = std::move(found).error();
      // Whoever wants it gone is not told how to install it.
      const auto install = e.hint.find("install it");
      if (e.code == Errc::not_found && install != std::string::npos) {
        const auto near = e.hint.find("? or ");
        e.hint = near == std::string::npos ? "`nano list --global` shows what is installed; `nano remove` takes a package out of a project" : e.hint.substr(0, near + 1);
      }
      return e;
    }
    if (found->store != store.primary().root())
      return make_error(Errc::store,
                        entry_text(found->entry) + " lies in the read-only store " + found->store.string(),
                        "take that store out of NANO_STORE_PATH");
    going.insert(found->entry.name);
  }
  NANO_TRY_ASSIGN(const store::Generation before, store::read_current(store.primary()));
  std::map<schemas::PackageName, std::vector<schemas::PackageName>> needs;
  for (const auto& e : before.entries) {
    NANO_TRY_ASSIGN(needs[e.name], needs_of(store, e));
  }
  // What is asked for and stays, and all that it needs. A circle of packages that only need each other is not held by itself.
  std::set<schemas::PackageName> held;
  std::vector<const schemas::GenerationEntry*> open;
  for (const auto& e : before.entries)
    if (e.requested && !going.contains(e.name) && held.insert(e.name).second) open.push_back(&e);
  while (!open.empty()) {
    const auto* e = open.back();
    open.pop_back();
    for (const auto& n : needs[e->name]) {
      if (going.contains(n))
        return make_error(Errc::usage, n.text() + " cannot be removed: " + entry_text(*e) + " needs it",
                          "remove both: `nano uninstall " + n.text() + " " + e->name.text() + "`");
      const auto* next = before.find(n);
      if (next != nullptr && held.insert(n).second) open.push_back(next);
    }
  }
  UninstallReport report;
  for (const auto& e : before.entries)
    if (going.contains(e.name)) report.removed.push_back(item_of(e, "requested"));
  for (const auto& e : before.entries) {
    if (e.requested || held.contains(e.name) || !going.insert(e.name).second) continue;
    report.removed.push_back(item_of(e, "no longer needed"));
  }
  report.generation = before.number;
  if (options.dry_run) return std::optional(std::move(report));
  NANO_TRY_ASSIGN(auto tx, store::Transaction::begin(store, ctx.command_line));
  if (tx.before().number != before.number) return std::optional<UninstallReport>();
  for (const auto& name : going) NANO_TRY(tx.remove(name));
  NANO_TRY_ASSIGN(report.generation, tx.commit(ctx.command_line, format_time(ctx.now)));
  store::GcOptions gc;
  gc.now = ctx.now;
  // What `nano gc` would free now: nothing yet, as a rule, since rollback still needs it.
  if (const auto plan = store::plan_gc(store, tx.lock(), gc)) report.reclaimable_bytes = plan->freed_bytes;
  return std::optional(std::move(report));
}

}  // namespace

Result<UninstallReport> uninstall(Context& ctx, const UninstallOptions& options) {
  if (options.names.empty())
    return make_error(Errc::usage, "no package was named", "`nano list` shows what is installed");
  NANO_TRY_ASSIGN(const store::Store store,
                  open_store(ctx, options.dry_run ? store::Mode::read : store::Mode::write));
  for (int attempt = 0; attempt < kUninstallReplans; ++attempt) {
    NANO_TRY_ASSIGN(auto report, try_once(ctx, options, store));
    if (report) return std::move(*report);
    ctx.log->detail("the store changed meanwhile: planning again");
  }
  return make_error(Errc::store, "other processes keep changing the store " + ctx.places.store.string(),
                    "run the command again when they are done");
}

}  // namespace nano::app
