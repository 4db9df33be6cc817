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

using schemas::ReleaseFile;

std::string staging_name() {
  return std::string(internal::kStagingPrefix) + fs::temp_sibling("x").filename().string().substr(3);
}

Status write_synced(const fs::Dir& dir, std::string_view name, std::string_view bytes) {
  NANO_TRY_ASSIGN(auto w, dir.create(name, 0444));
  NANO_TRY(w.write(bytes));
  return w.sync();
}

/// Is `dir` a whole folder of exactly this source? A file that shares the blob's inode has the blob's bytes; others are hashed.
/// Files that somebody could write to are not taken.   errors  store: it cannot be looked at
Result<bool> is_whole(const Store& store, const StoreLayout& layout, const Path& dir, const PackageSource& source, const StagedPackage& staged,
                      const std::vector<const ReleaseFile*>& files) {
  NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), dir));
  NANO_TRY_ASSIGN(const bool there, fs::is_there(dir));
  if (!real || !there) return false;
  const std::string manifest = schemas::write_manifest(staged.release.manifest);
  const std::pair<std::string_view, std::string_view> documents[] = {{kReleaseFile, source.release_bytes}, {kManifestFile, manifest}};
  for (const auto& [name, bytes] : documents) {
    const auto got = internal::read_own(layout, dir / name, bytes.size());
    if (!got && got.error().code == Errc::store) return got.error();
    if (!got || *got != bytes) return false;
  }
  for (const ReleaseFile* f : files) {
    const Path p = dir / f->path;
    NANO_TRY_ASSIGN(const bool plain, internal::is_real_path(dir, p.parent_path()));
    if (!plain) return false;
    NANO_TRY_ASSIGN(const auto st, fs::status_of(p));
    if (!internal::is_regular(st, f->size) || (st->st_mode & 0222) != 0) return false;
    NANO_TRY_ASSIGN(const auto blob, find_blob(store, f->sha256, f->size));
    if (blob) {
      NANO_TRY_ASSIGN(const auto b, fs::status_of(blob->path));
      if (b && st->st_ino == b->st_ino && st->st_dev == b->st_dev) continue;
    }
    NANO_TRY_ASSIGN(const Digest actual, sha256_file(p));
    if (actual != f->sha256) return false;
  }
  return true;
}

/// Does the folder there hold another release (so that it must not be touched)?
Result<bool> holds_other_release(const StoreLayout& layout, const Path& dir, const Digest& digest) {
  NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), dir));
  if (!real) return false;
  const auto bytes = internal::read_own(layout, dir / kReleaseFile, schemas::kMaxReleaseBytes);
  if (!bytes && bytes.error().code == Errc::store) return bytes.error();
  return bytes && sha256(*bytes) != digest;
}

Status fill(const Store& store, const fs::Dir& staging, const PackageSource& source, const StagedPackage& staged,
            const std::vector<const ReleaseFile*>& files) {
  std::set<Path, std::greater<>> dirs;  // longer paths first: a folder is synced after what is in it
  for (const ReleaseFile* f : files) {
    NANO_TRY_ASSIGN(const auto blob, find_blob(store, f->sha256, f->size));
    if (!blob)
      return make_error(Errc::not_found, "blob " + f->sha256.text() + " (" + f->path + ") is not in the store",
                        "fetch it and try again");
    const Path rel(f->path);
    NANO_TRY_ASSIGN(const fs::Dir from, internal::open_folder(*blob->layout, blob->path.parent_path()));
    NANO_TRY_ASSIGN(const fs::Dir to, staging.make_down(rel.parent_path()));
    for (Path d = rel.parent_path(); !d.empty(); d = d.parent_path()) dirs.insert(d);
    NANO_TRY(from.link_or_copy(blob->path.filename(), to, rel.filename(), 0444));
    NANO_TRY_ASSIGN(const auto st, to.status(rel.filename()));
    if (!internal::is_regular(st, f->size))
      return make_error(Errc::store, "'" + blob->path.string() + "' changed while it was linked", "run the command again");
  }
  NANO_TRY(write_synced(staging, kManifestFile, schemas::write_manifest(staged.release.manifest)));
  NANO_TRY(write_synced(staging, kReleaseFile, source.release_bytes));
  for (const Path& d : dirs) {
    NANO_TRY_ASSIGN(const fs::Dir made, staging.down(d));
    NANO_TRY(made.sync());
  }
  return staging.sync();
}

/// A folder that cannot be renamed (it lies in a lower layer of an overlay): its release goes first, so that nobody takes what is
/// left for a whole one.
Status remove_in_place(const fs::Dir& around, const Path& leaf) {
  NANO_TRY_ASSIGN(const auto st, around.status(leaf));
  if (st && S_ISDIR(st->st_mode)) {
    NANO_TRY_ASSIGN(const fs::Dir inside, around.down(leaf));
    NANO_TRY(inside.remove_tree(kReleaseFile));
  }
  return around.remove_tree(leaf);
}

}  // namespace

Result<StagedPackage> stage_package(const Store& store, const WriteLock& lock, const PackageSource& source) {
  static_assert(kMaxBlobBytes == schemas::kMaxBlobBytes);
  StagedPackage staged;
  NANO_TRY_ASSIGN(staged.release, schemas::parse_release(source.release_bytes));
  staged.digest = sha256(source.release_bytes);
  const auto& m = staged.release.manifest;
  staged.name = source.name.value_or(m.name);
  if (source.variant.empty() ? !m.variants.empty() : m.find_variant(source.variant) == nullptr)
    return make_error(Errc::not_found, m.name.text() + "@" + m.version.text() +
                                           (source.variant.empty() ? " has variants, and none was named" : " has no variant '" + source.variant + "'"));
  const auto files = staged.release.files_of(source.variant);
  const StoreLayout& layout = lock.layout();
  staged.dir = schemas::package_dir(staged.name, m.version, source.variant.empty() ? schemas::kNoVariant : std::string_view(source.variant));
  NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), (layout.root() / staged.dir).parent_path()));
  if (!real)
    return make_error(Errc::store, "'" + (layout.root() / staged.dir).parent_path().string() + "' is not a folder of the store's own",
                      "move it away, then run the command again");
  NANO_TRY_ASSIGN(const bool other, holds_other_release(layout, layout.root() / staged.dir, staged.digest));
  if (other) staged.dir += "~" + staged.digest.hex().substr(0, 12);
  NANO_TRY_ASSIGN(const bool whole, is_whole(store, layout, layout.root() / staged.dir, source, staged, files));
  if (whole) return staged;
  NANO_TRY_ASSIGN(const fs::Dir packages, internal::make_folder(layout, layout.packages()));
  const std::string name = staging_name();
  staged.staging = layout.packages() / name;
  const auto attempt = [&]() -> Status {
    NANO_TRY_ASSIGN(const fs::Dir staging, packages.create_folder(name));
    return fill(store, staging, source, staged, files);
  };
  if (Status s = attempt(); !s) {
    (void)packages.remove_tree(name);
    return std::move(s.error()).while_("staging " + m.name.text() + "@" + m.version.text());
  }
  return staged;
}

Status place_package(const WriteLock& lock, const StagedPackage& staged) {
  if (staged.staging.empty()) return Unit{};
  const StoreLayout& layout = lock.layout();
  const Path to = layout.root() / staged.dir, leaf = to.filename(), name = staged.staging.filename();
  NANO_TRY_ASSIGN(const fs::Dir packages, internal::open_folder(layout, layout.packages()));
  NANO_TRY_ASSIGN(const fs::Dir around, internal::make_folder(layout, to.parent_path()));
  NANO_TRY_ASSIGN(const bool there, around.holds(leaf));
  if (!there) return packages.rename(name, around, leaf);
  // One exchange, so that a reader finds the damaged folder or the whole one, never none.
  const Status swapped = packages.exchange(name, around, leaf);
  if (swapped) {
    (void)packages.remove_tree(name);  // the damaged one; the next writer tries again
    return Unit{};
  }
  if (swapped.error().code != Errc::unsupported) return swapped;
  // A file system without exchange: two renames, with a moment in which the folder is absent.
  Status aside = around.rename(leaf, packages, staging_name());
  if (!aside && fs::is_other_device(aside.error())) aside = remove_in_place(around, leaf);
  if (!aside) return aside;
  return packages.rename(name, around, leaf);
}

Status remove_package(const WriteLock& lock, std::string_view dir) {
  NANO_TRY(internal::check_package_dir(dir));
  const StoreLayout& layout = lock.layout();
  const Path at = layout.root() / dir, name_folder = at.parent_path(), space = name_folder.parent_path();
  auto around = internal::open_folder(layout, name_folder);
  if (!around) return around.error().code == Errc::not_found ? Status(Unit{}) : Status(std::move(around).error());
  NANO_TRY_ASSIGN(const bool there, around->holds(at.filename()));
  if (!there) return Unit{};
  NANO_TRY_ASSIGN(const fs::Dir packages, internal::open_folder(layout, layout.packages()));
  const std::string gone = staging_name();
  Status moved = around->rename(at.filename(), packages, gone);
  if (moved) moved = packages.remove_tree(gone);
  else if (fs::is_other_device(moved.error())) moved = remove_in_place(*around, at.filename());
  if (!moved) return moved;
  // Empty <name> and <ns> folders go too; rmdir refuses those that are not empty.
  if (const auto spaces = internal::open_folder(layout, space); spaces && spaces->remove_empty(name_folder.filename()))
    (void)packages.remove_empty(space.filename());
  return Unit{};
}

Result<InstalledPackage> open_package(const Store& store, std::string_view dir) {
  NANO_TRY(internal::check_package_dir(dir));
  for (const auto& layout : store.all()) {
    InstalledPackage p;
    p.dir = layout.root() / dir;
    NANO_TRY_ASSIGN(const bool there, fs::is_there(p.dir));
    if (!there) continue;
    NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), p.dir));
    if (!real) return make_error(Errc::invalid, "'" + p.dir.string() + "' is a link or file where a package folder must be", "`nano verify --repair` mends it");
    NANO_TRY_ASSIGN(p.release_bytes, internal::read_own(layout, p.dir / kReleaseFile, schemas::kMaxReleaseBytes));
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
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
    std::vector<std::string> real;
    for (const std::string& n : names) {
      if (n.front() == '.') continue;
      NANO_TRY_ASSIGN(const fs::What what, fs::look(dir / n));
      if (what == fs::What::folder) real.push_back(n);
    }
    return real;
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

}  // namespace internal
}  // namespace nano::store
