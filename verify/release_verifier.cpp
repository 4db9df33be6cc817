// verify/release_verifier.cpp: DSSE envelopes against keys pinned in the configuration.
#include "verify/release_verifier.h"

#include "base/hash.h"
#include "verify/dsse.h"

namespace nano::verify {
namespace {

class PinnedKeys final : public ReleaseVerifier {
 public:
  PinnedKeys(std::vector<PublicKey> keys, uint32_t threshold) : keys_(std::move(keys)), threshold_(threshold) {}

  [[nodiscard]] Result<Verified> verify(std::string_view envelope, std::string_view payload_type, uint64_t max_bytes,
                                        std::string_view what) const override {
    auto parsed = parse_envelope(envelope, max_bytes);
    if (!parsed) return std::move(parsed.error()).while_("reading the signatures of " + std::string(what));
    NANO_TRY_ASSIGN(const auto signers, verify_envelope(*parsed, payload_type, keys_, threshold_, what));
    Verified out;
    out.bytes = std::move(parsed->payload);
    out.digest = sha256(out.bytes);
    for (const PublicKey& k : signers) out.signers.push_back(k.key_id());
    return out;
  }

 private:
  std::vector<PublicKey> keys_;
  uint32_t threshold_ = 1;
};

}  // namespace

std::shared_ptr<const ReleaseVerifier> pinned_keys(std::vector<PublicKey> keys, uint32_t threshold) {
  return std::make_shared<PinnedKeys>(std::move(keys), threshold);
}

}  // namespace nano::verify
