// registry/bundle_layout.h: names of a bundle's entries, and which blobs a release has; shared by writer and reader.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schemas/release.h"

namespace nano::registry::layout {

inline constexpr std::string_view kMark = "nano-bundle.json";
inline constexpr std::string_view kRelease = "release.json";
inline constexpr std::string_view kBlobPrefix = "blobs/sha256/";

// Of exports (export.h).
[[nodiscard]] inline std::string metadata_name(const Digest& d) { return "metadata/" + d.hex() + ".json"; }
[[nodiscard]] inline std::string release_name(const Digest& d) { return "releases/" + d.hex() + ".json"; }

[[nodiscard]] inline std::string mark_bytes() { return "{\"schema\":\"nano.bundle/1\"}\n"; }
[[nodiscard]] inline std::string blob_name(const Digest& d) { return std::string(kBlobPrefix) + d.hex(); }

/// Every blob of a release with its size. errors  invalid: one digest with two sizes
[[nodiscard]] inline Result<std::map<Digest, uint64_t>> blobs_of(const schemas::Release& release) {
  std::map<Digest, uint64_t> out;
  for (const auto& file : release.files) {
    const auto [it, added] = out.emplace(file.sha256, file.size);
    if (!added && it->second != file.size)
      return make_error(Errc::invalid, "the release gives " + file.sha256.text() + " two sizes: " + std::to_string(it->second) + " and " +
                                           std::to_string(file.size));
  }
  return out;
}

}  // namespace nano::registry::layout
