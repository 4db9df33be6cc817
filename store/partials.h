// store/partials.h: downloads that survive being interrupted: partial/<hex>/data grows, and becomes a blob when whole.
//
//   partial/<hex>/data   the bytes so far (0644); renamed to the blob once length and digest match
//   partial/<hex>/lock   flock: one downloader of one blob at a time; a second waits, then finds the blob
//   partial/.add.*.tmp   add_blob's temporaries; flock'ed while alive, so that the next writer can tell dead ones
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/result.h"
#include "store/store.h"

namespace nano::store {

/// Bytes of an unfinished download of that blob, at most `size`; 0 where there is none or it cannot be told. They need no space
/// again.
[[nodiscard]] uint64_t partial_bytes(const Store& store, const Digest& digest, uint64_t size);

/// One download. Destroying it before commit keeps the bytes for the next resume. One thread at a time.
class Partial {
 public:
  /// Open (or begin) the download of a blob of exactly `size` bytes. A prefix that is there is hashed again.
  /// When another process downloads the same blob, wait for it at most `timeout`.
  ///   errors  store: disk, or the other process still holds it; invalid: `size` is over kMaxBlobBytes
  [[nodiscard]] static Result<Partial> resume(const Store& store, const Digest& digest, uint64_t size,
                                              std::chrono::milliseconds timeout = kLockTimeout);

  [[nodiscard]] bool already_stored() const { return stored_; }  ///< the blob is there: append and commit do nothing
  [[nodiscard]] uint64_t offset() const { return have_; }        ///< bytes present: ask the server from here
  [[nodiscard]] uint64_t size() const { return size_; }

  /// errors  integrity: more bytes than `size` (the partial is deleted); store
  [[nodiscard]] Status append(std::string_view bytes);
  /// Begin again at offset 0 (a server that ignores Range). errors  store
  [[nodiscard]] Status restart();
  /// fsync, compare length and digest, become the blob.
  ///   errors  integrity: names the blob, what was expected and what came; wrong bytes are deleted, too few are
  ///           kept (a connection that broke is resumed); store
  [[nodiscard]] Status commit();
  /// Delete what was downloaded. errors  store
  [[nodiscard]] Status discard();

 private:
  Partial(StoreLayout layout, const Digest& digest, uint64_t size) : layout_(std::move(layout)), digest_(digest), size_(size) {}
  StoreLayout layout_;
  Digest digest_;
  uint64_t size_ = 0;
  uint64_t have_ = 0;
  bool stored_ = false;
  std::optional<fs::FileLock> lock_{};
  std::optional<fs::Writer> out_{};
  Hasher hasher_{};
};

}  // namespace nano::store
