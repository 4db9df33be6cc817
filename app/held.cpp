// app/held.cpp: generations and project roots, looked through for exact releases.
#include "app/held.h"

#include "app/policy.h"
#include "store/generations.h"
#include "store/packages.h"
#include "store/roots.h"

namespace nano::app {
namespace {

using schemas::GenerationEntry;
using schemas::LockedPackage;

bool is_locked(const GenerationEntry& e, const LockedPackage& p) {
  return e.name == p.name && e.version == p.version && e.variant == p.variant && e.release == p.release && !e.chain.empty() &&
         (p.registry_id.empty() || e.registry_id == p.registry_id);
}

/// Is its folder there, with the release that is locked, which says of itself what the lock says of it?
std::optional<schemas::Release> folder_of(const store::Store& store, const GenerationEntry& e) {
  std::error_code ec;
  if (!std::filesystem::exists(store.primary().root() / e.dir, ec)) return std::nullopt;
  auto package = store::open_package(store, e.dir);
  if (!package || package->digest != e.release || package->release.manifest.version != e.version) return std::nullopt;
  return std::move(package->release);
}

}  // namespace

Result<std::vector<GenerationEntry>> held_by_store(const Context& ctx, const store::Store& store, const schemas::Lockfile& lock,
                                                   const schemas::Generation& before) {
  std::vector<schemas::Generation> places;
  if (auto current = store::read_current(store.primary())) places.push_back(std::move(*current));
  // A damaged root is another project's; its own sync tells of it.
  if (auto roots = store::read_roots(store.primary()))
    for (auto& root : *roots) places.push_back(std::move(root.wants));
  NANO_TRY_ASSIGN(const auto policies, load_policies(ctx));
  const bool needs_dates = asks_for_age(policies);  // which the registry alone can tell
  std::vector<GenerationEntry> out;
  for (const LockedPackage& p : lock.packages) {
    const GenerationEntry* found = before.find(p.name);
    if (found != nullptr && (!is_locked(*found, p) || !folder_of(store, *found))) found = nullptr;
    const bool is_new = found == nullptr;
    for (const auto& place : places) {
      if (found != nullptr || needs_dates) break;
      const GenerationEntry* e = place.find(p.name);
      if (e == nullptr || !is_locked(*e, p)) continue;
      const auto release = folder_of(store, *e);
      if (!release) continue;
      if (!policies.empty()) NANO_TRY(heed_policy(ctx, policies, facts_of(*release, *e, std::nullopt)));
      found = e;
    }
    if (found == nullptr) continue;
    GenerationEntry& entry = out.emplace_back(*found);
    entry.requested = p.requested;
    if (is_new) entry.pinned = false;
  }
  return out;
}

}  // namespace nano::app
