// registry/repository/tree_writer.cpp: each new folder's entry is flushed too, or a crash could lose the file in it.
#include "registry/repository/tree_writer.h"

#include <vector>

#include "base/fs_look.h"
#include "registry/tree.h"

namespace nano::registry {

Status TreeWriter::make_parents(const fs::Path& file) const {
  std::vector<fs::Path> made;
  for (fs::Path dir = file.parent_path(); dir != dir.parent_path(); dir = dir.parent_path()) {
    NANO_TRY_ASSIGN(const bool there, fs::is_folder(dir));
    if (there) break;
    made.push_back(dir);
  }
  NANO_TRY(fs::make_dirs(file.parent_path()));
  for (const fs::Path& dir : made) NANO_TRY(fs::sync_dir(dir.parent_path()));
  return Unit{};
}

Status TreeWriter::put(std::string_view path, std::string_view bytes) const {
  const fs::Path file = at(path);
  NANO_TRY(make_parents(file));
  return fs::write_atomic(file, bytes);
}

Status TreeWriter::put_new(std::string_view path, std::string_view bytes) const {
  NANO_TRY_ASSIGN(const bool there, fs::is_there(at(path)));
  if (there)
    return make_error(Errc::refused,
                      "'" + at(path).string() + "' exists already, and what was signed is never overwritten");
  return put(path, bytes);
}

Result<std::unique_ptr<BlobSink>> TreeWriter::blob(const BlobRequest& want) const {
  const fs::Path file = at(tree::blob(want.digest));
  NANO_TRY_ASSIGN(const bool there, fs::is_there(file));
  if (there) {
    NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(file));
    NANO_TRY_ASSIGN(const uint64_t size, fs::file_size(fd, file));
    if (size == want.size) return std::unique_ptr<BlobSink>();
    return make_error(
        Errc::integrity,
        "'" + file.string() + "' has " + std::to_string(size) + " bytes, not " + std::to_string(want.size),
        "the tree was changed by something else: remove that file and add the release again");
  }
  NANO_TRY(make_parents(file));
  return file_sink(want, file);
}

}  // namespace nano::registry
