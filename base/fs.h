// base/fs.h: every write nano makes to a disk: atomic, fsync'ed, and breakable on purpose (Faults).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nano::fs {

using Path = std::filesystem::path;

// --- faults
// ---------------------------------------------------------------------------------------------------

/// The steps that can be made to fail. Root ignores modes, so a read-only disk is injected here, not
/// chmod'ed.
enum class Op { open_read, create, write, fsync, rename, link, unlink, mkdir, mmap, lock, look, list };

/// Decides what happens at a step. Return 0 to go on, or the errno to fail with (ENOSPC, EROFS, EIO, EACCES).
/// For Op::write, `allowed` comes in as the length asked for; lowering it makes a short write.
using Faults = std::function<int(Op, const Path&, std::size_t& allowed)>;

/// Install (or, with an empty function, remove) the process's fault plan. Tests only: the programs users run
/// never call it. Not thread-safe against running I/O.
void inject_faults(Faults faults);

// --- descriptors
// ----------------------------------------------------------------------------------------------

/// An owned file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(o.release()) {}
  Fd& operator=(Fd&& o) noexcept;
  ~Fd() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// Open for reading; O_CLOEXEC, a final symbolic link is not followed. Regular files only.
/// errors  not_found, invalid (not a regular file, or a link), store
[[nodiscard]] Result<Fd> open_read(const Path& path);
/// The same, but a symbolic link is followed: for paths a person typed.
[[nodiscard]] Result<Fd> open_read_follow(const Path& path);
[[nodiscard]] Result<uint64_t> file_size(const Fd& fd, const Path& path_for_messages);

class Dir;  // base/fs_dir.h

/// A file being written: create or resume, append, sync, close. Every step passes the fault plan.
class Writer {
 public:
  /// O_CREAT|O_EXCL|O_NOFOLLOW. errors  store
  [[nodiscard]] static Result<Writer> create(const Path& path, unsigned mode = 0644);
  /// Open (or create) to append, truncated to `keep` bytes first. errors  store
  [[nodiscard]] static Result<Writer> resume(const Path& path, uint64_t keep);
  /// Write on where `fd` stands: a pipe, a device, a file that somebody else has opened. `path` is for messages.
  [[nodiscard]] static Writer adopt(Fd fd, Path path);
  [[nodiscard]] Status write(std::string_view bytes);  ///< all of it (short writes are continued), or store
  [[nodiscard]] Status sync();                         ///< fsync
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] uint64_t written() const { return written_; }  ///< bytes, by this object

 private:
  friend class Dir;
  Fd fd_;
  Path path_;
  uint64_t written_ = 0;
};

// --- whole files
// ----------------------------------------------------------------------------------------------

/// Read at most `limit` bytes. errors  not_found, invalid (longer than the limit), store
[[nodiscard]] Result<std::string> read_file(const Path& path, uint64_t limit);
/// Write a temporary file beside `path`, fsync it, rename it over `path`, fsync the folder. Readers see the
/// old bytes or the new ones, never a mixture; on any error the temporary is removed. errors  store
[[nodiscard]] Status write_atomic(const Path& path, std::string_view bytes, unsigned mode = 0644);
/// Copy through a temporary and rename, as write_atomic. errors  not_found, store
[[nodiscard]] Status copy_atomic(const Path& from, const Path& to, unsigned mode = 0644);

// --- folders
// --------------------------------------------------------------------------------------------------

[[nodiscard]] Status make_dirs(const Path& dir, unsigned mode = 0755);  ///< like mkdir -p
[[nodiscard]] Status sync_dir(const Path& dir);                         ///< fsync the folder's entries
[[nodiscard]] Status rename_durable(const Path& from, const Path& to);  ///< rename, then fsync both folders
[[nodiscard]] Status remove_file(const Path& path);                     ///< absent is success
[[nodiscard]] Status remove_tree(const Path& dir);  ///< absent is success; links not followed
/// Hard link, else reflink (FICLONE), else copy; `to` must not exist. errors  not_found, store
[[nodiscard]] Status link_or_copy(const Path& from, const Path& to, unsigned mode_if_copied);
/// Names (not paths), sorted; absent folder = empty. A folder that cannot be read to its end is an error, never a shorter
/// list. errors  store
[[nodiscard]] Result<std::vector<std::string>> list_dir(const Path& dir);
[[nodiscard]] bool exists(const Path& path);  ///< without following a final link
[[nodiscard]] bool is_dir(const Path& path);
[[nodiscard]] Result<uint64_t> free_bytes(const Path& dir);  ///< for an unprivileged user
/// An unused sibling name: `.<stem>.<pid>.<random>.tmp`
[[nodiscard]] Path temp_sibling(const Path& path);

/// Is `rel` a package path: 1-255 bytes, ASCII [A-Za-z0-9._-] segments joined by '/', no empty, `.` or `..`
/// segment, none beginning with '-', no trailing dot? (DESIGN section 2.)
[[nodiscard]] bool is_package_path(std::string_view rel);

// --- memory maps
// ----------------------------------------------------------------------------------------------

/// A read-only private map of a whole regular file. Empty files give an empty span.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& o) noexcept;
  MappedFile& operator=(MappedFile&& o) noexcept;
  ~MappedFile();
  /// errors  not_found, invalid (not a regular file), store
  [[nodiscard]] static Result<MappedFile> open(const Path& path);
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// --- locks
// ----------------------------------------------------------------------------------------------------

/// An exclusive flock on `path` (created when absent). The file holds one line that says who has it
/// ("pid 123: nano install sentiment-50m, since 2026-…"), for the message of whoever waits in vain.
class FileLock {
 public:
  /// Wait up to `timeout`. `holder` is written into the file. errors  store: held by someone else (named),
  /// cannot create
  [[nodiscard]] static Result<FileLock> acquire(const Path& path, std::chrono::milliseconds timeout,
                                                std::string_view holder);
  /// The same for the file `name` of a folder that is held open.
  [[nodiscard]] static Result<FileLock> acquire(const Dir& dir, const Path& name, std::chrono::milliseconds timeout,
                                                std::string_view holder);
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) noexcept = default;
  ~FileLock();

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace nano::fs
