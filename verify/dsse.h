// verify/dsse.h: signed envelopes (DSSE v1.0.2): payload, its type, signatures over both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/keys.h"

namespace nano::verify {

inline constexpr std::string_view kReleasePayload = "application/vnd.nano.release.v1+json";
inline constexpr std::size_t kMaxSignatures = 32;  ///< of one envelope: each costs a verification

/// The largest envelope (bytes of JSON) around a payload of `payload_bytes`: base64 plus room for the signatures.
[[nodiscard]] constexpr uint64_t envelope_limit(uint64_t payload_bytes) { return (payload_bytes + 2) / 3 * 4 + 16'384; }

struct Signature {
  std::string key_id{};  ///< a hint only: every claim is checked against the keys given
  std::string sig{};     ///< raw bytes; may be empty or nonsense
};

struct Envelope {
  std::string payload_type{};
  std::string payload{};  ///< raw bytes
  std::vector<Signature> signatures{};
};

/// The bytes that are signed: `DSSEv1 <len> <type> <len> <payload>`.
[[nodiscard]] std::string pae(std::string_view payload_type, std::string_view payload);
/// errors  invalid: not strict JSON or base64, another field set, a key id twice, more than kMaxSignatures
[[nodiscard]] Result<Envelope> parse_envelope(std::string_view json, uint64_t max_payload_bytes);
/// One line of JSON and a newline; the same envelope gives the same bytes.
[[nodiscard]] std::string write_envelope(const Envelope& envelope);
/// Add (or replace) `key`'s signature.
[[nodiscard]] Status sign_envelope(Envelope& envelope, const PrivateKey& key);
/// The keys among `trusted` that signed `envelope`, each once.
///
///   threshold  how many distinct keys must have signed; at least 1. Counted by key, not by key id.
///   what       names the thing for the message: "release sentiment-50m@1.0.0"
///   errors     untrusted: another payload type; fewer good signatures. The accepted and the found key ids are named.
[[nodiscard]] Result<std::vector<PublicKey>> verify_envelope(const Envelope& envelope, std::string_view payload_type,
                                                             std::span<const PublicKey> trusted, uint32_t threshold,
                                                             std::string_view what);

}  // namespace nano::verify
