// base/fs_dir.cpp: opening folders step by step, and files in them.
#include "base/fs_dir.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fs_internal.h"
#include "base/fs_look.h"

namespace nano::fs {

using internal::fault;
using internal::os_error;

namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr std::string_view kOtherDevice = "it cannot be renamed here";

Error in_the_way(const Path& path, bool link) {
  return make_error(Errc::store,
                    "'" + path.string() + "' is a " + (link ? "symbolic link" : "file") + " where a folder of nano's own must be",
                    "move it away, then run the command again");
}

/// `doing` failed: ENOENT counts as the disk's refusal, not as a missing thing somebody asked for.
Error refused(std::string_view doing, const Path& path, int e) {
  Error error = os_error(doing, path, e);
  error.code = Errc::store;
  return error;
}

Status copy_bytes(const Fd& from, const Path& from_path, Writer& to) {
  std::vector<char> buffer(std::size_t{1} << 18);
  while (true) {
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_read(from_path, errno);
    if (n == 0) return to.sync();
    NANO_TRY(to.write({buffer.data(), static_cast<std::size_t>(n)}));
  }
}

}  // namespace

bool is_other_device(const Error& error) {
  return error.code == Errc::store && error.message.ends_with(kOtherDevice);
}

Result<Dir> Dir::open(const Path& root, const Path& rel) {
  if (const int e = fault(Op::open_read, root)) return cannot_read(root, e);
  Fd fd(::open(root.empty() ? "." : root.c_str(), kFolder));
  if (!fd.valid()) return cannot_read(root, errno, "cannot open folder");
  return Dir(std::move(fd), root).down(rel);
}

Result<Dir> Dir::make(const Path& root, const Path& rel) {
  NANO_TRY_ASSIGN(const bool there, is_folder(root));
  if (!there) {
    if (root.has_parent_path() && root.parent_path() != root) NANO_TRY(make(root.parent_path()));
    NANO_TRY(make_dirs(root));
    NANO_TRY(sync_dir(root.parent_path()));
  }
  NANO_TRY_ASSIGN(const Dir at, open(root));
  return at.make_down(rel);
}

Result<Dir> Dir::step(const Path& name) const {
  const Path path = path_ / name;
  if (const int e = fault(Op::open_read, path)) return cannot_read(path, e);
  Fd fd(::openat(fd_.get(), name.c_str(), kFolder | O_NOFOLLOW));
  if (fd.valid()) return Dir(std::move(fd), path);
  const int e = errno;
  struct stat st {};
  if ((e == ENOTDIR || e == ELOOP) && ::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0)
    return in_the_way(path, S_ISLNK(st.st_mode));
  return cannot_read(path, e, "cannot open folder");
}

Result<Dir> Dir::down(const Path& rel) const {
  Dir at(Fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)), path_);
  if (!at.fd_.valid()) return cannot_read(path_, errno, "cannot open folder");
  for (const Path& name : rel) {
    if (name.empty() || name == ".") continue;
    NANO_TRY_ASSIGN(at, at.step(name));
  }
  return at;
}

Result<Dir> Dir::make_down(const Path& rel) const {
  NANO_TRY_ASSIGN(Dir at, down({}));
  for (const Path& name : rel) {
    if (name.empty() || name == ".") continue;
    auto next = at.step(name);
    if (!next && next.error().code == Errc::not_found) {
      const Path path = at.path_ / name;
      if (const int e = fault(Op::mkdir, path)) return refused("cannot create folder", path, e);
      if (::mkdirat(at.fd(), name.c_str(), 0755) != 0 && errno != EEXIST) return refused("cannot create folder", path, errno);
      NANO_TRY(at.sync());
      next = at.step(name);
    }
    if (!next) return std::move(next).error();
    at = std::move(next).value();
  }
  return at;
}

Result<Dir> Dir::create_folder(const Path& name, unsigned mode) const {
  const Path path = path_ / name;
  if (const int e = fault(Op::mkdir, path)) return refused("cannot create folder", path, e);
  if (::mkdirat(fd_.get(), name.c_str(), mode) != 0) return refused("cannot create folder", path, errno);
  return step(name);
}

Result<std::optional<struct stat>> Dir::status(const Path& name) const {
  using Answer = std::optional<struct stat>;
  const Path path = path_ / name;
  int e = fault(Op::look, path);
  struct stat st {};
  if (e == 0 && ::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return Answer(st);
  if (e == 0) e = errno;
  if (e == ENOENT || e == ENOTDIR) return Answer();
  return cannot_read(path, e, "cannot look at");
}

Result<bool> Dir::holds(const Path& name) const {
  NANO_TRY_ASSIGN(const auto st, status(name));
  return st.has_value();
}

Result<std::vector<std::string>> Dir::list() const {
  if (const int e = fault(Op::list, path_)) return cannot_read(path_, e, "cannot list folder");
  return internal::names_in(fd_, path_);
}

Result<Fd> Dir::open_read(const Path& name) const {
  const Path path = path_ / name;
  if (const int e = fault(Op::open_read, path)) return cannot_read(path, e);
  Fd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) {
    if (errno == ELOOP) return make_error(Errc::invalid, "'" + path.string() + "' is a symbolic link where a file must be");
    return cannot_read(path, errno);
  }
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return cannot_read(path, errno);
  if (!S_ISREG(st.st_mode)) return make_error(Errc::invalid, "'" + path.string() + "' is not a regular file");
  return fd;
}

Result<std::string> Dir::read(const Path& name, uint64_t limit) const {
  NANO_TRY_ASSIGN(const Fd fd, open_read(name));
  return internal::read_all(fd, path_ / name, limit);
}

Result<Writer> Dir::create(const Path& name, unsigned mode) const {
  Writer w;
  w.path_ = path_ / name;
  if (const int e = fault(Op::create, w.path_)) return refused("cannot create", w.path_, e);
  w.fd_ = Fd(::openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!w.fd_.valid()) return refused("cannot create", w.path_, errno);
  return w;
}

Result<Writer> Dir::resume(const Path& name, uint64_t keep) const {
  Writer w;
  w.path_ = path_ / name;
  if (const int e = fault(Op::create, w.path_)) return refused("cannot open for writing", w.path_, e);
  w.fd_ = Fd(::openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!w.fd_.valid()) return refused("cannot open for writing", w.path_, errno);
  struct stat st {};
  // A second name of another file, or no file at all, was not made by us: never written through.
  if (::fstat(w.fd_.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
    return make_error(Errc::store, "'" + w.path_.string() + "' is not a file of nano's own", "move it away, then run the command again");
  if (::ftruncate(w.fd_.get(), static_cast<off_t>(keep)) != 0 || ::lseek(w.fd_.get(), 0, SEEK_END) < 0)
    return refused("cannot resume", w.path_, errno);
  return w;
}

Status Dir::write_atomic(const Path& name, std::string_view bytes, unsigned mode) const {
  const Path temporary = temp_sibling(name).filename();
  const auto attempt = [&]() -> Status {
    NANO_TRY_ASSIGN(Writer w, create(temporary, mode));
    NANO_TRY(w.write(bytes));
    return w.sync();
  };
  Status done = attempt();
  if (done) done = rename(temporary, *this, name);
  if (!done) (void)::unlinkat(fd_.get(), temporary.c_str(), 0);
  return done;
}

Status Dir::write_new(const Path& name, std::string_view bytes, unsigned mode) const {
  const Path path = path_ / name, temporary = temp_sibling(name).filename();
  const auto attempt = [&]() -> Status {
    {
      NANO_TRY_ASSIGN(Writer w, create(temporary, mode));
      NANO_TRY(w.write(bytes));
      NANO_TRY(w.sync());
    }
    if (const int e = fault(Op::rename, path)) return refused("cannot rename to", path, e);
    int e = ::renameat2(fd_.get(), temporary.c_str(), fd_.get(), name.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
    // A file system that cannot promise that: a second name can be had only where there is none.
    if (e == EINVAL || e == ENOSYS || e == EOPNOTSUPP) {
      e = ::linkat(fd_.get(), temporary.c_str(), fd_.get(), name.c_str(), 0) == 0 ? 0 : errno;
      if (e == 0 && ::unlinkat(fd_.get(), temporary.c_str(), 0) != 0) e = errno;
    }
    if (e == EEXIST)
      return make_error(Errc::refused, "'" + path.string() + "' is there already, and is not written over", "run the command again");
    if (e != 0) return refused("cannot rename to", path, e);
    return sync();
  };
  Status done = attempt();
  if (!done) (void)::unlinkat(fd_.get(), temporary.c_str(), 0);
  return done;
}

Status Dir::rename(const Path& name, const Dir& to, const Path& new_name) const {
  const Path target = to.path_ / new_name;
  int e = fault(Op::rename, target);
  if (e == 0 && ::renameat(fd_.get(), name.c_str(), to.fd(), new_name.c_str()) != 0) e = errno;
  if (e == EXDEV) return make_error(Errc::store, "'" + (path_ / name).string() + "' lies in another layer or on another file system: " + std::string(kOtherDevice));
  if (e != 0) return refused("cannot rename to", target, e);
  NANO_TRY(to.sync());
  struct stat a {}, b {};
  const bool same = ::fstat(fd_.get(), &a) == 0 && ::fstat(to.fd(), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
  return same ? Status(Unit{}) : sync();
}

Status Dir::exchange(const Path& name, const Dir& with, const Path& other) const {
  const Path target = with.path_ / other;
  int e = fault(Op::rename, target);
  if (e == 0 && ::renameat2(fd_.get(), name.c_str(), with.fd(), other.c_str(), RENAME_EXCHANGE) != 0) e = errno;
  if (e == EINVAL || e == ENOSYS || e == EXDEV || e == EOPNOTSUPP)
    return make_error(Errc::unsupported, "this file system cannot exchange '" + target.string() + "' in one step");
  if (e != 0) return refused("cannot replace", target, e);
  return with.sync();
}

Status Dir::link_or_copy(const Path& name, const Dir& to, const Path& new_name, unsigned mode) const {
  const Path from = path_ / name, target = to.path_ / new_name;
  int e = fault(Op::link, target);
  if (e == 0) {
    if (::linkat(fd_.get(), name.c_str(), to.fd(), new_name.c_str(), 0) == 0) return Unit{};
    e = errno;
    if (e == ENOENT) return cannot_read(from, e, "cannot link");
    if (e == EEXIST || e == EACCES) return refused("cannot link", target, e);
  }
  // EPERM, EXDEV, EMLINK, EOPNOTSUPP: this file system can't; a reflink or a copy can.
  if (e == ENOSPC || e == EROFS || e == EDQUOT) return refused("cannot link", target, e);
  NANO_TRY_ASSIGN(const Fd in, open_read(name));
  NANO_TRY_ASSIGN(Writer out, to.create(new_name, mode));
  const Status done = ::ioctl(out.fd(), FICLONE, in.get()) == 0 ? out.sync() : copy_bytes(in, from, out);
  if (!done) (void)::unlinkat(to.fd(), new_name.c_str(), 0);
  return done;
}

Status Dir::unlink(const Path& name) const {
  const Path path = path_ / name;
  if (const int e = fault(Op::unlink, path)) return refused("cannot remove", path, e);
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) return refused("cannot remove", path, errno);
  return Unit{};
}

Status Dir::remove_tree(const Path& name) const {
  const Path path = path_ / name;
  if (const int e = fault(Op::unlink, path)) return refused("cannot remove", path, e);
  if (::unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return Unit{};
  if (errno != EISDIR && errno != EPERM) return refused("cannot remove", path, errno);
  auto inside = step(name);
  if (!inside) return std::move(inside).error();
  NANO_TRY_ASSIGN(const auto names, internal::names_in(inside->fd_, path));
  for (const auto& one : names) NANO_TRY(inside->remove_tree(one));
  if (::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return refused("cannot remove", path, errno);
  return Unit{};
}

bool Dir::remove_empty(const Path& name) const {
  return ::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) == 0;
}

Status Dir::sync() const {
  if (const int e = fault(Op::fsync, path_)) return refused("cannot flush folder", path_, e);
  // EINVAL: a file system that cannot sync folders; there is nothing more to do then.
  if (::fsync(fd_.get()) != 0 && errno != EINVAL) return refused("cannot flush folder", path_, errno);
  return Unit{};
}

}  // namespace nano::fs
