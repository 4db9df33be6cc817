// store/repair.cpp: mend what check found, from bytes that are still good.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/check.h"
#include "store/packages.h"
#include "store/roots.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using Kind = Finding::Kind;
using Inode = std::pair<dev_t, ino_t>;

constexpr int kPasses = 3;  ///< what was mended lets more be seen: `current` first, then the packages it names

/// Every entry that some generation or project names. What cannot be read has none.
std::vector<GenerationEntry> all_entries(const StoreLayout& layout) {
  std::vector<GenerationEntry> out;
  const auto take = [&](const Generation& g) { out.insert(out.end(), g.entries.begin(), g.entries.end()); };
  if (const auto current = read_current(layout)) take(*current);
  if (const auto numbers = list_generations(layout)) {
    for (const uint64_t n : *numbers) {
      if (const auto g = read_generation(layout, n)) take(*g);
    }
  }
  if (const auto roots = read_roots(layout)) {
    for (const auto& root : *roots) take(root.wants);
  }
  return out;
}

/// The release's bytes, wherever the folder's name leads: they are what the entry names, or they are not used.
std::optional<std::string> release_of(const StoreLayout& layout, const GenerationEntry& e) {
  auto bytes = fs::read_file(layout.root() / e.dir / kReleaseFile, schemas::kMaxReleaseBytes);
  if (!bytes || sha256(*bytes) != e.release) return std::nullopt;
  return std::move(*bytes);
}

/// How many names an inode has among the blobs and packages.
class Names {
 public:
  /// Adds all that lies below `dir`.   errors  store
  Status count(const Path& dir) {
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
    for (const auto& name : names) {
      NANO_TRY_ASSIGN(const auto st, fs::status_of(dir / name));
      if (st && S_ISDIR(st->st_mode)) NANO_TRY(count(dir / name));
      if (st && S_ISREG(st->st_mode)) ++names_[{st->st_dev, st->st_ino}];
    }
    return Unit{};
  }
  void one_less(const struct stat& st) {
    if (const auto it = names_.find({st.st_dev, st.st_ino}); it != names_.end() && it->second > 0) --it->second;
  }
  [[nodiscard]] nlink_t of(const struct stat& st) const {
    const auto it = names_.find({st.st_dev, st.st_ino});
    return it == names_.end() ? 0 : it->second;
  }

 private:
  std::map<Inode, nlink_t> names_{};
};

class Mender {
 public:
  Mender(const Store& store, const WriteLock& lock, RepairReport& report) : store_(store), lock_(lock), layout_(lock.layout()), report_(report) {}

  Status mend(const std::vector<Finding>& findings) {
    std::set<std::string> dirs;
    std::set<Digest> lost;
    for (const Finding& f : findings) {
      const Path path = layout_.root() / f.path;
      if (f.kind == Kind::leftover) continue;
      if (f.kind == Kind::bad_generation) {
        if (path == layout_.current()) NANO_TRY(mend_current());
      } else if (f.kind == Kind::writable) {
        NANO_TRY(make_read_only(path));
      } else if (f.kind == Kind::extra_file || f.dir.empty()) {
        NANO_TRY(remove(path));
        if (const auto digest = Digest::parse_hex(path.filename().string())) lost.insert(*digest);
      } else {
        dirs.insert(f.dir);
      }
    }
    if (!lost.empty()) NANO_TRY(find_again(lost));
    for (const auto& dir : dirs) {
      NANO_TRY_ASSIGN(const bool done, rebuild(dir));
      if (done) ++report_.rebuilt;
    }
    return Unit{};
  }

 private:
  /// The newest generation that is whole is put in force; where there is none, nothing is.
  Status mend_current() {
    NANO_TRY_ASSIGN(const auto whole, newest_whole(layout_));
    if (whole) {
      NANO_TRY(rollback(lock_, whole->number));
      report_.in_force = whole->number;
      return Unit{};
    }
    NANO_TRY_ASSIGN(const fs::Dir root, internal::open_folder(layout_, layout_.root()));
    return root.remove_tree(layout_.current().filename());
  }

  /// In a folder that is gone by now there is nothing to remove.
  Status remove(const Path& path) {
    auto dir = internal::open_folder(layout_, path.parent_path());
    if (!dir && dir.error().code == Errc::not_found) return Unit{};
    if (!dir) return std::move(dir).error();
    NANO_TRY(dir->remove_tree(path.filename()));
    ++report_.removed;
    return Unit{};
  }

  /// A file with names outside the store is not ours to change: a copy takes its place in the store.
  Status make_read_only(const Path& path) {
    auto dir = internal::open_folder(layout_, path.parent_path());
    if (!dir) return dir.error().code == Errc::not_found ? Status(Unit{}) : Status(std::move(dir).error());
    const auto fd = dir->open_read(path.filename());
    if (!fd) return fd.error().code == Errc::store ? Status(fd.error()) : Status(Unit{});  // no file: another finding
    struct stat st {};
    if (::fstat(fd->get(), &st) != 0) return fs::cannot_read(path, errno);
    if (st.st_nlink > 1 && !names_) {
      names_.emplace();
      for (const Path& folder : {layout_.blobs(), layout_.packages()}) NANO_TRY(names_->count(folder));
    }
    if (st.st_nlink <= 1 || names_->of(st) >= st.st_nlink) {
      if (::fchmod(fd->get(), 0444) != 0) return fs::internal::os_error("cannot make read-only", path, errno);
      return Unit{};
    }
    const Path temporary = fs::temp_sibling(path.filename()).filename();
    const auto copy = [&]() -> Status {
      NANO_TRY_ASSIGN(fs::Writer out, dir->create(temporary, 0444));
      std::vector<char> buffer(std::size_t{1} << 18);
      while (true) {
        const ssize_t n = ::read(fd->get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fs::cannot_read(path, errno);
        if (n == 0) break;
        NANO_TRY(out.write({buffer.data(), static_cast<std::size_t>(n)}));
      }
      NANO_TRY(out.sync());
      return dir->rename(temporary, *dir, path.filename());
    };
    const Status done = copy();
    if (done) names_->one_less(st);
    else (void)dir->unlink(temporary);
    return done;
  }

  /// A blob that was removed may have a good copy in a package (on a file system without hard links).
  Status find_again(const std::set<Digest>& lost) {
    for (const auto& e : all_entries(layout_)) {
      const auto bytes = release_of(layout_, e);
      const auto release = bytes ? schemas::parse_release(*bytes) : Result<schemas::Release>(make_error(Errc::not_found, ""));
      if (!release) continue;
      for (const auto* f : release->files_of(e.variant))
        if (lost.contains(f->sha256)) NANO_TRY(add_from(layout_.root() / e.dir / f->path, *f));
    }
    return Unit{};
  }

  /// Make a blob of a package's own copy, when its bytes are right.   errors  store
  Status add_from(const Path& copy, const schemas::ReleaseFile& f) {
    const auto st = fs::status_of(copy);
    if (!st || !internal::is_regular(*st, f.size)) return Unit{};
    const auto added = add_blob_file(store_, copy, f.size, f.sha256);
    return added || added.error().code != Errc::store ? Status(Unit{}) : Status(added.error());
  }

  /// Make the folder anew; false when a blob or the release itself is not to be had locally.
  Result<bool> rebuild(const std::string& dir) {
    std::optional<GenerationEntry> entry;
    std::optional<std::string> bytes;
    for (const auto& e : all_entries(layout_)) {
      if (e.dir != dir || bytes) continue;
      entry = e;
      bytes = release_of(layout_, e);
    }
    if (!bytes) return false;
    const auto release = schemas::parse_release(*bytes);
    if (!release) return false;
    for (const auto* f : release->files_of(entry->variant)) {
      NANO_TRY_ASSIGN(bool good, reuse_blob(store_, f->sha256, f->size));
      // The blob is gone or was damaged; the package's own copy may be whole (a file system without hard links).
      if (!good) NANO_TRY(add_from(layout_.root() / dir / f->path, *f));
      if (!good) {
        NANO_TRY_ASSIGN(good, reuse_blob(store_, f->sha256, f->size));
      }
      if (!good) return false;
    }
    NANO_TRY_ASSIGN(const auto staged, stage_package(store_, lock_, {*bytes, entry->variant}));
    if (staged.dir != dir) return false;
    NANO_TRY(place_package(lock_, staged));
    return true;
  }

  const Store& store_;
  const WriteLock& lock_;
  const StoreLayout& layout_;
  RepairReport& report_;
  std::optional<Names> names_{};
};

}  // namespace

Result<RepairReport> repair(const Store& store, const WriteLock& lock, const CheckOptions& options, Progress& progress) {
  RepairReport report;
  NANO_TRY_ASSIGN(report.before, check(store, options, progress));
  report.after = report.before;
  for (int pass = 0; pass < kPasses && !report.after.clean(); ++pass) {
    const std::size_t had = report.after.damage();
    NANO_TRY(Mender(store, lock, report).mend(report.after.findings));
    NANO_TRY_ASSIGN(report.after, check(store, options, progress));
    if (pass > 0 && report.after.damage() >= had) break;
  }
  return report;
}

}  // namespace nano::store
