// app/change.cpp: locks are on folders, so that nothing is left in a person's project; their spare files lie with the trust.
#include "app/change.h"

#include "base/hash.h"

namespace nano::app {
namespace {

fs::Path spare_lock(const Context& ctx, const fs::Path& folder) {
  return ctx.places.trust / "locks" / sha256(folder.string()).hex();
}

Result<std::string> bytes_or_none(const fs::Path& file, uint64_t limit) {
  auto bytes = fs::read_file(file, limit);
  if (!bytes && bytes.error().code == Errc::not_found) return std::string();
  return bytes;
}

}  // namespace

namespace {

Result<fs::FolderLock> lock_config(const Context& ctx) {
  NANO_TRY(fs::make_dirs(ctx.places.config_dir, 0700));
  NANO_TRY_ASSIGN(const fs::Path folder, fs::folder_of_target(ctx.places.user_config()));
  return fs::FolderLock::acquire(folder, spare_lock(ctx, folder), ctx.command_line);
}

}  // namespace

Status change_config(Context& ctx, const std::function<Status(schemas::Config&)>& change) {
  const auto elsewhere = [&](Error e) {  // the advice about stores does not help here
    if (e.hint.find("NANO_STORE") != std::string::npos || e.hint.empty())
      e.hint = "the settings lie in '" + ctx.places.config_dir.string() + "'; NANO_HOME names another place";
    return e;
  };
  const auto lock = lock_config(ctx);
  if (!lock) return elsewhere(lock.error());
  NANO_TRY_ASSIGN(schemas::Config config, read_user_config(ctx.places));
  const schemas::Config before = config;
  NANO_TRY(change(config));
  if (config == before) {
    ctx.user_config = std::move(config);
    return Unit{};
  }
  const auto as_usage = [](Error e) {
    e.code = Errc::usage;
    return e;
  };
  auto again = schemas::parse_config(schemas::write_config(config));
  if (!again) return as_usage(std::move(again.error()));
  if (auto merged = schemas::merge(ctx.system_config, config); !merged) {
    Error e = as_usage(std::move(merged.error()));
    if (e.hint.empty()) e.hint = "a namespace belongs to one registry; see `nano registry list`";
    return e;
  }
  if (auto written = fs::rewrite(ctx.places.user_config(), schemas::write_config(config), 0600); !written)
    return elsewhere(std::move(written.error()));
  ctx.user_config = std::move(config);
  return Unit{};
}

Result<fs::FolderLock> lock_project(const Context& ctx, const fs::Path& dir) {
  return fs::FolderLock::acquire(dir, spare_lock(ctx, dir), ctx.command_line);
}

Status change_project(const Context& ctx, const fs::Path& dir, const std::function<Status(Project&)>& change) {
  NANO_TRY_ASSIGN(const fs::FolderLock lock, lock_project(ctx, dir));
  NANO_TRY_ASSIGN(Project project, read_project(dir));
  const std::string before = schemas::write_manifest(project.manifest);
  NANO_TRY(change(project));
  if (schemas::write_manifest(project.manifest) == before) return Unit{};
  return write_project(project);
}

Result<bool> is_as_read(const Project& project) {
  NANO_TRY_ASSIGN(const std::string manifest, bytes_or_none(project.dir / kProjectFile, schemas::kMaxManifestBytes));
  NANO_TRY_ASSIGN(const std::string lock, bytes_or_none(project.dir / kLockFile, schemas::kMaxLockfileBytes));
  return manifest == project.manifest_text && lock == project.lock_text;
}

}  // namespace nano::app
