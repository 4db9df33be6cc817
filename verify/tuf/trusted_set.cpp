// verify/tuf/trusted_set.cpp: the rules of the client workflow. Numbers in comments are clauses of TUF 1.0.34.
#include "verify/tuf/trusted_set.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "verify/tuf/hashes.h"

namespace nano::verify::tuf {
namespace {

Error untrusted(
    std::string message,
    std::string hint = "do not use it; if it persists, tell the registry's operator over another channel") {
  return make_error(Errc::untrusted, std::move(message), std::move(hint));
}
Error out_of_order(const char* what) {
  return make_error(Errc::internal, std::string("TUF workflow out of order: ") + what);
}

std::string role_text(std::string_view role) {
  return is_reserved_role(role) ? std::string(role) : "role '" + sanitize(role.substr(0, 80)) + "'";
}
std::string named(std::string_view role, uint64_t version) {
  return role_text(role) + " version " + std::to_string(version);
}

/// The keys a role may be signed with, each once, however it is written down.
std::set<std::string> key_material(const Keys& keys, const RoleKeys& role) {
  std::set<std::string> out;
  for (const std::string& id : role.key_ids) {
    const auto it = keys.find(id);
    if (it != keys.end() && it->second.usable()) out.insert(it->second.fingerprint());
  }
  return out;
}

/// Names a set of keys and a threshold: two delegations with the same text accept the same documents.
std::string authority_text(const Keys& keys, const RoleKeys& role) {
  std::string out = std::to_string(role.threshold);
  for (const std::string& f : key_material(keys, role)) out += "|" + f;
  return out;
}

Error while_reading(Error e, std::string_view role) {
  return std::move(e).while_("reading the metadata of " + role_text(role));
}

}  // namespace

Status TrustedSet::check_fresh(const Header& header, std::string_view role) {
  // "The expiration timestamp MUST be higher than the fixed update start time" (5.3.10, 5.4.4, 5.5.6, 5.6.5).
  if (header.expires > time_.now) return Unit{};
  if (time_.max_stale_s > 0 && header.expires > time_.now - time_.max_stale_s) {
    const bool noted =
        std::any_of(stale_.begin(), stale_.end(), [&](const Voucher& v) { return v.role == role; });
    if (!noted)
      stale_.push_back(
          {.role = std::string(role), .version = header.version, .expires = header.expires, .key_ids = {}});
    return Unit{};
  }
  return untrusted(
      named(role, header.version) + " expired at " + format_time(header.expires) + ", before " +
          format_time(time_.now),
      "the registry is no longer maintained, a mirror is frozen, or this machine's clock is wrong");
}

// --- root ------------------------------------------------------------------------------------------------------

Result<TrustedSet> TrustedSet::start(std::string_view bytes, const Freshness& time, const Limits& limits) {
  TrustedSet out;
  out.time_ = time;
  out.limits_ = limits;
  NANO_TRY_ASSIGN(auto read, read_role<Root>(bytes, limits.root_bytes));
  const Document doc = std::move(read.first);
  out.root_ = std::move(read.second);
  // 5.2: a trusted root is signed by its own keys; else it is no root that ever was.
  NANO_TRY_ASSIGN(out.root_signers_,
                  verify_document(doc, out.root_.keys, out.root_.roles.at(std::string(kRoot)),
                                  named(kRoot, out.root_.header.version)));
  return out;
}

Status TrustedSet::update_root(std::string_view bytes) {
  if (root_final_) return out_of_order("a root after the timestamp");
  auto read = read_role<Root>(bytes, limits_.root_bytes);
  if (!read) return while_reading(std::move(read.error()), kRoot);
  const Document* const doc = &read->first;
  Root* const next = &read->second;
  const std::string role(kRoot);
  const std::string what = named(kRoot, next->header.version);
  // 5.3.4: signed by a threshold of the trusted root's keys ...
  NANO_TRY(verify_document(*doc, root_.keys, root_.roles.at(role),
                           what + " (by the keys of version " + std::to_string(root_.header.version) + ")"));
  // 5.3.4: ... and by a threshold of its own.
  NANO_TRY_ASSIGN(auto signers,
                  verify_document(*doc, next->keys, next->roles.at(role), what + " (by its own keys)"));
  // 5.3.5: exactly the next version, so that a rollback and a leap are both refused.
  if (next->header.version != root_.header.version + 1)
    return untrusted("root version " + std::to_string(next->header.version) + " came where version " +
                     std::to_string(root_.header.version + 1) + " was due");
  // 5.3.6: it does not matter yet whether it has expired.
  online_keys_changed_ = false;
  for (const std::string_view online : {kTimestamp, kSnapshot}) {
    const std::string name(online);
    if (key_material(root_.keys, root_.roles.at(name)) != key_material(next->keys, next->roles.at(name)))
      online_keys_changed_ = true;
  }
  root_ = std::move(*next);  // 5.3.7
  root_signers_ = std::move(signers);
  return Unit{};
}

Status TrustedSet::finish_root() {
  NANO_TRY(check_fresh(root_.header, kRoot));  // 5.3.10
  root_final_ = true;
  return Unit{};
}

// --- timestamp -------------------------------------------------------------------------------------------------

Result<TrustedSet::Taken> TrustedSet::update_timestamp(std::string_view bytes, Source source) {
  if (!root_final_) return out_of_order("a timestamp before the root is final");
  if (snapshot_) return out_of_order("a timestamp after the snapshot");
  auto read = read_role<Timestamp>(bytes, limits_.timestamp_bytes);
  if (!read) return while_reading(std::move(read.error()), kTimestamp);
  const Document* const doc = &read->first;
  Timestamp* const next = &read->second;
  const uint64_t version = next->header.version;
  // 5.4.2
  NANO_TRY_ASSIGN(auto signers, verify_document(*doc, root_.keys, root_.roles.at(std::string(kTimestamp)),
                                                named(kTimestamp, version)));
  if (timestamp_) {
    // 5.4.3.1: a lower version is a rollback; the same one is no news.
    if (version < timestamp_->header.version)
      return untrusted("timestamp version " + std::to_string(version) + " is older than version " +
                       std::to_string(timestamp_->header.version) + ", which was seen before: a rollback");
    if (version == timestamp_->header.version) return Taken::unchanged;
    // 5.4.3.2
    if (next->snapshot.version < timestamp_->snapshot.version)
      return untrusted("timestamp version " + std::to_string(version) + " names snapshot version " +
                       std::to_string(next->snapshot.version) + ", and version " +
                       std::to_string(timestamp_->snapshot.version) + " was seen before: a rollback");
  }
  // 5.4.4. An expired local one is still the measure for the rollback checks above.
  if (source == Source::remote) NANO_TRY(check_fresh(next->header, kTimestamp));
  timestamp_ = std::move(*next);
  timestamp_signers_ = std::move(signers);
  return Taken::updated;
}

Status TrustedSet::check_timestamp() {
  if (!timestamp_) return out_of_order("no timestamp");
  return check_fresh(timestamp_->header, kTimestamp);
}

// --- snapshot --------------------------------------------------------------------------------------------------

Status TrustedSet::update_snapshot(std::string_view bytes, Source source) {
  if (!roles_.empty()) return out_of_order("a snapshot after targets");
  NANO_TRY(check_timestamp());
  const MetaFile& promised = timestamp_->snapshot;
  const std::string file = named(kSnapshot, promised.version);
  const auto same_bytes = check_hashes(bytes, promised.length, promised.hashes, file);
  if (source == Source::remote && !same_bytes) return same_bytes;  // 5.5.2
  auto read = read_role<Snapshot>(bytes, limits_.snapshot_bytes);
  if (!read) return while_reading(std::move(read.error()), kSnapshot);
  const Document* const doc = &read->first;
  Snapshot* const next = &read->second;
  // 5.5.3
  NANO_TRY_ASSIGN(auto signers, verify_document(*doc, root_.keys, root_.roles.at(std::string(kSnapshot)),
                                                named(kSnapshot, next->header.version)));
  if (source == Source::remote) {
    // 5.5.4
    if (next->header.version != promised.version)
      return untrusted("snapshot version " + std::to_string(next->header.version) +
                       " came where the timestamp names version " + std::to_string(promised.version));
    if (snapshot_) {
      // Not in the specification, which measures by the timestamp alone; it matters when the local timestamp was lost.
      if (next->header.version < snapshot_->header.version)
        return untrusted("snapshot version " + std::to_string(next->header.version) +
                         " is older than version " + std::to_string(snapshot_->header.version) +
                         ", which was seen before: a rollback");
      // 5.5.5: no role is rolled back, and none disappears.
      for (const auto& entry : snapshot_->meta) {
        const auto now = next->meta.find(entry.first);
        const std::string name = "'" + sanitize(entry.first.substr(0, 80)) + "'";
        if (now == next->meta.end())
          return untrusted("snapshot version " + std::to_string(next->header.version) + " no longer lists " +
                           name + ", which was seen before");
        if (now->second.version < entry.second.version)
          return untrusted("snapshot version " + std::to_string(next->header.version) + " lists " + name +
                           " at version " + std::to_string(now->second.version) + ", and version " +
                           std::to_string(entry.second.version) + " was seen before: a rollback");
      }
    }
    NANO_TRY(check_fresh(next->header, kSnapshot));  // 5.5.6
  }
  snapshot_ = std::move(*next);
  snapshot_signers_ = std::move(signers);
  snapshot_matches_ = same_bytes.has_value();
  return Unit{};
}

Status TrustedSet::check_snapshot() {
  if (!snapshot_) return out_of_order("no snapshot");
  if (snapshot_->header.version != timestamp_->snapshot.version)
    return untrusted("snapshot version " + std::to_string(snapshot_->header.version) + " is not version " +
                     std::to_string(timestamp_->snapshot.version) + ", which the timestamp names");
  if (!snapshot_matches_) return untrusted("the snapshot has not the bytes that the timestamp names");
  return check_fresh(snapshot_->header, kSnapshot);
}

// --- targets ---------------------------------------------------------------------------------------------------

Result<TrustedSet::Authority> TrustedSet::authority(std::string_view name, std::string_view delegator) const {
  if (name == kTargets) {
    if (delegator != kRoot) return out_of_order("targets is root's to delegate");
    return Authority{.keys = &root_.keys, .role = &root_.roles.at(std::string(kTargets))};
  }
  const auto by = roles_.find(delegator);
  if (by == roles_.end()) return out_of_order("the delegator is not loaded");
  const Delegation* d = by->second.body.delegations ? by->second.body.delegations->find(name) : nullptr;
  if (d == nullptr) return untrusted(role_text(delegator) + " does not delegate to " + role_text(name));
  return Authority{.keys = &by->second.body.delegations->keys, .role = &d->keys};
}

Status TrustedSet::load(std::string_view name, std::string_view delegator, std::string_view bytes) {
  NANO_TRY(check_snapshot());
  NANO_TRY_ASSIGN(const Authority by, authority(name, delegator));
  const MetaFile* promised = snapshot_->find(name);
  if (promised == nullptr) return untrusted("the snapshot does not list " + role_text(name));
  const std::string file = named(name, promised->version);
  NANO_TRY(check_hashes(bytes, promised->length, promised->hashes, file));  // 5.6.2
  auto read = read_role<Targets>(bytes, limits_.targets_bytes);
  if (!read) return while_reading(std::move(read.error()), name);
  Document* const doc = &read->first;
  Targets* const body = &read->second;
  // 5.6.3: with the keys of whoever delegated to it.
  NANO_TRY_ASSIGN(auto signers, verify_document(*doc, *by.keys, *by.role, named(name, body->header.version)));
  if (body->header.version != promised->version)  // 5.6.4
    return untrusted(named(name, body->header.version) + " came where the snapshot names version " +
                     std::to_string(promised->version));
  NANO_TRY(check_fresh(body->header, name));  // 5.6.5
  LoadedRole loaded;
  loaded.name = name;
  loaded.vouchers.emplace(authority_text(*by.keys, *by.role), std::move(signers));
  loaded.doc = std::move(*doc);
  loaded.body = std::move(*body);
  roles_.insert_or_assign(loaded.name, std::move(loaded));
  return Unit{};
}

Status TrustedSet::update_targets(std::string_view bytes) {
  if (!snapshot_) return out_of_order("targets before the snapshot");
  return load(kTargets, kRoot, bytes);
}

Status TrustedSet::update_delegated(std::string_view role, std::string_view delegator,
                                    std::string_view bytes) {
  if (!snapshot_) return out_of_order("a role before the snapshot");
  if (is_reserved_role(role)) return untrusted("no delegated role may be called '" + std::string(role) + "'");
  return load(role, delegator, bytes);
}

Result<const LoadedRole*> TrustedSet::role(std::string_view name, std::string_view delegator) {
  const auto it = roles_.find(name);
  if (it == roles_.end()) return nullptr;
  NANO_TRY_ASSIGN(const Authority by, authority(name, delegator));
  const std::string text = authority_text(*by.keys, *by.role);
  // A role gets no authority from the delegator it was first reached through (5.6.3, for each delegation).
  if (it->second.vouchers.count(text) == 0) {
    NANO_TRY_ASSIGN(auto signers, verify_document(it->second.doc, *by.keys, *by.role,
                                                  named(name, it->second.body.header.version)));
    it->second.vouchers.emplace(text, std::move(signers));
  }
  return &it->second;
}

Voucher TrustedSet::voucher(std::string_view name, std::string_view delegator) const {
  const auto it = roles_.find(name);
  NANO_ASSERT(it != roles_.end());
  const auto by = authority(name, delegator);
  NANO_ASSERT(by.has_value());
  const auto who = it->second.vouchers.find(authority_text(*by->keys, *by->role));
  NANO_ASSERT(who != it->second.vouchers.end());
  const Header& h = it->second.body.header;
  return {.role = std::string(name), .version = h.version, .expires = h.expires, .key_ids = who->second};
}

std::vector<Voucher> TrustedSet::top_level() const {
  std::vector<Voucher> out;
  const auto add = [&](std::string_view role, const Header& h, const std::vector<std::string>& signers) {
    out.push_back(
        {.role = std::string(role), .version = h.version, .expires = h.expires, .key_ids = signers});
  };
  add(kRoot, root_.header, root_signers_);
  if (timestamp_) add(kTimestamp, timestamp_->header, timestamp_signers_);
  if (snapshot_) add(kSnapshot, snapshot_->header, snapshot_signers_);
  return out;
}

}  // namespace nano::verify::tuf
