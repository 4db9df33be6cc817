// base/fs_change.h: files that a person keeps and nano changes: one at a time, through links, with their modes and owners.
//
// Whoever reads a file, changes what it says and writes it back holds the lock of its folder meanwhile, and reads under it.
#pragma once

#include <chrono>
#include <string_view>

#include "base/fs.h"

namespace nano::fs {

/// How long a change waits for another one of the same folder. Nobody holds such a lock while the network is asked.
inline constexpr std::chrono::milliseconds kChangeWait{30'000};

/// An exclusive flock on a folder itself: nothing is left behind, and a folder that may only be read can be locked.
class FolderLock {
 public:
  /// Wait up to `timeout`.
  ///   spare   a lock file elsewhere, taken where the folder's file system has no lock for folders (NFS); may be empty
  ///   errors  store: held by another process, or no lock can be had
  [[nodiscard]] static Result<FolderLock> acquire(const Path& folder, const Path& spare, std::string_view holder,
                                                  std::chrono::milliseconds timeout = kChangeWait);

 private:
  explicit FolderLock(Fd fd) : fd_(std::move(fd)) {}
  explicit FolderLock(FileLock spare) : spare_(std::move(spare)) {}
  Fd fd_{};
  std::optional<FileLock> spare_{};
};

/// The folder whose lock guards `file`: that of what a symbolic link leads to. errors  store: links in a circle
[[nodiscard]] Result<Path> folder_of_target(const Path& file);

/// Give `path` new bytes. A symbolic link stays and what it leads to is written; mode, owner and group stay; so do hard links.
/// Atomic as write_atomic, except where that could not keep these (the file is another user's, has a second name, is mounted by
/// itself, or its folder cannot be written): there the bytes are written over the old ones.
///   mode_if_new  less the umask
///   errors       store: not a regular file, may not be written, and those of write_atomic
[[nodiscard]] Status rewrite(const Path& path, std::string_view bytes, unsigned mode_if_new = 0644);

}  // namespace nano::fs
