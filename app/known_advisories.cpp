// app/known_advisories.cpp: a small text file beside the metadata.
#include "app/known_advisories.h"

#include <map>
#include <set>

#include "app/installed.h"
#include "app/project.h"
#include "app/trust.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/session_parts.h"
#include "schemas/word.h"

namespace nano::app {
namespace {

constexpr uint64_t kMaxKeptBytes = 4'000'000;

fs::Path file_of(const Context& ctx, const Digest& registry_id) {
  return trust_dir(ctx, registry_id) / "advisories";
}

std::vector<schemas::Advisory> read_kept(const Context& ctx, const std::string& registry_id) {
  std::vector<schemas::Advisory> out;
  const auto id = Digest::parse_hex(registry_id);
  if (!id) return out;
  const auto bytes = fs::read_file(file_of(ctx, *id), kMaxKeptBytes);
  if (!bytes) return out;
  for (const std::string& line : split(*bytes, '\n'))
    if (auto a = line.empty() ? Result<schemas::Advisory>(make_error(Errc::invalid, "")) : schemas::parse_advisory(line)) out.push_back(std::move(*a));
  return out;
}

}  // namespace

void keep_advisories(const Context& ctx, const Digest& registry_id, const std::vector<schemas::Advisory>& advisories) {
  std::string text;
  for (const auto& a : advisories) {
    const auto doc = parse_json(schemas::write_advisory(a));
    if (doc) text += dump_line(*doc) + "\n";
  }
  const fs::Path file = file_of(ctx, registry_id);
  const auto before = fs::read_file(file, kMaxKeptBytes);
  if (before ? *before == text : text.empty()) return;
  const Status made = fs::make_dirs(file.parent_path(), 0700);
  const Status kept = made ? fs::write_atomic(file, text, 0600) : made;
  if (!kept) ctx.log->detail("advisories not kept: " + kept.error().message);
}

void warn_of_known_advisories(const Context& ctx, const std::string& model) {
  const auto scene = scene_of(ctx);
  if (!scene) return;
  std::vector<schemas::PackageName> open;
  for (const std::string& part : split_parts(model))
    if (const auto want = schemas::is_path(part) ? Result<schemas::Requirement>(make_error(Errc::usage, "")) : schemas::Requirement::parse(part))
      open.push_back(want->name);
  const auto store = open_store(ctx, store::Mode::read);
  // A project's packages go first; what it has not is looked for outside it, as the model itself is.
  const auto outside = store && scene->project ? store::read_current(store->primary()) : Result<schemas::Generation>(schemas::Generation{});
  std::map<std::string, std::vector<schemas::Advisory>> kept;
  std::set<schemas::PackageName> seen;
  while (!open.empty()) {
    const schemas::PackageName name = open.back();
    open.pop_back();
    const auto* e = scene->current.find(name);
    if (e == nullptr && outside) e = outside->find(name);
    if (e == nullptr || e->registry_id.empty() || !seen.insert(name).second) continue;
    const auto [it, fresh] = kept.try_emplace(e->registry_id);
    if (fresh) it->second = read_kept(ctx, e->registry_id);
    if (it->second.empty()) continue;
    for (const auto& a : it->second)
      if (a.hits(name, e->version))
        ctx.log->warn(entry_text(*e) + " is hit by the advisory " + sanitize(a.id) + " (" + std::string(schemas::to_text(a.severity)) + "): " +
                      sanitize(a.title) + "; `nano audit` says more");
    // What it needs is read only where that registry has warnings at all.
    if (const auto package = store ? store::open_package(*store, e->dir) : Result<store::InstalledPackage>(store.error()))
      for (const auto& d : package->release.manifest.dependencies) open.push_back(d.name);
  }
}

}  // namespace nano::app
