// base/fs_target.h: what a path really names, before it is written. For base/fs_*.cpp alone.
#pragma once

#include <sys/stat.h>

#include "base/fs.h"

namespace nano::fs::internal {

struct Target {
  enum class Kind { absent, file, folder, stream, disk, socket };
  Kind kind = Kind::absent;
  Path path{};          ///< links followed; of an absent one: where it would be made
  struct stat st {};    ///< unless absent
  int descriptor = -1;  ///< a stream that is this process's own descriptor (/dev/stdout, /dev/fd/N); else -1
};

/// Follow symbolic links to what would be written. errors  store: links in a circle, a folder on the way that cannot be searched
[[nodiscard]] Result<Target> find_target(const Path& path);

/// Can a new file take the place of `old` and look like it? (Its folder must be writable, too.)
///   keep_names  not if it has a second name, which would go on naming the old bytes
[[nodiscard]] bool can_take_its_place(const Target& old, bool keep_names);
/// Owner, group and mode of `old`, for the file that takes its place. false: not allowed to
[[nodiscard]] bool dress_like(int fd, const struct stat& old);
/// Rename `temporary` over the file `to`. `refused`: it failed because that name cannot be given to another file (a sticky
/// folder, a file that is mounted by itself as containers do): what is there can still be written over. errors  store
[[nodiscard]] Status take_place(const Path& temporary, const Path& to, bool& refused);
/// An error about a temporary, as one about the file it was to become; without the advice to use another store.
[[nodiscard]] Error about(const Path& target, const Path& temporary, Error error);
/// Write over the old bytes, leaving the file itself in its place. errors  store
[[nodiscard]] Status write_over(const Target& old, const std::function<Status(Writer&)>& fill);

}  // namespace nano::fs::internal
