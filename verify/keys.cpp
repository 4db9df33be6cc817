// verify/keys.cpp: Ed25519 by OpenSSL's EVP interface.
#include "verify/keys.h"

#include <openssl/crypto.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/json.h"
#include "verify/canonical.h"
#include "verify/key_impl.h"

namespace nano::verify {

using openssl::last_error;

// --- Secret ---------------------------------------------------------------------------------------------------

Secret::Secret(Secret&& o) noexcept {
  // A short string lives inside the object: copy, then wipe the source, where a plain move would leave the bytes.
  text_ = o.text_;
  o.wipe();
}

Secret& Secret::operator=(Secret&& o) noexcept {
  if (this != &o) {
    wipe();
    text_ = o.text_;
    o.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

// --- PublicKey ------------------------------------------------------------------------------------------------

Result<PublicKey> PublicKey::from_hex(std::string_view hex) {
  const auto raw = nano::from_hex(hex);
  if (!raw || raw->size() != 32)
    return make_error(Errc::invalid, "an Ed25519 public key is 64 lower-case hex digits, this has " + std::to_string(hex.size()) + " characters",
                      "copy the whole line that `nano-registry init` printed");
  PublicKey key;
  for (std::size_t i = 0; i < 32; ++i) key.bytes_[i] = static_cast<uint8_t>((*raw)[i]);
  return key;
}

Result<PublicKey> PublicKey::from_text(std::string_view text) {
  constexpr std::string_view kPrefix = "ed25519:";
  if (text.find("-----BEGIN") != std::string_view::npos) return from_pem(text);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  if (text.substr(0, kPrefix.size()) == kPrefix) text.remove_prefix(kPrefix.size());
  return from_hex(text);
}

std::string PublicKey::text() const { return "ed25519:" + hex(); }
std::string PublicKey::hex() const { return to_hex(bytes_.data(), bytes_.size()); }

std::string PublicKey::key_id() const {
  const Json object = {{"keytype", "ed25519"}, {"scheme", "ed25519"}, {"keyval", {{"public", hex()}}}};
  const auto bytes = canonical_json(object);
  NANO_ASSERT(bytes.has_value());
  return sha256(*bytes).hex();
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const openssl::Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  const bool good = pkey && ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
                    EVP_DigestVerify(ctx.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  ERR_clear_error();
  return good;
}

// --- PrivateKey -----------------------------------------------------------------------------------------------

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::adopt(void* evp_pkey) {
  auto impl = std::make_unique<Impl>();
  impl->pkey.reset(static_cast<EVP_PKEY*>(evp_pkey));
  if (EVP_PKEY_get_id(impl->pkey.get()) != EVP_PKEY_ED25519)
    return make_error(Errc::unsupported, "the key is not an Ed25519 key", "make one with `nano-registry init`");
  PrivateKey key(std::move(impl));
  std::size_t n = key.public_.bytes_.size();
  if (EVP_PKEY_get_raw_public_key(key.impl_->pkey.get(), key.public_.bytes_.data(), &n) != 1 || n != 32)
    return make_error(Errc::internal, "cannot read the public half of a key: " + last_error());
  return key;
}

Result<PrivateKey> PrivateKey::generate() {
  const openssl::PkeyCtx ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* made = nullptr;
  if (!ctx || EVP_PKEY_keygen_init(ctx.get()) != 1 || EVP_PKEY_keygen(ctx.get(), &made) != 1)
    return make_error(Errc::internal, "cannot make a key: " + last_error());
  return adopt(made);
}

Result<std::string> PrivateKey::sign(std::string_view message) const {
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  std::string out(kSignatureBytes, '\0');
  std::size_t n = out.size();
  if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, impl_->pkey.get()) != 1 ||
      EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &n,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1 ||
      n != kSignatureBytes)
    return make_error(Errc::internal, "cannot sign: " + last_error());
  return out;
}

}  // namespace nano::verify
