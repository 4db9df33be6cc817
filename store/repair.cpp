// store/repair.cpp: mend what check found, from bytes that are still good.
#include <sys/stat.h>

#include <set>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/check.h"
#include "store/packages.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using Kind = Finding::Kind;

/// The variant an entry of that folder has, and the digest its release must have.
std::optional<GenerationEntry> entry_of(const StoreLayout& layout, const std::string& dir) {
  std::optional<GenerationEntry> found;
  const auto look = [&](const Generation& g) {
    for (const auto& e : g.entries) {
      if (!found && e.dir == dir) found = e;
    }
  };
  if (const auto current = read_current(layout)) look(*current);
  if (const auto numbers = list_generations(layout)) {
    for (const uint64_t n : *numbers) {
      if (const auto g = read_generation(layout, n)) look(*g);
    }
  }
  return found;
}

/// Make the folder anew; false when a blob or the release itself is not to be had locally.
Result<bool> rebuild(const Store& store, const WriteLock& lock, const std::string& dir) {
  const StoreLayout& layout = lock.layout();
  const auto entry = entry_of(layout, dir);
  const auto package = open_package(store, dir);
  if (!entry || !package || package->digest != entry->release) return false;
  for (const auto* f : package->release.files_of(entry->variant)) {
    NANO_TRY_ASSIGN(const bool good, reuse_blob(store, f->sha256, f->size));
    if (good) continue;
    // The blob is gone or was damaged; the package's own copy may be whole (a file system without hard links).
    const Path copy = package->dir / f->path;
    if (!internal::is_regular(copy, f->size)) return false;
    const auto added = add_blob_file(store, copy, f->size, f->sha256);
    if (!added && added.error().code == Errc::integrity) return false;
    if (!added) return added.error();
  }
  NANO_TRY_ASSIGN(const auto staged, stage_package(store, lock, {package->release_bytes, entry->variant}));
  if (staged.staging.empty() || staged.dir != dir) return false;
  NANO_TRY(place_package(lock, staged));
  return true;
}

}  // namespace

Result<RepairReport> repair(const Store& store, const WriteLock& lock, const CheckOptions& options, Progress& progress) {
  RepairReport report;
  NANO_TRY_ASSIGN(report.before, check(store, options, progress));
  const StoreLayout& layout = lock.layout();
  std::set<std::string> dirs;
  for (const Finding& f : report.before.findings) {
    const Path path = layout.root() / f.path;
    const bool in_package = !f.dir.empty();
    if (f.kind == Kind::leftover || f.kind == Kind::bad_generation) continue;
    NANO_TRY(internal::no_links_inside(layout.root(), in_package ? (layout.root() / f.dir).parent_path() : path.parent_path()));
    if (f.kind == Kind::writable) {
      const auto st = internal::examine(path);
      if (st && S_ISREG(st->st_mode) && ::chmod(path.c_str(), 0444) != 0) return fs::internal::os_error("cannot make read-only", path, errno);
    } else if (f.kind == Kind::extra_file && internal::no_links_inside(layout.root(), path.parent_path())) {
      NANO_TRY(fs::remove_tree(path));
      ++report.removed;
    } else if (!in_package) {
      NANO_TRY(fs::remove_tree(path));  // a damaged blob: an install fetches it again
      ++report.removed;
    } else {
      dirs.insert(f.dir);
    }
  }
  for (const auto& dir : dirs) {
    NANO_TRY_ASSIGN(const bool done, rebuild(store, lock, dir));
    if (done) ++report.rebuilt;
  }
  NANO_TRY_ASSIGN(report.after, check(store, options, progress));
  return report;
}

}  // namespace nano::store
