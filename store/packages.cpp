// store/packages.cpp: stage, place, remove and read package folders.
#include "store/packages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>

#include "base/hash.h"
#include "schemas/manifest.h"
#include "store/blobs.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using internal::examine;
using schemas::ReleaseFile;

Path staging_name(const StoreLayout& layout) {
  return layout.packages() / (std::string(internal::kStagingPrefix) + fs::temp_sibling("x").filename().string().substr(3));
}

Status write_synced(const Path& path, std::string_view bytes) {
  NANO_TRY_ASSIGN(auto w, fs::Writer::create(path, 0444));
  NANO_TRY(w.write(bytes));
  return w.sync();
}

Status sync_copy(const Path& path) {
  if (const int e = fs::internal::fault(fs::Op::fsync, path)) return fs::internal::os_error("cannot flush to disk", path, e);
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(path));
  if (::fsync(fd.get()) != 0) return fs::internal::os_error("cannot flush to disk", path, errno);
  return Unit{};
}

/// Is `dir` a whole folder of exactly this source? A file that shares the blob's inode has the blob's bytes; others are hashed.
bool is_whole(const Store& store, const StoreLayout& layout, const Path& dir, const PackageSource& source, const StagedPackage& staged,
              const std::vector<const ReleaseFile*>& files) {
  if (!internal::no_links_inside(layout.root(), dir)) return false;
  const auto same = [&](std::string_view name, std::string_view bytes) {
    const auto got = internal::read_own(dir / name, bytes.size());
    return got && *got == bytes;
  };
  if (!same(kReleaseFile, source.release_bytes) || !same(kManifestFile, schemas::write_manifest(staged.release.manifest))) return false;
  for (const ReleaseFile* f : files) {
    const Path p = dir / f->path;
    if (!internal::no_links_inside(dir, p.parent_path()) || !internal::is_regular(p, f->size)) return false;
    const auto blob = find_blob(store, f->sha256, f->size);
    const auto a = examine(p);
    const auto b = blob ? examine(*blob) : std::nullopt;
    if (a && b && a->st_ino == b->st_ino && a->st_dev == b->st_dev) continue;
    const auto actual = sha256_file(p);
    if (!actual || *actual != f->sha256) return false;
  }
  return true;
}

/// Does the folder there hold another release (so that it must not be touched)?
bool holds_other_release(const StoreLayout& layout, const Path& dir, const Digest& digest) {
  if (!internal::no_links_inside(layout.root(), dir)) return false;
  const auto bytes = internal::read_own(dir / kReleaseFile, schemas::kMaxReleaseBytes);
  return bytes && sha256(*bytes) != digest;
}

Status fill(const Store& store, const Path& staging, const PackageSource& source, const StagedPackage& staged,
            const std::vector<const ReleaseFile*>& files) {
  NANO_TRY(fs::make_dirs(staging));
  std::set<Path, std::greater<>> dirs{staging};  // longer paths first: a folder is synced after what is in it
  for (const ReleaseFile* f : files) {
    const auto blob = find_blob(store, f->sha256, f->size);
    if (!blob)
      return make_error(Errc::not_found, "blob " + f->sha256.text() + " (" + f->path + ") is not in the store",
                        "fetch it and try again");
    const Path to = staging / f->path;
    NANO_TRY(fs::make_dirs(to.parent_path()));
    for (Path d = to.parent_path(); d != staging; d = d.parent_path()) dirs.insert(d);
    NANO_TRY(fs::link_or_copy(*blob, to, 0444));
    const auto st = examine(to);
    if (!st || !S_ISREG(st->st_mode) || static_cast<uint64_t>(st->st_size) != f->size)
      return make_error(Errc::store, "'" + blob->string() + "' changed while it was linked", "run the command again");
    if (st->st_nlink == 1) NANO_TRY(sync_copy(to));
  }
  NANO_TRY(write_synced(staging / kManifestFile, schemas::write_manifest(staged.release.manifest)));
  NANO_TRY(write_synced(staging / kReleaseFile, source.release_bytes));
  for (const Path& d : dirs) NANO_TRY(fs::sync_dir(d));
  return Unit{};
}

}  // namespace

Result<StagedPackage> stage_package(const Store& store, const WriteLock& lock, const PackageSource& source) {
  static_assert(kMaxBlobBytes == schemas::kMaxBlobBytes);
  StagedPackage staged;
  NANO_TRY_ASSIGN(staged.release, schemas::parse_release(source.release_bytes));
  staged.digest = sha256(source.release_bytes);
  const auto& m = staged.release.manifest;
  if (source.variant.empty() ? !m.variants.empty() : m.find_variant(source.variant) == nullptr)
    return make_error(Errc::not_found, m.name.text() + "@" + m.version.text() +
                                           (source.variant.empty() ? " has variants, and none was named" : " has no variant '" + source.variant + "'"));
  const auto files = staged.release.files_of(source.variant);
  const StoreLayout& layout = lock.layout();
  staged.dir = schemas::package_dir(m.name, m.version, source.variant.empty() ? schemas::kNoVariant : std::string_view(source.variant));
  NANO_TRY(internal::no_links_inside(layout.root(), (layout.root() / staged.dir).parent_path()));
  if (holds_other_release(layout, layout.root() / staged.dir, staged.digest)) staged.dir += "~" + staged.digest.hex().substr(0, 12);
  if (is_whole(store, layout, layout.root() / staged.dir, source, staged, files)) return staged;
  staged.staging = staging_name(layout);
  if (Status s = fill(store, staged.staging, source, staged, files); !s) {
    (void)fs::remove_tree(staged.staging);
    return std::move(s.error()).while_("staging " + m.name.text() + "@" + m.version.text());
  }
  return staged;
}

Status place_package(const WriteLock& lock, const StagedPackage& staged) {
  if (staged.staging.empty()) return Unit{};
  const StoreLayout& layout = lock.layout();
  const Path to = layout.root() / staged.dir;
  NANO_TRY(internal::no_links_inside(layout.root(), to.parent_path()));
  NANO_TRY(internal::make_dirs_durable(to.parent_path()));
  if (!fs::exists(to)) return fs::rename_durable(staged.staging, to);
  // One exchange, so that a reader finds the damaged folder or the whole one, never none.
  if (const int e = fs::internal::fault(fs::Op::rename, to)) return fs::internal::os_error("cannot replace", to, e);
  if (::renameat2(AT_FDCWD, staged.staging.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) return fs::internal::os_error("cannot replace", to, errno);
    // A file system without exchange: two renames, with a moment in which the folder is absent.
    NANO_TRY(fs::rename_durable(to, staging_name(layout)));
    return fs::rename_durable(staged.staging, to);
  }
  NANO_TRY(fs::sync_dir(to.parent_path()));
  (void)fs::remove_tree(staged.staging);  // the damaged one; the next writer tries again
  return Unit{};
}

Status remove_package(const WriteLock& lock, std::string_view dir) {
  NANO_TRY(internal::check_package_dir(dir));
  const StoreLayout& layout = lock.layout();
  const Path at = layout.root() / dir;
  NANO_TRY(internal::no_links_inside(layout.root(), at.parent_path()));
  if (!fs::exists(at)) return Unit{};
  const Path gone = staging_name(layout);
  NANO_TRY(fs::rename_durable(at, gone));
  NANO_TRY(fs::remove_tree(gone));
  // Empty <name> and <ns> folders go too; rmdir refuses those that are not empty.
  if (::rmdir(at.parent_path().c_str()) == 0) (void)::rmdir(at.parent_path().parent_path().c_str());
  return Unit{};
}

Result<InstalledPackage> open_package(const Store& store, std::string_view dir) {
  NANO_TRY(internal::check_package_dir(dir));
  for (const auto& layout : store.all()) {
    InstalledPackage p;
    p.dir = layout.root() / dir;
    if (!fs::exists(p.dir)) continue;
    NANO_TRY(internal::no_links_inside(layout.root(), p.dir));
    NANO_TRY_ASSIGN(p.release_bytes, internal::read_own(p.dir / kReleaseFile, schemas::kMaxReleaseBytes));
    p.digest = sha256(p.release_bytes);
    auto release = schemas::parse_release(p.release_bytes);
    if (!release) return std::move(release.error()).while_("reading " + (p.dir / kReleaseFile).string());
    p.release = std::move(release).value();
    return p;
  }
  return make_error(Errc::not_found, "the package folder '" + std::string(dir) + "' is not in the store '" +
                                         store.primary().root().string() + "'",
                    "install the package again");
}

Result<std::vector<std::string>> list_packages(const StoreLayout& layout) {
  std::vector<std::string> out;
  const auto folders = [](const Path& dir) -> Result<std::vector<std::string>> {
    NANO_TRY_ASSIGN(auto names, fs::list_dir(dir));
    names.erase(std::remove_if(names.begin(), names.end(), [&](const std::string& n) {
                  const auto st = examine(dir / n);
                  return n.front() == '.' || !st || !S_ISDIR(st->st_mode);
                }), names.end());
    return names;
  };
  const Path top = layout.packages();
  NANO_TRY_ASSIGN(const auto spaces, folders(top));
  for (const auto& ns : spaces) {
    NANO_TRY_ASSIGN(const auto names, folders(top / ns));
    for (const auto& name : names) {
      NANO_TRY_ASSIGN(const auto leaves, folders(top / ns / name));
      for (const auto& leaf : leaves) {
        std::string dir = "pkgs/" + ns + "/" + name + "/" + leaf;
        if (internal::check_package_dir(dir)) out.push_back(std::move(dir));
      }
    }
  }
  return out;
}

namespace internal {

Status check_package_dir(std::string_view dir) {
  const auto bad = [&] {
    return make_error(Errc::invalid, "'" + std::string(dir.substr(0, 300)) + "' is not the path of a package folder");
  };
  constexpr std::string_view kTop = "pkgs/";
  if (dir.substr(0, kTop.size()) != kTop || dir.size() > 400) return bad();
  std::string_view rest = dir.substr(kTop.size());
  const auto a = rest.find('/');
  if (a == std::string_view::npos) return bad();
  const auto b = rest.find('/', a + 1);
  if (b == std::string_view::npos) return bad();
  const auto ns = rest.substr(0, a);
  const auto name = rest.substr(a + 1, b - a - 1);
  const auto leaf = rest.substr(b + 1);
  if (ns != schemas::kRootNamespace && !schemas::check_simple_name(ns, "the namespace")) return bad();
  if (!schemas::check_simple_name(name, "the name")) return bad();
  // <version>~<variant>[~<12 hex>]: a version begins with a digit, so `.` and `..` cannot occur.
  if (leaf.empty() || leaf.front() < '0' || leaf.front() > '9' || leaf.find('~') == std::string_view::npos) return bad();
  for (const char c : leaf) {
    const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '~' || c == '-';
    if (!ok) return bad();
  }
  return Unit{};
}

Result<std::string> read_own(const Path& path, uint64_t limit) {
  NANO_TRY(fs::open_read(path));  // refuses links and what is not a file
  return fs::read_file(path, limit);
}

}  // namespace internal
}  // namespace nano::store
