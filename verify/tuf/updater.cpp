// verify/tuf/updater.cpp: the order of the workflow; every judgement is trusted_set.cpp's.
#include "verify/tuf/updater.h"

#include <algorithm>
#include <chrono>

#include "base/fs.h"
#include "base/fs_temporary.h"
#include "base/text.h"
#include "verify/tuf/hashes.h"
#include "verify/tuf/names.h"

namespace nano::verify::tuf {
namespace {

using Source = TrustedSet::Source;
constexpr std::chrono::seconds kLockWait{60};
constexpr std::size_t kMaxFileName = 200;  // of the 255 a file system gives; the rest is for temporary names

/// Collects bytes and refuses the first one beyond the limit, whatever the fetcher does with the error.
class CappedSink final : public Sink {
 public:
  CappedSink(std::string_view path, uint64_t max_bytes) : path_(path), max_bytes_(max_bytes) {}
  [[nodiscard]] Status write(std::string_view bytes) override {
    if (exceeded_ || bytes.size() > max_bytes_ - bytes_.size()) {
      exceeded_ = true;
      bytes_.clear();
      return too_long();
    }
    bytes_ += bytes;
    return Unit{};
  }
  [[nodiscard]] Error too_long() const {
    return make_error(Errc::integrity,
                      "'" + sanitize(path_.substr(0, 120)) + "' is longer than the " +
                          std::to_string(max_bytes_) + " bytes allowed",
                      "the registry or a mirror sends endless or wrong data; tell its operator");
  }
  [[nodiscard]] bool exceeded() const { return exceeded_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string_view path_;
  uint64_t max_bytes_;
  bool exceeded_ = false;
  std::string bytes_{};
};

}  // namespace

Result<Updater> Updater::open(UpdaterOptions options, Fetcher* fetcher) {
  NANO_ASSERT(options.time.now > 0);
  Updater out(std::move(options), fetcher, TrustedSet{});
  NANO_TRY(out.read_local_root());
  return out;
}

Status Updater::init(const std::filesystem::path& dir, std::string_view trusted_root) {
  NANO_TRY_ASSIGN(const TrustedSet set, TrustedSet::start(trusted_root, Freshness{}));
  return LocalDir(dir).write_root(set.root().header.version, trusted_root);
}

/// root.json if it is sound; else the roots that led to it; else the one in the options.
Status Updater::read_local_root() {
  // A file that cannot be read (a disk that does not answer) is not a lost one: what it says is still the measure.
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    const auto file = fs::open_read(dir_.path() / metadata_file(role));
    if (!file && file.error().code == Errc::store && keeps_) NANO_TRY(written(file.error()));
  }
  const uint64_t limit = options_.limits.root_bytes;
  if (const auto bytes = dir_.read(kRoot, limit)) {
    auto set = TrustedSet::start(*bytes, options_.time, options_.limits);
    if (set) {
      set_ = std::move(*set);
      return Unit{};
    }
    note("root.json", set.error());
  }
  bool found = false;
  for (const uint64_t version : dir_.root_versions()) {
    const auto bytes = dir_.read_root(version, limit);
    if (!bytes) continue;
    if (!found) {
      auto set = TrustedSet::start(*bytes, options_.time, options_.limits);
      if (!set) continue;
      set_ = std::move(*set);
      found = true;
    } else if (const auto next = set_.update_root(*bytes); !next) {
      note("root version " + std::to_string(version), next.error());
      break;  // the repository has it, and what follows
    }
  }
  // The history holds it already; the newest of them becomes root.json again.
  if (found) return offline() ? Status(Unit{}) : restore_root();
  if (options_.trusted_root.empty())
    return make_error(Errc::not_found, "no usable trusted root in '" + dir_.path().string() + "'",
                      "add the registry again with its root or its fingerprint: `nano registry add`");
  NANO_TRY_ASSIGN(set_, TrustedSet::start(options_.trusted_root, options_.time, options_.limits));
  return offline() ? Status(Unit{}) : store_root(set_.root().header.version, options_.trusted_root);
}

/// What came of writing to the folder. Where that may fail, nothing more is written from then on.
Status Updater::written(Status done) {
  if (done || done.error().code != Errc::store) return done;
  if (!options_.may_forget) return done;
  if (keeps_) note("what the registry signs is not kept: the folder", done.error());
  keeps_ = false;
  return Unit{};
}

Status Updater::store_root(uint64_t version, std::string_view bytes) {
  return keeps_ ? written(dir_.write_root(version, bytes)) : Status(Unit{});
}

Status Updater::restore_root() {
  const uint64_t version = set_.root().header.version;
  const auto bytes = dir_.read_root(version, options_.limits.root_bytes);
  return bytes && keeps_ ? written(dir_.write(kRoot, *bytes)) : Status(Unit{});
}

Status Updater::refresh() {
  refreshed_ = false;
  // Two refreshes at once would each be right, but the slower one could put back older files.
  std::optional<fs::FileLock> lock;
  if (!offline() && keeps_) NANO_TRY(written(fs::make_dirs(dir_.path())));
  if (!offline() && keeps_) {
    auto held = fs::FileLock::acquire(dir_.path() / ".lock", kLockWait, "refreshing the metadata of a registry");
    if (held) {
      lock.emplace(std::move(held).value());
      fs::remove_left_behind(dir_.path());
    } else {
      NANO_TRY(written(std::move(held).error()));
    }
  }
  NANO_TRY(read_local_root());
  NANO_TRY(update_root());
  NANO_TRY(update_timestamp());
  NANO_TRY(update_snapshot());
  NANO_TRY(update_role(kTargets, kRoot));
  refreshed_ = true;
  return Unit{};
}

Status Updater::update_root() {
  for (uint32_t i = 0; !offline() && i < options_.limits.root_rotations; ++i) {
    const uint64_t next = set_.root().header.version + 1;
    const auto bytes =
        fetch(Area::metadata, metadata_file(kRoot, next), options_.limits.root_bytes);  // 5.3.3
    if (!bytes && bytes.error().code == Errc::not_found) break;
    if (!bytes) return bytes.error();
    NANO_TRY(set_.update_root(*bytes));
    // 5.3.11, before the new root is kept: were it after, a crash in between would leave the old files in place.
    if (set_.online_keys_changed() && keeps_)
      for (const std::string_view role : {kTimestamp, kSnapshot}) NANO_TRY(dir_.remove(role));
    NANO_TRY(store_root(next, *bytes));  // 5.3.8
  }
  return set_.finish_root();
}

Status Updater::update_timestamp() {
  if (const auto local = dir_.read(kTimestamp, options_.limits.timestamp_bytes)) {
    const auto taken = set_.update_timestamp(*local, offline() ? Source::remote : Source::local);
    if (!taken) {
      if (offline()) return taken.error();
      note("timestamp.json", taken.error());
    }
  }
  if (offline())
    return set_.timestamp()
               ? set_.check_timestamp()
               : Status(make_error(Errc::refused, "offline, and this registry's metadata were never fetched",
                                   "run it once without --offline"));
  NANO_TRY_ASSIGN(const std::string bytes,
                  fetch_promised(kTimestamp, MetaFile{}, options_.limits.timestamp_bytes));  // 5.4.1
  NANO_TRY_ASSIGN(const auto taken, set_.update_timestamp(bytes, Source::remote));
  if (taken == TrustedSet::Taken::updated) NANO_TRY(keep(kTimestamp, bytes));  // 5.4.5
  return set_.check_timestamp();
}

Status Updater::update_snapshot() {
  if (const auto local = dir_.read(kSnapshot, options_.limits.snapshot_bytes)) {
    Status taken = set_.update_snapshot(*local, Source::local);
    if (taken) taken = set_.check_snapshot();
    if (taken) return Unit{};
    if (offline()) return taken;
    if (!set_.snapshot()) note("snapshot.json", taken.error());
  }
  NANO_TRY_ASSIGN(const std::string bytes, fetch_promised(kSnapshot, set_.timestamp()->snapshot,
                                                          options_.limits.snapshot_bytes));  // 5.5.1
  NANO_TRY(set_.update_snapshot(bytes, Source::remote));
  return keep(kSnapshot, bytes);  // 5.5.7
}

/// A targets role: the local file when it passes every check, else the repository's.
Status Updater::update_role(std::string_view role, std::string_view delegator) {
  NANO_TRY(set_.check_snapshot());
  const auto take = [&](std::string_view bytes) {
    return role == kTargets ? set_.update_targets(bytes) : set_.update_delegated(role, delegator, bytes);
  };
  const MetaFile* promised = set_.snapshot()->find(role);
  if (promised == nullptr)
    return make_error(Errc::untrusted,
                      "the snapshot does not list the role '" + sanitize(role.substr(0, 80)) + "'",
                      "tell the registry's operator");
  if (const auto local = dir_.read(role, options_.limits.targets_bytes)) {
    const Status taken = take(*local);
    if (taken) return taken;
    if (offline()) return taken;
    note(metadata_file(role), taken.error());
  }
  NANO_TRY_ASSIGN(const std::string bytes,
                  fetch_promised(role, *promised, options_.limits.targets_bytes));  // 5.6.1
  NANO_TRY(take(bytes));
  return keep(role, bytes);  // 5.6.6
}

Result<const LoadedRole*> Updater::load_role(std::string_view role, std::string_view delegator) {
  NANO_ASSERT(refreshed_);
  NANO_TRY_ASSIGN(const LoadedRole* loaded, set_.role(role, delegator));
  if (loaded != nullptr) return loaded;
  NANO_TRY(update_role(role, delegator));
  return set_.role(role, delegator);
}

Result<std::string> Updater::fetch(Area area, const std::string& path, uint64_t max_bytes) {
  CappedSink sink(path, max_bytes);
  const Status got = fetcher_->fetch(area, path, max_bytes, sink);
  if (sink.exceeded()) return sink.too_long();
  if (!got) return got.error();
  return sink.take();
}

Result<std::string> Updater::fetch_promised(std::string_view role, const MetaFile& promised,
                                            uint64_t max_bytes) {
  const std::string what = "'" + sanitize(role.substr(0, 80)) + "'";
  if (offline())
    return make_error(Errc::refused, "offline, and the metadata of " + what + " were never fetched",
                      "run it once without --offline");
  const bool versioned = role != kTimestamp && set_.root().consistent_snapshot;  // 5.5.1, 5.6.1
  auto bytes = fetch(Area::metadata, versioned ? metadata_file(role, promised.version) : metadata_file(role),
                     std::min(max_bytes, promised.length.value_or(max_bytes)));
  if (bytes) return bytes;
  // "not found" would read as if the package were missing.
  if (bytes.error().code == Errc::not_found)
    return make_error(Errc::network,
                      "the registry lacks the metadata of " + what +
                          (role == kTimestamp ? "" : ", which its own metadata name"),
                      "it may be publishing just now: try again, then tell its operator");
  return std::move(bytes.error()).while_("fetching the metadata of " + what);
}

Status Updater::keep(std::string_view role, std::string_view bytes) {
  if (!keeps_) return Unit{};
  if (metadata_file(role).size() <= kMaxFileName) return written(dir_.write(role, bytes));
  notes_.push_back("the metadata of '" + sanitize(role.substr(0, 80)) +
                   "' are not kept: the role's name is too long for a file");
  return Unit{};
}

void Updater::note(std::string what, const Error& why) {
  notes_.push_back(std::move(what) + " was not used: " + why.message);
}

}  // namespace nano::verify::tuf
