// verify/oms/bundle.cpp: strict where a second reading could differ, deaf to fields that change nothing.
#include "verify/oms/bundle.h"

#include "base/json.h"
#include "base/text.h"
#include "base/base64.h"
#include "verify/oms/certificates.h"

namespace nano::verify::oms {
namespace {

Error broken(const std::string& what) {
  return make_error(Errc::invalid, "not a model signature: " + what);
}

Result<const Json*> object_of(const Json& parent, const char* key) {
  const auto it = parent.find(key);
  if (it == parent.end()) return broken("'" + std::string(key) + "' is missing");
  if (!it->is_object()) return broken("'" + std::string(key) + "' is not an object");
  return &*it;
}

Result<std::string> text_of(const Json& parent, const char* key) {
  const auto it = parent.find(key);
  if (it == parent.end()) return broken("'" + std::string(key) + "' is missing");
  if (!it->is_string()) return broken("'" + std::string(key) + "' is not text");
  return it->get<std::string>();
}

Result<std::string> bytes_of(const Json& parent, const char* key) {
  NANO_TRY_ASSIGN(const std::string text, text_of(parent, key));
  auto raw = from_base64(text);
  if (!raw) return std::move(raw.error()).while_("reading '" + std::string(key) + "' of a model signature");
  return raw;
}

Status read_material(const Json& m, Bundle& out) {
  const int kinds =
      int{m.contains("publicKey")} + int{m.contains("x509CertificateChain")} + int{m.contains("certificate")};
  if (kinds > 1) return broken("it carries more than one kind of verification material");
  if (m.contains("certificate"))
    return make_error(
        Errc::unsupported, "the model is signed by Sigstore's keyless method",
        "nano checks signatures made with a key or a certificate; check this one with the tool that made it");
  if (m.contains("publicKey")) {
    NANO_TRY_ASSIGN(const Json* key, object_of(m, "publicKey"));
    if (key->contains("hint") && !(*key)["hint"].is_null()) {
      NANO_TRY_ASSIGN(out.key_hint, text_of(*key, "hint"));
    }
    if (key->contains("rawBytes")) {
      NANO_TRY_ASSIGN(out.key_bytes, bytes_of(*key, "rawBytes"));
    }
    return Unit{};
  }
  out.material = Bundle::Material::certificate;
  NANO_TRY_ASSIGN(const Json* chain, object_of(m, "x509CertificateChain"));
  const auto list = chain->find("certificates");
  if (list == chain->end() || !list->is_array() || list->empty())
    return broken("its certificate chain is empty");
  if (list->size() > kMaxCertificates) return broken("its certificate chain is too long");
  for (const Json& c : *list) {
    if (!c.is_object()) return broken("a certificate is not an object");
    NANO_TRY_ASSIGN(std::string der, bytes_of(c, "rawBytes"));
    out.certificates.push_back(std::move(der));
  }
  return Unit{};
}

}  // namespace

Result<Bundle> parse_bundle(std::string_view json) {
  NANO_TRY_ASSIGN(const Json doc, parse_json(json, {.max_bytes = kMaxBundleBytes, .max_depth = 16}));
  if (!doc.is_object()) return broken("it is not a JSON object");
  NANO_TRY_ASSIGN(const std::string media_type, text_of(doc, "mediaType"));
  if (media_type != kMediaType) return broken("its media type is '" + sanitize(media_type) + "'");
  Bundle out;
  NANO_TRY_ASSIGN(const Json* material, object_of(doc, "verificationMaterial"));
  NANO_TRY(read_material(*material, out));
  NANO_TRY_ASSIGN(const Json* envelope, object_of(doc, "dsseEnvelope"));
  NANO_TRY_ASSIGN(out.payload_type, text_of(*envelope, "payloadType"));
  NANO_TRY_ASSIGN(out.payload, bytes_of(*envelope, "payload"));
  const auto signatures = envelope->find("signatures");
  if (signatures == envelope->end() || !signatures->is_array() || signatures->size() != 1 ||
      !signatures->front().is_object())
    return broken("it has not exactly one signature");
  const Json& entry = signatures->front();  // its keyid may be absent, null or any text, and decides nothing
  if (entry.contains("keyid") && !entry["keyid"].is_null() && !entry["keyid"].is_string())
    return broken("'keyid' is not text");
  NANO_TRY_ASSIGN(out.signature, bytes_of(entry, "sig"));
  return out;
}

std::string write_bundle(const Bundle& b) {
  Json material = {{"tlogEntries", Json::array()}};
  if (b.material == Bundle::Material::key) {
    material["publicKey"] = {{"hint", b.key_hint}};
  } else {
    Json list = Json::array();
    for (const std::string& der : b.certificates) list.push_back({{"rawBytes", to_base64(der)}});
    material["x509CertificateChain"] = {{"certificates", std::move(list)}};
  }
  Json signature = {{"sig", to_base64(b.signature)}, {"keyid", ""}};
  const Json doc = {{"mediaType", kMediaType},
                    {"verificationMaterial", std::move(material)},
                    {"dsseEnvelope",
                     {{"payload", to_base64(b.payload)},
                      {"payloadType", b.payload_type},
                      {"signatures", Json::array({std::move(signature)})}}}};
  return dump_line(doc) + "\n";
}

std::string old_pae(std::string_view type, std::string_view payload) {
  std::string out = "DSSEV1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
                    std::to_string(payload.size()) + " b";
  const bool double_quotes =
      payload.find('\'') != std::string_view::npos && payload.find('"') == std::string_view::npos;
  const char quote = double_quotes ? '"' : '\'';
  constexpr std::string_view kHex = "0123456789abcdef";
  out += quote;
  for (const char c : payload) {
    const auto u = static_cast<unsigned char>(c);
    if (c == quote || c == '\\')
      out += {'\\', c};
    else if (c == '\t')
      out += "\\t";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (u < 0x20 || u >= 0x7f)
      out += {'\\', 'x', kHex[u >> 4], kHex[u & 15]};
    else
      out += c;
  }
  out += quote;
  return out;
}

}  // namespace nano::verify::oms
