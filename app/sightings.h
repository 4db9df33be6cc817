// app/sightings.h: what only this client can know of a registry: when it saw a release first, the newest date it has seen the
// registry sign, and when it last found the registry's metadata in force.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/context.h"
#include "base/digest.h"

namespace nano::app {

/// A date that a registry or a publisher signs may be so far ahead of the time that is believed, and no further: one of two clocks
/// may be wrong by hours, and a date years ahead must not be remembered, or everything signed until then would look expired.
inline constexpr int64_t kMaxAheadSeconds = 86'400;

/// `<trust>/<id>/sightings`: lines of `<64 hex> <time>`, one `newest <time>`, one `refreshed <time>`. Not signed by anybody: it only ever makes this
/// client stricter. A line that cannot be read is dropped; a file that cannot be written is reported when verbose.
class Sightings {
 public:
  [[nodiscard]] static Sightings load(const fs::Path& dir);
  /// Note a release that a role lists; the first time stays.
  void saw(const Digest& release, UnixTime now);
  /// Note a date that the registry itself signed; the newest stays.
  void saw_date(UnixTime date);
  [[nodiscard]] std::optional<UnixTime> first(const Digest& release) const;
  [[nodiscard]] UnixTime newest() const { return newest_; }
  /// Note that the registry's metadata were fetched and in force at this time: an install alone sees no signed date, and no
  /// expired metadata pass at a later clock, so that this one is bounded by their expiry. Kept to the hour.
  void saw_refresh(UnixTime time);
  [[nodiscard]] UnixTime refreshed() const { return refreshed_; }
  /// Joined with what another process has written meanwhile. Does nothing when nothing is new.
  void save(Log& log);

 private:
  void read();
  fs::Path file_{};
  std::map<Digest, UnixTime> first_{};
  UnixTime newest_ = 0;
  UnixTime refreshed_ = 0;
  bool changed_ = false;
};

/// errors  untrusted: `date`, which `what` has signed, lies further ahead of `time` than kMaxAheadSeconds
[[nodiscard]] Status check_ahead(UnixTime date, UnixTime time, const std::string& what);

/// The time that expiry is judged by: the clock's, unless it stands before a date that the registry has signed, or at which this
/// client found it in force. Then that date is taken, and the person is told: a clock set back would make expired metadata look
/// fresh.
[[nodiscard]] UnixTime believed_time(const Context& ctx, const Sightings& sightings, const std::string& what);

}  // namespace nano::app
