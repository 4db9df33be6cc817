// store/store.h: one writable store and the read-only ones behind it; the lock that writers take.
//
// Readers take no lock. That is safe because everything a reader can reach is either immutable (blobs, package
// folders, generations) or changed by one rename (`current`), and because gc leaves young blobs alone (store/gc.h).
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/result.h"
#include "schemas/store_layout.h"

namespace nano::store {

using schemas::StoreLayout;
using Path = std::filesystem::path;

inline constexpr std::chrono::milliseconds kLockTimeout{60'000};  ///< how long a writer waits for another

enum class Mode {
  read,   ///< nothing is created or changed; an absent store reads as an empty one
  write,  ///< the store's folders are created when absent
};

class WriteLock;

/// Where reads look (all stores, in order) and where writes go (the first). Cheap to copy; thread-safe: it holds paths only.
class Store {
 public:
  /// `read_only`: the stores of NANO_STORE_PATH, in order.
  ///   errors  store: a folder cannot be created, or one of the store's own folders is a symbolic link
  [[nodiscard]] static Result<Store> open(const Path& root, Mode mode, const std::vector<Path>& read_only = {});

  [[nodiscard]] const StoreLayout& primary() const { return layouts_.front(); }
  [[nodiscard]] const std::vector<StoreLayout>& all() const { return layouts_; }  ///< the primary first
  [[nodiscard]] Mode mode() const { return mode_; }

  /// Take the one writers' lock, waiting at most `timeout`, then remove what killed writers left behind
  /// (staging folders, temporaries; never partial downloads). `holder`: "nano install sentiment-50m".
  ///   errors  store: held (the message names the holder), read-only store, opened with Mode::read
  [[nodiscard]] Result<WriteLock> lock(std::string_view holder, std::chrono::milliseconds timeout = kLockTimeout) const;

  /// errors  store: opened with Mode::read
  [[nodiscard]] Status require_writable() const;

 private:
  std::vector<StoreLayout> layouts_{};
  Mode mode_ = Mode::read;
};

/// Proof that this process may change packages, generations and roots. Released when destroyed.
class WriteLock {
 public:
  [[nodiscard]] const StoreLayout& layout() const { return layout_; }

 private:
  friend class Store;
  WriteLock(fs::FileLock lock, StoreLayout layout) : lock_(std::move(lock)), layout_(std::move(layout)) {}
  fs::FileLock lock_;
  StoreLayout layout_;
};

}  // namespace nano::store
