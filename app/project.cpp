// app/project.cpp: reading and writing projects, and what they mean for a name.
#include "app/project.h"

#include "app/installed.h"
#include "base/fs_change.h"
#include "base/fs_look.h"
#include "base/text.h"
#include "runtime_shim/session_parts.h"
#include "schemas/requirement.h"
#include "schemas/word.h"
#include "store/roots.h"

namespace nano::app {
Result<Project> read_project(const fs::Path& dir) {
  Project p;
  auto real = fs::real_path(dir);
  if (!real && real.error().code != Errc::not_found) return std::move(real.error());
  if (real) p.dir = std::move(*real);
  if (!real)
    return make_error(Errc::not_found, "there is no folder '" + sanitize(dir.string()) + "'",
                      "a project is a folder with a nano.json of kind project");
  auto bytes = fs::read_file(p.dir / kProjectFile, schemas::kMaxManifestBytes);
  if (!bytes) return std::move(bytes.error()).while_("reading the project " + sanitize(p.dir.string()));
  auto manifest = schemas::parse_manifest(*bytes);
  if (!manifest && (bytes->starts_with("<<<<<<< ") || bytes->find("\n<<<<<<< ") != std::string::npos))
    return make_error(Errc::invalid, "nano.json holds the conflict markers of a merge", "decide between both sides, then run `nano lock`")
        .while_("reading " + (p.dir / kProjectFile).string());
  if (!manifest) return std::move(manifest.error()).while_("reading " + (p.dir / kProjectFile).string());
  if (manifest->kind != schemas::Kind::project)
    return make_error(Errc::not_found, sanitize(p.dir.string()) + " holds a package, not a project",
                      "`nano init` makes a project in an empty folder");
  p.manifest = std::move(*manifest);
  p.manifest_text = std::move(*bytes);
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

Result<std::optional<Project>> find_project(const Context& ctx) {
  NANO_TRY_ASSIGN(const auto dir, find_project_folder(ctx));
  if (!dir) return std::optional<Project>();
  NANO_TRY_ASSIGN(Project p, read_project(*dir));
  return std::optional<Project>(std::move(p));
}

Result<std::string> project_for_model(const Context& ctx, const std::string& model) {
  std::vector<schemas::Requirement> wanted;
  for (const std::string& part : split_parts(model)) {
    if (schemas::is_path(part)) continue;
    if (auto want = schemas::Requirement::parse(part)) wanted.push_back(std::move(*want));  // else whoever opens it says so
  }
  if (wanted.empty()) return std::string();
  NANO_TRY_ASSIGN(const auto dir, find_project_folder(ctx));
  if (!dir) return std::string();
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  const std::string folder = scene.project->dir.string();
  for (const auto& want : wanted) {
    const auto* locked = scene.project->lock ? scene.project->lock->find(want.name) : nullptr;
    if (locked == nullptr || !want.range.contains(locked->version)) continue;
    if (!want.variant.empty() && want.variant != locked->variant) continue;
    const auto* there = scene.current.find(want.name);
    if (there != nullptr && there->release == locked->release && there->variant == locked->variant) continue;
    return make_error(Errc::not_found,
                      "the project " + sanitize(folder) + " is locked to " + want.name.text() + " " + locked->version.text() +
                          (locked->variant.empty() ? "" : " " + locked->variant) + ", which is not in place",
                      "`nano sync --frozen` puts it there; outside the project, or by its path, another one can be run");
  }
  return folder;
}

Result<Project> require_project(const Context& ctx) {
  NANO_TRY_ASSIGN(auto found, find_project(ctx));
  if (found) return std::move(*found);
  // One that was passed over is more to the point than that there is none.
  for (const PassedOver& p : look_for_project().passed_over)
    return make_error(p.error.code, p.error.message, p.error.hint);
  return make_error(Errc::not_found, "this folder is in no project (there is no nano.json of kind project)",
                    "`nano init` makes one here");
}

Status write_project(const Project& project) {
  return fs::rewrite(project.dir / kProjectFile, schemas::write_manifest(project.manifest));
}

resolver::ChooseRequest request_of(const Project& project) {
  resolver::ChooseRequest request;
  for (const auto& d : project.manifest.dependencies) {
    auto& r = request.requirements.emplace_back(resolver::requirement_of({.name = d.name, .range = d.range, .variant = d.variant}));
    r.asker = "the project requires";
    request.asked.push_back(d.name);
  }
  for (const auto& p : project.manifest.pins)
    request.requirements.push_back({.name = p.name,
                                    .set = schemas::VersionSet::exactly(p.version),
                                    .text = p.version.text(),
                                    .asker = "you pinned",
                                    .variant = p.variant,
                                    .remedy = "`nano unpin " + p.name.text() + "`"});
  for (const auto& o : project.manifest.overrides)
    request.overrides[o.name] = {.set = o.range.set(), .text = o.range.text(), .named = o.range.named()};
  if (project.lock)
    for (const auto& p : project.lock->packages) request.locked[p.name] = {p.version, p.variant};
  return request;
}

Result<Scene> scene_of(const Context& ctx) {
  Scene scene;
  NANO_TRY_ASSIGN(scene.project, find_project(ctx));
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
