// verify/oms/ec_key.h: the ECDSA keys of model signatures: P-256, P-384, P-521 and no others.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "verify/keys.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace nano::verify::oms {

enum class Curve { p256, p384, p521 };

/// The hash that is signed. `by_curve` is the rule (SHA-256, -384, -512); the other is the mistake of v0.2.
enum class SignedHash { by_curve, always_sha256 };

/// A public key on one of the three named curves. A value; safe to share by threads.
class EcPublicKey {
 public:
  /// A PEM SubjectPublicKeyInfo of at most kMaxKeyFileBytes.
  ///   errors  invalid: not PEM, or a curve given by its parameters (a forger may choose those: CVE-2020-0601);
  ///           unsupported: another kind of key or curve
  [[nodiscard]] static Result<EcPublicKey> from_pem(std::string_view pem);
  /// Share `pkey` after the same checks. errors  as from_pem
  [[nodiscard]] static Result<EcPublicKey> adopt(std::shared_ptr<evp_pkey_st> pkey);

  [[nodiscard]] Curve curve() const { return curve_; }
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string der() const;   ///< SubjectPublicKeyInfo
  [[nodiscard]] std::string hint() const;  ///< 64 hex digits: sha256 of pem()
  /// Is `signature` (strict DER) this key's over `message`?
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature,
                            SignedHash hash = SignedHash::by_curve) const;
  [[nodiscard]] bool same_as(const EcPublicKey& other) const;

 private:
  EcPublicKey(std::shared_ptr<evp_pkey_st> pkey, Curve curve) : pkey_(std::move(pkey)), curve_(curve) {}
  std::shared_ptr<evp_pkey_st> pkey_;
  Curve curve_ = Curve::p256;
};

/// A key that signs. One thread at a time; OpenSSL wipes its bytes when the last copy goes.
class EcPrivateKey {
 public:
  [[nodiscard]] static Result<EcPrivateKey> generate(Curve curve);
  /// PKCS#8 or SEC 1 PEM. errors  denied: encrypted and no (or the wrong) passphrase; else as EcPublicKey::from_pem
  [[nodiscard]] static Result<EcPrivateKey> from_pem(std::string_view pem,
                                                     const std::optional<Secret>& passphrase = std::nullopt);
  /// As from_pem, from a file. errors  also not_found, store
  [[nodiscard]] static Result<EcPrivateKey> load(const std::filesystem::path& file,
                                                 const std::optional<Secret>& passphrase = std::nullopt);

  [[nodiscard]] const EcPublicKey& public_key() const { return public_; }
  [[nodiscard]] Result<std::string> sign(std::string_view message) const;  ///< DER

 private:
  explicit EcPrivateKey(std::shared_ptr<evp_pkey_st> pkey, EcPublicKey pub)
      : pkey_(std::move(pkey)), public_(std::move(pub)) {}
  std::shared_ptr<evp_pkey_st> pkey_;
  EcPublicKey public_;
};

}  // namespace nano::verify::oms
