// registry/repository/namespaces.cpp: who may publish where: reg.<hh> alone says so, and a name is never given away twice.
#include <algorithm>

#include "base/text.h"
#include "registry/repository/proof.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

/// Keys that no role uses any more are taken out of the list.
void drop_unused(tuf::Delegations& d) {
  std::erase_if(d.keys, [&](const auto& entry) {
    return std::none_of(d.roles.begin(), d.roles.end(), [&](const tuf::Delegation& r) {
      return std::find(r.keys.key_ids.begin(), r.keys.key_ids.end(), entry.first) != r.keys.key_ids.end();
    });
  });
}

}  // namespace

std::string namespace_skeleton(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != '-') out += c == '0' ? 'o' : c == '1' ? 'l' : c;
  return out;
}

Status Repository::Impl::check_new_namespace(const std::string& name) const {
  if (name != schemas::kRootNamespace) NANO_TRY(schemas::check_simple_name(name, "the namespace"));
  const std::string skeleton = namespace_skeleton(name);
  for (const auto& entry : served->snapshot().meta) {
    std::string_view role = entry.first;
    if (role.ends_with(".json")) role.remove_suffix(5);
    const std::string other = roles::namespace_of(role);
    if (other.empty()) continue;
    if (other == name)
      return make_error(Errc::refused,
                        "the namespace '" + name + "' exists or existed, and none is ever given away twice",
                        "`nano-registry namespace list` shows them; `namespace rekey` changes its keys");
    if (namespace_skeleton(other) == skeleton)
      return make_error(Errc::refused,
                        "the namespace '" + name + "' looks like '" + other + "', which exists",
                        "choose a name nobody can mistake for it");
  }
  return Unit{};
}

Status Repository::check_new_namespace(const std::string& name) const {
  return impl_->check_new_namespace(name);
}

Result<Repository::Impl::Home> Repository::Impl::home_or_tombstone(const std::string& name) {
  if (!has_namespace(name))
    return make_error(Errc::not_found, "nobody has the namespace '" + sanitize(name) + "' in this registry",
                      "`nano-registry namespace list` shows them");
  const std::string reg = roles::reg_of(name);
  NANO_TRY_ASSIGN(const tuf::Targets* registrar, served->role(reg, tuf::kTargets));
  NANO_TRY_ASSIGN(const tuf::Targets* role, served->role(roles::ns(name), reg));
  Home out{.name = name, .ns = *role, .ns_keys = registrar->delegations->find(roles::ns(name))->keys};
  const Json& extra = role->header.extra;
  if (extra.is_object() && extra.contains(roles::kTombstoneField))
    out.tombstone = extra.at(roles::kTombstoneField).get<std::string>();
  for (const std::string_view field : {roles::kProofField, roles::kRoleField})  // they have served
    if (out.ns.header.extra.is_object()) out.ns.header.extra.erase(std::string(field));
  const tuf::Delegation* rel = role->delegations ? role->delegations->find(roles::rel(name)) : nullptr;
  if (rel != nullptr) {
    NANO_TRY_ASSIGN(const tuf::Targets* releases, served->role(roles::rel(name), roles::ns(name)));
    out.rel = *releases;
    if (out.rel->header.extra.is_object()) out.rel->header.extra.erase(std::string(roles::kRoleField));
    out.rel_keys = rel->keys;
  }
  return out;
}

Result<Repository::Impl::Home> Repository::Impl::home(const std::string& name) {
  NANO_TRY_ASSIGN(Home out, home_or_tombstone(name));
  if (!out.tombstone.empty())
    return make_error(Errc::refused, "the namespace '" + name + "' was removed: " + sanitize(out.tombstone),
                      "publish in another one: a removed namespace never comes back");
  return out;
}

Status Repository::Impl::delegate(Edition& changes, const std::string& name,
                                  const std::vector<tuf::Key>& owners, uint32_t threshold) {
  if (owners.empty() || threshold < 1 || threshold > owners.size())
    return make_error(
        Errc::usage,
        "a namespace needs at least one key, and a threshold between 1 and the number of its keys");
  NANO_TRY_ASSIGN(const tuf::Targets* delegating, served->targets());
  // Another namespace may have come before this one in the same edition.
  if (const tuf::Targets* planned = changes.planned(tuf::kTargets)) delegating = planned;
  const std::string reg = roles::reg_of(name);
  NANO_TRY_ASSIGN(const tuf::RoleKeys registrar, keys_of(roles::reg_of(schemas::kRootNamespace)));
  tuf::Targets body;
  if (delegating->delegations->find(reg) == nullptr) {
    tuf::Targets targets = *delegating;
    targets.delegations->roles.push_back(roles::delegate_shard(tree::shard(name)));
    targets.delegations->roles.back().keys = registrar;
    changes.put(std::string(tuf::kTargets), std::move(targets),
                served->root().roles.at(std::string(tuf::kTargets)));
  } else if (const tuf::Targets* planned = changes.planned(reg)) {
    body = *planned;
  } else {
    NANO_TRY_ASSIGN(const tuf::Targets* role, served->role(reg, tuf::kTargets));
    body = *role;
  }
  if (!body.delegations) body.delegations.emplace();
  std::erase_if(body.delegations->roles, [&](const tuf::Delegation& d) { return d.name == roles::ns(name); });
  body.delegations->roles.push_back(roles::delegate_namespace(name, roles::ns(name)));
  for (const tuf::Key& k : owners) {
    body.delegations->keys.insert_or_assign(k.id(), k);
    body.delegations->roles.back().keys.key_ids.push_back(k.id());
  }
  body.delegations->roles.back().keys.threshold = threshold;
  drop_unused(*body.delegations);
  // Whatever was announced for the name, this is what came of it.
  if (Json& extra = body.header.extra; extra.is_object() && extra.contains(roles::kRekeyField)) {
    Json& announced = extra[std::string(roles::kRekeyField)];
    if (announced.is_object()) announced.erase(name);
    if (!announced.is_object() || announced.empty()) extra.erase(std::string(roles::kRekeyField));
  }
  changes.put(reg, std::move(body), registrar);
  return Unit{};
}

void Repository::Impl::delegate_releases(Edition& changes, const std::string& name, tuf::Targets& ns,
                                         const std::optional<tuf::Targets>& rel, const verify::PublicKey& key) const {
  ns.delegations.emplace();
  ns.delegations->roles.push_back(roles::delegate_namespace(name, roles::rel(name)));
  ns.add_key(roles::rel(name), tuf::Key::of(key));
  changes.put(roles::rel(name), rel ? *rel : tuf::Targets{}, ns.delegations->find(roles::rel(name))->keys);
}

Status Repository::add_namespace(const std::string& name, const std::vector<verify::PublicKey>& owners,
                                 uint32_t threshold, const std::optional<verify::PublicKey>& release_key) {
  NANO_TRY(impl_->check_new_namespace(name));
  Edition changes = impl_->edition();
  NANO_TRY(impl_->delegate(changes, name, tuf_keys(owners), threshold));
  tuf::Targets role;
  if (release_key) impl_->delegate_releases(changes, name, role, std::nullopt, *release_key);
  changes.put(roles::ns(name), std::move(role), role_keys(tuf_keys(owners), threshold));
  return impl_->commit(changes);
}

Status Repository::add_namespace(const std::string& name, std::string_view bytes) {
  NANO_TRY(impl_->check_new_namespace(name));
  NANO_TRY_ASSIGN(Proof proof, read_proof(bytes, name, id()));
  if (proof.role.header.version != 1 || !proof.role.targets.empty())
    return bad_proof("a new namespace begins with an empty role of version 1");
  Edition changes = impl_->edition();
  NANO_TRY(impl_->delegate(changes, name, proof.owners, proof.threshold));
  changes.put_signed(roles::ns(name), std::move(proof.doc), 1);
  return impl_->commit(changes);
}

Status Repository::remove_namespace(const std::string& name, const std::string& reason) {
  NANO_TRY(impl_->home(name));
  if (reason.empty() || reason.size() > schemas::kMaxYankBytes ||
      reason.find_first_of("\r\n") != std::string::npos)
    return make_error(Errc::usage,
                      "removing a namespace needs a reason of one line: it stays in the registry for ever");
  const std::string reg = roles::reg_of(name);
  NANO_TRY_ASSIGN(const tuf::Targets* targets, impl_->served->targets());
  NANO_TRY_ASSIGN(const tuf::RoleKeys registrar, impl_->keys_of(reg));
  std::vector<tuf::Key> owners;
  for (const std::string& id : registrar.key_ids) owners.push_back(targets->delegations->keys.at(id));
  Edition changes = impl_->edition();
  NANO_TRY(impl_->delegate(changes, name, owners, registrar.threshold));
  tuf::Targets stone;
  stone.header.extra = Json::object();
  stone.header.extra[std::string(roles::kTombstoneField)] = reason;
  changes.put(roles::ns(name), std::move(stone), registrar);
  schemas::Index next = impl_->index;
  std::erase_if(next.packages, [&](const schemas::IndexPackage& p) { return p.name.ns == name; });
  NANO_TRY(impl_->put_index(changes, std::move(next)));
  return impl_->commit(changes);
}

Status Repository::set_release_key(const std::string& name, const verify::PublicKey& key) {
  NANO_TRY_ASSIGN(Impl::Home at, impl_->home(name));
  Edition changes = impl_->edition();
  impl_->delegate_releases(changes, name, at.ns, at.rel, key);
  changes.put(roles::ns(name), at.ns, at.ns_keys);
  return impl_->commit(changes);
}

Result<std::vector<NamespaceOwner>> Repository::namespaces() {
  std::vector<NamespaceOwner> out;
  for (const auto& entry : impl_->served->snapshot().meta) {
    std::string_view role = entry.first;
    if (role.ends_with(".json")) role.remove_suffix(5);
    const std::string name = roles::namespace_of(role);
    if (name.empty() || role != roles::ns(name)) continue;
    NANO_TRY_ASSIGN(const Impl::Home at, impl_->home_or_tombstone(name));
    out.push_back({.name = name,
                   .key_ids = at.ns_keys.key_ids,
                   .threshold = at.ns_keys.threshold,
                   .release_key_ids = at.rel_keys.key_ids,
                   .tombstone = at.tombstone,
                   .releases = at.ns.targets.size() + (at.rel ? at.rel->targets.size() : 0)});
    NANO_TRY_ASSIGN(const auto announced, impl_->announced(name));
    if (announced) {
      out.back().announced = announced->by.key_ids;
      out.back().announced_at = announced->since;
    }
  }
  return out;
}

}  // namespace nano::registry
