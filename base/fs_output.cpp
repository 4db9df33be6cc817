// base/fs_output.cpp: outputs that are files take a name at the end; all others are written into.
#include "base/fs_output.h"

#include <cerrno>

#include <fcntl.h>
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

constexpr std::string_view kDash = "-";
constexpr std::size_t kPump = std::size_t{1} << 18;

std::string shown(const Path& path) {
  return "'" + sanitize(path.string()) + "'";
}

Error is_there(const Path& path) {
  return make_error(Errc::usage, shown(path) + " exists", "choose another name, or --force to replace it");
}

Result<Target> find_output(const Path& path, bool replace) {
  Target t;
  if (path == kDash) {
    t.kind = Target::Kind::stream;
    t.descriptor = STDOUT_FILENO;
    return t;
  }
  if (path.empty()) return make_error(Errc::usage, "the name of the file to write is empty");
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..")
    return make_error(Errc::usage, shown(path) + " names a folder, not a file to write", "add the file's name");
  NANO_TRY_ASSIGN(t, internal::find_target(path));
  switch (t.kind) {
    case Target::Kind::folder:
      return make_error(Errc::usage, shown(path) + " is a folder, not a file to write", "name a file in it");
    case Target::Kind::disk:
      return make_error(Errc::usage, shown(path) + " is a block device: what is on it would be lost", "name a file");
    case Target::Kind::socket:
      return make_error(Errc::usage, shown(path) + " is a socket, which cannot be opened for writing", "name a file, or `-` for standard output");
    case Target::Kind::file:
      if (!replace) return is_there(path);
      if (::faccessat(AT_FDCWD, t.path.c_str(), W_OK, AT_EACCESS) != 0)
        return internal::about(path, t.path, os_error("cannot write", t.path, errno));
      return t;
    case Target::Kind::absent:
    case Target::Kind::stream:
      break;
  }
  return t;
}

/// The name must still be free: somebody may have made the file since we looked.
Status rename_to_new(const Path& from, const Path& to) {
  if (const int e = fault(Op::rename, to)) return os_error("cannot rename to", to, e);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return is_there(to);
    if (errno != EINVAL && errno != ENOSYS) return os_error("cannot rename to", to, errno);
    // A file system without that flag: a hard link is as exclusive, and where there is none, a look must do.
    if (::link(from.c_str(), to.c_str()) == 0) {
      ::unlink(from.c_str());
    } else if (errno == EEXIST || fs::exists(to)) {
      return is_there(to);
    } else if (::rename(from.c_str(), to.c_str()) != 0) {
      return os_error("cannot rename to", to, errno);
    }
  }
  return sync_dir(to.parent_path());
}

Result<Fd> open_stream(const Target& t, const Path& given) {
  if (const int e = fault(Op::create, given)) return os_error("cannot open for writing", given, e);
  Fd fd(t.descriptor >= 0 ? ::fcntl(t.descriptor, F_DUPFD_CLOEXEC, 3) : ::open(t.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.valid()) return fd;
  return internal::about(given, given, os_error("cannot open for writing", given, errno));
}

Result<Fd> make_temporary(const Path& path, unsigned mode) {
  if (const int e = fault(Op::create, path)) return os_error("cannot create", path, e);
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.valid()) return os_error("cannot create", path, errno);
  return fd;
}

Status pump(int from, Writer& to, const Path& from_path) {
  std::vector<char> buf(kPump);
  off_t at = 0;
  while (true) {
    const ssize_t n = ::pread(from, buf.data(), buf.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("cannot read", from_path, errno);
    if (n == 0) return Unit{};
    NANO_TRY(to.write({buf.data(), static_cast<std::size_t>(n)}));
    at += n;
  }
}

/// A pipe or a terminal has nothing to flush.
Status flush_stream(Writer& w) {
  struct stat st {};
  return ::fstat(w.fd(), &st) == 0 && S_ISREG(st.st_mode) ? w.sync() : Status(Unit{});
}

Path staging_folder() {
  std::error_code ec;
  const Path dir = std::filesystem::temp_directory_path(ec);
  return ec ? Path("/tmp") : dir;
}

}  // namespace

Output::Output(Output&& o) noexcept
    : given_(std::move(o.given_)),
      target_(std::move(o.target_)),
      temporary_(std::exchange(o.temporary_, Path())),
      writer_(std::move(o.writer_)),
      stream_(std::move(o.stream_)),
      exists_(o.exists_),
      replace_(o.replace_),
      over_(o.over_),
      size_(o.size_) {}

Output::~Output() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status check_output(const Path& path, bool replace) {
  NANO_TRY_ASSIGN(const Target t, find_output(path, replace));
  const Path folder = t.path.has_parent_path() ? t.path.parent_path() : Path(".");
  if (t.kind == Target::Kind::absent && !is_dir(folder))
    return make_error(Errc::store, "cannot write " + shown(path) + ": there is no folder " + shown(folder), "make the folder first");
  return Unit{};
}

bool is_standard_output(const Path& path) {
  if (path == kDash) return true;
  if (path.empty()) return false;
  const auto t = internal::find_target(path);
  return t && t->kind == Target::Kind::stream && t->descriptor == STDOUT_FILENO;
}

Result<bool> will_be_file(const Path& path) {
  NANO_TRY_ASSIGN(const Target t, find_output(path, true));
  return t.kind != Target::Kind::stream;
}

Result<Output> Output::open(const Path& path, const OutputOptions& options) {
  NANO_TRY(check_output(path, options.replace));
  NANO_TRY_ASSIGN(const Target t, find_output(path, options.replace));
  Output out;
  out.given_ = path;
  out.target_ = t.path;
  out.exists_ = t.kind == Target::Kind::file;
  out.replace_ = options.replace;
  out.over_ = out.exists_ && !internal::can_take_its_place(t, false);
  const bool is_stream = t.kind == Target::Kind::stream;
  if (is_stream) {
    NANO_TRY_ASSIGN(out.stream_, open_stream(t, path));
    if (!options.staged) {
      out.writer_ = Writer::adopt(std::move(out.stream_), path);
      return out;
    }
  }
  const bool elsewhere = is_stream || out.over_;
  const Path temporary = elsewhere ? temp_sibling(staging_folder() / "nano-output") : temp_sibling(t.path);
  auto fd = make_temporary(temporary, elsewhere || out.exists_ ? 0600 : options.mode);
  if (!fd) return internal::about(elsewhere ? temporary : path, temporary, std::move(fd.error()));
  out.writer_ = Writer::adopt(std::move(*fd), path);  // errors name the person's file
  out.temporary_ = temporary;
  if (out.exists_ && !out.over_ && !internal::dress_like(out.writer_.fd(), t.st)) out.over_ = true;
  return out;
}

Status Output::hand_over() {
  if (stream_.valid()) {
    Writer to = Writer::adopt(std::move(stream_), given_);
    NANO_TRY_ASSIGN(const Fd from, open_read(temporary_));
    NANO_TRY(pump(from.get(), to, temporary_));
    return flush_stream(to);
  }
  NANO_TRY(writer_.sync());
  if (!exists_ && !replace_) {
    NANO_TRY(rename_to_new(temporary_, target_));
    temporary_.clear();
    return Unit{};
  }
  if (!over_) {
    Status done = internal::take_place(temporary_, target_, over_);
    if (done) temporary_.clear();
    if (done || !over_) return done;
  }
  NANO_TRY_ASSIGN(const Target t, find_output(target_, true));
  NANO_TRY_ASSIGN(const Fd from, open_read(temporary_));
  return internal::write_over(t, [&](Writer& w) { return pump(from.get(), w, temporary_); });
}

Status Output::commit() {
  size_ = writer_.written();
  Status done = temporary_.empty() ? flush_stream(writer_) : hand_over();
  if (!done) return internal::about(given_, temporary_.empty() ? given_ : temporary_, std::move(done.error()));
  return done;
}

Status write_output(const Path& path, std::string_view bytes, const OutputOptions& options) {
  NANO_TRY_ASSIGN(Output out, Output::open(path, options));
  NANO_TRY(out.writer().write(bytes));
  return out.commit();
}

}  // namespace nano::fs
