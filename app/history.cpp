// app/history.cpp: generations as people see them.
#include "app/history.h"

#include <algorithm>

#include "app/installed.h"
#include "store/gc.h"
#include "store/state_db.h"
#include "store/transaction.h"

namespace nano::app {

Result<std::vector<HistoryItem>> history(const Context& ctx) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto lines, store::history(store.primary()));
  std::vector<HistoryItem> out;
  for (const auto& line : lines) {
    HistoryItem item{.generation = line.number,
                     .created = {},
                     .command = {},
                     .current = line.current,
                     .packages = {},
                     .changes = {}};
    if (!line.generation) {
      item.command = "(damaged: " + line.damage + ")";
      out.push_back(std::move(item));
      continue;
    }
    const auto& g = *line.generation;
    item.created = g.created;
    item.command = g.command;
    for (const auto& e : g.entries) item.packages.push_back(entry_text(e));
    const auto parent = std::find_if(lines.begin(), lines.end(), [&](const auto& l) {
      return g.parent && l.number == *g.parent && l.generation;
    });
    // A parent that gc removed leaves nothing to compare with; then every package counts as there, not as
    // new.
    if (parent != lines.end()) {
      item.changes = changes_between(parent->generation->entries, g.entries);
    } else if (!g.parent) {
      item.changes = changes_between({}, g.entries);
    }
    out.push_back(std::move(item));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.generation > b.generation; });
  return out;
}

Result<RollbackReport> rollback(Context& ctx, std::optional<uint64_t> to, bool dry_run) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, dry_run ? store::Mode::read : store::Mode::write));
  std::optional<store::WriteLock> lock;
  if (!dry_run) {
    NANO_TRY_ASSIGN(lock, store.lock(ctx.command_line));
  }
  NANO_TRY(store::damage_of_current(store.primary()));       // it must be readable
  const auto before = store::read_current(store.primary());  // damaged: the very thing a rollback mends
  NANO_TRY_ASSIGN(const store::Generation after, dry_run ? store::plan_rollback(store.primary(), to) : store::rollback(*lock, to));
  RollbackReport r{.from = before ? before->number : 0, .to = after.number, .dry_run = dry_run};
  const auto entries = before ? before->entries : std::vector<schemas::GenerationEntry>{};
  r.changes = changes_between(entries, after.entries);
  r.items = items_between(entries, after.entries);
  return r;
}

namespace {

std::vector<GcWithheld> withheld_of(const store::GcPlan& plan) {
  std::vector<GcWithheld> out, projects;
  for (const auto& kept : plan.kept) {
    const std::string why(store::why_word(kept.why));
    if (kept.why == store::GcKept::Why::unseen_project) {
      projects.push_back({why, 1, 0, kept.path + ": " + kept.reason});
      continue;
    }
    auto at = std::find_if(out.begin(), out.end(), [&](const auto& w) { return w.why == why; });
    if (at == out.end()) at = out.insert(out.end(), GcWithheld{.why = why});
    ++at->count;
    at->bytes += kept.bytes;
  }
  out.insert(out.end(), projects.begin(), projects.end());
  return out;
}

}  // namespace

Result<GcReport> gc(Context& ctx, const GcOptions& options) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::write));
  NANO_TRY_ASSIGN(const store::WriteLock lock, store.lock(ctx.command_line));
  store::GcOptions o;
  o.keep_generations = static_cast<uint32_t>(std::min<std::size_t>(options.keep, 1'000'000));
  o.now = ctx.now;
  o.spare_young = !options.now;
  NANO_TRY_ASSIGN(const store::GcPlan plan, store::plan_gc(store, lock, o));
  GcReport r;
  r.dry_run = options.dry_run;
  r.freed_bytes = plan.freed_bytes;
  using Kind = store::GcItem::Kind;
  for (const auto& item : plan.remove) {
    r.blobs += item.kind == Kind::blob ? 1 : 0;
    r.packages += item.kind == Kind::package ? 1 : 0;
    r.generations += item.kind == Kind::generation ? 1 : 0;
    r.partials += item.kind == Kind::partial ? 1 : 0;
  }
  r.withheld = withheld_of(plan);
  if (!options.dry_run) {
    NANO_TRY_ASSIGN(r.freed_bytes, store::run_gc(lock, plan));
  }
  return r;
}

}  // namespace nano::app
