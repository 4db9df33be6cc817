// verify/tuf/document.cpp: parse, count, sign, write.
#include "verify/tuf/document.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "verify/canonical.h"
#include "verify/tuf/limits.h"

namespace nano::verify::tuf {
namespace {

Error broken(std::string what) {
  return make_error(Errc::invalid, "not a TUF metadata file: " + std::move(what));
}

std::string short_id(std::string_view id) {
  return sanitize(id.substr(0, 12));
}

/// What is wrong, key by key, for the person who must find out why a signature did not count.
std::string report(const Document& doc, const Keys& keys, const RoleKeys& role) {
  std::string out;
  std::size_t said = 0;
  for (const std::string& id : role.key_ids) {
    if (++said > 8) return out + ", and " + std::to_string(role.key_ids.size() - 8) + " more";
    out += (out.empty() ? "" : ", ") + short_id(id) + " ";
    const auto key = keys.find(id);
    const bool signed_it = std::any_of(doc.signatures.begin(), doc.signatures.end(),
                                       [&](const DocSignature& s) { return s.key_id == id; });
    if (key == keys.end())
      out += "is not listed";
    else if (!key->second.usable())
      out += "cannot be used (" + key->second.unusable() + ")";
    else
      out += signed_it ? "signed" : "did not sign";
  }
  return out.empty() ? "the role has no keys" : out;
}

}  // namespace

Result<FlatDocument> parse_flat_document(std::string_view bytes, uint64_t max_bytes) {
  NANO_TRY_ASSIGN(FlatJson json, FlatJson::parse(bytes, {.max_bytes = max_bytes, .max_depth = kMaxDepth}));
  const FlatJson::Value doc = json.root();
  if (!doc.is_object()) return broken("it is not a JSON object");
  const auto body = doc.find("signed");
  if (!body || !body->is_object()) return broken("'signed' is missing or not an object");
  const auto list = doc.find("signatures");
  if (!list || !list->is_array()) return broken("'signatures' is missing or not a list");
  if (list->size() > kMaxSignatures)
    return broken("it has more than " + std::to_string(kMaxSignatures) + " signatures");

  Document out;
  std::set<std::string_view> seen;
  Status entries = Unit{};
  list->elements([&](FlatJson::Value entry) {
    const auto id = entry.find("keyid");
    const auto sig = entry.find("sig");
    if (!entry.is_object())
      entries = broken("a signature is not an object");
    else if (!id || !id->is_text() || !sig || !sig->is_text())
      entries = broken("a signature lacks 'keyid' or 'sig'");
    else if (!seen.insert(id->text()).second)  // 4.2: "The KEYID MUST be unique in the signatures array".
      entries = broken("two signatures have the key id " + short_id(id->text()));
    else
      out.signatures.push_back({.key_id = std::string(id->text()), .sig = std::string(sig->text())});
    return entries.has_value();
  });
  NANO_TRY(entries);
  out.signed_bytes.reserve(bytes.size());
  NANO_ASSERT(body->canonical(out.signed_bytes).has_value());  // what was parsed holds integers and UTF-8 only
  return FlatDocument{.json = std::move(json), .body = *body, .doc = std::move(out)};
}

Result<Document> parse_document(std::string_view bytes, uint64_t max_bytes) {
  NANO_TRY_ASSIGN(FlatDocument flat, parse_flat_document(bytes, max_bytes));
  flat.doc.body = flat.body.to_json();
  return std::move(flat.doc);
}

Result<std::vector<std::string>> verify_document(const Document& doc, const Keys& keys, const RoleKeys& role,
                                                 std::string_view what) {
  // A threshold of 0 would make everything trusted (go-tuf CVE-2026-23992).
  if (role.threshold == 0)
    return make_error(Errc::untrusted, "the threshold of " + std::string(what) + " is 0");
  std::set<std::string> counted;  // fingerprints
  std::vector<std::string> vouching;
  for (const std::string& id : role.key_ids) {
    const auto key = keys.find(id);
    if (key == keys.end() || !key->second.usable() || counted.count(key->second.fingerprint()) != 0) continue;
    const auto sig = std::find_if(doc.signatures.begin(), doc.signatures.end(),
                                  [&](const DocSignature& s) { return s.key_id == id; });
    if (sig == doc.signatures.end() || !key->second.verify(doc.signed_bytes, sig->sig)) continue;
    counted.insert(key->second.fingerprint());
    vouching.push_back(id);
  }
  if (counted.size() >= role.threshold) return vouching;
  return make_error(Errc::untrusted,
                    std::string(what) + " has " + std::to_string(counted.size()) + " of the " +
                        std::to_string(role.threshold) +
                        " good signature(s) it needs: " + report(doc, keys, role),
                    "do not use it; if it persists, tell the registry's operator over another channel");
}

Result<Document> make_document(Json body) {
  if (!body.is_object()) return broken("'signed' is not an object");
  Document out;
  NANO_TRY_ASSIGN(out.signed_bytes, canonical_json(body));
  out.body = std::move(body);
  return out;
}

Status sign_document(Document& doc, const PrivateKey& key) {
  NANO_TRY_ASSIGN(const std::string raw, key.sign(doc.signed_bytes));
  const std::string id = key.public_key().key_id();
  std::string sig = to_hex(reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
  for (DocSignature& s : doc.signatures)
    if (s.key_id == id) {
      s.sig = std::move(sig);
      return Unit{};
    }
  if (doc.signatures.size() >= kMaxSignatures)
    return broken("it has " + std::to_string(kMaxSignatures) + " signatures already");
  doc.signatures.push_back({.key_id = id, .sig = std::move(sig)});
  return Unit{};
}

std::string write_document(const Document& doc) {
  Json list = Json::array();
  for (const DocSignature& s : doc.signatures) list.push_back({{"keyid", s.key_id}, {"sig", s.sig}});
  return dump_line({{"signatures", std::move(list)}, {"signed", doc.body}}) + "\n";
}

}  // namespace nano::verify::tuf
