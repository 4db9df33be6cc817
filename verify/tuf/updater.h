// verify/tuf/updater.h: the TUF client workflow: what to fetch, in which order, and what is kept (TUF 1.0.34, 5.1-5.7).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/tuf/fetcher.h"
#include "verify/tuf/local_dir.h"
#include "verify/tuf/trusted_set.h"

namespace nano::verify::tuf {

struct UpdaterOptions {
  std::filesystem::path dir{};  ///< this repository's own folder (local_dir.h); made when needed
  Freshness time{};             ///< `time.now` must be set: the reference time, taken once (5.1)
  Limits limits{};
  /// Used when `dir` holds no usable root: the root that was shipped, pinned or confirmed by a person. May be empty.
  std::string trusted_root{};
  /// Where the folder cannot be written or locked (a read-only disk, another user's, no locks): go on without keeping what is
  /// fetched. For who only reads; who installs must keep it, or older metadata could be shown as new next time.
  bool may_forget = false;
};

/// A target that a chain of roles vouches for.
struct TargetInfo {
  std::string path{};
  TargetFile file{};  ///< length, hashes, custom
  std::vector<Voucher>
      chain{};  ///< from "targets" to the role that lists it; root, timestamp, snapshot: top_level()
};

/// A client of one repository. One thread at a time; moves only. Errors that every call can give:
///   untrusted    signatures, versions, expiry: what the repository serves must not be used
///   integrity    bytes are not those that signed metadata promise; more bytes than allowed
///   invalid      not TUF metadata
///   network      the fetcher failed, or the repository lacks a file that its own metadata name
///   store        the local folder cannot be written
///   refused      offline, and a file that would be needed was never fetched
class Updater {
 public:
  /// `fetcher` nullptr: offline. Then nothing is fetched and nothing is written, and what lies in the folder must pass
  /// every check, expiry included (options.time.max_stale_s may widen that; see stale()).
  /// errors  not_found: neither the folder nor the options hold a usable root
  [[nodiscard]] static Result<Updater> open(UpdaterOptions options, Fetcher* fetcher);
  /// Put a trusted root into a new folder. It is checked (signed by its own keys); expiry is not, a newer one may follow.
  [[nodiscard]] static Status init(const std::filesystem::path& dir, std::string_view trusted_root);

  /// Update the top-level roles (5.3 to 5.6). Must succeed before anything below is asked.
  [[nodiscard]] Status refresh();
  /// Who vouches for `path`, if anybody does: pre-order through the delegations (5.6.7). nullopt: no role lists it.
  /// errors  also untrusted: more than limits.visited_roles roles had to be looked into
  [[nodiscard]] Result<std::optional<TargetInfo>> target_info(std::string_view path);
  /// Every target directly in the folder `dir` ("3f/acme/tiny"), each found as target_info finds it, sorted by path.
  /// Roles delegated by hash prefix are not looked into: their names cannot be guessed from a folder.
  [[nodiscard]] Result<std::vector<TargetInfo>> list_targets(std::string_view dir);
  /// A delegated role by name, loaded (and fetched) under `delegator`, which must be loaded already ("targets" is, after
  /// refresh): for roles whose own `custom` matters. Owned by the updater, valid until the next refresh.
  [[nodiscard]] Result<const LoadedRole*> load_role(std::string_view role,
                                                    std::string_view delegator = kTargets);
  /// The target's bytes, length and hashes checked. errors  also not_found: the repository lacks it; invalid: longer
  /// than `max_bytes`
  [[nodiscard]] Result<std::string> fetch_target(const TargetInfo& target, uint64_t max_bytes);
  /// Where fetch_target looks: "a/b/<hash>.c" under consistent snapshots (5.7.3), else "a/b/c". Not encoded.
  [[nodiscard]] std::string target_path(const TargetInfo& target) const;

  [[nodiscard]] const TrustedSet& trusted() const { return set_; }
  [[nodiscard]] bool offline() const { return fetcher_ == nullptr; }
  /// What was expired and accepted because options.time allows it: to be said, never passed over.
  [[nodiscard]] const std::vector<Voucher>& stale() const { return set_.stale(); }
  /// Local files that were damaged or outdated and were not used: for --verbose and doctor.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Updater(UpdaterOptions options, Fetcher* fetcher, TrustedSet set)
      : options_(std::move(options)), fetcher_(fetcher), dir_(options_.dir), set_(std::move(set)) {}
  [[nodiscard]] Status read_local_root();
  [[nodiscard]] Status restore_root();
  [[nodiscard]] Status store_root(uint64_t version, std::string_view bytes);
  [[nodiscard]] Status written(Status done);
  [[nodiscard]] Status update_root();
  [[nodiscard]] Status update_timestamp();
  [[nodiscard]] Status update_snapshot();
  [[nodiscard]] Status update_role(std::string_view role, std::string_view delegator);
  [[nodiscard]] Result<std::string> fetch(Area area, const std::string& path, uint64_t max_bytes);
  [[nodiscard]] Result<std::string> fetch_promised(std::string_view role, const MetaFile& promised,
                                                   uint64_t max_bytes);
  [[nodiscard]] Status keep(std::string_view role, std::string_view bytes);
  void note(std::string what, const Error& why);

  UpdaterOptions options_;
  Fetcher* fetcher_ = nullptr;
  LocalDir dir_;
  TrustedSet set_;
  bool refreshed_ = false;
  bool keeps_ = true;  ///< false: the folder cannot be written, and that is allowed (may_forget)
  std::vector<std::string> notes_{};
};

}  // namespace nano::verify::tuf
