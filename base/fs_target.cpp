// base/fs_target.cpp: links followed by hand, since the magic ones of /proc must be seen as what they are.
#include "base/fs_target.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/fs_internal.h"
#include "base/text.h"

namespace nano::fs::internal {
namespace {

constexpr int kMaxLinks = 40;  // as Linux

bool all_digits(const std::string& s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string::npos;
}

/// Is this /proc/<pid>/fd/<n>, by whatever name? Then the link is a door to an open descriptor, and not to be followed as text.
struct Door {
  bool is = false;
  int own = -1;  // this process's descriptor
};
Door door_at(const Path& path) {
  const std::string name = path.filename().string();
  if (!all_digits(name) || name.size() > 7) return {};
  std::error_code ec;
  const Path folder = std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : Path("."), ec);
  if (ec || folder.filename() != "fd" || !folder.string().starts_with("/proc/")) return {};
  const auto parts = split(folder.string(), '/');  // "", proc, <pid>, [task, <tid>,] fd
  if (parts.size() < 4 || !all_digits(parts[2])) return {};
  return {.is = true, .own = parts[2] == std::to_string(::getpid()) ? std::stoi(name) : -1};
}

Target::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return Target::Kind::file;
  if (S_ISDIR(mode)) return Target::Kind::folder;
  if (S_ISBLK(mode)) return Target::Kind::disk;
  if (S_ISSOCK(mode)) return Target::Kind::socket;
  return Target::Kind::stream;
}

}  // namespace

Result<Target> find_target(const Path& given) {
  Target t;
  t.path = given;
  for (int links = 0; links <= kMaxLinks; ++links) {
    if (const Door door = door_at(t.path); door.is) {
      if (::stat(t.path.c_str(), &t.st) != 0) return os_error("cannot write to", t.path, errno);
      t.kind = Target::Kind::stream;
      t.descriptor = door.own;
      return t;
    }
    if (::lstat(t.path.c_str(), &t.st) != 0) {
      if (errno == ENOENT) return t;
      Error e = os_error("cannot write to", t.path, errno);
      e.code = Errc::store;
      return e;
    }
    if (!S_ISLNK(t.st.st_mode)) {
      t.kind = kind_of(t.st.st_mode);
      return t;
    }
    std::error_code ec;
    const Path next = std::filesystem::read_symlink(t.path, ec);
    if (ec) return os_error("cannot follow", t.path, ec.value());
    t.path = next.is_absolute() ? next : t.path.parent_path() / next;
  }
  return make_error(Errc::store, "'" + given.string() + "' is a symbolic link that leads in a circle", "mend the link, or remove it");
}

bool can_take_its_place(const Target& old, bool keep_names) {
  const uid_t me = ::geteuid();
  if ((keep_names && old.st.st_nlink > 1) || (me != 0 && old.st.st_uid != me)) return false;
  const Path folder = old.path.has_parent_path() ? old.path.parent_path() : Path(".");
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

bool dress_like(int fd, const struct stat& old) {
  struct stat now {};
  if (::fstat(fd, &now) != 0) return false;
  const uid_t uid = now.st_uid == old.st_uid ? static_cast<uid_t>(-1) : old.st_uid;
  const gid_t gid = now.st_gid == old.st_gid ? static_cast<gid_t>(-1) : old.st_gid;
  if ((now.st_uid != old.st_uid || now.st_gid != old.st_gid) && ::fchown(fd, uid, gid) != 0) return false;
  return ::fchmod(fd, old.st_mode & 07777) == 0;
}

Status take_place(const Path& temporary, const Path& to, bool& refused) {
  if (const int e = fault(Op::rename, to)) return os_error("cannot rename to", to, e);
  if (::rename(temporary.c_str(), to.c_str()) == 0) return sync_dir(to.parent_path());
  const int e = errno;
  refused = e == EBUSY || e == EXDEV || e == EPERM || e == EACCES;
  return os_error("cannot rename to", to, e);
}

Error about(const Path& target, const Path& temporary, Error e) {
  if (const auto at = e.message.find(temporary.string()); at != std::string::npos)
    e.message.replace(at, temporary.string().size(), target.string());
  if (e.hint.find("NANO_STORE") != std::string::npos) e.hint = "see who may write there: `ls -ld`";
  if (e.code == Errc::not_found) e.code = Errc::store;
  return e;
}

Status write_over(const Target& old, const std::function<Status(Writer&)>& fill) {
  if (const int e = fault(Op::create, old.path)) return os_error("cannot open for writing", old.path, e);
  Fd fd(::open(old.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat now {};
  if (!fd.valid() || ::fstat(fd.get(), &now) != 0) {
    Error e = os_error("cannot open for writing", old.path, errno);
    e.code = Errc::store;
    return e;
  }
  if (!S_ISREG(now.st_mode)) return make_error(Errc::store, "'" + old.path.string() + "' became something else than a file meanwhile");
  Writer w = Writer::adopt(std::move(fd), old.path);
  NANO_TRY(fill(w));
  const off_t end = ::lseek(w.fd(), 0, SEEK_CUR);
  if (end < 0 || ::ftruncate(w.fd(), end) != 0) return os_error("cannot write", old.path, errno);
  return w.sync();
}

}  // namespace nano::fs::internal
