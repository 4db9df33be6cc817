// registry/repository/dsse_side.cpp: the envelopes that clients of nano 0.1 read, written beside the signed roles.
#include "registry/index_pointer.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"
#include "verify/dsse.h"

namespace nano::registry {

namespace {

constexpr std::size_t kForeignSignatures = 16;  ///< kept of those a bundle brings

}  // namespace

Status Repository::Impl::put_envelope(const schemas::Release& release, const std::string& bytes, const Digest& digest,
                                      const std::optional<std::string>& foreign) const {
  if (options.dsse == nullptr) return Unit{};
  verify::Envelope envelope{.payload_type = std::string(verify::kReleasePayload), .payload = bytes, .signatures = {}};
  if (foreign) {
    NANO_TRY_ASSIGN(auto theirs, verify::parse_envelope(*foreign, schemas::kMaxReleaseBytes));
    if (theirs.payload == bytes && theirs.payload_type == verify::kReleasePayload) {
      if (theirs.signatures.size() > kForeignSignatures) theirs.signatures.resize(kForeignSignatures);
      envelope.signatures = std::move(theirs.signatures);
    }
  }
  NANO_TRY(verify::sign_envelope(envelope, *options.dsse));
  return tree.put(tree::release_envelope(release.manifest.name, release.manifest.version, digest), verify::write_envelope(envelope));
}

Status Repository::Impl::put_pointer(UnixTime now) const {
  if (options.dsse == nullptr) return Unit{};
  NANO_TRY_ASSIGN(const std::string bytes, schemas::write_index(index));
  verify::Envelope envelope{.payload_type = std::string(verify::kIndexPayload),
                            .payload = write_index_pointer({.sha256 = index_digest, .size = bytes.size(), .created = format_time(now)}),
                            .signatures = {}};
  NANO_TRY(verify::sign_envelope(envelope, *options.dsse));
  return tree.put(tree::kIndexPointer, verify::write_envelope(envelope));
}

}  // namespace nano::registry
