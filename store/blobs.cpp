// store/blobs.cpp: add through a hashed temporary, find, reuse.
#include "store/blobs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/hash.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

/// Removes the temporary unless it became a blob.
struct Temporary {
  Temporary(const fs::Dir& in, Path n) : dir(in), name(std::move(n)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!name.empty()) (void)::unlinkat(dir.fd(), name.c_str(), 0);
  }
  const fs::Dir& dir;
  Path name;
};

Result<fs::Writer> create_locked(const fs::Dir& dir, const Path& name) {
  NANO_TRY_ASSIGN(auto out, dir.create(name, 0444));
  // The flock says "alive" to clean_leftovers. Taken by a cleaner first: then the name is already gone.
  const bool locked = ::flock(out.fd(), LOCK_EX | LOCK_NB) == 0 || fs::internal::is_without_locks(errno);
  NANO_TRY_ASSIGN(const bool there, dir.holds(name));
  if (!locked || !there)
    return make_error(Errc::store, "the temporary '" + out.path().string() + "' was removed while it was being written",
                      "run the command again");
  return out;
}

}  // namespace

Result<Digest> add_blob(const Store& store, const Reader& in, uint64_t limit_bytes, std::optional<Digest> expect) {
  NANO_TRY(store.require_writable());
  const StoreLayout& layout = store.primary();
  NANO_TRY_ASSIGN(const fs::Dir folder, internal::make_folder(layout, layout.partials()));
  Temporary tmp(folder, fs::temp_sibling(Path(internal::kAddStem)).filename());
  NANO_TRY_ASSIGN(auto out, create_locked(folder, tmp.name));
  Hasher hasher;
  uint64_t total = 0;
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    NANO_TRY_ASSIGN(const std::size_t n, in(buffer));
    if (n == 0) break;
    total += n;
    if (total > limit_bytes)
      return make_error(Errc::integrity, (expect ? "blob " + expect->text() : std::string("the file")) + " is longer than the " +
                                             std::to_string(limit_bytes) + " bytes it may have");
    const std::string_view bytes(buffer.data(), n);
    hasher.update(bytes);
    NANO_TRY(out.write(bytes));
  }
  const Digest digest = hasher.finish();
  if (expect && digest != *expect)
    return make_error(Errc::integrity, "the bytes of blob " + expect->text() + " have another digest: " + digest.text(),
                      "fetch it again; if that repeats, tell whoever runs the registry");
  NANO_TRY(out.sync());
  NANO_TRY(internal::publish_blob(layout, folder, tmp.name, digest, total));
  tmp.name.clear();
  return digest;
}

Result<Digest> add_blob_bytes(const Store& store, std::string_view bytes, std::optional<Digest> expect) {
  const uint64_t size = bytes.size();
  const Reader in = [&bytes](std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = std::min(into.size(), bytes.size());
    if (n > 0) std::memcpy(into.data(), bytes.data(), n);  // an empty view may hold a null pointer
    bytes.remove_prefix(n);
    return n;
  };
  return add_blob(store, in, size, expect);
}

Result<Digest> add_blob_file(const Store& store, const Path& path, uint64_t limit_bytes, std::optional<Digest> expect) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(path));
  const Reader in = [&](std::span<char> into) -> Result<std::size_t> {
    while (true) {
      const ssize_t n = ::read(fd.get(), into.data(), into.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fs::internal::os_error("cannot read", path, errno);
    }
  };
  return add_blob(store, in, limit_bytes, expect);
}

Result<std::optional<BlobPlace>> find_blob(const Store& store, const Digest& digest, uint64_t size) {
  for (const auto& layout : store.all()) {
    Path p = layout.blob(digest);
    NANO_TRY_ASSIGN(const bool there, internal::is_regular(p, size));
    if (there) return std::optional<BlobPlace>(BlobPlace{&layout, std::move(p)});
  }
  return std::optional<BlobPlace>();
}

bool has_blob(const Store& store, const Digest& digest, uint64_t size) {
  const auto found = find_blob(store, digest, size);
  return found && *found;
}

namespace {

/// The digest of an open file's bytes.
Result<Digest> digest_of(const fs::Fd& fd, const Path& path) {
  Hasher hasher;
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fs::cannot_read(path, errno);
    if (n == 0) return hasher.finish();
    hasher.update({buffer.data(), static_cast<std::size_t>(n)});
  }
}

/// May what lies there be taken for our own? Somebody else who may write in the folder could put a file there that stays theirs
/// to change: only the folder's owner, this user and root are believed.
bool is_of_the_house(const fs::Dir& shard, const struct stat& st) {
  struct stat folder {};
  return st.st_uid == ::geteuid() || st.st_uid == 0 || (::fstat(shard.fd(), &folder) == 0 && st.st_uid == folder.st_uid);
}

}  // namespace

Result<bool> reuse_blob(const Store& store, const Digest& digest, uint64_t size) {
  for (const auto& layout : store.all()) {
    const Path p = layout.blob(digest);
    const bool ours = &layout == &store.primary() && store.mode() == Mode::write;
    const auto shard = internal::open_folder(layout, p.parent_path());
    if (!shard && shard.error().code == Errc::not_found) continue;
    if (!shard) return shard.error();
    NANO_TRY_ASSIGN(const auto st, shard->status(p.filename()));
    if (!st) continue;
    if (internal::is_regular(st, size) && (!ours || is_of_the_house(*shard, *st))) {
      NANO_TRY_ASSIGN(const fs::Fd fd, shard->open_read(p.filename()));
      NANO_TRY_ASSIGN(const Digest actual, digest_of(fd, p));
      if (actual == digest) {
        if (!ours) return true;
        // Only what has the right bytes is touched: the name might be a second one of a file outside.
        const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
        (void)::futimens(fd.get(), times);
        // A gc may have removed the name before that; then it is fetched.
        NANO_TRY_ASSIGN(const bool still, shard->holds(p.filename()));
        if (still) return true;
        continue;
      }
    }
    if (ours) NANO_TRY(shard->remove_tree(p.filename()));
  }
  return false;
}

Result<fs::Fd> open_blob(const Store& store, const Digest& digest, uint64_t size) {
  NANO_TRY_ASSIGN(const auto found, find_blob(store, digest, size));
  if (found) return fs::open_read(found->path);
  return make_error(Errc::not_found, "blob " + digest.text() + " of " + std::to_string(size) + " bytes is not in the store",
                    "`nano verify --repair` finds what is damaged; installing the package again fetches it");
}

}  // namespace nano::store
