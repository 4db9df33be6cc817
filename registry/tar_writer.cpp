// registry/tar_writer.cpp: libarchive's writing half lives here alone.
#include "registry/tar_writer.h"

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include "base/hash.h"

namespace nano::registry {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;
constexpr const char* kZstdLevel = "6";  // quantized weights hardly shrink: a higher level only costs time

struct ArchiveFree {
  void operator()(archive* a) const noexcept { archive_write_free(a); }
};
struct EntryFree {
  void operator()(archive_entry* e) const noexcept { archive_entry_free(e); }
};

/// Where libarchive's bytes go, and the error a write met: libarchive itself only learns that there was one.
struct Output {
  fs::Writer* file = nullptr;
  std::optional<Error> error{};
};

la_ssize_t write_block(archive* a, void* user, const void* bytes, size_t n) {
  auto* out = static_cast<Output*>(user);
  auto done = out->file->write({static_cast<const char*>(bytes), n});
  if (done) return static_cast<la_ssize_t>(n);
  out->error = std::move(done.error());
  archive_set_error(a, EIO, "write failed");
  return -1;
}

}  // namespace

struct TarWriter::Impl {
  Output out{};
  UnixTime mtime = 0;
  std::unique_ptr<archive, ArchiveFree> a{};

  Status failed() {
    if (out.error) return std::move(*out.error);
    const char* why = a ? archive_error_string(a.get()) : nullptr;
    return make_error(Errc::internal,
                      std::string("cannot write the bundle: ") + (why == nullptr ? "out of memory" : why));
  }
  Status open(fs::Writer& file) {
    out.file = &file;
    a.reset(archive_write_new());
    if (!a || archive_write_set_format_ustar(a.get()) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(a.get()) != ARCHIVE_OK ||
        archive_write_set_filter_option(a.get(), "zstd", "compression-level", kZstdLevel) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a.get(), 1) != ARCHIVE_OK ||
        archive_write_open(a.get(), &out, nullptr, write_block, nullptr) != ARCHIVE_OK)
      return failed();
    return Unit{};
  }
  Status header(std::string_view name, uint64_t size) {
    const std::unique_ptr<archive_entry, EntryFree> e(archive_entry_new());
    archive_entry_set_pathname(e.get(), std::string(name).c_str());
    archive_entry_set_filetype(e.get(), AE_IFREG);
    archive_entry_set_perm(e.get(), 0644);
    archive_entry_set_size(e.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(e.get(), static_cast<time_t>(mtime), 0);
    return archive_write_header(a.get(), e.get()) == ARCHIVE_OK ? Status(Unit{}) : failed();
  }
  Status data(std::string_view bytes) {
    return archive_write_data(a.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size())
               ? Status(Unit{})
               : failed();
  }
  Status close() { return archive_write_close(a.get()) == ARCHIVE_OK ? Status(Unit{}) : failed(); }
};

TarWriter::TarWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TarWriter::~TarWriter() = default;

Status TarWriter::entry(std::string_view name, std::string_view bytes) {
  NANO_TRY(impl_->header(name, bytes.size()));
  return impl_->data(bytes);
}

Status TarWriter::blob(std::string_view name, const LocalBlob& b) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read_follow(b.file));
  NANO_TRY(impl_->header(name, b.blob.size));
  const auto changed = [&] {
    return make_error(Errc::integrity,
                      "'" + b.file.string() + "' is not the blob " + b.blob.digest.text() + " any more",
                      "pack the folder again");
  };
  Hasher hasher;
  std::vector<char> buf(kChunk);
  uint64_t have = 0;
  while (true) {
    const ssize_t n = ::read(fd.get(), buf.data(), buf.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return make_error(Errc::store, "cannot read '" + b.file.string() + "'");
    if (n == 0) break;
    const std::string_view bytes(buf.data(), static_cast<std::size_t>(n));
    have += bytes.size();
    if (have > b.blob.size) return changed();
    hasher.update(bytes);
    NANO_TRY(impl_->data(bytes));
  }
  if (have != b.blob.size || hasher.finish() != b.blob.digest) return changed();
  return Unit{};
}

Result<uint64_t> TarWriter::write(const std::filesystem::path& out, const fs::OutputOptions& how, UnixTime mtime,
                                  const std::function<Status(TarWriter&)>& fill) {
  NANO_TRY_ASSIGN(fs::Output file, fs::Output::open(out, how));
  const auto attempt = [&]() -> Status {
    TarWriter tar(std::make_unique<Impl>());
    tar.impl_->mtime = mtime;
    NANO_TRY(tar.impl_->open(file.writer()));
    NANO_TRY(fill(tar));
    NANO_TRY(tar.impl_->close());
    return file.commit();
  };
  if (Status done = attempt(); !done) return std::move(done.error()).while_("writing the bundle " + out.string());
  return file.size();
}

}  // namespace nano::registry
