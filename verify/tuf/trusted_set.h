// verify/tuf/trusted_set.h: what is believed and why. Rules only: no file, no network, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/tuf/limits.h"
#include "verify/tuf/metadata.h"

namespace nano::verify::tuf {

/// The time that expiry is judged by: taken once, at the start (TUF specification 5.1).
struct Freshness {
  UnixTime now = 0;
  /// Documents that expired at most this many seconds before `now` are still accepted, and each is listed in
  /// TrustedSet::stale(): for imports on machines that cannot refresh. Whoever sets it says so to the person.
  int64_t max_stale_s = 0;
};

/// One link of the chain that leads to a target.
struct Voucher {
  std::string role{};
  uint64_t version = 0;
  UnixTime expires = 0;
  std::vector<std::string> key_ids{};  ///< whose good signatures count, one for each distinct key
};

/// A targets role (the top-level one or a delegated one) whose hash, signatures, version and expiry were good.
struct LoadedRole {
  std::string name{};
  Document doc{};  ///< without its `body`
  Targets body{};
  /// Who vouched, by authority: a role reached through two delegators must satisfy each of them.
  std::map<std::string, std::vector<std::string>> vouchers{};
};

/// The trusted metadata of one refresh, in the order of the client workflow (5.3 to 5.6). A call out of order is refused.
class TrustedSet {
 public:
  enum class Source {
    local,
    remote
  };  ///< what lies on our disk may be older than it should be; it is then only
      ///< the measure for what comes
  enum class Taken { updated, unchanged };

  /// Begin with a root that is trusted already (5.2). errors  invalid, untrusted: not signed by its own keys
  [[nodiscard]] static Result<TrustedSet> start(std::string_view root, const Freshness& time,
                                                const Limits& limits = {});

  /// The next root (5.3.4 to 5.3.7). errors  invalid; untrusted: not signed by the old and the new keys, not version N+1
  [[nodiscard]] Status update_root(std::string_view bytes);
  /// No newer root is to be had: is this one fresh (5.3.10)? errors  untrusted: expired
  [[nodiscard]] Status finish_root();
  /// 5.4.2 to 5.4.4. unchanged: the same version as before, which stays (5.4.3.1).
  /// errors  invalid; untrusted: signatures, a version that falls, expired
  [[nodiscard]] Result<Taken> update_timestamp(std::string_view bytes, Source source);
  /// Is there a timestamp, and is it fresh, also when the newest one was no news? errors  untrusted: expired
  [[nodiscard]] Status check_timestamp();
  /// 5.5.2 to 5.5.6. Local: signatures only. errors  integrity: hash or length; untrusted: signatures, version,
  /// a role's version falls, a role disappears, expired
  [[nodiscard]] Status update_snapshot(std::string_view bytes, Source source);
  /// Is the snapshot the one the timestamp names, and fresh? Else the reason why not.
  [[nodiscard]] Status check_snapshot();
  /// 5.6.2 to 5.6.5. errors  integrity, invalid, untrusted
  [[nodiscard]] Status update_targets(std::string_view bytes);
  /// The same four checks for a delegated role, with the keys of `delegator`, which must be loaded (5.6.7).
  [[nodiscard]] Status update_delegated(std::string_view role, std::string_view delegator,
                                        std::string_view bytes);

  /// A role that is loaded, under the authority of `delegator` ("root" for targets); nullptr: not loaded yet.
  /// errors  untrusted: it is loaded, but the keys of this delegator have not signed it
  [[nodiscard]] Result<const LoadedRole*> role(std::string_view name, std::string_view delegator);
  /// Who vouched for a loaded role under a delegator for which role() has succeeded.
  [[nodiscard]] Voucher voucher(std::string_view name, std::string_view delegator) const;
  /// root, timestamp and snapshot, as far as they are loaded.
  [[nodiscard]] std::vector<Voucher> top_level() const;

  [[nodiscard]] const Root& root() const { return root_; }
  [[nodiscard]] const std::optional<Timestamp>& timestamp() const { return timestamp_; }
  [[nodiscard]] const std::optional<Snapshot>& snapshot() const { return snapshot_; }
  [[nodiscard]] const Freshness& freshness() const { return time_; }
  /// Did the last update_root change the keys of timestamp or snapshot (5.3.11)?
  [[nodiscard]] bool online_keys_changed() const { return online_keys_changed_; }
  /// Documents accepted although they have expired, within Freshness::max_stale_s.
  [[nodiscard]] const std::vector<Voucher>& stale() const { return stale_; }

 private:
  struct Authority {
    const Keys* keys = nullptr;
    const RoleKeys* role = nullptr;
  };
  [[nodiscard]] Result<Authority> authority(std::string_view name, std::string_view delegator) const;
  [[nodiscard]] Status load(std::string_view name, std::string_view delegator, std::string_view bytes);
  [[nodiscard]] Status check_fresh(const Header& header, std::string_view role);

  Freshness time_{};
  Limits limits_{};
  Root root_{};
  std::vector<std::string> root_signers_{};
  bool root_final_ = false;
  bool online_keys_changed_ = false;
  std::optional<Timestamp> timestamp_{};
  std::vector<std::string> timestamp_signers_{};
  std::optional<Snapshot> snapshot_{};
  std::vector<std::string> snapshot_signers_{};
  bool snapshot_matches_ = false;  ///< its bytes have the hashes and length that the timestamp names
  std::map<std::string, LoadedRole, std::less<>> roles_{};
  std::vector<Voucher> stale_{};
};

}  // namespace nano::verify::tuf
