// registry/repository/rekey.cpp: other keys for a namespace: at once when the old ones agree, after a wait when they are lost.
#include <algorithm>

#include "base/text.h"
#include "registry/repository/proof.h"
#include "registry/repository/repository_impl.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

std::vector<std::string> sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

Error damaged(const std::string& name) {
  return make_error(Errc::invalid, "the announced change of keys of '" + sanitize(name) + "' cannot be read",
                    "`nano-registry namespace rekey DIR NAMESPACE --withdraw` takes it back");
}

}  // namespace

Result<std::optional<Repository::Impl::Announced>> Repository::Impl::announced(const std::string& name) {
  NANO_TRY_ASSIGN(const tuf::Targets* reg, served->role(roles::reg_of(name), tuf::kTargets));
  const Json& extra = reg->header.extra;
  if (!extra.is_object() || !extra.contains(roles::kRekeyField)) return std::optional<Announced>();
  const Json& all = extra.at(roles::kRekeyField);
  if (!all.is_object()) return damaged(name);
  const auto at = all.find(name);
  if (at == all.end()) return std::optional<Announced>();
  const auto is = [&](const char* key, auto test) { return at->contains(key) && ((*at)[key].*test)(); };
  if (!at->is_object() || !is("keyids", &Json::is_array) || !is("since", &Json::is_string) ||
      !is("threshold", &Json::is_number_unsigned) || !is("version", &Json::is_number_unsigned))
    return damaged(name);
  Announced out;
  for (const Json& id : (*at)["keyids"]) {
    if (!id.is_string()) return damaged(name);
    out.by.key_ids.push_back(id.get<std::string>());
  }
  out.by.threshold = (*at)["threshold"].get<uint32_t>();
  out.version = (*at)["version"].get<uint64_t>();
  NANO_TRY_ASSIGN(out.since, parse_time((*at)["since"].get_ref<const std::string&>()));
  return std::optional<Announced>(std::move(out));
}

/// `next` nullopt: nothing is announced any more.
Status Repository::Impl::announce(Edition& changes, const std::string& name,
                                  const std::optional<Announced>& next) {
  const std::string reg = roles::reg_of(name);
  NANO_TRY_ASSIGN(const tuf::Targets* served_reg, served->role(reg, tuf::kTargets));
  NANO_TRY_ASSIGN(const tuf::RoleKeys registrar, keys_of(reg));
  tuf::Targets body = *served_reg;
  Json& extra = body.header.extra;
  if (!extra.is_object()) extra = Json::object();
  const std::string field(roles::kRekeyField);
  if (!extra.contains(field) || !extra[field].is_object()) extra[field] = Json::object();
  if (next)
    extra[field][name] = {{"keyids", next->by.key_ids},
                          {"threshold", next->by.threshold},
                          {"since", format_time(next->since)},
                          {"version", next->version}};
  else
    extra[field].erase(name);
  if (extra[field].empty()) extra.erase(field);
  changes.put(reg, std::move(body), registrar);
  return Unit{};
}

/// Do enough of the keys in force agree to what `doc` says?
Result<bool> Repository::Impl::owners_agree(const Home& at, const tuf::Document& doc) {
  NANO_TRY_ASSIGN(const tuf::Targets* reg, served->role(roles::reg_of(at.name), tuf::kTargets));
  return tuf::verify_document(doc, reg->delegations->keys, at.ns_keys, "").has_value();
}

/// For a change that the old keys have not signed: may it take effect now? If nothing like it was announced, it is.
Result<Repository::Rekeyed> Repository::Impl::wait_for_objections(const Home& at, const tuf::RoleKeys& next) {
  NANO_TRY_ASSIGN(const auto known, announced(at.name));
  const uint64_t version = at.ns.header.version;
  const bool same =
      known && sorted(known->by.key_ids) == sorted(next.key_ids) && known->by.threshold == next.threshold;
  if (!same) {
    Edition changes = edition();
    NANO_TRY(announce(changes, at.name, Announced{.by = next, .since = options.now, .version = version}));
    NANO_TRY(commit(changes));
    return Rekeyed{.done = false, .possible_at = options.now + options.rekey_wait};
  }
  if (known->version != version)
    return make_error(
        Errc::refused,
        "the keys of '" + at.name + "' have signed since the change was announced, so they are not lost",
        "ask its owner; `nano-registry namespace rekey DIR " + at.name +
            " --withdraw` takes the announcement back");
  if (options.now - known->since < options.rekey_wait)
    return make_error(Errc::refused,
                      "the change of keys of '" + at.name + "' was announced on " +
                          format_time(known->since) + " and may take effect on " +
                          format_time(known->since + options.rekey_wait),
                      "its owner may object until then; a change that the old keys sign too is made at once");
  return Rekeyed{.done = true};
}

Result<Repository::Rekeyed> Repository::rekey_namespace(const std::string& name,
                                                        const std::vector<verify::PublicKey>& owners,
                                                        uint32_t threshold,
                                                        const std::optional<verify::PublicKey>& release_key) {
  NANO_TRY_ASSIGN(Impl::Home at, impl_->home(name));
  const tuf::RoleKeys next = role_keys(tuf_keys(owners), threshold);
  const auto here = std::count_if(at.ns_keys.key_ids.begin(), at.ns_keys.key_ids.end(),
                                  [&](const std::string& id) { return impl_->keys.has(id); });
  if (static_cast<uint32_t>(here) < at.ns_keys.threshold) {
    NANO_TRY_ASSIGN(const Rekeyed may, impl_->wait_for_objections(at, next));
    if (!may.done) return may;
  } else {
    // They are not only here: they open, too.
    NANO_TRY_ASSIGN(auto doc, tuf::make_document(at.ns.to_json()));
    NANO_TRY_ASSIGN(const uint32_t signed_by, sign_with(doc, at.ns_keys, impl_->keys));
    if (signed_by < at.ns_keys.threshold)
      return make_error(Errc::internal, "a key that is here did not sign");
  }
  Edition changes = impl_->edition();
  NANO_TRY(impl_->delegate(changes, name, tuf_keys(owners), threshold));
  if (release_key) impl_->delegate_releases(changes, name, at.ns, at.rel, *release_key);
  changes.put(roles::ns(name), std::move(at.ns), next);
  NANO_TRY(impl_->commit(changes));
  return Rekeyed{.done = true};
}

Result<Repository::Rekeyed> Repository::rekey_namespace(const std::string& name, std::string_view bytes) {
  NANO_TRY_ASSIGN(const Impl::Home at, impl_->home(name));
  NANO_TRY_ASSIGN(Proof proof, read_proof(bytes, name, id()));
  if (proof.role.header.version != impl_->served->next_version(roles::ns(name)))
    return bad_proof("its version is not the next one");
  if (at.rel && !at.rel->targets.empty())
    return make_error(
        Errc::refused,
        "the namespace '" + name + "' has releases by a release key, which a proof cannot carry over",
        "rekey it where its keys are at hand");
  // New keys take over what was published; they do not get to change it on the way in.
  if (proof.role.to_json()["targets"] != at.ns.to_json()["targets"])
    return bad_proof("it lists other releases than are served");
  NANO_TRY_ASSIGN(const bool agreed, impl_->owners_agree(at, proof.doc));
  if (!agreed) {
    NANO_TRY_ASSIGN(const Rekeyed may,
                    impl_->wait_for_objections(at, role_keys(proof.owners, proof.threshold)));
    if (!may.done) return may;
  }
  Edition changes = impl_->edition();
  NANO_TRY(impl_->delegate(changes, name, proof.owners, proof.threshold));
  changes.put_signed(roles::ns(name), std::move(proof.doc), proof.role.header.version);
  NANO_TRY(impl_->commit(changes));
  return Rekeyed{.done = true};
}

Status Repository::withdraw_rekey(const std::string& name) {
  NANO_TRY(impl_->home(name));
  const auto known = impl_->announced(name);
  if (known && !*known)
    return make_error(Errc::not_found, "no change of keys of '" + name + "' is announced",
                      "`nano-registry namespace list` shows what is");
  Edition changes = impl_->edition();
  NANO_TRY(impl_->announce(changes, name, std::nullopt));
  return impl_->commit(changes);
}

}  // namespace nano::registry
