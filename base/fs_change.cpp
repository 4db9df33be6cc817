// base/fs_change.cpp: the lock around a change, and the change itself.
#include "base/fs_change.h"

#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs_internal.h"
#include "base/fs_target.h"
#include "base/text.h"

namespace nano::fs {

using internal::fault;
using internal::os_error;
using internal::Target;

namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(5);

/// The file system answers that it has no such lock (NFS wants a descriptor that may write, which no folder gives).
bool has_no_lock(int e) {
  return e == EBADF || e == ENOLCK || e == ENOSYS || e == EOPNOTSUPP || e == EINVAL;
}

Result<Target> file_at(const Path& path) {
  NANO_TRY_ASSIGN(Target t, internal::find_target(path));
  if (t.kind == Target::Kind::absent || t.kind == Target::Kind::file) return t;
  return make_error(Errc::store, "'" + path.string() + "' is not a regular file, so nothing is written to it",
                    "move it away, or let it be a file or a link to one");
}

}  // namespace

Result<FolderLock> FolderLock::acquire(const Path& folder, const Path& spare, std::string_view holder,
                                       std::chrono::milliseconds timeout) {
  const Path dir = folder.empty() ? Path(".") : folder;
  if (const int e = fault(Op::lock, dir)) return os_error("cannot lock the folder", dir, e);
  Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return internal::about(dir, dir, os_error("cannot lock the folder", dir, errno));
  }
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const int e = errno;
    if (e == EINTR) continue;
    if (has_no_lock(e) && !spare.empty()) {
      NANO_TRY(make_dirs(spare.parent_path(), 0700));
      NANO_TRY_ASSIGN(FileLock lock, FileLock::acquire(spare, timeout, holder));
      return FolderLock(std::move(lock));
    }
    if (e != EWOULDBLOCK) return internal::about(dir, dir, os_error("cannot lock the folder", dir, e));
    if (std::chrono::steady_clock::now() >= until)
      return make_error(Errc::store, "another process keeps changing files in '" + dir.string() + "'",
                        "wait until it ends, or stop it, then run the command again");
    std::this_thread::sleep_for(kLookAgain);
  }
  return FolderLock(std::move(fd));
}

Result<Path> folder_of_target(const Path& file) {
  NANO_TRY_ASSIGN(const Target t, internal::find_target(file));
  return t.path.has_parent_path() ? t.path.parent_path() : Path(".");
}

Status rewrite(const Path& path, std::string_view bytes, unsigned mode_if_new) {
  NANO_TRY_ASSIGN(const Target t, file_at(path));
  if (t.kind == Target::Kind::absent) {
    const Path tmp = temp_sibling(t.path);
    bool refused = false;
    const auto make = [&]() -> Status {
      NANO_TRY_ASSIGN(Writer w, Writer::create(tmp, mode_if_new));
      NANO_TRY(w.write(bytes));
      NANO_TRY(w.sync());
      return internal::take_place(tmp, t.path, refused);
    };
    Status done = make();
    if (done) return done;
    ::unlink(tmp.c_str());
    return internal::about(path, tmp, std::move(done.error()));
  }
  // A file that its owner made read-only is not to be changed, though its folder would let a new one take its place.
  if (::faccessat(AT_FDCWD, t.path.c_str(), W_OK, AT_EACCESS) != 0)
    return internal::about(path, t.path, os_error("cannot write", t.path, errno));
  const auto over = [&]() -> Status {
    Status done = internal::write_over(t, [&](Writer& w) { return w.write(bytes); });
    if (!done) return internal::about(path, t.path, std::move(done.error()));
    return done;
  };
  if (!internal::can_take_its_place(t, true)) return over();
  const Path tmp = temp_sibling(t.path);
  bool dressed = true, refused = false;
  const auto attempt = [&]() -> Status {
    NANO_TRY_ASSIGN(Writer w, Writer::create(tmp, 0600));
    dressed = internal::dress_like(w.fd(), t.st);
    if (!dressed) return Unit{};
    NANO_TRY(w.write(bytes));
    return w.sync();
  };
  Status done = attempt();
  if (done && dressed) done = internal::take_place(tmp, t.path, refused);
  if (done && dressed) return done;
  ::unlink(tmp.c_str());
  if (done || refused) return over();
  return internal::about(path, tmp, std::move(done.error()));
}

}  // namespace nano::fs
