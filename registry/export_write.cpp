// registry/export_write.cpp: releases with the metadata that vouches for them, in one file.
#include <algorithm>
#include <map>

#include "base/hash.h"
#include "registry/bundle_layout.h"
#include "registry/export.h"
#include "registry/export_mark.h"
#include "registry/tar_writer.h"

namespace nano::registry {
namespace {

using Files = std::map<Digest, const std::string*>;

Status within(uint64_t total, uint64_t limit, const char* what) {
  if (total <= limit) return Unit{};
  return make_error(Errc::invalid,
                    std::string(what) + " of this export have " + std::to_string(total) +
                        " bytes, the limit is " + std::to_string(limit),
                    "export fewer packages at once");
}

}  // namespace

const ExportRegistry* ExportHead::find(const Digest& registry_id) const {
  for (const ExportRegistry& r : registries)
    if (r.id == registry_id) return &r;
  return nullptr;
}

Result<uint64_t> write_export(const std::filesystem::path& out, const ExportHead& head, std::vector<LocalBlob> blobs,
                              const fs::OutputOptions& how) {
  internal::ExportMark mark;
  Files metadata;
  Files releases;
  uint64_t metadata_bytes = 0;
  for (const ExportRegistry& r : head.registries) {
    auto& m = mark.registries.emplace_back();
    m.id = r.id;
    for (const auto& [name, bytes] : r.metadata) {
      if (!internal::is_metadata_name(name))
        return make_error(Errc::invalid, "metadata cannot be called '" + name + "'");
      const Digest digest = sha256(bytes);
      m.metadata.emplace(name, digest);
      if (metadata.emplace(digest, &bytes).second) metadata_bytes += bytes.size();
    }
  }
  NANO_TRY(within(metadata_bytes, kMaxExportMetadataBytes, "the metadata"));
  std::map<Digest, uint64_t> wanted;
  UnixTime mtime = 0;
  uint64_t release_bytes = 0;
  for (const ExportRelease& r : head.releases) {
    NANO_TRY_ASSIGN(const auto release, schemas::parse_release(r.bytes));
    NANO_TRY_ASSIGN(const UnixTime created, parse_time(release.created));
    mtime = std::max(mtime, created);
    const Digest digest = sha256(r.bytes);
    if (!releases.emplace(digest, &r.bytes).second)
      return make_error(Errc::invalid, "the release " + digest.text() + " stands twice in the export");
    release_bytes += r.bytes.size();
    mark.releases.push_back(
        {.digest = digest, .registry = r.registry, .variant = r.variant, .requested = r.requested});
    for (const auto* f : release.files_of(r.variant)) wanted.emplace(f->sha256, f->size);
  }
  NANO_TRY(within(release_bytes, kMaxExportReleaseBytes, "the releases"));
  std::sort(mark.registries.begin(), mark.registries.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  std::sort(mark.releases.begin(), mark.releases.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  std::sort(blobs.begin(), blobs.end(),
            [](const LocalBlob& a, const LocalBlob& b) { return a.blob < b.blob; });
  blobs.erase(std::unique(blobs.begin(), blobs.end(),
                          [](const LocalBlob& a, const LocalBlob& b) { return a.blob == b.blob; }),
              blobs.end());
  const bool complete =
      blobs.size() == wanted.size() && std::all_of(blobs.begin(), blobs.end(), [&](const LocalBlob& b) {
        const auto it = wanted.find(b.blob.digest);
        return it != wanted.end() && it->second == b.blob.size;
      });
  if (!complete) return make_error(Errc::invalid, "the blobs are not those of the exported variants");
  // What is written must be what can be read again.
  const std::string mark_bytes = internal::write_mark(mark);
  NANO_TRY(within(mark_bytes.size(), kMaxExportMarkBytes, "the names"));
  NANO_TRY(internal::parse_mark(mark_bytes));
  return TarWriter::write(out, how, mtime, [&](TarWriter& tar) -> Status {
    NANO_TRY(tar.entry(layout::kMark, mark_bytes));
    for (const auto& [digest, bytes] : metadata) NANO_TRY(tar.entry(layout::metadata_name(digest), *bytes));
    for (const auto& [digest, bytes] : releases) NANO_TRY(tar.entry(layout::release_name(digest), *bytes));
    for (const LocalBlob& b : blobs) NANO_TRY(tar.blob(layout::blob_name(b.blob.digest), b));
    return Unit{};
  });
}

}  // namespace nano::registry
