// store/partials.cpp: resume, append, commit.
#include "store/partials.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "store/blobs.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

Path data_path(const StoreLayout& l, const Digest& d) { return l.partial(d) / "data"; }

/// Feed the first `size` bytes of `fd` to the hasher.
Status hash_prefix(int fd, uint64_t size, Hasher& hasher, const Path& path) {
  std::vector<char> buf(std::size_t{1} << 20);
  uint64_t at = 0;
  while (at < size) {
    const auto want = static_cast<std::size_t>(std::min<uint64_t>(buf.size(), size - at));
    const ssize_t n = ::pread(fd, buf.data(), want, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fs::internal::os_error("cannot read", path, errno);
    if (n == 0) return make_error(Errc::store, "'" + path.string() + "' became shorter while it was read", "run the command again");
    hasher.update({buf.data(), static_cast<std::size_t>(n)});
    at += static_cast<uint64_t>(n);
  }
  return Unit{};
}

/// append or commit after one of them failed.
Error broken_off(const Digest& digest) {
  return make_error(Errc::store, "the download of blob " + digest.text() + " was broken off by an error",
                    "run the command again: what has arrived is kept");
}

}  // namespace

Result<Partial> Partial::resume(const Store& store, const Digest& digest, uint64_t size, std::chrono::milliseconds timeout) {
  NANO_TRY(store.require_writable());
  if (size > kMaxBlobBytes)
    return make_error(Errc::invalid, "blob " + digest.text() + " would have " + std::to_string(size) + " bytes; the limit is " +
                                         std::to_string(kMaxBlobBytes));
  const StoreLayout& layout = store.primary();
  Partial p(layout, digest, size);
  const Path dir = layout.partial(digest);
  for (int attempt = 0;; ++attempt) {
    if (internal::is_regular(layout.blob(digest), size)) {
      p.stored_ = true;
      p.have_ = size;
      return p;
    }
    NANO_TRY(internal::no_links_inside(layout.root(), dir));
    NANO_TRY(internal::make_dirs_durable(dir));
    p.lock_.reset();
    auto lock = fs::FileLock::acquire(dir / "lock", timeout, "downloading blob " + digest.hex().substr(0, 12));
    // Whoever held it may have finished and removed the folder, with the lock file we opened or before we opened it.
    if (!lock && attempt < 8 && !fs::exists(dir)) continue;
    if (!lock) return std::move(lock).error();
    p.lock_.emplace(std::move(lock).value());
    if (fs::exists(dir / "lock") || attempt >= 8) break;
  }
  if (internal::is_regular(layout.blob(digest), size)) {  // the other process was faster
    p.stored_ = true;
    p.have_ = size;
    p.lock_.reset();
    return p;
  }
  const Path data = data_path(layout, digest);
  const auto st = internal::examine(data);
  // A link, a second hard link or a special file was not made by us: never write through it.
  if (st && (!S_ISREG(st->st_mode) || st->st_nlink != 1)) NANO_TRY(fs::remove_file(data));
  const bool usable = st && S_ISREG(st->st_mode) && st->st_nlink == 1;
  p.have_ = usable ? std::min(static_cast<uint64_t>(st->st_size), size) : 0;
  NANO_TRY_ASSIGN(auto out, fs::Writer::resume(data, p.have_));
  NANO_TRY(hash_prefix(out.fd(), p.have_, p.hasher_, data));
  p.out_.emplace(std::move(out));
  return p;
}

Status Partial::append(std::string_view bytes) {
  if (stored_) return Unit{};
  if (!out_) return broken_off(digest_);
  if (bytes.size() > size_ - have_) {
    NANO_TRY(discard());
    return make_error(Errc::integrity, "blob " + digest_.text() + " is longer than the " + std::to_string(size_) +
                                           " bytes that the signed release states");
  }
  const Status done = out_->write(bytes);
  if (!done) {
    // What reached the disk before the error is unknown here: drop the writer; the next resume hashes what is there.
    out_.reset();
    return done;
  }
  hasher_.update(bytes);
  have_ += bytes.size();
  return Unit{};
}

Status Partial::restart() {
  if (stored_) return Unit{};
  out_.reset();
  NANO_TRY_ASSIGN(auto out, fs::Writer::resume(data_path(layout_, digest_), 0));
  out_.emplace(std::move(out));
  hasher_ = Hasher();
  have_ = 0;
  return Unit{};
}

Status Partial::commit() {
  if (stored_) return Unit{};
  if (!out_) return broken_off(digest_);
  if (have_ != size_)
    return make_error(Errc::integrity, "blob " + digest_.text() + " ended after " + std::to_string(have_) + " of " +
                                           std::to_string(size_) + " bytes",
                      "run the command again: what has arrived is kept and the download goes on from there");
  const Digest actual = hasher_.finish();
  if (actual != digest_) {
    NANO_TRY(discard());
    return make_error(Errc::integrity, "the bytes of blob " + digest_.text() + " have another digest: " + actual.text(),
                      "nothing of it was kept; run the command again, and if that repeats, tell whoever runs the registry");
  }
  const Path data = data_path(layout_, digest_);
  fs::Writer out = std::move(*out_);  // whatever fails below, this download is over; its bytes stay for the next
  out_.reset();
  if (::fchmod(out.fd(), 0444) != 0) return fs::internal::os_error("cannot make read-only", data, errno);
  NANO_TRY(out.sync());
  NANO_TRY(internal::publish_blob(layout_, data, digest_, size_));
  stored_ = true;
  // The blob is safe; failing to remove the empty folder only leaves it to gc.
  (void)fs::remove_tree(layout_.partial(digest_));
  lock_.reset();
  return Unit{};
}

Status Partial::discard() {
  if (stored_) return Unit{};
  out_.reset();
  hasher_ = Hasher();
  have_ = 0;
  // The folder and its lock stay: somebody may be waiting on that very lock file.
  return fs::remove_file(data_path(layout_, digest_));
}

}  // namespace nano::store
