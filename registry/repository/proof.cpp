// registry/repository/proof.cpp: proofs of possession, made by owners and read by the registrar.
#include "registry/repository/proof.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "registry/repository/edition.h"
#include "registry/repository/repository.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr uint64_t kMaxRole = tuf::Limits{}.targets_bytes;

/// A key object for each id; they are named by their own bytes, so nobody can give an id to another key.
Status read_owners(const Json& listed, Proof& out, tuf::Keys& keys) {
  for (const auto& [id, object] : listed.items()) {
    NANO_TRY_ASSIGN(tuf::Key key, tuf::Key::parse(id, object));
    if (!key.usable())
      return bad_proof("its key " + sanitize(id.substr(0, 16)) + " cannot be used: " + key.unusable());
    out.owners.push_back(key);
    keys.emplace(id, std::move(key));
  }
  return Unit{};
}

}  // namespace

Error bad_proof(const std::string& why) {
  return make_error(Errc::untrusted, "the proof of possession is not accepted: " + why,
                    "make it anew with `nano-registry key prove`");
}

Result<Proof> read_proof(std::string_view bytes, const std::string& name, const std::string& registry) {
  Proof out;
  NANO_TRY_ASSIGN(auto pair, tuf::read_metadata<tuf::Targets>(bytes, kMaxRole));
  out.doc = std::move(pair.first);
  out.role = std::move(pair.second);
  const Json& extra = out.role.header.extra;
  const auto at = extra.is_object() ? extra.find(roles::kProofField) : extra.end();
  if (!extra.is_object() || at == extra.end() || !at->is_object()) return bad_proof("it holds none");
  const auto text = [&](const char* key) {
    return at->contains(key) && (*at)[key].is_string() ? (*at)[key].get<std::string>() : std::string();
  };
  if (text("registry") != registry)
    return bad_proof("it was made for another registry (id " + sanitize(text("registry")) + ")");
  if (text("namespace") != name)
    return bad_proof("it was made for the namespace '" + sanitize(text("namespace")) + "'");
  if (!at->contains("keys") || !(*at)["keys"].is_object() || (*at)["keys"].empty())
    return bad_proof("it names no keys");
  if (!at->contains("threshold") || !(*at)["threshold"].is_number_unsigned())
    return bad_proof("it names no threshold");
  tuf::Keys keys;
  NANO_TRY(read_owners((*at)["keys"], out, keys));
  out.threshold = (*at)["threshold"].get<uint32_t>();
  if (out.threshold < 1 || out.threshold > out.owners.size())
    return bad_proof("its threshold is not between 1 and the number of its keys");
  // Possession is shown by each key, whatever the role's own threshold is.
  const tuf::RoleKeys all = role_keys(out.owners, static_cast<uint32_t>(out.owners.size()));
  NANO_TRY(tuf::verify_document(out.doc, keys, all, "the proof for the namespace '" + name + "'"));
  if (out.role.delegations) return bad_proof("it delegates");
  return out;
}

std::vector<tuf::Key> tuf_keys(const std::vector<verify::PublicKey>& keys) {
  std::vector<tuf::Key> out;
  for (const auto& k : keys) out.push_back(tuf::Key::of(k));
  return out;
}

tuf::RoleKeys role_keys(const std::vector<tuf::Key>& keys, uint32_t threshold) {
  tuf::RoleKeys out;
  for (const auto& k : keys) out.key_ids.push_back(k.id());
  out.threshold = threshold;
  return out;
}

Result<NamespaceProof> prove_namespace(const std::string& name, const std::string& registry,
                                       const std::vector<verify::PublicKey>& owners, uint32_t threshold,
                                       std::string_view current, KeyRing& keys, UnixTime now) {
  if (name != schemas::kRootNamespace) NANO_TRY(schemas::check_simple_name(name, "the namespace"));
  NANO_TRY(Digest::parse_hex(registry));
  if (owners.empty() || threshold < 1 || threshold > owners.size())
    return make_error(Errc::usage, "a proof needs keys, and a threshold between 1 and their number");
  tuf::Targets role;
  tuf::RoleKeys before;
  if (!current.empty()) {
    NANO_TRY_ASSIGN(auto pair, tuf::read_metadata<tuf::Targets>(current, kMaxRole));
    role.targets = std::move(pair.second.targets);
    role.header.version = pair.second.header.version + 1;
    for (const tuf::DocSignature& s : pair.first.signatures) before.key_ids.push_back(s.key_id);
  }
  role.header.expires = now + roles::Lifetimes{}.ns;
  Json listed = Json::object();
  for (const auto& k : owners) listed[k.key_id()] = tuf::Key::of(k).json();
  role.header.extra = Json::object();
  role.header.extra[std::string(roles::kProofField)] = {
      {"registry", registry}, {"namespace", name}, {"keys", std::move(listed)}, {"threshold", threshold}};
  NANO_TRY_ASSIGN(auto doc, tuf::make_document(role.to_json()));
  const tuf::RoleKeys all = role_keys(tuf_keys(owners), static_cast<uint32_t>(owners.size()));
  NANO_TRY_ASSIGN(const uint32_t count, sign_with(doc, all, keys));
  if (count == 0)
    return make_error(Errc::denied, "none of the keys that are to own '" + name + "' is at hand",
                      "name the folder that holds their private halves with --keys");
  NANO_TRY(sign_with(doc, before, keys));  // whoever still has the old keys need not wait
  return NamespaceProof{.bytes = tuf::write_document(doc),
                        .missing = static_cast<uint32_t>(owners.size()) - count};
}

}  // namespace nano::registry
