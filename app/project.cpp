// app/project.cpp: finding, reading and writing projects.
#include "app/project.h"

#include <cstdlib>

#include "app/installed.h"
#include "base/fs.h"
#include "base/text.h"
#include "store/roots.h"

namespace nano::app {
namespace {

/// Is there a nano.json in `dir`, and is it a project's? nullopt = no such file.
Result<std::optional<bool>> is_project(const fs::Path& dir) {
  const auto bytes = fs::read_file(dir / kProjectFile, schemas::kMaxManifestBytes);
  if (!bytes) {
    if (bytes.error().code == Errc::not_found) return std::optional<bool>();
    return bytes.error();
  }
  // A broken file is read as a project when it says it is one, so that the fault is told where it lies.
  const auto manifest = schemas::parse_manifest(*bytes);
  if (!manifest) return std::optional<bool>(bytes->find("\"project\"") != std::string::npos);
  return std::optional<bool>(manifest->kind == schemas::Kind::project);
}

}  // namespace

Result<Project> read_project(const fs::Path& dir) {
  Project p;
  std::error_code ec;
  p.dir = std::filesystem::canonical(dir, ec);
  if (ec)
    return make_error(Errc::not_found, "there is no folder '" + sanitize(dir.string()) + "'",
                      "a project is a folder with a nano.json of kind project");
  auto bytes = fs::read_file(p.dir / kProjectFile, schemas::kMaxManifestBytes);
  if (!bytes) return std::move(bytes.error()).while_("reading the project " + sanitize(p.dir.string()));
  auto manifest = schemas::parse_manifest(*bytes);
  if (!manifest) return std::move(manifest.error()).while_("reading " + (p.dir / kProjectFile).string());
  if (manifest->kind != schemas::Kind::project)
    return make_error(Errc::not_found, sanitize(p.dir.string()) + " holds a package, not a project",
                      "`nano init` makes a project in an empty folder");
  p.manifest = std::move(*manifest);
  auto lock = fs::read_file(p.dir / kLockFile, schemas::kMaxLockfileBytes);
  if (lock) {
    auto parsed = schemas::parse_lockfile(*lock);
    if (!parsed) return std::move(parsed.error()).while_("reading " + (p.dir / kLockFile).string());
    p.lock = std::move(*parsed);
    p.lock_text = std::move(*lock);
  } else if (lock.error().code != Errc::not_found) {
    return std::move(lock.error());
  }
  return p;
}

Result<std::optional<Project>> find_project() {
  if (const char* named = std::getenv("NANO_PROJECT"); named != nullptr && *named != '\0') {
    NANO_TRY_ASSIGN(Project p, read_project(named));
    return std::optional<Project>(std::move(p));
  }
  std::error_code ec;
  for (fs::Path dir = std::filesystem::current_path(ec); !ec; dir = dir.parent_path()) {
    NANO_TRY_ASSIGN(const auto found, is_project(dir));
    if (found && !*found) break;
    if (found) {
      NANO_TRY_ASSIGN(Project p, read_project(dir));
      return std::optional<Project>(std::move(p));
    }
    if (dir == dir.parent_path()) break;
  }
  return std::optional<Project>();
}

Result<Project> require_project() {
  NANO_TRY_ASSIGN(auto found, find_project());
  if (!found)
    return make_error(Errc::not_found, "this folder is in no project (there is no nano.json of kind project)",
                      "`nano init` makes one here");
  return std::move(*found);
}

Status write_project(const Project& project) {
  return fs::write_atomic(project.dir / kProjectFile, schemas::write_manifest(project.manifest));
}

resolver::ChooseRequest request_of(const Project& project) {
  resolver::ChooseRequest request;
  for (const auto& d : project.manifest.dependencies) {
    request.requirements.push_back({.name = d.name,
                                    .set = d.range.set(),
                                    .text = d.range.is_any() ? "" : d.range.text(),
                                    .asker = "the project requires",
                                    .variant = d.variant});
    request.asked.push_back(d.name);
  }
  for (const auto& p : project.manifest.pins)
    request.requirements.push_back({.name = p.name,
                                    .set = schemas::VersionSet::exactly(p.version),
                                    .text = p.version.text(),
                                    .asker = "you pinned",
                                    .remedy = "`nano unpin " + p.name.text() + "`"});
  for (const auto& o : project.manifest.overrides)
    request.overrides[o.name] = {.set = o.range.set(), .text = o.range.text()};
  if (project.lock)
    for (const auto& p : project.lock->packages) request.locked[p.name] = {p.version, p.variant};
  return request;
}

Result<Scene> scene_of(const Context& ctx) {
  Scene scene;
  NANO_TRY_ASSIGN(scene.project, find_project());
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  if (!scene.project) {
    NANO_TRY_ASSIGN(scene.current, store::read_current(store.primary()));
    return scene;
  }
  auto root = store::read_root(store.primary(), scene.project->dir);
  if (root) {
    scene.current = std::move(root->wants);
  } else if (root.error().code != Errc::not_found) {
    return std::move(root.error());
  }
  return scene;
}

}  // namespace nano::app
