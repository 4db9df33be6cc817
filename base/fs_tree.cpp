// base/fs_tree.cpp: folders, links, renames, and which relative paths a package may hold.
#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/fs_internal.h"
#include "base/fs_look.h"

namespace nano::fs {

using internal::fault;
using internal::os_error;

Status make_dirs(const Path& dir, unsigned mode) {
  if (dir.empty()) return Unit{};
  NANO_TRY_ASSIGN(const bool there, is_folder(dir));
  if (there) return Unit{};
  if (dir.has_parent_path() && dir.parent_path() != dir) NANO_TRY(make_dirs(dir.parent_path(), mode));
  if (const int e = fault(Op::mkdir, dir)) return os_error("cannot create folder", dir, e);
  if (::mkdir(dir.c_str(), mode) != 0) {
    const int e = errno;
    // Another process was faster, or it is a link to a folder.
    if (const auto now = is_folder(dir); e == EEXIST && now && *now) return Unit{};
    Error err = os_error("cannot create folder", dir, e);
    err.code = Errc::store;
    return err;
  }
  return Unit{};
}

Status sync_dir(const Path& dir) {
  const Path d = dir.empty() ? Path(".") : dir;
  if (const int e = fault(Op::fsync, d)) return os_error("cannot flush folder", d, e);
  const Fd fd(::open(d.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return os_error("cannot open folder", d, errno);
  // EINVAL: a file system that cannot sync folders (some network and FUSE ones); there is nothing more to do
  // then.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return os_error("cannot flush folder", d, errno);
  return Unit{};
}

Status rename_durable(const Path& from, const Path& to) {
  if (const int e = fault(Op::rename, to)) return os_error("cannot rename to", to, e);
  if (::rename(from.c_str(), to.c_str()) != 0) return os_error("cannot rename to", to, errno);
  NANO_TRY(sync_dir(to.parent_path()));
  if (from.parent_path() != to.parent_path()) NANO_TRY(sync_dir(from.parent_path()));
  return Unit{};
}

Status remove_file(const Path& path) {
  if (const int e = fault(Op::unlink, path)) return os_error("cannot remove", path, e);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_error("cannot remove", path, errno);
  return Unit{};
}

Status remove_tree(const Path& dir) {
  NANO_TRY_ASSIGN(const bool there, is_there(dir));
  if (!there) return Unit{};
  if (const int e = fault(Op::unlink, dir)) return os_error("cannot remove", dir, e);
  std::error_code ec;
  std::filesystem::remove_all(dir, ec);
  if (ec) return os_error("cannot remove", dir, ec.value());
  return Unit{};
}

Status link_or_copy(const Path& from, const Path& to, unsigned mode) {
  if (fault(Op::link, to) == 0) {
    if (::link(from.c_str(), to.c_str()) == 0) return Unit{};
    // EPERM, EXDEV, EMLINK, EOPNOTSUPP: this file system can't; a reflink or a copy can. The rest are real
    // errors.
    if (errno == EEXIST || errno == ENOENT || errno == ENOSPC || errno == EROFS || errno == EACCES)
      return os_error("cannot link", errno == ENOENT ? from : to, errno);
  } else if (errno == ENOSPC || errno == EROFS) {
    return os_error("cannot link", to, errno);
  }
  NANO_TRY_ASSIGN(const Fd in, open_read(from));
  {
    NANO_TRY_ASSIGN(const Writer out, Writer::create(to, mode));
    if (ioctl(out.fd(), FICLONE, in.get()) == 0) return Unit{};
  }
  ::unlink(to.c_str());
  return copy_atomic(from, to, mode);
}

Result<std::vector<std::string>> list_dir(const Path& dir) {
  std::vector<std::string> names;
  if (const int e = fault(Op::list, dir)) return cannot_read(dir, e, "cannot list folder");
  const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return names;
    Error e = cannot_read(dir, errno, "cannot list folder");
    e.code = Errc::store;  // a file in the folder's place is no absence of what it held
    return e;
  }
  return internal::names_in(fd, dir);
}

Result<std::vector<std::string>> internal::names_in(const Fd& folder, const Path& dir) {
  std::vector<std::string> names;
  const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // its own place in the folder
  DIR* d = copy < 0 ? nullptr : ::fdopendir(copy);
  if (d == nullptr) {
    const int e = errno;
    if (copy >= 0) ::close(copy);
    return cannot_read(dir, e, "cannot list folder");
  }
  int failed = 0;
  while (true) {
    errno = 0;
    const dirent* e = ::readdir(d);
    if (e == nullptr) {
      failed = errno;
      break;
    }
    const std::string_view name(e->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(d);
  if (failed != 0) return make_error(Errc::store, cannot_read(dir, failed, "cannot list folder").message, hint_for_reading(failed));
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const Path& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0;
}

bool is_dir(const Path& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<uint64_t> free_bytes(const Path& dir) {
  struct statvfs v {};
  if (::statvfs(dir.c_str(), &v) != 0) return os_error("cannot ask for free space of", dir, errno);
  return uint64_t{v.f_bavail} * uint64_t{v.f_frsize};
}

bool is_package_path(std::string_view rel) {
  if (rel.empty() || rel.size() > 255) return false;
  std::size_t from = 0;
  while (true) {
    const auto at = rel.find('/', from);
    const auto seg = rel.substr(from, at == std::string_view::npos ? at : at - from);
    if (seg.empty() || seg == "." || seg == ".." || seg.front() == '-' || seg.back() == '.') return false;
    for (const char c : seg) {
      const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
      if (!ok) return false;
    }
    if (at == std::string_view::npos) return true;
    from = at + 1;
  }
}

}  // namespace nano::fs
