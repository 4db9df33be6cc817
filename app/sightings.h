// app/sightings.h: what only this client can know of a registry: when it saw a release first, and the newest date it has seen
// the registry sign.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/context.h"
#include "base/digest.h"

namespace nano::app {

/// `<trust>/<id>/sightings`: lines of `<64 hex> <time>`, and one `newest <time>`. Not signed by anybody: it only ever makes this
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
  /// Joined with what another process has written meanwhile. Does nothing when nothing is new.
  void save(Log& log);

 private:
  void read();
  fs::Path file_{};
  std::map<Digest, UnixTime> first_{};
  UnixTime newest_ = 0;
  bool changed_ = false;
};

/// The time that expiry is judged by: the clock's, unless it stands before a date that the registry has signed. Then that date is
/// taken, and the person is told: a clock set back would make expired metadata look fresh.
[[nodiscard]] UnixTime believed_time(const Context& ctx, const Sightings& sightings, const std::string& what);

}  // namespace nano::app
