// verify/tuf/metadata_write.cpp: types back to `signed` objects, unknown fields included.
#include <algorithm>

#include "verify/tuf/metadata.h"

namespace nano::verify::tuf {
namespace {

/// An object to fill: the unknown fields first, so that a known one can never be shadowed by them.
Json begin(const Json& extra) {
  return extra.is_object() ? extra : Json::object();
}

Json begin(const Header& h, std::string_view type) {
  Json out = begin(h.extra);
  out["_type"] = type;
  out["spec_version"] = h.spec_version;
  out["version"] = h.version;
  out["expires"] = format_time(h.expires);
  return out;
}

Json keys_json(const Keys& keys) {
  Json out = Json::object();
  for (const auto& entry : keys) out[entry.first] = entry.second.json();
  return out;
}

Json role_json(const RoleKeys& role) {
  Json out = begin(role.extra);
  out["keyids"] = role.key_ids;
  out["threshold"] = role.threshold;
  return out;
}

Json meta_json(const MetaFile& m) {
  Json out = begin(m.extra);
  out["version"] = m.version;
  if (m.length) out["length"] = *m.length;
  if (!m.hashes.empty()) out["hashes"] = m.hashes;
  return out;
}

void add_once(RoleKeys& role, const Key& key) {
  if (std::find(role.key_ids.begin(), role.key_ids.end(), key.id()) == role.key_ids.end())
    role.key_ids.push_back(key.id());
}

}  // namespace

Json Root::to_json() const {
  Json out = begin(header, kRoot);
  out["consistent_snapshot"] = consistent_snapshot;
  out["keys"] = keys_json(keys);
  Json list = Json::object();
  for (const auto& entry : roles) list[entry.first] = role_json(entry.second);
  out["roles"] = std::move(list);
  return out;
}

void Root::add_key(std::string_view role, const Key& key) {
  add_once(roles[std::string(role)], key);
  keys.insert_or_assign(key.id(), key);
}

Json Timestamp::to_json() const {
  Json out = begin(header, kTimestamp);
  out["meta"] = Json{{"snapshot.json", meta_json(snapshot)}};
  return out;
}

Json Snapshot::to_json() const {
  Json out = begin(header, kSnapshot);
  Json list = Json::object();
  for (const auto& entry : meta) list[entry.first] = meta_json(entry.second);
  out["meta"] = std::move(list);
  return out;
}

const MetaFile* Snapshot::find(std::string_view role) const {
  const auto it = meta.find(std::string(role) + ".json");
  return it == meta.end() ? nullptr : &it->second;
}

const Delegation* Delegations::find(std::string_view role) const {
  const auto it =
      std::find_if(roles.begin(), roles.end(), [&](const Delegation& d) { return d.name == role; });
  return it == roles.end() ? nullptr : &*it;
}

Json Targets::to_json() const {
  Json out = begin(header, kTargets);
  Json list = Json::object();
  for (const auto& entry : targets) {
    Json file = begin(entry.second.extra);
    file["length"] = entry.second.length;
    file["hashes"] = entry.second.hashes;
    if (!entry.second.custom.absent()) file["custom"] = entry.second.custom.json();
    list[entry.first] = std::move(file);
  }
  out["targets"] = std::move(list);
  if (!delegations) return out;
  Json d = begin(delegations->extra);
  d["keys"] = keys_json(delegations->keys);
  Json roles = Json::array();
  for (const Delegation& role : delegations->roles) {
    Json r = role_json(role.keys);
    r["name"] = role.name;
    r["terminating"] = role.terminating;
    if (role.paths) r["paths"] = *role.paths;
    if (role.path_hash_prefixes) r["path_hash_prefixes"] = *role.path_hash_prefixes;
    roles.push_back(std::move(r));
  }
  d["roles"] = std::move(roles);
  out["delegations"] = std::move(d);
  return out;
}

void Targets::add_key(std::string_view role, const Key& key) {
  NANO_ASSERT(delegations.has_value());
  const auto it = std::find_if(delegations->roles.begin(), delegations->roles.end(),
                               [&](const Delegation& d) { return d.name == role; });
  NANO_ASSERT(it != delegations->roles.end());
  add_once(it->keys, key);
  delegations->keys.insert_or_assign(key.id(), key);
}

}  // namespace nano::verify::tuf
