// registry/repository/upkeep.cpp: signatures renewed before they expire, and keys replaced.
#include <algorithm>

#include "registry/repository/repository_impl.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

bool is_top_level(std::string_view role) { return role == tuf::kRoot || role == tuf::kTargets || role == tuf::kSnapshot || role == tuf::kTimestamp; }

Error no_such_role(std::string_view role, std::string_view which) {
  return make_error(Errc::usage, "'" + std::string(role) + "' is no role whose keys or signature can be changed so", "one of " + std::string(which));
}

/// The delegated roles a word stands for: itself, or all reg.<hh> for "reg" and "registrar".
std::vector<std::string> roles_of(const tuf::Targets& targets, std::string_view word) {
  std::vector<std::string> out;
  for (const tuf::Delegation& d : targets.delegations->roles)
    if (d.name == word || ((word == "reg" || word == roles::kRegistrar) && roles::is_reg(d.name))) out.push_back(d.name);
  return out;
}

}  // namespace

Result<bool> Repository::refresh(bool only_if_due) {
  const OpenOptions& o = impl_->options;
  NANO_TRY_ASSIGN(const tuf::Targets* index, impl_->served->role(roles::kIndex, tuf::kTargets));
  const auto due = [&](const tuf::Header& header, std::string_view role) { return header.expires - o.now < o.lifetimes.of(role) / 2; };
  const bool index_due = due(index->header, roles::kIndex);
  if (only_if_due && !index_due && !due(impl_->served->timestamp().header, tuf::kTimestamp) && !due(impl_->served->snapshot().header, tuf::kSnapshot) &&
      !impl_->served->root_is_ahead())
    return false;
  Edition changes = impl_->edition();
  if (!only_if_due || index_due) {
    NANO_TRY_ASSIGN(const tuf::RoleKeys by, impl_->keys_of(roles::kIndex));
    changes.put(std::string(roles::kIndex), *index, by);
  }
  NANO_TRY(impl_->commit(changes));
  return true;
}

Status Repository::rotate(std::string_view role, const std::vector<verify::PublicKey>& new_keys, uint32_t threshold) {
  if (new_keys.empty() || threshold < 1 || threshold > new_keys.size())
    return make_error(Errc::usage, "a role needs at least one key, and a threshold between 1 and the number of its keys");
  NANO_TRY_ASSIGN(const tuf::Targets* served_targets, impl_->served->targets());
  tuf::Targets targets = *served_targets;
  Edition changes = impl_->edition();
  if (is_top_level(role)) {
    tuf::Root root = impl_->served->root();
    tuf::RoleKeys& entry = root.roles.at(std::string(role));
    entry.key_ids.clear();
    entry.threshold = threshold;
    for (const auto& k : new_keys) root.add_key(role, tuf::Key::of(k));
    std::erase_if(root.keys, [&](const auto& key) {
      return std::none_of(root.roles.begin(), root.roles.end(), [&](const auto& r) {
        return std::find(r.second.key_ids.begin(), r.second.key_ids.end(), key.first) != r.second.key_ids.end();
      });
    });
    if (role == tuf::kTargets) changes.put(std::string(tuf::kTargets), std::move(targets), root.roles.at(std::string(tuf::kTargets)));
    changes.put_root(std::move(root));
    return impl_->commit(changes);
  }
  const std::vector<std::string> names = roles_of(targets, role);
  if (names.empty()) return no_such_role(role, "root, targets, snapshot, timestamp, advisory, index, registrar");
  tuf::RoleKeys by;
  by.threshold = threshold;
  for (const auto& k : new_keys) {
    targets.delegations->keys.insert_or_assign(k.key_id(), tuf::Key::of(k));
    by.key_ids.push_back(k.key_id());
  }
  for (tuf::Delegation& d : targets.delegations->roles)
    if (std::find(names.begin(), names.end(), d.name) != names.end()) d.keys = by;
  std::erase_if(targets.delegations->keys, [&](const auto& key) {
    return std::none_of(targets.delegations->roles.begin(), targets.delegations->roles.end(), [&](const tuf::Delegation& d) {
      return std::find(d.keys.key_ids.begin(), d.keys.key_ids.end(), key.first) != d.keys.key_ids.end();
    });
  });
  for (const std::string& name : names) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, impl_->served->role(name, tuf::kTargets));
    changes.put(name, *body, by);
  }
  changes.put(std::string(tuf::kTargets), std::move(targets), impl_->served->root().roles.at(std::string(tuf::kTargets)));
  return impl_->commit(changes);
}

Status Repository::renew(std::string_view role) {
  Edition changes = impl_->edition();
  NANO_TRY_ASSIGN(const tuf::Targets* targets, impl_->served->targets());
  if (role == tuf::kRoot) {
    changes.put_root(impl_->served->root());
  } else if (role == tuf::kTargets) {
    changes.put(std::string(role), *targets, impl_->served->root().roles.at(std::string(role)));
  } else {
    const std::vector<std::string> names = roles_of(*targets, role);
    if (names.empty()) return no_such_role(role, "root, targets, advisory, reg");
    for (const std::string& name : names) {
      NANO_TRY_ASSIGN(const tuf::Targets* body, impl_->served->role(name, tuf::kTargets));
      changes.put(name, *body, targets->delegations->find(name)->keys);
    }
  }
  return impl_->commit(changes);
}

Result<std::vector<RoleStatus>> Repository::status() {
  std::vector<RoleStatus> out;
  const auto add = [&](std::string role, const tuf::Header& header, const tuf::RoleKeys& by) {
    RoleStatus s{.role = std::move(role), .version = header.version, .expires = header.expires, .threshold = by.threshold, .key_ids = by.key_ids};
    s.keys_here = static_cast<uint32_t>(std::count_if(by.key_ids.begin(), by.key_ids.end(), [&](const std::string& id) { return impl_->keys.has(id); }));
    out.push_back(std::move(s));
  };
  Served& served = *impl_->served;
  const auto top = [&](std::string_view role) { return served.root().roles.at(std::string(role)); };
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  add(std::string(tuf::kRoot), served.root().header, top(tuf::kRoot));
  add(std::string(tuf::kTargets), targets->header, top(tuf::kTargets));
  for (const tuf::Delegation& d : targets->delegations->roles) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, served.role(d.name, tuf::kTargets));
    add(d.name, body->header, d.keys);
    if (!body->delegations) continue;
    for (const tuf::Delegation& sub : body->delegations->roles) {
      NANO_TRY_ASSIGN(const tuf::Targets* ns, served.role(sub.name, d.name));
      add(sub.name, ns->header, sub.keys);
      const tuf::Delegation* rel = ns->delegations ? ns->delegations->find(sub.name + ".rel") : nullptr;
      if (rel == nullptr) continue;
      NANO_TRY_ASSIGN(const tuf::Targets* releases, served.role(rel->name, sub.name));
      add(rel->name, releases->header, rel->keys);
    }
  }
  add(std::string(tuf::kSnapshot), served.snapshot().header, top(tuf::kSnapshot));
  add(std::string(tuf::kTimestamp), served.timestamp().header, top(tuf::kTimestamp));
  return out;
}

}  // namespace nano::registry
