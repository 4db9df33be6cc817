// registry/bundle.h: `.nano` bundles: one release and its blobs in a tar.zst, as a publisher hands it in. It vouches for nothing:
// export.h has those that carry trust.
//
//   nano-bundle.json      {"schema":"nano.bundle/1"}
//   release.json          the release
//   blobs/sha256/<hex>    each once, rising; all of them, or those of some variants
//
// Plain ustar, regular files only, this order, mode 0644, owner 0, mtime = the release's date. docs/FORMATS.md#bundle
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fs_output.h"
#include "base/result.h"
#include "registry/blob_sink.h"
#include "schemas/release.h"

namespace nano::registry {

inline constexpr std::string_view kBundleSchema = "nano.bundle/1";
inline constexpr std::size_t kMaxBundleEntries = 10'000;
inline constexpr uint64_t kMaxBundleRatio = 200;                    ///< unpacked bytes for each packed byte …
inline constexpr uint64_t kBundleRatioFloor = uint64_t{1} << 20;    ///< … after the first MiB

/// A blob on its way into a bundle or a repository.
struct LocalBlob {
  BlobRequest blob{};
  std::filesystem::path file{};  ///< regular file that holds it
};

/// Write `out`, whatever it is (base/fs_output.h). Equal input gives equal bytes (with one libzstd).
///
///   release_bytes  a release (parsed here again)
///   blobs          any order; each must be in the release; hashed while written
///   returns        bytes of the bundle
///   errors         integrity: a file's bytes are not its blob's; invalid: not a release; usage: `out` is not to be replaced; store
[[nodiscard]] Result<uint64_t> write_bundle(const std::filesystem::path& out, std::string_view release_bytes, std::vector<LocalBlob> blobs,
                                            const fs::OutputOptions& how = {.replace = true});

/// Takes what a bundle holds, in order.
class BundleVisitor {
 public:
  virtual ~BundleVisitor() = default;
  /// First and once. An error stops the reading.
  [[nodiscard]] virtual Status release(const schemas::Release& release, const std::string& bytes, const Digest& digest) = 0;
  /// A blob of that release; nullptr = not wanted: its bytes are then passed over, unchecked.
  [[nodiscard]] virtual Result<std::unique_ptr<BlobSink>> blob(const BlobRequest& want) = 0;
};

struct BundleSummary {
  std::vector<BlobRequest> present{};  ///< blobs the bundle has
  std::vector<BlobRequest> missing{};  ///< blobs of the release that it has not
};

/// Read a bundle that anyone may have made. Nothing is written but through the visitor's sinks.
///   errors  not_found; integrity: a blob's bytes are not what its name and the release say; invalid: everything else
///           that is not exactly the format above; the visitor's own errors
[[nodiscard]] Result<BundleSummary> read_bundle(const std::filesystem::path& file, BundleVisitor& visitor);

/// The release alone (the blobs are not read).
struct BundleHead {
  schemas::Release release{};
  std::string release_bytes{};
  Digest digest{};
};
[[nodiscard]] Result<BundleHead> read_bundle_head(const std::filesystem::path& file);

}  // namespace nano::registry
