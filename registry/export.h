// registry/export.h: `.nano` files that carry trust: releases, their blobs, and what their registries signed.
//
//   nano-bundle.json            {"schema":"nano.bundle/2","registries":[…],"releases":[…]}: what follows, and what it is for
//   metadata/<hex>.json         signed metadata as served, named by its sha256; each once, rising
//   releases/<hex>.json         releases, likewise
//   blobs/sha256/<hex>          each once, rising; of the variants that were exported
//
// Nothing in the file is believed: metadata goes through the same updater as that of a server, a release must be what that
// says, a blob what its release says. Same tar as bundle.h. docs/FORMATS.md#bundle
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "registry/bundle.h"

namespace nano::registry {

inline constexpr std::string_view kExportSchema = "nano.bundle/2";
inline constexpr uint64_t kMaxExportMarkBytes = uint64_t{4} << 20;
inline constexpr uint64_t kMaxExportMetadataBytes = uint64_t{64}
                                                    << 20;              ///< all metadata of one file together
inline constexpr uint64_t kMaxExportReleaseBytes = uint64_t{64} << 20;  ///< all releases of one file together

/// What one registry signed, by the names it serves it under: "1.root.json", "timestamp.json", "7.ns.acme.json".
struct ExportRegistry {
  Digest id{};                                    ///< sha256 of its version-1 root
  std::map<std::string, std::string> metadata{};  ///< name -> bytes
};

struct ExportRelease {
  std::string bytes{};
  Digest digest{};             ///< of `bytes`
  schemas::Release release{};  ///< parsed from `bytes`
  Digest registry{};           ///< id of the one that vouches for it
  std::string variant{};       ///< whose files are inside; "" = the release has no variants
  bool requested = true;       ///< false: there because another one needs it
};

/// Everything before the blobs.
struct ExportHead {
  std::vector<ExportRegistry> registries{};  ///< by id, rising
  std::vector<ExportRelease> releases{};     ///< by digest, rising
  [[nodiscard]] const ExportRegistry* find(const Digest& registry_id) const;
};

/// Equal input gives equal bytes (with one libzstd). `release` and `digest` of the releases are taken from their bytes.
///   blobs   of the exported variants: all of them, no others; hashed while written
///   returns  bytes of the file
///   errors   invalid: not a release, a blob missing or too many, a limit; integrity: a file's bytes are not its blob's;
///            usage: `out` is not to be replaced; store
[[nodiscard]] Result<uint64_t> write_export(const std::filesystem::path& out, const ExportHead& head, std::vector<LocalBlob> blobs,
                                            const fs::OutputOptions& how = {.replace = true});

/// Is the file one of these (or a bundle as bundle.h has it)? errors  not_found; invalid: neither; unsupported: a newer kind
[[nodiscard]] Result<bool> is_export(const std::filesystem::path& file);

/// errors  not_found; integrity: an entry's bytes are not what its name says; invalid: anything not exactly the format above
[[nodiscard]] Result<ExportHead> read_export_head(const std::filesystem::path& file);

/// The blobs, each into the sink that `sinks` makes (nullptr = passed over). Every blob that the head promises must be there.
///   expect  the head as judged before: another one means that the file changed meanwhile
///   errors  as read_export_head, and the sinks' own
[[nodiscard]] Status read_export_blobs(const std::filesystem::path& file, const ExportHead& expect,
                                       const SinkFactory& sinks);

}  // namespace nano::registry
