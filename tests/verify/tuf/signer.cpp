// tests/verify/tuf/signer.cpp: straight OpenSSL, sharing nothing with verify/tuf/key.cpp.
#include "tests/verify/tuf/signer.h"

#include <catch2/catch.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/digest.h"

namespace nano::test {
namespace {

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* p) {
  REQUIRE(p != nullptr);
  return {p, EVP_PKEY_free};
}

std::string spki(EVP_PKEY* pkey) {
  const verify::openssl::Bio bio(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio_PUBKEY(bio.get(), pkey) == 1);
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(n));
}

}  // namespace

Signer Signer::ed25519() {
  Signer s;
  s.keytype_ = s.scheme_ = "ed25519";
  s.pkey_ = share(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return s;
}

Signer Signer::ecdsa(const char* group, bool old_keytype) {
  Signer s;
  s.keytype_ = old_keytype ? "ecdsa-sha2-nistp256" : "ecdsa";
  s.scheme_ = "ecdsa-sha2-nistp256";
  s.pkey_ = share(EVP_EC_gen(group));
  return s;
}

Signer Signer::rsa(int bits) {
  Signer s;
  s.keytype_ = "rsa";
  s.scheme_ = "rsassa-pss-sha256";
  s.pkey_ = share(EVP_RSA_gen(static_cast<unsigned>(bits)));
  return s;
}

std::string Signer::pem() const {
  return spki(pkey_.get());
}

std::string Signer::compressed_pem() const {
  const auto copy = share(EVP_PKEY_dup(pkey_.get()));
  REQUIRE(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                         "compressed") == 1);
  return spki(copy.get());
}

std::string Signer::explicit_pem() const {
  const auto copy = share(EVP_PKEY_dup(pkey_.get()));
  REQUIRE(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit") == 1);
  return spki(copy.get());
}

std::string Signer::pem_with_exponent(unsigned e) const {
  BIGNUM* n = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(pkey_.get(), OSSL_PKEY_PARAM_RSA_N, &n) == 1);
  BIGNUM* exponent = BN_new();
  REQUIRE(BN_set_word(exponent, e) == 1);
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  REQUIRE(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1);
  REQUIRE(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* made = nullptr;
  REQUIRE(EVP_PKEY_fromdata_init(ctx) == 1);
  REQUIRE(EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) == 1);
  const auto owned = share(made);
  EVP_PKEY_CTX_free(ctx);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  BN_free(exponent);
  BN_free(n);
  return spki(owned.get());
}

Json Signer::object(const Json& extra) const {
  Json out = extra;
  std::string text = keytype_ == "ed25519" ? std::string() : pem();
  if (keytype_ == "ed25519") {
    uint8_t raw[32];
    std::size_t n = sizeof raw;
    REQUIRE(EVP_PKEY_get_raw_public_key(pkey_.get(), raw, &n) == 1);
    text = to_hex(raw, n);
  }
  out["keytype"] = keytype_;
  out["scheme"] = scheme_;
  if (!out.contains("keyval")) out["keyval"] = {{"public", text}};
  return out;
}

std::string Signer::id(const Json& extra) const {
  return verify::tuf::Key::compute_id(object(extra)).value();
}
verify::tuf::Key Signer::key(const Json& extra) const {
  return verify::tuf::Key::parse(id(extra), object(extra)).value();
}

std::string Signer::sign(std::string_view message, int rsa_salt) const {
  const verify::openssl::MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* pctx = nullptr;
  REQUIRE(EVP_DigestSignInit(ctx.get(), &pctx, keytype_ == "ed25519" ? nullptr : EVP_sha256(), nullptr,
                             pkey_.get()) == 1);
  if (keytype_ == "rsa") {
    REQUIRE(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1);
    REQUIRE(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, rsa_salt) == 1);
  }
  const auto* m = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t n = 0;
  REQUIRE(EVP_DigestSign(ctx.get(), nullptr, &n, m, message.size()) == 1);
  std::string out(n, '\0');
  REQUIRE(EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &n, m, message.size()) ==
          1);
  return to_hex(reinterpret_cast<const uint8_t*>(out.data()), n);
}

void add_signature(verify::tuf::Document& doc, const Signer& signer, const std::string& id) {
  doc.signatures.push_back({.key_id = id.empty() ? signer.id() : id, .sig = signer.sign(doc.signed_bytes)});
}

}  // namespace nano::test
