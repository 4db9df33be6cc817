// registry/repository/tree_writer.cpp: each new folder's entry is flushed too, or a crash could lose the file in it.
#include "registry/repository/tree_writer.h"

#include <vector>

#include "base/fs_look.h"
#include "registry/pump.h"
#include "registry/tree.h"

namespace nano::registry {
namespace {

/// Over a file that is there and wrong, once all bytes have come.
class ReplacingSink final : public BlobSink {
 public:
  ReplacingSink(const BlobRequest& want, fs::Path path)
      : path_(std::move(path)), beside_(fs::temp_sibling(path_)), inner_(file_sink(want, beside_)) {}
  [[nodiscard]] uint64_t have() const override { return inner_->have(); }
  [[nodiscard]] Status append(std::string_view bytes) override { return inner_->append(bytes); }
  [[nodiscard]] Status restart() override { return inner_->restart(); }
  [[nodiscard]] Status commit() override {
    NANO_TRY(inner_->commit());
    return fs::rename_durable(beside_, path_);
  }

 private:
  fs::Path path_;
  fs::Path beside_;
  std::unique_ptr<BlobSink> inner_;
};

}  // namespace

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

Result<std::unique_ptr<BlobSink>> TreeWriter::blob(const BlobRequest& want, Blob& what) const {
  const fs::Path file = at(tree::blob(want.digest));
  NANO_TRY_ASSIGN(const bool there, fs::is_there(file));
  what = Blob::fresh;
  if (there) {
    NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(file));
    NANO_TRY_ASSIGN(const uint64_t size, fs::file_size(fd, file));
    const auto sink = checking_sink(want);
    what = size == want.size && pump_file(file, want, *sink) ? Blob::there : Blob::mended;
    if (what == Blob::there) return std::unique_ptr<BlobSink>();
  }
  NANO_TRY(make_parents(file));
  if (what == Blob::fresh) return file_sink(want, file);
  return std::unique_ptr<BlobSink>(std::make_unique<ReplacingSink>(want, file));
}

}  // namespace nano::registry
