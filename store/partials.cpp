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

constexpr const char* kDataName = "data";
constexpr const char* kLockName = "lock";

Path data_path(const StoreLayout& l, const Digest& d) { return l.partial(d) / kDataName; }

/// Feed the first `size` bytes of `fd` to the hasher.
Status hash_prefix(int fd, uint64_t size, Hasher& hasher, const Path& path) {
  std::vector<char> buf(std::size_t{1} << 20);
  uint64_t at = 0;
  while (at < size) {
    const auto want = static_cast<std::size_t>(std::min<uint64_t>(buf.size(), size - at));
    const ssize_t n = ::pread(fd, buf.data(), want, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fs::cannot_read(path, errno);
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

uint64_t partial_bytes(const Store& store, const Digest& digest, uint64_t size) {
  const auto st = fs::status_of(data_path(store.primary(), digest));
  return st && *st && S_ISREG((*st)->st_mode) ? std::min(static_cast<uint64_t>((*st)->st_size), size) : 0;
}

Result<Partial> Partial::resume(const Store& store, const Digest& digest, uint64_t size, std::chrono::milliseconds timeout) {
  NANO_TRY(store.require_writable());
  if (size > kMaxBlobBytes)
    return make_error(Errc::invalid, "blob " + digest.text() + " would have " + std::to_string(size) + " bytes; the limit is " +
                                         std::to_string(kMaxBlobBytes));
  const StoreLayout& layout = store.primary();
  Partial p(layout, digest, size);
  const auto is_stored = [&]() -> Result<bool> {
    NANO_TRY_ASSIGN(const bool there, internal::is_regular(layout.blob(digest), size));
    if (!there) return false;
    p.stored_ = true;
    p.have_ = size;
    p.lock_.reset();
    return true;
  };
  fs::Dir dir;
  for (int attempt = 0;; ++attempt) {
    NANO_TRY_ASSIGN(const bool stored, is_stored());
    if (stored) return p;
    NANO_TRY_ASSIGN(dir, internal::make_folder(layout, layout.partial(digest)));
    p.lock_.reset();
    auto lock = fs::FileLock::acquire(dir, kLockName, timeout, "downloading blob " + digest.hex().substr(0, 12));
    // Whoever held it may have finished and removed the folder, with the lock file we opened or before we opened it.
    if (!lock && attempt < 8) {
      NANO_TRY_ASSIGN(const bool there, fs::is_there(layout.partial(digest)));
      if (!there) continue;
    }
    if (!lock) return std::move(lock).error();
    p.lock_.emplace(std::move(lock).value());
    NANO_TRY_ASSIGN(const bool named, dir.holds(kLockName));
    if (named || attempt >= 8) break;
  }
  NANO_TRY_ASSIGN(const bool stored, is_stored());  // the other process was faster
  if (stored) return p;
  NANO_TRY_ASSIGN(const auto st, dir.status(kDataName));
  // A link, a second hard link or a special file was not made by us: never write through it.
  const bool usable = st && S_ISREG(st->st_mode) && st->st_nlink == 1;
  if (st && !usable) NANO_TRY(dir.remove_tree(kDataName));
  p.have_ = usable ? std::min(static_cast<uint64_t>(st->st_size), size) : 0;
  NANO_TRY_ASSIGN(auto out, dir.resume(kDataName, p.have_));
  NANO_TRY(hash_prefix(out.fd(), p.have_, p.hasher_, out.path()));
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
  NANO_TRY_ASSIGN(const fs::Dir dir, internal::make_folder(layout_, layout_.partial(digest_)));
  NANO_TRY_ASSIGN(auto out, dir.resume(kDataName, 0));
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
  NANO_TRY_ASSIGN(const fs::Dir dir, internal::open_folder(layout_, layout_.partial(digest_)));
  struct stat hashed {};
  NANO_TRY_ASSIGN(const auto named, dir.status(kDataName));
  if (::fstat(out.fd(), &hashed) != 0 || !named || named->st_ino != hashed.st_ino || named->st_dev != hashed.st_dev)
    return make_error(Errc::store, "'" + data.string() + "' was replaced while it was downloaded", "run the command again");
  NANO_TRY(internal::publish_blob(layout_, dir, kDataName, digest_, size_));
  stored_ = true;
  // The blob is safe; failing to remove the empty folder only leaves it to gc.
  if (const auto all = internal::open_folder(layout_, layout_.partials())) (void)all->remove_tree(digest_.hex());
  lock_.reset();
  return Unit{};
}

Status Partial::discard() {
  if (stored_) return Unit{};
  out_.reset();
  hasher_ = Hasher();
  have_ = 0;
  // The folder and its lock stay: somebody may be waiting on that very lock file.
  NANO_TRY_ASSIGN(const fs::Dir dir, internal::open_folder(layout_, layout_.partial(digest_)));
  return dir.unlink(kDataName);
}

}  // namespace nano::store
