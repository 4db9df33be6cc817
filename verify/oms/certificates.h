// verify/oms/certificates.h: who stands behind a certificate chain, judged now, by roots that were named.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "verify/oms/ec_key.h"

namespace nano::verify::oms {

inline constexpr std::size_t kMaxCertificates = 16;            ///< in one chain, and in one file of roots
inline constexpr std::size_t kMaxCertificateBytes = 65'536;    ///< of one certificate (DER)
inline constexpr uint64_t kMaxCertificateFileBytes = 524'288;  ///< of a PEM file of certificates

/// Whom the leaf must name. There is no default: a root alone would let any of its customers sign.
struct SubjectRule {
  enum class Kind { any, common_name, dns, email, uri, distinguished_name };
  Kind kind = Kind::any;
  std::string value{};  ///< compared byte for byte; distinguished names in the form of RFC 2253

  /// `cn=NAME`, `dns=NAME`, `email=ADDRESS`, `uri=URI`, `dn=CN=…,O=…`, or `any`. errors  usage
  [[nodiscard]] static Result<SubjectRule> parse(std::string_view text);
};

/// What a chain that holds says about its leaf.
struct Leaf {
  EcPublicKey key;
  std::string subject{};  ///< RFC 2253, as in the certificate: foreign text
  UnixTime not_after = 0;
};

/// The certificates of a PEM text, each as DER, in its order. Private keys and other blocks are refused.
/// errors  invalid: none, or more than kMaxCertificates
[[nodiscard]] Result<std::vector<std::string>> certificates_from_pem(std::string_view pem);

/// Verify `chain` (DER, leaf first) up to one of `roots` (DER, self-signed) at the time `at`.
///
///   The leaf's validity is judged at `at`, not at a time the signer could choose (the reference takes the leaf's own
///   first day). Signatures and keys below 112 bits, curves by parameters, leaves that may not sign (keyUsage
///   without digitalSignature, extendedKeyUsage without codeSigning, or neither) are refused.
///   errors  untrusted; invalid: not certificates; unsupported: the leaf's key
[[nodiscard]] Result<Leaf> verify_chain(std::span<const std::string> chain,
                                        std::span<const std::string> roots, const SubjectRule& rule,
                                        UnixTime at);

/// The key in a certificate, without judging it: for the signer's own. errors  invalid, unsupported
[[nodiscard]] Result<EcPublicKey> key_of_certificate(std::string_view der);

}  // namespace nano::verify::oms
