// verify/oms/ec_key.cpp: ECDSA by OpenSSL's EVP interface.
#include "verify/oms/ec_key.h"

#include <array>
#include <cstring>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/fs.h"
#include "base/hash.h"
#include "verify/openssl.h"

namespace nano::verify::oms {
namespace {

using openssl::Bio;
using openssl::last_error;

constexpr const char* kCurves = "model signatures take P-256, P-384 and P-521";

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* pkey) {
  return {pkey, EVP_PKEY_free};
}

Result<Bio> reader(std::string_view pem) {
  if (pem.size() > kMaxKeyFileBytes) return make_error(Errc::invalid, "a key file has at most 16,384 bytes");
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return make_error(Errc::internal, "out of memory");
  return bio;
}

/// errors  invalid: explicit parameters; unsupported: no ECDSA key, another curve
Result<Curve> curve_of(const EVP_PKEY* pkey) {
  if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC)
    return make_error(Errc::unsupported, "the key is not an elliptic curve (ECDSA) key", kCurves);
  // OpenSSL maps parameters that equal a named curve's to its name, and remembers that it did.
  int is_explicit = 0;
  if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) != 1 ||
      is_explicit != 0) {
    ERR_clear_error();
    return make_error(Errc::invalid, "the key spells out its curve's parameters instead of naming the curve",
                      kCurves);
  }
  std::array<char, 64> name{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(pkey, name.data(), name.size(), &length) != 1) {
    ERR_clear_error();
    return make_error(Errc::invalid, "the key does not name its curve", kCurves);
  }
  switch (OBJ_txt2nid(name.data())) {
    case NID_X9_62_prime256v1: return Curve::p256;
    case NID_secp384r1: return Curve::p384;
    case NID_secp521r1: return Curve::p521;
    default: break;
  }
  return make_error(Errc::unsupported, "the key lies on the curve " + std::string(name.data()), kCurves);
}

const EVP_MD* digest_of(Curve curve, SignedHash hash) {
  if (hash == SignedHash::always_sha256 || curve == Curve::p256) return EVP_sha256();
  return curve == Curve::p384 ? EVP_sha384() : EVP_sha512();
}

const unsigned char* bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

struct Password {
  const std::optional<Secret>* secret = nullptr;
  bool asked = false;
};

int give_password(char* buf, int size, int, void* user) {
  auto* p = static_cast<Password*>(user);
  p->asked = true;
  if (!p->secret->has_value() || (*p->secret)->view().size() > static_cast<std::size_t>(size)) return -1;
  const std::string_view text = (*p->secret)->view();
  std::memcpy(buf, text.data(), text.size());
  return static_cast<int>(text.size());
}

}  // namespace

// --- EcPublicKey ----------------------------------------------------------------------------------------------

Result<EcPublicKey> EcPublicKey::adopt(std::shared_ptr<evp_pkey_st> pkey) {
  NANO_TRY_ASSIGN(const Curve curve, curve_of(pkey.get()));
  return EcPublicKey(std::move(pkey), curve);
}

Result<EcPublicKey> EcPublicKey::from_pem(std::string_view pem) {
  NANO_TRY_ASSIGN(const Bio bio, reader(pem));
  auto pkey = share(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!pkey) return make_error(Errc::invalid, "not a PEM public key: " + last_error());
  return adopt(std::move(pkey));
}

std::string EcPublicKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  NANO_ASSERT(bio && PEM_write_bio_PUBKEY(bio.get(), pkey_.get()) == 1);
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &data);
  return {data, n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::string EcPublicKey::der() const {
  unsigned char* data = nullptr;
  const int n = i2d_PUBKEY(pkey_.get(), &data);
  NANO_ASSERT(n > 0);
  std::string out(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n));
  OPENSSL_free(data);
  return out;
}

std::string EcPublicKey::hint() const {
  return sha256(pem()).hex();
}

bool EcPublicKey::verify(std::string_view message, std::string_view signature, SignedHash hash) const {
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  // OpenSSL encodes the parsed signature again and compares, so that only DER passes.
  const bool good =
      ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, digest_of(curve_, hash), nullptr, pkey_.get()) == 1 &&
      EVP_DigestVerify(ctx.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

bool EcPublicKey::same_as(const EcPublicKey& other) const {
  return EVP_PKEY_eq(pkey_.get(), other.pkey_.get()) == 1;
}

// --- EcPrivateKey ---------------------------------------------------------------------------------------------

Result<EcPrivateKey> EcPrivateKey::generate(Curve curve) {
  const char* name = curve == Curve::p256 ? "P-256" : curve == Curve::p384 ? "P-384" : "P-521";
  auto pkey = share(EVP_EC_gen(name));
  if (!pkey) return make_error(Errc::internal, "cannot make a key: " + last_error());
  NANO_TRY_ASSIGN(auto pub, EcPublicKey::adopt(pkey));
  return EcPrivateKey(std::move(pkey), std::move(pub));
}

Result<EcPrivateKey> EcPrivateKey::from_pem(std::string_view pem, const std::optional<Secret>& passphrase) {
  NANO_TRY_ASSIGN(const Bio bio, reader(pem));
  Password password{.secret = &passphrase, .asked = false};
  auto pkey = share(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password));
  if (!pkey) {
    const std::string why = last_error();
    if (password.asked && !passphrase)
      return make_error(Errc::denied, "the private key is encrypted, and no passphrase was given",
                        "give it with --passphrase-file FILE or NANO_KEY_PASSPHRASE");
    if (password.asked)
      return make_error(Errc::denied, "the passphrase does not open the private key", "check the passphrase");
    return make_error(Errc::invalid, "not a PEM private key: " + why);
  }
  NANO_TRY_ASSIGN(auto pub, EcPublicKey::adopt(pkey));
  return EcPrivateKey(std::move(pkey), std::move(pub));
}

Result<EcPrivateKey> EcPrivateKey::load(const std::filesystem::path& file,
                                        const std::optional<Secret>& passphrase) {
  NANO_TRY_ASSIGN(std::string text, fs::read_file(file, kMaxKeyFileBytes));
  const Secret pem(std::move(text));
  auto key = from_pem(pem.view(), passphrase);
  if (!key) return std::move(key.error()).while_("reading the key " + file.string());
  return key;
}

Result<std::string> EcPrivateKey::sign(std::string_view message) const {
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  const EVP_MD* md = digest_of(public_.curve(), SignedHash::by_curve);
  std::size_t n = 0;
  std::string out;
  if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, md, nullptr, pkey_.get()) != 1 ||
      EVP_DigestSign(ctx.get(), nullptr, &n, bytes(message), message.size()) != 1)
    return make_error(Errc::internal, "cannot sign: " + last_error());
  out.resize(n);
  if (EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &n, bytes(message),
                     message.size()) != 1)
    return make_error(Errc::internal, "cannot sign: " + last_error());
  out.resize(n);
  return out;
}

}  // namespace nano::verify::oms
