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
  explicit Temporary(Path p) : path(std::move(p)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path.empty()) ::unlink(path.c_str());
  }
  Path path;
};

Result<fs::Writer> create_locked(const Path& path) {
  NANO_TRY_ASSIGN(auto out, fs::Writer::create(path, 0444));
  // The flock says "alive" to clean_leftovers. Taken by a cleaner first: then the name is already gone.
  if (::flock(out.fd(), LOCK_EX | LOCK_NB) != 0 || !fs::exists(path))
    return make_error(Errc::store, "the temporary '" + path.string() + "' was removed while it was being written",
                      "run the command again");
  return out;
}

}  // namespace

Result<Digest> add_blob(const Store& store, const Reader& in, uint64_t limit_bytes, std::optional<Digest> expect) {
  NANO_TRY(store.require_writable());
  const StoreLayout& layout = store.primary();
  NANO_TRY(internal::no_links_inside(layout.root(), layout.partials()));
  Temporary tmp(fs::temp_sibling(layout.partials() / internal::kAddStem));
  NANO_TRY_ASSIGN(auto out, create_locked(tmp.path));
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
  NANO_TRY(internal::publish_blob(layout, tmp.path, digest, total));
  tmp.path.clear();
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

std::optional<Path> find_blob(const Store& store, const Digest& digest, uint64_t size) {
  for (const auto& layout : store.all()) {
    if (Path p = layout.blob(digest); internal::is_regular(p, size)) return p;
  }
  return std::nullopt;
}

Result<bool> reuse_blob(const Store& store, const Digest& digest, uint64_t size) {
  for (const auto& layout : store.all()) {
    const Path p = layout.blob(digest);
    const bool ours = &layout == &store.primary() && store.mode() == Mode::write;
    if (!internal::examine(p)) continue;
    if (internal::is_regular(p, size)) {
      if (ours) {  // before hashing, so that a gc that runs meanwhile sees it
        const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
        (void)::utimensat(AT_FDCWD, p.c_str(), times, AT_SYMLINK_NOFOLLOW);  // someone else's file: gc is theirs too
      }
      NANO_TRY_ASSIGN(const Digest actual, sha256_file(p));
      if (actual == digest) return true;
    }
    if (ours) NANO_TRY(fs::remove_file(p));
  }
  return false;
}

Result<fs::Fd> open_blob(const Store& store, const Digest& digest, uint64_t size) {
  if (const auto p = find_blob(store, digest, size)) return fs::open_read(*p);
  return make_error(Errc::not_found, "blob " + digest.text() + " of " + std::to_string(size) + " bytes is not in the store",
                    "`nano verify --repair` finds what is damaged; installing the package again fetches it");
}

}  // namespace nano::store
