// store/store.cpp: opening, locking, and cleaning up after writers that were killed.
#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/fs_temporary.h"
#include "store/store_internal.h"

namespace nano::store {

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
      NANO_TRY(internal::make_folder(l, dir));
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
  NANO_TRY_ASSIGN(const fs::Dir root, internal::open_folder(primary(), primary().root()));
  NANO_TRY_ASSIGN(auto lock, fs::FileLock::acquire(root, primary().lock().filename(), timeout, holder));
  internal::clean_leftovers(primary());
  return WriteLock(std::move(lock), primary());
}

namespace internal {

bool is_regular(const std::optional<struct stat>& st, uint64_t size) {
  return st && S_ISREG(st->st_mode) && static_cast<uint64_t>(st->st_size) == size;
}

Result<bool> is_regular(const Path& path, uint64_t size) {
  NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
  return is_regular(st, size);
}

Result<bool> is_real_path(const Path& root, const Path& path) {
  Path at = root;
  for (const auto& part : path.lexically_relative(root)) {
    if (part == ".") continue;
    at /= part;
    NANO_TRY_ASSIGN(const fs::What what, fs::look(at));
    if (what == fs::What::absent) return true;
    if (what != fs::What::folder) return false;
  }
  return true;
}

Result<fs::Dir> open_folder(const StoreLayout& layout, const Path& folder) {
  return fs::Dir::open(layout.root(), folder.lexically_relative(layout.root()));
}

Result<fs::Dir> make_folder(const StoreLayout& layout, const Path& folder) {
  return fs::Dir::make(layout.root(), folder.lexically_relative(layout.root()));
}

Result<std::string> read_own(const StoreLayout& layout, const Path& path, uint64_t limit) {
  NANO_TRY_ASSIGN(const fs::Dir dir, open_folder(layout, path.parent_path()));
  return dir.read(path.filename(), limit);
}

std::optional<Digest> derived_source(std::string_view name) {
  if (name.size() < 66 || name[64] != '.') return std::nullopt;
  const auto source = Digest::parse_hex(name.substr(0, 64));
  return source ? std::optional<Digest>(*source) : std::nullopt;
}

Status publish_blob(const StoreLayout& layout, const fs::Dir& folder, const Path& name, const Digest& digest, uint64_t size) {
  const Path to = layout.blob(digest);
  NANO_TRY_ASSIGN(const fs::Dir shard, make_folder(layout, to.parent_path()));
  NANO_TRY_ASSIGN(const auto there, shard.status(to.filename()));
  if (is_regular(there, size)) return folder.unlink(name);
  if (const auto derived = open_folder(layout, layout.derived())) {
    NANO_TRY_ASSIGN(const auto names, derived->list());
    for (const auto& packed : names)
      if (derived_source(packed) == digest) NANO_TRY(derived->unlink(packed));
  }
  return folder.rename(name, shard, to.filename());
}

bool is_temporary(std::string_view name) {
  return name.size() > 5 && name.front() == '.' && name.substr(name.size() - 4) == ".tmp";
}

void clean_leftovers(const StoreLayout& layout) {
  const auto each = [&](const Path& folder, const auto& act) {
    const auto dir = open_folder(layout, folder);
    const auto names = dir ? dir->list() : Result<std::vector<std::string>>(std::vector<std::string>());
    if (!names) return;
    for (const auto& name : *names) act(*dir, name);
  };
  // Staging, generations and `current` are written under the lock that the caller holds, so these are dead.
  each(layout.packages(), [](const fs::Dir& dir, const std::string& name) {
    if (name.starts_with(kStagingPrefix)) (void)dir.remove_tree(name);
  });
  each(layout.generations(), [&](const fs::Dir& dir, const std::string& name) {
    const auto current = name.starts_with(kFirstStem) && is_temporary(name) ? fs::is_there(layout.current()) : Result<bool>(true);
    if (current && !*current) (void)dir.unlink(layout.generation(1).filename());  // it never was in force
  });
  for (const Path& folder : {layout.generations(), layout.project_roots(), layout.root()}) {
    each(folder, [](const fs::Dir& dir, const std::string& name) {
      if (is_temporary(name)) (void)dir.unlink(name);
    });
  }
  // add_blob takes no store lock; its temporaries are alive as long as somebody holds their flock.
  each(layout.partials(), [](const fs::Dir& dir, const std::string& name) {
    if (!is_temporary(name)) return;
    const fs::Fd fd(::openat(dir.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) (void)dir.unlink(name);
  });
  // libnano takes no lock at all: by name and age.
  if (const auto derived = open_folder(layout, layout.derived())) fs::remove_left_behind(*derived);
}

}  // namespace internal
}  // namespace nano::store
