// base/fs_lock.cpp: one flock with a timeout and a message that names the holder.
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/fs_dir.h"
#include "base/fs_internal.h"
#include "base/text.h"

namespace nano::fs {

using internal::fault;
using internal::os_error;

namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr std::size_t kHolderBytes = 512;

std::string read_holder(int fd) {
  std::string text(kHolderBytes, '\0');
  const ssize_t n = pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::string line(trim(text));
  return line.empty() ? std::string("another process") : sanitize(line);
}

/// Empty, or what a lock wrote.
bool holds_a_line(int fd) {
  char text[4] = {};
  struct stat st {};
  if (::fstat(fd, &st) != 0 || st.st_size > static_cast<off_t>(2 * kHolderBytes)) return false;
  return st.st_size == 0 || (pread(fd, text, sizeof(text), 0) == 4 && std::string_view(text, 4) == "pid ");
}

}  // namespace

Result<FileLock> FileLock::acquire(const Path& path, std::chrono::milliseconds timeout,
                                   std::string_view holder) {
  auto dir = Dir::open(path.parent_path());
  if (!dir) {
    Error e = std::move(dir).error();
    e.code = Errc::store;
    return e;
  }
  return acquire(*dir, path.filename(), timeout, holder);
}

Result<FileLock> FileLock::acquire(const Dir& dir, const Path& name, std::chrono::milliseconds timeout,
                                   std::string_view holder) {
  const Path path = dir.path() / name;
  if (const int e = fault(Op::lock, path)) return os_error("cannot lock", path, e);
  Fd fd(::openat(dir.fd(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!fd.valid()) {
    Error err = os_error("cannot open lock", path, errno);
    err.code = Errc::store;
    return err;
  }
  // A second name of some other file would have that file written to; so would a device.
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return os_error("cannot lock", path, errno);
  if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
    return make_error(Errc::store, "the lock '" + path.string() + "' is not a file of nano's own",
                      "move it away, then run the command again");
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return os_error("cannot lock", path, errno);
    if (std::chrono::steady_clock::now() >= until)
      return make_error(Errc::store, "'" + path.string() + "' is held by " + read_holder(fd.get()),
                        "wait until it ends, or stop that process, then run the command again");
    std::this_thread::sleep_for(kPoll);
  }
  const std::string line =
      ("pid " + std::to_string(getpid()) + ": " + std::string(holder).substr(0, kHolderBytes / 2) +
       ", since " + format_time(now()) + "\n");
  // The text only helps whoever waits; a full disk must not keep anybody from the lock itself. What was there and is no such
  // line was not written by a lock, and stays.
  if (holds_a_line(fd.get()) && ftruncate(fd.get(), 0) == 0) (void)!pwrite(fd.get(), line.data(), line.size(), 0);
  return FileLock(std::move(fd));
}

FileLock::~FileLock() {
  if (fd_.valid() && holds_a_line(fd_.get())) (void)!ftruncate(fd_.get(), 0);
}

}  // namespace nano::fs
