// store/store.cpp: opening, locking, and cleaning up after writers that were killed.
#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "store/store_internal.h"

namespace nano::store {

using internal::examine;

Result<Store> Store::open(const Path& root, Mode mode, const std::vector<Path>& read_only) {
  Store s;
  s.mode_ = mode;
  s.layouts_.emplace_back(root);
  for (const auto& p : read_only) {
    // A store named twice would be searched twice, and gc's "read-only stores" would name the writable one.
    if (p != root) s.layouts_.emplace_back(p);
  }
  const StoreLayout& l = s.primary();
  if (mode == Mode::write) {
    for (const Path& dir : {l.blobs(), l.partials(), l.packages(), l.generations(), l.project_roots(), l.derived()}) {
      NANO_TRY(internal::no_links_inside(root, dir));
      NANO_TRY(internal::make_dirs_durable(dir));
    }
  }
  return s;
}

Status Store::require_writable() const {
  if (mode_ == Mode::write) return Unit{};
  return make_error(Errc::store, "the store '" + primary().root().string() + "' was opened for reading only");
}

Result<WriteLock> Store::lock(std::string_view holder, std::chrono::milliseconds timeout) const {
  NANO_TRY(require_writable());
  NANO_TRY_ASSIGN(auto lock, fs::FileLock::acquire(primary().lock(), timeout, holder));
  internal::clean_leftovers(primary());
  return WriteLock(std::move(lock), primary());
}

namespace internal {

std::optional<struct stat> examine(const Path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
  return st;
}

bool is_regular(const Path& path, uint64_t size) {
  const auto st = examine(path);
  return st && S_ISREG(st->st_mode) && static_cast<uint64_t>(st->st_size) == size;
}

Status no_links_inside(const Path& root, const Path& path) {
  Path at = root;
  for (const auto& part : path.lexically_relative(root)) {
    at /= part;
    const auto st = examine(at);
    if (!st) return Unit{};
    if (!S_ISDIR(st->st_mode))
      return make_error(Errc::store, "'" + at.string() + "' is a " + (S_ISLNK(st->st_mode) ? "symbolic link" : "file") +
                                         " where the store keeps a folder of its own",
                        "move it away, then run the command again");
  }
  return Unit{};
}

Status make_dirs_durable(const Path& dir) {
  if (dir.empty() || fs::is_dir(dir)) return Unit{};
  if (dir.has_parent_path() && dir.parent_path() != dir) NANO_TRY(make_dirs_durable(dir.parent_path()));
  NANO_TRY(fs::make_dirs(dir));
  return fs::sync_dir(dir.parent_path());
}

Status publish_blob(const StoreLayout& layout, const Path& temporary, const Digest& digest, uint64_t size) {
  const Path to = layout.blob(digest);
  if (is_regular(to, size)) return fs::remove_file(temporary);
  NANO_TRY(no_links_inside(layout.root(), to.parent_path()));
  NANO_TRY(make_dirs_durable(to.parent_path()));
  return fs::rename_durable(temporary, to);
}

bool is_temporary(std::string_view name) {
  return name.size() > 5 && name.front() == '.' && name.substr(name.size() - 4) == ".tmp";
}

void clean_leftovers(const StoreLayout& layout) {
  const auto each = [](const Path& dir, const auto& act) {
    if (const auto names = fs::list_dir(dir)) {
      for (const auto& name : *names) act(dir / name, std::string_view(name));
    }
  };
  // Staging, generations and `current` are written under the lock that the caller holds, so these are dead.
  each(layout.packages(), [](const Path& p, std::string_view name) {
    if (name.substr(0, kStagingPrefix.size()) == kStagingPrefix) (void)fs::remove_tree(p);
  });
  for (const Path& dir : {layout.generations(), layout.project_roots(), layout.root()}) {
    each(dir, [](const Path& p, std::string_view name) {
      if (is_temporary(name)) (void)fs::remove_file(p);
    });
  }
  // add_blob takes no store lock; its temporaries are alive as long as somebody holds their flock.
  each(layout.partials(), [](const Path& p, std::string_view name) {
    if (!is_temporary(name)) return;
    const fs::Fd fd(::open(p.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) (void)fs::remove_file(p);
  });
}

}  // namespace internal
}  // namespace nano::store
