// base/fs_look.cpp: lstat and stat, with every refusal kept apart from absence.
#include "base/fs_look.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "base/fs_internal.h"

namespace nano::fs {
namespace {

bool is_absence(int e) {
  return e == ENOENT || e == ENOTDIR;
}

Result<std::optional<struct stat>> examined(const Path& path, bool follow) {
  using Answer = std::optional<struct stat>;
  if (const int e = internal::fault(Op::look, path)) return is_absence(e) ? Result<Answer>(Answer()) : cannot_read(path, e, "cannot look at");
  struct stat st {};
  if ((follow ? ::stat(path.c_str(), &st) : ::lstat(path.c_str(), &st)) == 0) return Answer(st);
  const int e = errno;
  if (is_absence(e)) return Answer();
  return cannot_read(path, e, "cannot look at");
}

Result<What> what_is(Result<std::optional<struct stat>> st) {
  if (!st) return std::move(st).error();
  return *st ? what_of(**st) : What::absent;
}

}  // namespace

Error cannot_read(const Path& path, int e, std::string_view doing) {
  std::string message = std::string(doing) + " '" + path.string() + "': " + std::strerror(e);
  if (is_absence(e)) return make_error(Errc::not_found, std::move(message));
  return make_error(Errc::store, std::move(message), internal::hint_for_reading(e));
}

What what_of(const struct stat& st) {
  if (S_ISREG(st.st_mode)) return What::file;
  if (S_ISDIR(st.st_mode)) return What::folder;
  return S_ISLNK(st.st_mode) ? What::link : What::other;
}

Result<std::optional<struct stat>> status_of(const Path& path) {
  return examined(path, false);
}
Result<std::optional<struct stat>> status_follow(const Path& path) {
  return examined(path, true);
}
Result<What> look(const Path& path) {
  return what_is(examined(path, false));
}
Result<What> look_follow(const Path& path) {
  return what_is(examined(path, true));
}

Result<bool> is_there(const Path& path) {
  NANO_TRY_ASSIGN(const What what, look(path));
  return what != What::absent;
}
Result<bool> is_folder(const Path& path) {
  NANO_TRY_ASSIGN(const What what, look_follow(path));
  return what == What::folder;
}
Result<bool> is_file(const Path& path) {
  NANO_TRY_ASSIGN(const What what, look_follow(path));
  return what == What::file;
}

Result<uint64_t> size_of_file(const Path& path) {
  NANO_TRY_ASSIGN(const auto st, status_follow(path));
  if (!st) return make_error(Errc::not_found, "there is no file '" + path.string() + "'");
  return static_cast<uint64_t>(st->st_size);
}

Result<Path> absolute_path(const Path& path) {
  if (path.is_absolute()) return path.lexically_normal();
  std::error_code ec;
  const Path here = std::filesystem::current_path(ec);
  if (ec)
    return make_error(Errc::store, "cannot tell which folder this is: " + ec.message(), "go to a folder that exists (`cd`), then run the command again");
  return (here / path).lexically_normal();
}

Result<Path> real_path(const Path& path) {
  if (const int e = internal::fault(Op::look, path)) return cannot_read(path, e, "cannot look at");
  char* found = ::realpath(path.empty() ? "." : path.c_str(), nullptr);
  if (found == nullptr) return cannot_read(path, errno, "cannot look at");
  Path out(found);
  std::free(found);
  return out;
}

}  // namespace nano::fs
