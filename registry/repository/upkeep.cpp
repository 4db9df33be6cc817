// registry/repository/upkeep.cpp: signatures renewed before they expire, and keys replaced.
#include <algorithm>

#include "registry/repository/repository_impl.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr std::string_view kAllRoles = "all";

bool is_top_level(std::string_view role) {
  return role == tuf::kRoot || role == tuf::kTargets || role == tuf::kSnapshot || role == tuf::kTimestamp;
}

Error no_such_role(std::string_view role, std::string_view which) {
  return make_error(Errc::usage,
                    "'" + std::string(role) + "' is no role whose keys or signature can be changed so",
                    "one of " + std::string(which));
}

/// The delegated roles a word stands for: itself, all reg.<hh> for "reg" and "registrar", those that a person signs for "all".
std::vector<std::string> roles_of(const tuf::Targets& targets, std::string_view word) {
  std::vector<std::string> out;
  for (const tuf::Delegation& d : targets.delegations->roles)
    if (d.name == word || ((word == "reg" || word == roles::kRegistrar || word == kAllRoles) && roles::is_reg(d.name)) ||
        (word == kAllRoles && d.name == roles::kAdvisory))
      out.push_back(d.name);
  return out;
}

/// What a rotation changes: the root, or "targets" and the roles whose keys it names.
struct Rotation {
  std::optional<tuf::Root> root{};
  std::optional<tuf::Targets> targets{};
  std::vector<std::string> roles{};  ///< delegated ones, to be signed anew by `by`
  tuf::RoleKeys by{};
};

template <class Entries, class KeysOf>
void drop_unused(tuf::Keys& keys, const Entries& roles, KeysOf keys_of) {
  std::erase_if(keys, [&](const auto& key) {
    return std::none_of(roles.begin(), roles.end(), [&](const auto& r) {
      const tuf::RoleKeys& by = keys_of(r);
      return std::find(by.key_ids.begin(), by.key_ids.end(), key.first) != by.key_ids.end();
    });
  });
}

Result<Rotation> plan_rotation(Served& served, std::string_view role,
                               const std::vector<verify::PublicKey>& new_keys, uint32_t threshold) {
  if (new_keys.empty() || threshold < 1 || threshold > new_keys.size())
    return make_error(Errc::usage,
                      "a role needs at least one key, and a threshold between 1 and the number of its keys");
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  Rotation out;
  out.by.threshold = threshold;
  for (const auto& k : new_keys) out.by.key_ids.push_back(k.key_id());
  if (is_top_level(role)) {
    out.root = served.root();
    out.root->roles.at(std::string(role)) = out.by;
    for (const auto& k : new_keys) out.root->keys.insert_or_assign(k.key_id(), tuf::Key::of(k));
    drop_unused(out.root->keys, out.root->roles,
                [](const auto& entry) -> const tuf::RoleKeys& { return entry.second; });
    if (role == tuf::kTargets) out.targets = *targets;
    return out;
  }
  out.roles = roles_of(*targets, role);
  if (out.roles.empty())
    return no_such_role(role, "root, targets, snapshot, timestamp, advisory, index, registrar");
  out.targets = *targets;
  tuf::Delegations& d = *out.targets->delegations;
  for (const auto& k : new_keys) d.keys.insert_or_assign(k.key_id(), tuf::Key::of(k));
  for (tuf::Delegation& r : d.roles)
    if (std::find(out.roles.begin(), out.roles.end(), r.name) != out.roles.end()) r.keys = out.by;
  drop_unused(d.keys, d.roles, [](const tuf::Delegation& r) -> const tuf::RoleKeys& { return r.keys; });
  return out;
}

}  // namespace

/// Can enough of the keys that are here be opened? An error says why not: their passphrase, or a file that others can read.
Status Repository::Impl::open_enough(const tuf::RoleKeys& by) {
  uint32_t opened = 0;
  std::optional<Error> closed;
  for (const std::string& id : by.key_ids) {
    if (!keys.has(id)) continue;
    auto key = keys.find(id);
    if (key && *key != nullptr)
      ++opened;
    else if (!key && !closed)
      closed = std::move(key.error());
  }
  if (opened >= by.threshold) return Unit{};
  return closed ? std::move(*closed) : make_error(Errc::denied, "its keys are not at hand");
}

/// Roles that live for months, signed anew while it is easy: their keys are here.
Status Repository::Impl::renew_what_is_due(Edition& changes, const std::vector<RoleStatus>& all, Refreshed& out) {
  for (const RoleStatus& s : all) {
    const bool by_timer = s.role == tuf::kTimestamp || s.role == tuf::kSnapshot || s.role == roles::kIndex;
    if (by_timer || s.keys_here < s.threshold || s.expires - options.now >= options.lifetimes.of(s.role) / 2) continue;
    const tuf::RoleKeys by{.key_ids = s.key_ids, .threshold = s.threshold};
    if (const auto open = open_enough(by); !open) {
      out.closed.push_back(s.role + ": " + open.error().message);
      continue;
    }
    out.roles.push_back(s.role);
    if (s.role == tuf::kRoot) {
      changes.put_root(served->root());
      continue;
    }
    NANO_TRY_ASSIGN(const tuf::Targets* body, s.role == tuf::kTargets ? served->targets() : served->role(s.role, s.delegator));
    tuf::Targets next = *body;
    for (const std::string_view field : {roles::kProofField, roles::kRoleField})  // they have served
      if (next.header.extra.is_object()) next.header.extra.erase(std::string(field));
    changes.put(s.role, std::move(next), by);
  }
  return Unit{};
}

Result<Repository::Refreshed> Repository::refresh(bool only_if_due) {
  const OpenOptions& o = impl_->options;
  Refreshed out;
  NANO_TRY_ASSIGN(const tuf::Targets* index, impl_->served->role(roles::kIndex, tuf::kTargets));
  const auto due = [&](const tuf::Header& header, std::string_view role) {
    return header.expires - o.now < o.lifetimes.of(role) / 2;
  };
  Edition changes = impl_->edition();
  NANO_TRY_ASSIGN(const auto all, status());
  NANO_TRY(impl_->renew_what_is_due(changes, all, out));
  const bool index_due = due(index->header, roles::kIndex);
  if (only_if_due && out.roles.empty() && !index_due && !due(impl_->served->timestamp().header, tuf::kTimestamp) &&
      !due(impl_->served->snapshot().header, tuf::kSnapshot) && !impl_->served->root_is_ahead())
    return out;
  if (!only_if_due || index_due) {
    NANO_TRY_ASSIGN(const tuf::RoleKeys by, impl_->keys_of(roles::kIndex));
    changes.put(std::string(roles::kIndex), *index, by);
  }
  NANO_TRY(impl_->commit(changes));
  out.done = true;
  return out;
}

Status Repository::rotate(std::string_view role, const std::vector<verify::PublicKey>& new_keys,
                          uint32_t threshold) {
  NANO_TRY_ASSIGN(Rotation plan, plan_rotation(*impl_->served, role, new_keys, threshold));
  Edition changes = impl_->edition();
  for (const std::string& name : plan.roles) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, impl_->served->role(name, tuf::kTargets));
    changes.put(name, *body, plan.by);
  }
  const tuf::Root& root = plan.root ? *plan.root : impl_->served->root();
  if (plan.targets)
    changes.put(std::string(tuf::kTargets), std::move(*plan.targets),
                root.roles.at(std::string(tuf::kTargets)));
  if (plan.root) changes.put_root(std::move(*plan.root));
  return impl_->commit(changes);
}

Result<std::vector<Draft>> Repository::rotation_drafts(
    std::string_view role, const std::vector<verify::PublicKey>& new_keys, uint32_t threshold) {
  Served& served = *impl_->served;
  NANO_TRY_ASSIGN(Rotation plan, plan_rotation(served, role, new_keys, threshold));
  std::vector<Draft> out;
  const auto both = [](tuf::RoleKeys a, const tuf::RoleKeys& b) {
    for (const std::string& id : b.key_ids)
      if (std::find(a.key_ids.begin(), a.key_ids.end(), id) == a.key_ids.end()) a.key_ids.push_back(id);
    return a;
  };
  const tuf::RoleKeys old_targets = served.root().roles.at(std::string(tuf::kTargets));
  if (plan.root) {
    const tuf::RoleKeys by =
        both(plan.root->roles.at(std::string(tuf::kRoot)), served.root().roles.at(std::string(tuf::kRoot)));
    NANO_TRY_ASSIGN(auto draft, impl_->draft_root(std::move(*plan.root), by));
    out.push_back(std::move(draft));
  }
  if (plan.targets) {
    NANO_TRY_ASSIGN(auto draft, impl_->draft_role(*plan.targets, std::string(tuf::kTargets),
                                                  plan.root ? both(plan.by, old_targets) : old_targets));
    out.push_back(std::move(draft));
  }
  for (const std::string& name : plan.roles) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, served.role(name, tuf::kTargets));
    NANO_TRY_ASSIGN(auto draft, impl_->draft_role(*body, name, plan.by));
    out.push_back(std::move(draft));
  }
  return out;
}

Status Repository::renew(std::string_view role) {
  Edition changes = impl_->edition();
  NANO_TRY_ASSIGN(const tuf::Targets* targets, impl_->served->targets());
  const bool all = role == kAllRoles;
  if (role == tuf::kRoot || all) changes.put_root(impl_->served->root());
  if (role == tuf::kTargets || all)
    changes.put(std::string(tuf::kTargets), *targets, impl_->served->root().roles.at(std::string(tuf::kTargets)));
  if (role != tuf::kRoot && role != tuf::kTargets) {
    const std::vector<std::string> names = roles_of(*targets, role);
    if (names.empty()) return no_such_role(role, "root, targets, advisory, reg, all");
    for (const std::string& name : names) {
      NANO_TRY_ASSIGN(const tuf::Targets* body, impl_->served->role(name, tuf::kTargets));
      changes.put(name, *body, targets->delegations->find(name)->keys);
    }
  }
  return impl_->commit(changes);
}

Result<std::vector<RoleStatus>> Repository::status() {
  std::vector<RoleStatus> out;
  const auto add = [&](std::string role, const tuf::Header& header, const tuf::RoleKeys& by,
                       std::string_view delegator = {}) {
    RoleStatus s{.role = std::move(role),
                 .delegator = std::string(delegator),
                 .version = header.version,
                 .expires = header.expires,
                 .threshold = by.threshold,
                 .key_ids = by.key_ids};
    s.keys_here = static_cast<uint32_t>(std::count_if(
        by.key_ids.begin(), by.key_ids.end(), [&](const std::string& id) { return impl_->keys.has(id); }));
    out.push_back(std::move(s));
  };
  Served& served = *impl_->served;
  const auto top = [&](std::string_view role) { return served.root().roles.at(std::string(role)); };
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  add(std::string(tuf::kRoot), served.root().header, top(tuf::kRoot));
  add(std::string(tuf::kTargets), targets->header, top(tuf::kTargets));
  for (const tuf::Delegation& d : targets->delegations->roles) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, served.role(d.name, tuf::kTargets));
    add(d.name, body->header, d.keys, tuf::kTargets);
    if (!body->delegations) continue;
    for (const tuf::Delegation& sub : body->delegations->roles) {
      NANO_TRY_ASSIGN(const tuf::Targets* ns, served.role(sub.name, d.name));
      add(sub.name, ns->header, sub.keys, d.name);
      const tuf::Delegation* rel = ns->delegations ? ns->delegations->find(sub.name + ".rel") : nullptr;
      if (rel == nullptr) continue;
      NANO_TRY_ASSIGN(const tuf::Targets* releases, served.role(rel->name, sub.name));
      add(rel->name, releases->header, rel->keys, sub.name);
    }
  }
  add(std::string(tuf::kSnapshot), served.snapshot().header, top(tuf::kSnapshot));
  add(std::string(tuf::kTimestamp), served.timestamp().header, top(tuf::kTimestamp));
  return out;
}

}  // namespace nano::registry
