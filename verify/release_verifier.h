// verify/release_verifier.h: the seam between "who may sign" and everything that reads signed documents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "verify/keys.h"

namespace nano::verify {

/// Bytes that a trusted key vouches for.
struct Verified {
  std::string bytes{};                ///< the document itself, out of its envelope
  Digest digest{};                    ///< sha256 of `bytes`
  std::vector<std::string> signers{};  ///< key ids (64 hex digits) whose signatures were good; at least one
};

/// Decides whether a signed document is to be believed. This release: DSSE envelopes against pinned keys. TUF roles
/// take this interface's place without a change in its callers.
class ReleaseVerifier {
 public:
  virtual ~ReleaseVerifier() = default;
  /// `envelope` as fetched; `payload_type` one of dsse.h's; `max_bytes` the document's limit; `what` for messages.
  /// errors  invalid: not an envelope; untrusted: not signed (enough) by a key this verifier accepts
  [[nodiscard]] virtual Result<Verified> verify(std::string_view envelope, std::string_view payload_type, uint64_t max_bytes,
                                                std::string_view what) const = 0;
};

/// Envelopes signed by at least `threshold` of `keys`. No keys: everything is untrusted. Safe to share by threads.
[[nodiscard]] std::shared_ptr<const ReleaseVerifier> pinned_keys(std::vector<PublicKey> keys, uint32_t threshold = 1);

}  // namespace nano::verify
