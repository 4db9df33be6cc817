// base/fs_dir.h: a folder that is held open, and everything done in it by name.
//
// A path that was checked and is then used may lead elsewhere by then: somebody who may write in one of its folders puts a
// link there in between. A Dir is reached from a root step by step, no link is followed, and what is done in it stays in it,
// whatever becomes of the path. Names are single segments; nothing here follows a link under a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "base/fs.h"

namespace nano::fs {

class Dir {
 public:
  Dir() = default;

  /// `root` is opened as it was named (links are followed); each folder of `rel` below it by itself, and a link or a file
  /// among them is refused.   errors  not_found: one is absent; store
  [[nodiscard]] static Result<Dir> open(const Path& root, const Path& rel = {});
  /// The same, making what is absent (the root too); the folder around each one that was made is fsync'ed.   errors  store
  [[nodiscard]] static Result<Dir> make(const Path& root, const Path& rel = {});
  /// One folder in this one.   errors  not_found, store
  [[nodiscard]] Result<Dir> down(const Path& rel) const;
  [[nodiscard]] Result<Dir> make_down(const Path& rel) const;
  /// A new folder; there must be nothing of that name.   errors  store
  [[nodiscard]] Result<Dir> create_folder(const Path& name, unsigned mode = 0755) const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Path& path() const { return path_; }  ///< by which it was reached; for messages

  /// nullopt = absent.   errors  store: it cannot be looked at
  [[nodiscard]] Result<std::optional<struct stat>> status(const Path& name) const;
  [[nodiscard]] Result<bool> holds(const Path& name) const;  ///< anything of that name. errors  store
  [[nodiscard]] Result<std::vector<std::string>> list() const;  ///< sorted. errors  store
  /// A regular file.   errors  not_found, invalid (not a regular file, or a link), store
  [[nodiscard]] Result<Fd> open_read(const Path& name) const;
  /// At most `limit` bytes.   errors  not_found, invalid (longer), store
  [[nodiscard]] Result<std::string> read(const Path& name, uint64_t limit) const;

  [[nodiscard]] Result<Writer> create(const Path& name, unsigned mode = 0644) const;  ///< must not exist. errors  store
  [[nodiscard]] Result<Writer> resume(const Path& name, uint64_t keep) const;         ///< as Writer::resume. errors  store
  /// As fs::write_atomic: the old bytes or the new ones, never a mixture.   errors  store
  [[nodiscard]] Status write_atomic(const Path& name, std::string_view bytes, unsigned mode = 0644) const;
  /// The same, but nothing is ever replaced.   errors  refused: there is something of that name; store
  [[nodiscard]] Status write_new(const Path& name, std::string_view bytes, unsigned mode = 0644) const;
  /// Rename into `to`, then fsync both. What stands there is replaced, as rename(2) does.   errors  store (see is_other_device)
  [[nodiscard]] Status rename(const Path& name, const Dir& to, const Path& new_name) const;
  /// Swap two names in one step.   errors  unsupported: this file system cannot; store
  [[nodiscard]] Status exchange(const Path& name, const Dir& with, const Path& other) const;
  /// Hard link, else reflink, else a copy (fsync'ed); `new_name` must not exist.   errors  not_found, store
  [[nodiscard]] Status link_or_copy(const Path& name, const Dir& to, const Path& new_name, unsigned mode_if_copied) const;

  [[nodiscard]] Status unlink(const Path& name) const;       ///< a file or link; absent is success. errors  store
  [[nodiscard]] Status remove_tree(const Path& name) const;  ///< anything; absent is success. errors  store
  /// An empty folder; false = it is not empty, or not there.
  bool remove_empty(const Path& name) const;
  [[nodiscard]] Status sync() const;  ///< errors  store

 private:
  Dir(Fd fd, Path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] Result<Dir> step(const Path& name) const;
  Fd fd_{};
  Path path_{};
};

/// Did a rename fail because what is renamed lies in a lower layer of an overlay, or on another file system (EXDEV)?
[[nodiscard]] bool is_other_device(const Error& error);

}  // namespace nano::fs
