// registry/pump.cpp: one buffer of 1 MiB: as fast as the disk and the hash.
#include "registry/pump.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fs.h"

namespace nano::registry {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

}  // namespace

Status pump_file(const std::filesystem::path& file, const BlobRequest& want, BlobSink& sink, Progress* progress,
                 const std::function<bool()>& cancelled) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read_follow(file));
  NANO_TRY_ASSIGN(const uint64_t size, fs::file_size(fd, file));
  if (size != want.size)
    return make_error(Errc::integrity, "'" + file.string() + "' has " + std::to_string(size) + " bytes, the signed release says " + std::to_string(want.size),
                      "the registry's copy is damaged: tell its operator");
  (void)posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  const std::unique_ptr<char[]> buf(new char[kBuffer]);
  uint64_t at = sink.have();
  if (progress != nullptr && at > 0) progress->advance(at);
  while (at < want.size) {
    if (cancelled && cancelled()) return make_error(Errc::interrupted, "interrupted");
    const std::size_t ask = static_cast<std::size_t>(std::min<uint64_t>(kBuffer, want.size - at));
    const ssize_t n = pread(fd.get(), buf.get(), ask, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return make_error(Errc::store, "cannot read '" + file.string() + "': " + std::strerror(errno));
    if (n == 0) return make_error(Errc::integrity, "'" + file.string() + "' became shorter while it was read");
    NANO_TRY(sink.append({buf.get(), static_cast<std::size_t>(n)}));
    at += static_cast<uint64_t>(n);
    if (progress != nullptr) progress->advance(static_cast<uint64_t>(n));
  }
  return sink.commit();
}

}  // namespace nano::registry
