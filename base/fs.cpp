// base/fs.cpp: descriptors, whole files, and the fault plan.
#include "base/fs.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs_internal.h"
#include "base/fs_look.h"

namespace nano::fs {
namespace {

// The one changeable global of base: a fault plan must reach every write without passing through every
// signature.
Faults g_faults;

Result<Fd> open_regular(const Path& path, int flags) {
  if (const int e = internal::fault(Op::open_read, path)) return cannot_read(path, e);
  // O_NONBLOCK: opening a FIFO must fail below instead of waiting for a writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags));
  if (!fd.valid()) {
    if (errno == ELOOP)
      return make_error(Errc::invalid, "'" + path.string() + "' is a symbolic link where a file must be");
    return cannot_read(path, errno);
  }
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return cannot_read(path, errno);
  if (!S_ISREG(st.st_mode)) return make_error(Errc::invalid, "'" + path.string() + "' is not a regular file");
  return fd;
}

}  // namespace

namespace internal {

int fault(Op op, const Path& path, std::size_t& allowed) {
  if (!g_faults) return 0;
  const int e = g_faults(op, path, allowed);
  if (e != 0) errno = e;
  return e;
}

std::string hint_for_reading(int e) {
  if (e == EACCES || e == EPERM) return "whoever owns it, or a folder above it, must let you read it";
  if (e == EIO || e == ESTALE || e == ENOTCONN || e == ETIMEDOUT || e == EHOSTDOWN)
    return "the disk or network file system did not answer; nothing is concluded from that: run the command again when it does";
  if (e == EMFILE || e == ENFILE) return "too many files are open: allow more (`ulimit -n 1024`), then run the command again";
  if (e == ELOOP) return "a symbolic link on the way leads back to itself";
  if (e == ENAMETOOLONG) return "use a shorter path";
  return {};
}

bool is_without_locks(int e) {
  return e == ENOLCK || e == ENOSYS || e == EOPNOTSUPP;
}

Error os_error(std::string_view doing, const Path& path, int e) {
  std::string message = std::string(doing) + " '" + path.string() + "': " + std::strerror(e);
  if (e == ENOENT) return make_error(Errc::not_found, std::move(message));
  std::string hint = e == EACCES || e == EPERM ? std::string() : hint_for_reading(e);
  if (e == ENOSPC || e == EDQUOT)
    hint = "free some space (`nano gc` removes what nothing uses), then run the command again";
  if (e == EROFS || e == EACCES || e == EPERM)
    hint = "write where you may: NANO_HOME moves all that nano keeps, --store DIR or NANO_STORE the store alone";
  if (e == EFBIG)
    hint = "files may not become that large here: raise the limit (`ulimit -f unlimited`) or use another file system, then run the command again";
  if (is_without_locks(e))
    hint = "this file system has no locks, and without them two commands at once could spoil what is there: keep it on another one, with --store DIR, NANO_STORE or NANO_HOME";
  return make_error(Errc::store, std::move(message), std::move(hint));
}

}  // namespace internal

using internal::fault;
using internal::os_error;

void inject_faults(Faults faults) {
  g_faults = std::move(faults);
}

Fd& Fd::operator=(Fd&& o) noexcept {
  if (this != &o) {
    reset();
    fd_ = o.release();
  }
  return *this;
}

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Fd> open_read(const Path& path) {
  return open_regular(path, O_NOFOLLOW);
}
Result<Fd> open_read_follow(const Path& path) {
  return open_regular(path, 0);
}

Result<uint64_t> file_size(const Fd& fd, const Path& path) {
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return cannot_read(path, errno);
  return static_cast<uint64_t>(st.st_size);
}

Result<Writer> Writer::create(const Path& path, unsigned mode) {
  if (const int e = fault(Op::create, path)) return os_error("cannot create", path, e);
  Writer w;
  w.fd_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  // ENOENT (no such folder) is the disk's refusal here, not a missing thing somebody asked for.
  if (!w.fd_.valid()) {
    Error err = os_error("cannot create", path, errno);
    err.code = Errc::store;
    return err;
  }
  w.path_ = path;
  return w;
}

Result<Writer> Writer::resume(const Path& path, uint64_t keep) {
  if (const int e = fault(Op::create, path)) return os_error("cannot open for writing", path, e);
  Writer w;
  w.fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!w.fd_.valid()) {
    Error err = os_error("cannot open for writing", path, errno);
    err.code = Errc::store;
    return err;
  }
  w.path_ = path;
  if (ftruncate(w.fd_.get(), static_cast<off_t>(keep)) != 0 || lseek(w.fd_.get(), 0, SEEK_END) < 0)
    return os_error("cannot resume", path, errno);
  return w;
}

Writer Writer::adopt(Fd fd, Path path) {
  Writer w;
  w.fd_ = std::move(fd);
  w.path_ = std::move(path);
  return w;
}

Status Writer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t allowed = bytes.size();
    if (const int e = fault(Op::write, path_, allowed)) return os_error("cannot write", path_, e);
    const ssize_t n = ::write(fd_.get(), bytes.data(), std::min(allowed, bytes.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("cannot write", path_, errno);
    written_ += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Unit{};
}

Status Writer::sync() {
  if (const int e = fault(Op::fsync, path_)) return os_error("cannot flush to disk", path_, e);
  if (::fsync(fd_.get()) != 0) return os_error("cannot flush to disk", path_, errno);
  return Unit{};
}

Result<std::string> read_file(const Path& path, uint64_t limit) {
  NANO_TRY_ASSIGN(const Fd fd, open_read_follow(path));
  return internal::read_all(fd, path, limit);
}

Result<std::string> internal::read_all(const Fd& fd, const Path& path, uint64_t limit) {
  NANO_TRY_ASSIGN(const uint64_t size, file_size(fd, path));
  const auto too_long = [&] {
    return make_error(Errc::invalid, "'" + path.string() + "' is longer than the limit of " +
                                         std::to_string(limit) + " bytes");
  };
  if (size > limit) return too_long();
  std::string out;
  out.resize(size + 1);  // one more, to see a file that grew
  std::size_t have = 0;
  while (true) {
    if (have == out.size()) out.resize(out.size() * 2);
    const ssize_t n = ::read(fd.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_read(path, errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit) return too_long();
  }
  out.resize(have);
  return out;
}

Path temp_sibling(const Path& path) {
  static std::atomic<uint32_t> counter{0};
  std::random_device rd;
  const uint64_t r = (uint64_t{rd()} << 32) ^ rd();
  return path.parent_path() / ("." + path.filename().string() + "." + std::to_string(getpid()) + "." +
                               std::to_string(counter++) + "." + std::to_string(r % 1000000000) + ".tmp");
}

namespace {

/// The shared body of write_atomic and copy_atomic: `fill` writes the bytes into the temporary.
Status atomically(const Path& path, unsigned mode, const std::function<Status(Writer&)>& fill) {
  const Path tmp = temp_sibling(path);
  const auto attempt = [&]() -> Status {
    NANO_TRY_ASSIGN(Writer w, Writer::create(tmp, mode));
    NANO_TRY(fill(w));
    return w.sync();
  };
  Status done = attempt();
  if (done) done = rename_durable(tmp, path);
  if (!done) ::unlink(tmp.c_str());
  return done;
}

}  // namespace

Status write_atomic(const Path& path, std::string_view bytes, unsigned mode) {
  return atomically(path, mode, [&](Writer& w) { return w.write(bytes); });
}

Status copy_atomic(const Path& from, const Path& to, unsigned mode) {
  NANO_TRY_ASSIGN(const Fd in, open_read(from));
  return atomically(to, mode, [&](Writer& w) -> Status {
    std::vector<char> buf(std::size_t{1} << 18);
    while (true) {
      const ssize_t n = ::read(in.get(), buf.data(), buf.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return cannot_read(from, errno);
      if (n == 0) return Unit{};
      NANO_TRY(w.write({buf.data(), static_cast<std::size_t>(n)}));
    }
  });
}

}  // namespace nano::fs
