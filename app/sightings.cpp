// app/sightings.cpp: a small text file beside the metadata.
#include "app/sightings.h"

#include <algorithm>

#include "base/fs_change.h"

namespace nano::app {
namespace {

constexpr uint64_t kMaxBytes = 16'000'000;           // some 180,000 releases
constexpr std::string_view kNewest = "newest";
constexpr std::string_view kRefreshed = "refreshed";
constexpr int64_t kRefreshStep = 3600;               // the file is long: it is not written at each command
constexpr UnixTime kClockSlip = 600;                 // seconds two clocks may differ without a word

}  // namespace

Sightings Sightings::load(const fs::Path& dir) {
  Sightings out;
  out.file_ = dir / "sightings";
  out.read();
  return out;
}

void Sightings::read() {
  const auto bytes = fs::read_file(file_, kMaxBytes);
  if (!bytes) return;
  // Read at each start, with a line for every release that was ever offered: nothing is copied, and lines come sorted.
  for (std::string_view rest = *bytes; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view what = line.substr(0, space);
    const auto time = parse_time(line.substr(space + 1));
    if (!time) continue;
    if (what == kNewest) {
      newest_ = std::max(newest_, *time);
    } else if (what == kRefreshed) {
      refreshed_ = std::max(refreshed_, *time);
    } else if (const auto digest = Digest::parse_hex(what)) {
      const std::size_t before = first_.size();
      const auto it = first_.emplace_hint(first_.end(), *digest, *time);
      if (first_.size() == before) it->second = std::min(it->second, *time);
    }
  }
}

void Sightings::saw(const Digest& release, UnixTime now) {
  if (first_.emplace(release, now).second) changed_ = true;
}

void Sightings::saw_date(UnixTime date) {
  if (date <= newest_) return;
  newest_ = date;
  changed_ = true;
}

void Sightings::saw_refresh(UnixTime time) {
  if (time < refreshed_ + kRefreshStep) return;
  refreshed_ = time;
  changed_ = true;
}

std::optional<UnixTime> Sightings::first(const Digest& release) const {
  const auto it = first_.find(release);
  return it == first_.end() ? std::nullopt : std::optional<UnixTime>(it->second);
}

void Sightings::save(Log& log) {
  if (!changed_) return;
  const auto not_kept = [&](const Error& e) { log.detail("sightings not kept: " + e.message); };
  if (auto s = fs::make_dirs(file_.parent_path(), 0700); !s) return not_kept(s.error());
  // What another process notes between our reading and our writing must not be lost: its first time would become a later one.
  const auto lock = fs::FolderLock::acquire(file_.parent_path(), file_.parent_path() / ".sightings.lock", "nano");
  if (!lock) return not_kept(lock.error());
  read();
  std::string text;
  if (newest_ > 0) text += std::string(kNewest) + " " + format_time(newest_) + "\n";
  if (refreshed_ > 0) text += std::string(kRefreshed) + " " + format_time(refreshed_) + "\n";
  for (const auto& [digest, time] : first_) text += digest.hex() + " " + format_time(time) + "\n";
  if (auto s = fs::write_atomic(file_, text, 0600); !s) return not_kept(s.error());
  changed_ = false;
}

Status check_ahead(UnixTime date, UnixTime time, const std::string& what) {
  if (date <= time + kMaxAheadSeconds) return Unit{};
  return make_error(Errc::untrusted, what + " has signed the date " + format_time(date) + ", and by this machine's clock it is " + format_time(time),
                    "one of the two clocks is wrong: set this machine's right (`date`), or tell the registry's operator; the date is not remembered");
}

UnixTime believed_time(const Context& ctx, const Sightings& sightings, const std::string& what) {
  const UnixTime newest = std::max(sightings.newest(), sightings.refreshed());
  if (newest <= ctx.now + kClockSlip) return std::max(ctx.now, newest);
  const bool is_signed = newest == sightings.newest();
  ctx.log->warn("this machine's clock says " + format_time(ctx.now) + ", but " + what + " has " +
                (is_signed ? "signed something at " : "been read here before at ") + format_time(newest) +
                ": the clock is not believed; set it right (or `nano trust reset`, if " +
                (is_signed ? "the registry's is the wrong one)" : "it was wrong then)"));
  return newest;
}

}  // namespace nano::app
