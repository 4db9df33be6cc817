// app/list.cpp: what is installed.
#include "app/list.h"

#include <algorithm>

#include "app/installed.h"
#include "app/project.h"
#include "base/text.h"

namespace nano::app {
namespace {

Result<InstalledPackage> describe(const store::Store& store, const store::InstalledEntry& found) {
  InstalledPackage p;
  p.entry = found.entry;
  p.dir = found.store / found.entry.dir;
  auto package = store::open_package(store, found.entry.dir);
  if (!package) {
    Error e = std::move(package.error()).while_("reading the installed package " + found.entry.name.text());
    if (e.hint.empty())
      e.hint = "`nano verify` shows what is damaged, `nano install " + found.entry.name.text() + "` mends it";
    return e;
  }
  p.title = package->release.manifest.title;
  p.task = package->release.manifest.task;
  p.bytes = package->release.size_of(found.entry.variant);
  return p;
}

}  // namespace

Result<std::vector<InstalledPackage>> list_installed(const Context& ctx) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto all, store::installed(store));
  std::vector<InstalledPackage> out;
  for (const auto& e : all) {
    auto p = describe(store, e);
    if (!p) {
      // One damaged package must not hide the others.
      ctx.log->warn(p.error().message + (p.error().hint.empty() ? "" : "; " + p.error().hint));
      InstalledPackage broken;
      broken.entry = e.entry;
      broken.dir = e.store / e.entry.dir;
      broken.title = "(damaged)";
      out.push_back(std::move(broken));
      continue;
    }
    p->pinned = e.entry.pinned;
    out.push_back(std::move(*p));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.entry.name < b.entry.name; });
  return out;
}

Result<Listing> list_here(const Context& ctx, bool global) {
  Listing out;
  std::optional<fs::Path> folder;
  if (!global) {
    NANO_TRY_ASSIGN(folder, find_project_folder(ctx));
  }
  if (!folder) {
    NANO_TRY_ASSIGN(out.packages, list_installed(ctx));
    return out;
  }
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  const Project& project = *scene.project;
  out.project = project.dir.string();
  const schemas::Lockfile nothing;
  for (const auto& locked : (project.lock ? *project.lock : nothing).packages) {
    InstalledPackage p;
    const auto* there = scene.current.find(locked.name);
    p.in_place = there != nullptr && there->release == locked.release && there->variant == locked.variant;
    if (p.in_place) {
      auto described = describe(store, {.entry = *there, .store = store.primary().root()});
      if (described) {
        p = std::move(*described);
      } else {
        ctx.log->warn(described.error().message + (described.error().hint.empty() ? "" : "; " + described.error().hint));
        p.entry = *there;
        p.title = "(damaged)";
      }
    } else {
      p.entry.name = locked.name;
      p.entry.version = locked.version;
      p.entry.variant = locked.variant;
      p.entry.release = locked.release;
      p.entry.registry_id = locked.registry_id;
      p.entry.signer = locked.signers.empty() ? "" : locked.signers.front();
      p.bytes = locked.size;
    }
    p.entry.requested = locked.requested;
    const auto& pins = project.manifest.pins;
    p.pinned = std::any_of(pins.begin(), pins.end(), [&](const auto& pin) { return pin.name == locked.name; });
    out.packages.push_back(std::move(p));
  }
  return out;
}

Result<std::vector<std::string>> installed_names(const Context& ctx) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto all, store::installed(store));
  std::vector<std::string> names;
  for (const auto& e : all) names.push_back(e.entry.name.text());
  std::sort(names.begin(), names.end());
  return names;
}

Result<InstalledPackage> find_installed(const Context& ctx, const std::string& text) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, text));
  return describe(store, found);
}

Result<fs::Path> weights_path(const Context& ctx, const std::string& text) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, text));
  NANO_TRY_ASSIGN(const auto package, store::open_package(store, found.entry.dir));
  const schemas::FileEntry* weights =
      package.release.manifest.file_of(schemas::Role::weights, found.entry.variant);
  if (weights == nullptr)
    return make_error(Errc::not_found, entry_text(found.entry) + " has no file of role 'weights'",
                      "`nano info " + found.entry.name.text() + "` shows what it has");
  return found.store / found.entry.dir / weights->path;
}

}  // namespace nano::app
