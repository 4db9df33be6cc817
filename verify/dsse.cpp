// verify/dsse.cpp: parse, write, sign, count. The rules are TRUST.md's: thresholds count keys, not key ids.
#include "verify/dsse.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "base/base64.h"

namespace nano::verify {
namespace {

Error broken(std::string what) { return make_error(Errc::invalid, "not a DSSE envelope: " + std::move(what)); }

/// A member that must be there, once, as text.
Result<std::string> text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return broken("the field '" + std::string(key) + "' is missing");
  if (!it->is_string()) return broken("the field '" + std::string(key) + "' is not text");
  return it->get<std::string>();
}

std::string short_id(std::string_view id) { return sanitize(id.substr(0, 16)); }

std::string list_ids(const std::vector<std::string>& ids) {
  if (ids.empty()) return "none";
  std::string out;
  for (const auto& id : ids) out += (out.empty() ? "" : ", ") + short_id(id);
  return out;
}

}  // namespace

std::string pae(std::string_view type, std::string_view payload) {
  std::string out = "DSSEv1 " + std::to_string(type.size()) + " ";
  out += type;
  out += " " + std::to_string(payload.size()) + " ";
  out += payload;
  return out;
}

Result<Envelope> parse_envelope(std::string_view json, uint64_t max_payload_bytes) {
  const uint64_t limit = envelope_limit(max_payload_bytes);
  NANO_TRY_ASSIGN(const Json doc, parse_json(json, {.max_bytes = limit, .max_depth = 4}));
  if (!doc.is_object()) return broken("it is not a JSON object");
  for (auto it = doc.begin(); it != doc.end(); ++it)
    if (it.key() != "payload" && it.key() != "payloadType" && it.key() != "signatures")
      return broken("unknown field '" + sanitize(it.key()) + "'");
  Envelope out;
  NANO_TRY_ASSIGN(out.payload_type, text_of(doc, "payloadType"));
  NANO_TRY_ASSIGN(const std::string payload, text_of(doc, "payload"));
  NANO_TRY_ASSIGN(out.payload, from_base64(payload));
  if (out.payload.size() > max_payload_bytes)
    return broken("the payload has " + std::to_string(out.payload.size()) + " bytes, the limit is " + std::to_string(max_payload_bytes));
  const auto list = doc.find("signatures");
  if (list == doc.end() || !list->is_array()) return broken("the field 'signatures' is not a list");
  if (list->size() > kMaxSignatures) return broken("it has more than " + std::to_string(kMaxSignatures) + " signatures");
  std::set<std::string> seen;
  for (const Json& entry : *list) {
    if (!entry.is_object()) return broken("a signature is not an object");
    Signature s;
    NANO_TRY_ASSIGN(s.key_id, text_of(entry, "keyid"));
    NANO_TRY_ASSIGN(const std::string sig, text_of(entry, "sig"));
    if (s.key_id.size() > 256) return broken("a key id has more than 256 bytes");
    if (!seen.insert(s.key_id).second) return broken("two signatures have the key id " + short_id(s.key_id));
    NANO_TRY_ASSIGN(s.sig, from_base64(sig));
    out.signatures.push_back(std::move(s));
  }
  return out;
}

std::string write_envelope(const Envelope& e) {
  Json list = Json::array();
  for (const Signature& s : e.signatures) list.push_back({{"keyid", s.key_id}, {"sig", to_base64(s.sig)}});
  const Json doc = {{"payload", to_base64(e.payload)}, {"payloadType", e.payload_type}, {"signatures", std::move(list)}};
  return dump_line(doc) + "\n";
}

Status sign_envelope(Envelope& e, const PrivateKey& key) {
  NANO_TRY_ASSIGN(std::string sig, key.sign(pae(e.payload_type, e.payload)));
  const std::string id = key.public_key().key_id();
  for (Signature& s : e.signatures)
    if (s.key_id == id) {
      s.sig = std::move(sig);
      return Unit{};
    }
  if (e.signatures.size() >= kMaxSignatures) return broken("it has " + std::to_string(kMaxSignatures) + " signatures already");
  e.signatures.push_back({.key_id = id, .sig = std::move(sig)});
  return Unit{};
}

Result<std::vector<PublicKey>> verify_envelope(const Envelope& e, std::string_view payload_type, std::span<const PublicKey> trusted,
                                               uint32_t threshold, std::string_view what) {
  if (threshold == 0) return make_error(Errc::internal, "a signature threshold of 0 accepts anything");
  const std::string name(what);
  if (e.payload_type != payload_type)
    return make_error(Errc::untrusted, name + " is signed as '" + sanitize(e.payload_type) + "', not as '" + std::string(payload_type) + "'",
                      "the registry serves one document in the place of another: tell its operator");
  const std::string message = pae(e.payload_type, e.payload);
  std::set<PublicKey> good;
  std::vector<std::string> accepted;
  for (const PublicKey& key : trusted) {
    const std::string id = key.key_id();
    if (std::find(accepted.begin(), accepted.end(), id) != accepted.end()) continue;  // the same key twice
    accepted.push_back(id);
    for (const Signature& s : e.signatures)
      if (s.key_id == id && key.verify(message, s.sig)) good.insert(key);
  }
  if (good.size() >= threshold) return std::vector<PublicKey>(good.begin(), good.end());

  std::vector<std::string> found;
  bool forged = false;
  for (const Signature& s : e.signatures) {
    found.push_back(s.key_id);
    forged = forged || (std::find(accepted.begin(), accepted.end(), s.key_id) != accepted.end());
  }
  std::string message_text = name + " has " + std::to_string(good.size()) + " of the " + std::to_string(threshold) + " signature(s) needed";
  if (e.signatures.empty()) message_text = name + " is not signed";
  else if (forged && good.empty()) message_text = name + " has a signature that is false: the document was changed after signing";
  message_text += "; accepted keys: " + list_ids(accepted) + "; signed by: " + list_ids(found);
  const char* hint = accepted.empty() ? "no key is configured for this registry: `nano registry add NAME URL --key HEX` pins one"
                     : forged         ? "do not use it; tell the registry's operator"
                                      : "if the registry changed its key, ask its operator for the new one over another channel, then "
                                        "`nano registry add` it again";
  return make_error(Errc::untrusted, std::move(message_text), hint);
}

}  // namespace nano::verify
