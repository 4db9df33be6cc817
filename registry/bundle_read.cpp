// registry/bundle_read.cpp: reads a bundle that anyone may have made: exact names, exact order, every byte accounted for.
#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "registry/bundle.h"
#include "registry/bundle_layout.h"
#include "registry/unpack.h"
#include "registry/ustar.h"
#include "verify/dsse.h"

namespace nano::registry {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

Error broken(std::string what) { return make_error(Errc::invalid, "not a nano bundle: " + std::move(what)); }

class Reader {
 public:
  explicit Reader(Unpack in) : in_(std::move(in)) {}

  /// The entries before the blobs.
  [[nodiscard]] Result<BundleHead> head() {
    NANO_TRY(next());
    if (!at_ || at_->name != layout::kMark) return broken("it does not begin with " + std::string(layout::kMark));
    NANO_TRY_ASSIGN(const std::string mark, small(layout::mark_bytes().size()));
    if (mark != layout::mark_bytes())
      return make_error(Errc::unsupported, "the bundle is of a newer kind than this nano reads", "update nano");
    BundleHead out;
    NANO_TRY(next());
    if (at_ && at_->name == layout::kEnvelope) {
      NANO_TRY_ASSIGN(out.envelope, small(verify::envelope_limit(schemas::kMaxReleaseBytes)));
      NANO_TRY(next());
    }
    if (!at_ || at_->name != layout::kRelease) return broken("it has no " + std::string(layout::kRelease) + " where that must be");
    NANO_TRY_ASSIGN(out.release_bytes, small(schemas::kMaxReleaseBytes));
    NANO_TRY_ASSIGN(out.release, schemas::parse_release(out.release_bytes));
    out.digest = sha256(out.release_bytes);
    if (out.envelope) {
      NANO_TRY_ASSIGN(const auto envelope, verify::parse_envelope(*out.envelope, schemas::kMaxReleaseBytes));
      if (envelope.payload != out.release_bytes) return broken("its signed envelope holds another release than release.json");
    }
    return out;
  }

  /// The blobs, to the last byte of the file.
  [[nodiscard]] Result<BundleSummary> blobs(const schemas::Release& release, BundleVisitor& visitor) {
    NANO_TRY_ASSIGN(const auto wanted, layout::blobs_of(release));
    BundleSummary out;
    while (true) {
      NANO_TRY(next());
      if (!at_) break;
      NANO_TRY_ASSIGN(const BlobRequest blob, name_blob(wanted));
      if (!out.present.empty() && blob.digest == out.present.back().digest) return broken("'" + at_->name + "' is there twice");
      if (!out.present.empty() && blob.digest < out.present.back().digest) return broken("its blobs are out of order at '" + at_->name + "'");
      NANO_TRY_ASSIGN(const auto sink, visitor.blob(blob));
      NANO_TRY(body(sink.get()));
      if (sink) NANO_TRY(sink->commit());
      out.present.push_back(blob);
    }
    NANO_TRY(rest_is_zero());
    for (const auto& [digest, size] : wanted) {
      const BlobRequest b{.digest = digest, .size = size};
      if (!std::binary_search(out.present.begin(), out.present.end(), b)) out.missing.push_back(b);
    }
    return out;
  }

 private:
  /// Step to the next header: at_, or nothing at the end.
  [[nodiscard]] Status next() {
    ustar::Block block{};
    NANO_TRY(in_.read_all(block.data(), block.size()));
    NANO_TRY_ASSIGN(at_, ustar::parse(block));
    if (at_ && ++entries_ > kMaxBundleEntries) return broken("it has more than " + std::to_string(kMaxBundleEntries) + " entries");
    return Unit{};
  }

  [[nodiscard]] Result<BlobRequest> name_blob(const std::map<Digest, uint64_t>& wanted) const {
    const std::string_view name = at_->name;
    const std::string shown = "'" + sanitize(name) + "'";
    if (name.substr(0, layout::kBlobPrefix.size()) != layout::kBlobPrefix) return broken("it holds " + shown + ", which no bundle does");
    const auto digest = Digest::parse_hex(name.substr(layout::kBlobPrefix.size()));
    if (!digest) return broken("it holds " + shown + ", which is not a blob's name");
    const auto it = wanted.find(*digest);
    if (it == wanted.end()) return broken("it holds " + shown + ", which its release does not name");
    if (it->second != at_->size)
      return make_error(Errc::integrity, "the bundle's " + shown + " has " + std::to_string(at_->size) + " bytes, its release says " +
                                             std::to_string(it->second));
    return BlobRequest{.digest = *digest, .size = at_->size};
  }

  [[nodiscard]] Result<std::string> small(uint64_t limit) {
    if (at_->size > limit)
      return broken(at_->name + " has " + std::to_string(at_->size) + " bytes, the limit is " + std::to_string(limit));
    std::string out(at_->size, '\0');
    NANO_TRY(in_.read_all(out.data(), out.size()));
    NANO_TRY(padding(at_->size));
    return out;
  }

  [[nodiscard]] Status body(BlobSink* sink) {
    std::vector<char> buf(kChunk);
    // A sink that holds a prefix already (an interrupted install) takes only what follows.
    uint64_t skip = sink == nullptr ? at_->size : sink->have();
    for (uint64_t left = at_->size; left > 0;) {
      const std::size_t n = static_cast<std::size_t>(std::min<uint64_t>(left, buf.size()));
      NANO_TRY(in_.read_all(buf.data(), n));
      left -= n;
      const std::size_t known = static_cast<std::size_t>(std::min<uint64_t>(skip, n));
      skip -= known;
      if (n > known) NANO_TRY(sink->append({buf.data() + known, n - known}));
    }
    return padding(at_->size);
  }

  [[nodiscard]] Status padding(uint64_t size) {
    ustar::Block block{};
    const std::size_t n = static_cast<std::size_t>((ustar::kBlock - size % ustar::kBlock) % ustar::kBlock);
    NANO_TRY(in_.read_all(block.data(), n));
    if (std::any_of(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n), [](char c) { return c != '\0'; }))
      return broken("it has bytes hidden behind '" + sanitize(at_->name) + "'");
    return Unit{};
  }

  /// After the first zero block: at least one more, and nothing else to the end.
  [[nodiscard]] Status rest_is_zero() {
    ustar::Block block{};
    NANO_TRY(in_.read_all(block.data(), block.size()));
    std::vector<char> buf(kChunk);
    for (std::string_view bytes(block.data(), block.size()); !bytes.empty();) {
      if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c != '\0'; })) return broken("it has bytes behind its end");
      NANO_TRY_ASSIGN(const std::size_t n, in_.read(buf.data(), buf.size()));
      bytes = {buf.data(), n};
    }
    return Unit{};
  }

  Unpack in_;
  std::optional<ustar::Header> at_{};
  std::size_t entries_ = 0;
};

}  // namespace

Result<BundleSummary> read_bundle(const std::filesystem::path& file, BundleVisitor& visitor) {
  const auto read = [&]() -> Result<BundleSummary> {
    NANO_TRY_ASSIGN(Unpack in, Unpack::open(file));
    Reader reader(std::move(in));
    NANO_TRY_ASSIGN(const BundleHead head, reader.head());
    NANO_TRY(visitor.release(head.release, head.release_bytes, head.digest, head.envelope));
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
