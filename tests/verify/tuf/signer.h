// tests/verify/tuf/signer.h: private keys of every scheme, so that tests can sign what nano itself only verifies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "verify/openssl.h"
#include "verify/tuf/document.h"
#include "verify/tuf/key.h"

namespace nano::test {

class Signer {
 public:
  [[nodiscard]] static Signer ed25519();
  /// `group` as OpenSSL names it; `old_keytype`: the "ecdsa-sha2-nistp256" of before 2023.
  [[nodiscard]] static Signer ecdsa(const char* group = "P-256", bool old_keytype = false);
  [[nodiscard]] static Signer rsa(int bits = 2048);

  /// The key object; `extra` adds unknown fields (and so gives the same key another id).
  [[nodiscard]] Json object(const Json& extra = Json::object()) const;
  [[nodiscard]] std::string id(const Json& extra = Json::object()) const;
  [[nodiscard]] verify::tuf::Key key(const Json& extra = Json::object()) const;
  [[nodiscard]] std::string sign(std::string_view message,
                                 int rsa_salt = -1) const;  ///< hex; salt -1: as long as the hash
  [[nodiscard]] std::string pem() const;                    ///< SubjectPublicKeyInfo
  /// The key as PEM with its point compressed (ecdsa only).
  [[nodiscard]] std::string compressed_pem() const;
  /// The key as PEM with its curve written out instead of named (ecdsa only).
  [[nodiscard]] std::string explicit_pem() const;
  /// The public half of an RSA key with the same modulus and another exponent, as PEM.
  [[nodiscard]] std::string pem_with_exponent(unsigned e) const;
  [[nodiscard]] EVP_PKEY* pkey() const { return pkey_.get(); }

 private:
  std::string keytype_{};
  std::string scheme_{};
  std::shared_ptr<EVP_PKEY> pkey_{};
};

/// Append `signer`'s signature to the document under `id` (the signer's own when empty).
void add_signature(verify::tuf::Document& doc, const Signer& signer, const std::string& id = {});

}  // namespace nano::test
