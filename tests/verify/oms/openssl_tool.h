// tests/verify/oms/openssl_tool.h: the `openssl` program as an outside party: keys, certificates, signatures.
#pragma once

#include <string>
#include <vector>

#include "tests/support/support.h"

namespace nano::test {

[[nodiscard]] bool have_openssl();
/// Run `openssl ARGS…` and require that it succeeds; its output.
std::string openssl(const std::vector<std::string>& args, std::string_view stdin_bytes = {});
/// Run it; did it succeed?
[[nodiscard]] bool openssl_says_yes(const std::vector<std::string>& args);

/// root -> intermediate -> leaf, made by openssl in a folder: root.pem, mid.pem, leaf.pem, leaf.key.
struct CertificateChain {
  explicit CertificateChain(const TempDir& dir, const std::string& leaf_extensions = kSigning,
                            int leaf_days = 30, const std::string& curve = "P-256");
  static constexpr const char* kSigning =
      "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
      "subjectAltName=email:ann@example.org,URI:https://example.org/ann,DNS:ann.example.org\n";
  std::vector<std::string> chain{};  ///< DER, leaf first, without the root
  std::vector<std::string> roots{};  ///< DER
  std::string leaf_key{};            ///< PEM
};

}  // namespace nano::test
