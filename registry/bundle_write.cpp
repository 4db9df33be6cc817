// registry/bundle_write.cpp: bundles by libarchive, byte for byte the same from the same input.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "registry/bundle.h"
#include "registry/bundle_layout.h"
#include "verify/dsse.h"

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

class TarZst {
 public:
  [[nodiscard]] Status open(fs::Writer& file, UnixTime mtime) {
    out_.file = &file;
    mtime_ = mtime;
    a_.reset(archive_write_new());
    if (!a_ || archive_write_set_format_ustar(a_.get()) != ARCHIVE_OK || archive_write_add_filter_zstd(a_.get()) != ARCHIVE_OK ||
        archive_write_set_filter_option(a_.get(), "zstd", "compression-level", kZstdLevel) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a_.get(), 1) != ARCHIVE_OK ||
        archive_write_open(a_.get(), &out_, nullptr, write_block, nullptr) != ARCHIVE_OK)
      return failed();
    return Unit{};
  }
  [[nodiscard]] Status header(const std::string& name, uint64_t size) {
    const std::unique_ptr<archive_entry, EntryFree> e(archive_entry_new());
    archive_entry_set_pathname(e.get(), name.c_str());
    archive_entry_set_filetype(e.get(), AE_IFREG);
    archive_entry_set_perm(e.get(), 0644);
    archive_entry_set_size(e.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(e.get(), static_cast<time_t>(mtime_), 0);
    return archive_write_header(a_.get(), e.get()) == ARCHIVE_OK ? Status(Unit{}) : failed();
  }
  [[nodiscard]] Status data(std::string_view bytes) {
    return archive_write_data(a_.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()) ? Status(Unit{}) : failed();
  }
  [[nodiscard]] Status entry(std::string_view name, std::string_view bytes) {
    NANO_TRY(header(std::string(name), bytes.size()));
    return data(bytes);
  }
  [[nodiscard]] Status close() { return archive_write_close(a_.get()) == ARCHIVE_OK ? Status(Unit{}) : failed(); }

 private:
  Status failed() {
    if (out_.error) return std::move(*out_.error);
    const char* why = a_ ? archive_error_string(a_.get()) : nullptr;
    return make_error(Errc::internal, std::string("cannot write the bundle: ") + (why == nullptr ? "out of memory" : why));
  }
  Output out_{};
  UnixTime mtime_ = 0;
  std::unique_ptr<archive, ArchiveFree> a_{};
};

Status put_blob(TarZst& tar, const LocalBlob& b) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read_follow(b.file));
  NANO_TRY(tar.header(layout::blob_name(b.blob.digest), b.blob.size));
  const auto changed = [&] {
    return make_error(Errc::integrity, "'" + b.file.string() + "' is not the blob " + b.blob.digest.text() + " any more", "pack the folder again");
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
    NANO_TRY(tar.data(bytes));
  }
  if (have != b.blob.size || hasher.finish() != b.blob.digest) return changed();
  return Unit{};
}

}  // namespace

Status write_bundle(const std::filesystem::path& out, std::string_view release_bytes, const std::optional<std::string>& envelope,
                    std::vector<LocalBlob> blobs) {
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(release_bytes));
  NANO_TRY_ASSIGN(const auto known, layout::blobs_of(release));
  NANO_TRY_ASSIGN(const UnixTime mtime, parse_time(release.created));
  if (envelope) {
    NANO_TRY_ASSIGN(const auto parsed, verify::parse_envelope(*envelope, schemas::kMaxReleaseBytes));
    if (parsed.payload != release_bytes) return make_error(Errc::invalid, "the signed envelope holds another release than the bundle");
  }
  std::sort(blobs.begin(), blobs.end(), [](const LocalBlob& a, const LocalBlob& b) { return a.blob < b.blob; });
  blobs.erase(std::unique(blobs.begin(), blobs.end(), [](const LocalBlob& a, const LocalBlob& b) { return a.blob == b.blob; }), blobs.end());
  for (const LocalBlob& b : blobs) {
    const auto it = known.find(b.blob.digest);
    if (it == known.end() || it->second != b.blob.size)
      return make_error(Errc::invalid, "the release does not name the blob " + b.blob.digest.text() + " of " + std::to_string(b.blob.size) + " bytes");
  }

  const fs::Path temp = fs::temp_sibling(out);
  const auto attempt = [&]() -> Status {
    NANO_TRY_ASSIGN(fs::Writer file, fs::Writer::create(temp));
    TarZst tar;
    NANO_TRY(tar.open(file, mtime));
    NANO_TRY(tar.entry(layout::kMark, layout::mark_bytes()));
    if (envelope) NANO_TRY(tar.entry(layout::kEnvelope, *envelope));
    NANO_TRY(tar.entry(layout::kRelease, release_bytes));
    for (const LocalBlob& b : blobs) NANO_TRY(put_blob(tar, b));
    NANO_TRY(tar.close());
    return file.sync();
  };
  Status done = attempt();
  if (done) done = fs::rename_durable(temp, out);
  if (!done) {
    (void)fs::remove_file(temp);
    return std::move(done.error()).while_("writing the bundle " + out.string());
  }
  return done;
}

}  // namespace nano::registry
