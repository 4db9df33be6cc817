// registry/bundle_read.cpp: reads a bundle that anyone may have made: exact names, exact order, every byte accounted for.
#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "registry/bundle.h"
#include "registry/bundle_layout.h"
#include "registry/export.h"
#include "registry/export_mark.h"
#include "registry/tar_reader.h"

namespace nano::registry {
namespace {

class Reader {
 public:
  explicit Reader(Unpack in) : in_(std::move(in)) {}

  /// The entries before the blobs.
  [[nodiscard]] Result<BundleHead> head() {
    NANO_TRY(in_.next());
    if (!in_.at() || in_.at()->name != layout::kMark) return broken_bundle("it does not begin with " + std::string(layout::kMark));
    NANO_TRY_ASSIGN(const std::string mark, in_.small(kMaxExportMarkBytes));
    if (mark != layout::mark_bytes() && internal::parse_mark(mark))
      return make_error(Errc::invalid, "this is an export of installed packages, not one packed release", "`nano import FILE` takes it in");
    if (mark != layout::mark_bytes())
      return make_error(Errc::unsupported, "the bundle is of a newer kind than this nano reads", "update nano");
    BundleHead out;
    NANO_TRY(in_.next());
    if (!in_.at() || in_.at()->name != layout::kRelease) return broken_bundle("it has no " + std::string(layout::kRelease) + " where that must be");
    NANO_TRY_ASSIGN(out.release_bytes, in_.small(schemas::kMaxReleaseBytes));
    NANO_TRY_ASSIGN(out.release, schemas::parse_release(out.release_bytes));
    out.digest = sha256(out.release_bytes);
    return out;
  }

  /// The blobs, to the last byte of the file.
  [[nodiscard]] Result<BundleSummary> blobs(const schemas::Release& release, BundleVisitor& visitor) {
    NANO_TRY_ASSIGN(const auto wanted, layout::blobs_of(release));
    BundleSummary out;
    while (true) {
      NANO_TRY(in_.next());
      if (!in_.at()) break;
      NANO_TRY_ASSIGN(const BlobRequest blob, name_blob(wanted));
      if (!out.present.empty() && blob.digest == out.present.back().digest) return broken_bundle("'" + in_.at()->name + "' is there twice");
      if (!out.present.empty() && blob.digest < out.present.back().digest) return broken_bundle("its blobs are out of order at '" + in_.at()->name + "'");
      NANO_TRY_ASSIGN(const auto sink, visitor.blob(blob));
      NANO_TRY(in_.body(sink.get()));
      if (sink) NANO_TRY(sink->commit());
      out.present.push_back(blob);
    }
    NANO_TRY(in_.rest_is_zero());
    for (const auto& [digest, size] : wanted) {
      const BlobRequest b{.digest = digest, .size = size};
      if (!std::binary_search(out.present.begin(), out.present.end(), b)) out.missing.push_back(b);
    }
    return out;
  }

 private:
  [[nodiscard]] Result<BlobRequest> name_blob(const std::map<Digest, uint64_t>& wanted) const {
    const std::string_view name = in_.at()->name;
    const std::string shown = "'" + sanitize(name) + "'";
    if (name.substr(0, layout::kBlobPrefix.size()) != layout::kBlobPrefix) return broken_bundle("it holds " + shown + ", which no bundle does");
    const auto digest = Digest::parse_hex(name.substr(layout::kBlobPrefix.size()));
    if (!digest) return broken_bundle("it holds " + shown + ", which is not a blob's name");
    const auto it = wanted.find(*digest);
    if (it == wanted.end()) return broken_bundle("it holds " + shown + ", which its release does not name");
    if (it->second != in_.at()->size)
      return make_error(Errc::integrity, "the bundle's " + shown + " has " + std::to_string(in_.at()->size) + " bytes, its release says " +
                                             std::to_string(it->second));
    return BlobRequest{.digest = *digest, .size = in_.at()->size};
  }

  TarReader in_;
};

}  // namespace

Result<BundleSummary> read_bundle(const std::filesystem::path& file, BundleVisitor& visitor) {
  const auto read = [&]() -> Result<BundleSummary> {
    NANO_TRY_ASSIGN(Unpack in, Unpack::open(file));
    Reader reader(std::move(in));
    NANO_TRY_ASSIGN(const BundleHead head, reader.head());
    NANO_TRY(visitor.release(head.release, head.release_bytes, head.digest));
    return reader.blobs(head.release, visitor);
  };
  auto done = read();
  if (!done) return std::move(done.error()).while_("reading the bundle " + file.string());
  return done;
}

Result<BundleHead> read_bundle_head(const std::filesystem::path& file) {
  const auto read = [&]() -> Result<BundleHead> {
    NANO_TRY_ASSIGN(Unpack in, Unpack::open(file));
    return Reader(std::move(in)).head();
  };
  auto done = read();
  if (!done) return std::move(done.error()).while_("reading the bundle " + file.string());
  return done;
}

}  // namespace nano::registry
