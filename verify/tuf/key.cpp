// verify/tuf/key.cpp: reading key material and checking signatures, all by OpenSSL.
#include "verify/tuf/key.h"

#include <array>
#include <cstdint>

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/text.h"
#include "verify/canonical.h"
#include "verify/openssl.h"
#include "verify/tuf/limits.h"

namespace nano::verify::tuf {

struct Key::Material {
  enum class Kind { ed25519, ecdsa, rsa };
  Kind kind = Kind::ed25519;
  openssl::Pkey pkey{};
};

namespace {

using Bignum = std::unique_ptr<BIGNUM, openssl::Deleter<BN_free>>;
struct HexFree {  // OPENSSL_free is a macro
  void operator()(char* p) const noexcept { OPENSSL_free(p); }
};

const unsigned char* bytes_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

/// One number of a key as hex, or "" when it has none.
std::string number(const EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, name, &raw) != 1) return {};
  const Bignum bn(raw);
  const std::unique_ptr<char, HexFree> text(BN_bn2hex(bn.get()));
  return text == nullptr ? std::string() : std::string(text.get());
}

/// "" when the key is a P-256 key on the named curve, else why it is not.
std::string check_p256(const EVP_PKEY* pkey) {
  if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC) return "it is not an elliptic curve key";
  std::array<char, 64> group{};
  std::size_t n = 0;
  if (EVP_PKEY_get_group_name(pkey, group.data(), group.size(), &n) != 1) return "its curve has no name";
  if (std::string_view(group.data(), n) != "prime256v1")
    return "its curve is " + std::string(group.data(), n) + ", not P-256";
  int is_explicit = 0;  // written-out parameters can hide another generator (CVE-2020-0601)
  if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
      is_explicit != 0)
    return "its curve is written out instead of named";
  return {};
}

std::string check_rsa(const EVP_PKEY* pkey, const std::string& exponent) {
  if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) return "it is not an RSA key";
  const int bits = EVP_PKEY_get_bits(pkey);
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return "its modulus has " + std::to_string(bits) + " bits, not " + std::to_string(kMinRsaBits) + " to " +
           std::to_string(kMaxRsaBits);
  // With the exponent 1 every message is its own signature.
  if (exponent.empty() || exponent == "01" || exponent == "00") return "its exponent is less than 3";
  return {};
}

Result<std::string> text_field(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string())
    return make_error(Errc::invalid, "a key's '" + std::string(name) + "' is missing or not text");
  return it->get<std::string>();
}

}  // namespace

Result<std::string> Key::compute_id(const Json& object) {
  NANO_TRY_ASSIGN(const std::string canonical, canonical_json(object));
  return sha256(canonical).hex();
}

Result<Key> Key::parse(std::string_view id, const Json& object) {
  if (!object.is_object())
    return make_error(Errc::invalid, "the key '" + sanitize(id.substr(0, 64)) + "' is not an object");
  Key key;
  key.id_ = id;
  key.json_ = object;
  NANO_TRY_ASSIGN(key.keytype_, text_field(object, "keytype"));
  NANO_TRY_ASSIGN(key.scheme_, text_field(object, "scheme"));
  const auto keyval = object.find("keyval");
  if (keyval == object.end() || !keyval->is_object())
    return make_error(Errc::invalid, "a key's 'keyval' is missing or not an object");
  NANO_TRY_ASSIGN(const std::string computed, compute_id(object));
  // 4.2.1: "clients MUST calculate each KEYID to verify this is correct for the associated key".
  if (computed != id) {
    key.unusable_ = "its id is not the hash of the key";
    return key;
  }
  const auto text = keyval->find("public");
  if (text == keyval->end() || !text->is_string())
    key.unusable_ = "it has no public value";
  else
    key.load(text->get_ref<const std::string&>());
  return key;
}

Key Key::of(const PublicKey& own) {
  const Json object = {{"keytype", "ed25519"}, {"scheme", "ed25519"}, {"keyval", {{"public", own.hex()}}}};
  auto key = parse(own.key_id(), object);
  NANO_ASSERT(key.has_value() && key->usable());
  return std::move(*key);
}

void Key::load(const std::string& text) {
  auto material = std::make_shared<Material>();
  if (keytype_ == "ed25519" && scheme_ == "ed25519") {
    const auto raw = from_hex(text);
    if (!raw || raw->size() != 32) {
      unusable_ = "an ed25519 key is 64 lower-case hex digits";
      return;
    }
    material->kind = Material::Kind::ed25519;
    material->pkey.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*raw), raw->size()));
    if (!material->pkey)
      unusable_ = "OpenSSL refuses it: " + openssl::last_error();
    else
      fingerprint_ = "ed25519:" + text;
  } else {
    const bool ec =
        (keytype_ == "ecdsa" || keytype_ == "ecdsa-sha2-nistp256") && scheme_ == "ecdsa-sha2-nistp256";
    const bool rsa = keytype_ == "rsa" && scheme_ == "rsassa-pss-sha256";
    if (!ec && !rsa) {
      unusable_ = "nano does not know the scheme " + sanitize(keytype_.substr(0, 64)) + "/" +
                  sanitize(scheme_.substr(0, 64));
      return;
    }
    if (text.size() > kMaxKeyTextBytes) {
      unusable_ = "its PEM text has more than " + std::to_string(kMaxKeyTextBytes) + " bytes";
      return;
    }
    const openssl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    material->pkey.reset(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!material->pkey) {
      unusable_ = "it is not a PEM public key: " + openssl::last_error();
      return;
    }
    if (ec) {
      material->kind = Material::Kind::ecdsa;
      unusable_ = check_p256(material->pkey.get());
      // The point itself, not its encoding: compressed and uncompressed PEMs are one key.
      fingerprint_ = "p256:" + number(material->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_X) + ":" +
                     number(material->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
    } else {
      material->kind = Material::Kind::rsa;
      const std::string e = number(material->pkey.get(), OSSL_PKEY_PARAM_RSA_E);
      unusable_ = check_rsa(material->pkey.get(), e);
      fingerprint_ = "rsa:" + number(material->pkey.get(), OSSL_PKEY_PARAM_RSA_N) + ":" + e;
    }
  }
  ERR_clear_error();
  if (usable())
    material_ = std::move(material);
  else
    fingerprint_.clear();
}

bool Key::verify(std::string_view message, std::string_view sig_hex) const {
  if (!material_) return false;
  const auto sig = from_hex(sig_hex);
  if (!sig || sig->empty()) return false;
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* pctx = nullptr;  // owned by ctx
  const EVP_MD* md = material_->kind == Material::Kind::ed25519 ? nullptr : EVP_sha256();
  bool good = ctx && EVP_DigestVerifyInit(ctx.get(), &pctx, md, nullptr, material_->pkey.get()) == 1;
  if (good && material_->kind == Material::Kind::rsa)
    good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_AUTO) == 1;
  good = good &&
         EVP_DigestVerify(ctx.get(), bytes_of(*sig), sig->size(), bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace nano::verify::tuf
