// app/damage.cpp: noticed before anything is called "installed already".
#include "app/damage.h"

#include <algorithm>

#include "app/installed.h"
#include "app/plan.h"
#include "base/text.h"
#include "schemas/requirement.h"
#include "schemas/word.h"
#include "store/check.h"

namespace nano::app {

Result<std::set<schemas::PackageName>> damaged_entries(Context& ctx, const store::Store& store,
                                                       const std::vector<schemas::GenerationEntry>& entries) {
  std::set<schemas::PackageName> out;
  for (const auto& e : entries) {
    NANO_TRY_ASSIGN(const auto report, store::check_entry(store, e, *ctx.progress));
    // A mode is put right by the way, and changes no byte.
    const auto at = std::find_if(report.findings.begin(), report.findings.end(),
                                 [](const auto& f) { return f.kind != store::Finding::Kind::writable; });
    if (at == report.findings.end()) continue;
    ctx.log->note(entry_text(e) + " is damaged here (" + std::string(store::kind_word(at->kind)) + " at " + sanitize(at->path) + ")");
    out.insert(e.name);
  }
  return out;
}

Result<std::set<schemas::PackageName>> mend_requested(Context& ctx, const store::Store& store,
                                                      const std::vector<std::string>& requests, bool dry_run) {
  NANO_TRY_ASSIGN(const store::Generation current, store::read_current(store.primary()));
  std::vector<schemas::GenerationEntry> entries;
  for (const auto& text : requests) {
    if (schemas::is_path(text)) continue;
    const auto want = schemas::Requirement::parse(text);
    const auto* e = want ? current.find(want->name) : nullptr;
    if (e != nullptr && want->range.contains(e->version) && (want->variant.empty() || want->variant == e->variant)) entries.push_back(*e);
  }
  NANO_TRY_ASSIGN(auto damaged, damaged_entries(ctx, store, entries));
  if (damaged.empty() || dry_run) return damaged;
  store::CheckOptions options;
  options.only.assign(damaged.begin(), damaged.end());
  {
    NANO_TRY_ASSIGN(const store::WriteLock lock, store.lock(ctx.command_line));
    NANO_TRY(store::repair(store, lock, options, *ctx.progress));
  }
  for (const auto& e : entries) {
    if (!damaged.contains(e.name)) continue;
    NANO_TRY_ASSIGN(const auto report, store::check_entry(store, e, *ctx.progress));
    if (report.clean()) {
      damaged.erase(e.name);
      ctx.log->note("mended from what lies in the store");
    } else if (e.signer.empty()) {
      return make_error(Errc::store, entry_text(e) + " is damaged, and it came from a file, so it cannot be fetched again",
                        "install its file again: `nano install --force FILE.nano`");
    }
  }
  return damaged;
}

}  // namespace nano::app
