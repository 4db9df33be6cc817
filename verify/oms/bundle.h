// verify/oms/bundle.h: `model.sig`: a Sigstore bundle around one DSSE envelope, in the two forms without a log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/oms/statement.h"

namespace nano::verify::oms {

inline constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr uint64_t kMaxBundleBytes = uint64_t{48}
                                            << 20;  ///< kMaxStatementBytes as base64, and the rest

struct Bundle {
  enum class Material { key, certificate };
  Material material = Material::key;
  std::string key_hint{};                   ///< hex sha256 of the key's PEM; "" in bundles from before 1.1
  std::string key_bytes{};                  ///< those carried the key itself (PEM or DER)
  std::vector<std::string> certificates{};  ///< DER, leaf first
  std::string payload_type{};
  std::string payload{};    ///< raw bytes
  std::string signature{};  ///< raw bytes
};

/// errors  invalid: not strict JSON or base64, another media type, not exactly one signature, two kinds of verification
///         material; unsupported: a Sigstore (keyless) bundle
[[nodiscard]] Result<Bundle> parse_bundle(std::string_view json);
/// One line of JSON and a newline.
[[nodiscard]] std::string write_bundle(const Bundle& bundle);

/// v0.2's bytes that were signed: `DSSEV1` and the payload as Python prints bytes: `b'…'`.
[[nodiscard]] std::string old_pae(std::string_view payload_type, std::string_view payload);

}  // namespace nano::verify::oms
