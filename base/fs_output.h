// base/fs_output.h: a file that a person named to be written (`-o FILE`), whatever lies there.
//
//   absent, a regular file     a temporary beside it, renamed over it at the end; symbolic links are followed, mode and owner
//                              stay; a second name (a hard link: into a store's blobs, a snapshot) keeps the old bytes
//   -, /dev/stdout, /dev/fd/N  written into what this process was given
//   a device, a FIFO           written through; never removed or replaced
//   a folder, a disk, a socket refused
#pragma once

#include <string_view>

#include "base/fs.h"

namespace nano::fs {

struct OutputOptions {
  bool replace = false;  ///< a file that is there may be replaced (--force)
  bool staged = false;   ///< the bytes are needed as a file before anybody else sees them: see temporary()
  unsigned mode = 0644;  ///< of a new file, less the umask
};

class Output {
 public:
  /// errors  usage: it exists and is not to be replaced, is a folder, a disk or a socket; store: it cannot be made
  [[nodiscard]] static Result<Output> open(const Path& path, const OutputOptions& options = {});
  Output(Output&& o) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();  ///< without commit(): nothing is left behind

  [[nodiscard]] Writer& writer() { return writer_; }
  /// Where the bytes are until commit(), to be read again. Empty when they go straight into a device or a pipe (not if staged).
  [[nodiscard]] const Path& temporary() const { return temporary_; }
  /// Make it so: flushed to disk, and in its place. Only once. errors  usage: somebody made the file meanwhile; store
  [[nodiscard]] Status commit();
  /// How many bytes were written; after commit().
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  Output() = default;
  [[nodiscard]] Status hand_over();
  Path given_{}, target_{}, temporary_{};
  Writer writer_{};
  Fd stream_{};           ///< where staged bytes go, when it is not a file's place
  bool exists_ = false, replace_ = false, over_ = false;
  uint64_t size_ = 0;
};

/// Would open() take `path`? Asked before the work begins; nothing is made. errors  as open
[[nodiscard]] Status check_output(const Path& path, bool replace);
/// Does `path` mean this process's standard output? Then nothing else may be printed there.
[[nodiscard]] bool is_standard_output(const Path& path);

/// Will open() make or replace a file there, which can be read again afterwards? errors  as open
[[nodiscard]] Result<bool> will_be_file(const Path& path);

/// All of a small output at once. errors  as Output
[[nodiscard]] Status write_output(const Path& path, std::string_view bytes, const OutputOptions& options = {});

}  // namespace nano::fs
