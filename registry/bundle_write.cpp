// registry/bundle_write.cpp: one release and its blobs as a bundle.
#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "registry/bundle.h"
#include "registry/bundle_layout.h"
#include "registry/tar_writer.h"

namespace nano::registry {

Result<uint64_t> write_bundle(const std::filesystem::path& out, std::string_view release_bytes, std::vector<LocalBlob> blobs,
                              const fs::OutputOptions& how) {
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(release_bytes));
  NANO_TRY_ASSIGN(const auto known, layout::blobs_of(release));
  NANO_TRY_ASSIGN(const UnixTime mtime, parse_time(release.created));
  std::sort(blobs.begin(), blobs.end(), [](const LocalBlob& a, const LocalBlob& b) { return a.blob < b.blob; });
  blobs.erase(std::unique(blobs.begin(), blobs.end(), [](const LocalBlob& a, const LocalBlob& b) { return a.blob == b.blob; }), blobs.end());
  for (const LocalBlob& b : blobs) {
    const auto it = known.find(b.blob.digest);
    if (it == known.end() || it->second != b.blob.size)
      return make_error(Errc::invalid, "the release does not name the blob " + b.blob.digest.text() + " of " + std::to_string(b.blob.size) + " bytes");
  }

  return TarWriter::write(out, how, mtime, [&](TarWriter& tar) -> Status {
    NANO_TRY(tar.entry(layout::kMark, layout::mark_bytes()));
    NANO_TRY(tar.entry(layout::kRelease, release_bytes));
    for (const LocalBlob& b : blobs) NANO_TRY(tar.blob(layout::blob_name(b.blob.digest), b));
    return Unit{};
  });
}

}  // namespace nano::registry
