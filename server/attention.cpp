// server/attention.cpp: what runs out and when, who can renew it, and the command that does: refresh and status.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "server/workplace.h"

namespace nano::server {
namespace {

using registry::roles::kDay;

int64_t whole_days(int64_t seconds) {
  return seconds >= 0 ? seconds / kDay : -((-seconds + kDay - 1) / kDay);
}

/// What lives for days is signed by a timer and is late when under a quarter is left; the rest needs a person, who needs two weeks.
bool runs_out_soon(const registry::RoleStatus& s, const registry::roles::Lifetimes& lifetimes, UnixTime now) {
  return s.expires - now < std::min(kSoonDays * kDay, lifetimes.of(s.role) / 4);
}

/// Roles that a person sees as one: the registrar's shards.
std::string group_of(const std::string& role) {
  return registry::roles::is_reg(role) ? "reg" : role;
}

bool signed_elsewhere(const std::string& role) {
  return registry::signs_rarely(role) || registry::roles::is_reg(role);
}

std::string remedy(const registry::RoleStatus& s, const fs::Path& dir) {
  const std::string where = dir.string();
  if (s.keys_here >= s.threshold) return "`nano-registry refresh " + where + "`";
  const std::string group = group_of(s.role);
  if (signed_elsewhere(s.role))
    return "its keys are not here: `nano-registry sign " + group + " " + where + " --keys KEYDIR`, or with -o FOLDER the documents to "
           "sign where they are";
  return "its keys are not here: `nano-registry refresh " + where + " --keys KEYDIR`";
}

/// Sentences, the most urgent first; one for all shards.
std::vector<std::string> sentences(const std::vector<registry::RoleStatus>& roles, const registry::roles::Lifetimes& lifetimes,
                                   UnixTime now, const fs::Path& dir, bool also_renewed_here) {
  std::vector<const registry::RoleStatus*> due;
  std::map<std::string, std::size_t> count;
  for (const auto& s : roles)
    if (runs_out_soon(s, lifetimes, now) && (also_renewed_here || s.keys_here < s.threshold)) due.push_back(&s);
  std::stable_sort(due.begin(), due.end(), [](const auto* a, const auto* b) { return a->expires < b->expires; });
  for (const auto* s : due) ++count[group_of(s->role)];
  std::vector<std::string> out;
  std::map<std::string, bool> said;
  for (const auto* s : due) {
    const std::string group = group_of(s->role);
    if (std::exchange(said[group], true)) continue;
    const int64_t days = whole_days(s->expires - now);
    const std::string when = days < 0 ? "has run out on " + format_time(s->expires)
                             : days == 0 ? "runs out within a day, on " + format_time(s->expires)
                                         : "runs out in " + std::to_string(days) + (days == 1 ? " day" : " days") + ", on " +
                                               format_time(s->expires);
    const std::string what = count[group] == 1 ? sanitize(s->role) : group + " (" + std::to_string(count[group]) + " documents)";
    out.push_back("the signature of " + what + " " + when + "; " + remedy(*s, dir));
  }
  return out;
}

void look_at_keys(const Workplace& place, StatusReport& out) {
  const auto keys = place.keys->list();
  if (!keys || place.settings.mode == Mode::unknown) {
    out.warnings.push_back("the keys and settings of this registry cannot be looked at here (" + place.keys_home.string() +
                           "): nothing is said about them");
    return;
  }
  std::size_t open = 0;
  for (const auto& k : *keys) {
    if (!k.encrypted) ++open;
    if (!k.readable_by_others) continue;
    out.warnings.push_back("the private key " + k.file.string() +
                           " can be read by others: chmod 600 it, and replace it if they may have");
    out.attention = true;
  }
  if (open > 0)
    out.warnings.push_back(std::to_string(open) + " private keys in " + place.keys_home.string() + " are not encrypted");
}

}  // namespace

Result<RefreshReport> refresh(const fs::Path& dir, bool only_if_due, const KeyOptions& options) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, options, "refresh"));
  NANO_TRY_ASSIGN(const auto done, place.repo->refresh(only_if_due));
  RefreshReport out{.done = done.done, .renewed = done.roles};
  for (const std::string& c : done.closed) out.warnings.push_back("not renewed, " + c);
  NANO_TRY_ASSIGN(const auto roles, place.repo->status());
  for (auto& w : sentences(roles, place.settings.lifetimes(), place.now, dir, false)) out.warnings.push_back(std::move(w));
  return out;
}

Result<std::vector<std::string>> runs_out(const fs::Path& dir, const KeyOptions& options) {
  NANO_TRY_ASSIGN(auto place, Workplace::look(dir, options.now != 0 ? options.now : now()));
  for (const fs::Path& folder : options.folders) NANO_TRY(place.keys->look_into(folder));
  NANO_TRY_ASSIGN(const auto roles, place.repo->status());
  return sentences(roles, place.settings.lifetimes(), place.now, dir, true);
}

Result<StatusReport> status(const fs::Path& dir, UnixTime now) {
  NANO_TRY_ASSIGN(auto place, Workplace::look(dir, now));
  StatusReport out{.id = place.repo->id(), .mode = place.settings.mode};
  const auto lifetimes = place.settings.lifetimes();
  NANO_TRY_ASSIGN(auto roles, place.repo->status());
  std::stable_sort(roles.begin(), roles.end(), [](const auto& a, const auto& b) { return a.expires < b.expires; });
  for (const auto& s : roles) {
    RoleRow row{.role = s.role,
                .version = s.version,
                .expires = format_time(s.expires),
                .days_left = whole_days(s.expires - now),
                .threshold = s.threshold,
                .key_ids = s.key_ids,
                .keys_here = s.keys_here,
                .soon = runs_out_soon(s, lifetimes, now)};
    out.attention = out.attention || row.soon;
    out.roles.push_back(std::move(row));
  }
  out.urgent = sentences(roles, lifetimes, now, dir, true);
  look_at_keys(place, out);
  if (place.settings.mode == Mode::simple)
    out.warnings.push_back(
        "simple: all keys lie on this machine, so whoever takes it over can sign anything in this registry's "
        "name (share/doc/nanom/HOSTING.md)");
  if (place.settings.mode == Mode::fixed)
    out.warnings.push_back(
        "static: signatures hold for years, so an old copy of this registry is not told from the present one "
        "(share/doc/nanom/HOSTING.md)");
  return out;
}

}  // namespace nano::server
