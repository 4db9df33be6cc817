// registry/export_read.cpp: reads an export that anyone may have made: exactly the entries that its first one names.
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "registry/bundle_layout.h"
#include "registry/export.h"
#include "registry/export_mark.h"
#include "registry/tar_reader.h"

namespace nano::registry {
namespace {

constexpr uint64_t kMaxMetadataEntry = 8'000'000;  // DESIGN section 9: snapshot and other roles

class Reader {
 public:
  explicit Reader(Unpack in) : in_(std::move(in)) {}

  [[nodiscard]] Result<std::string> mark() {
    NANO_TRY(in_.next());
    if (!in_.at() || in_.at()->name != layout::kMark)
      return broken_bundle("it does not begin with " + std::string(layout::kMark));
    return in_.small(kMaxExportMarkBytes);
  }

  [[nodiscard]] Result<ExportHead> head() {
    NANO_TRY_ASSIGN(const std::string bytes, mark());
    NANO_TRY_ASSIGN(const auto mark, internal::parse_mark(bytes));
    std::set<Digest> names;
    for (const auto& r : mark.registries)
      for (const auto& [name, digest] : r.metadata) names.insert(digest);
    std::map<Digest, std::string> metadata;
    uint64_t total = 0;
    for (const Digest& d : names) {
      NANO_TRY_ASSIGN(metadata[d], document(layout::metadata_name(d), d, kMaxMetadataEntry,
                                            kMaxExportMetadataBytes, total));
    }
    ExportHead out;
    for (const auto& r : mark.registries) {
      auto& registry = out.registries.emplace_back();
      registry.id = r.id;
      for (const auto& [name, digest] : r.metadata) registry.metadata.emplace(name, metadata[digest]);
    }
    total = 0;
    for (const auto& r : mark.releases) {
      auto& release = out.releases.emplace_back();
      NANO_TRY_ASSIGN(release.bytes, document(layout::release_name(r.digest), r.digest,
                                              schemas::kMaxReleaseBytes, kMaxExportReleaseBytes, total));
      NANO_TRY_ASSIGN(release.release, schemas::parse_release(release.bytes));
      release.digest = r.digest;
      release.registry = r.registry;
      release.variant = r.variant;
      release.requested = r.requested;
      const auto& variants = release.release.manifest.variants;
      bool known = variants.empty() && r.variant.empty();
      for (const auto& v : variants) known = known || v.name == r.variant;
      if (!known)
        return broken_bundle("it says it holds a variant '" + sanitize(r.variant) +
                             "' that its release has not");
    }
    return out;
  }

  [[nodiscard]] Status blobs(const ExportHead& head, const SinkFactory& sinks) {
    std::map<Digest, uint64_t> wanted;
    for (const auto& r : head.releases)
      for (const auto* f : r.release.files_of(r.variant)) {
        const auto [it, fresh] = wanted.emplace(f->sha256, f->size);
        if (!fresh && it->second != f->size)
          return make_error(Errc::invalid, "the releases give " + f->sha256.text() + " two sizes");
      }
    for (const auto& [digest, size] : wanted) {
      NANO_TRY(expect(layout::blob_name(digest)));
      if (in_.at()->size != size)
        return make_error(Errc::integrity, "the bundle's '" + in_.at()->name + "' has " +
                                               std::to_string(in_.at()->size) + " bytes, its release says " +
                                               std::to_string(size));
      NANO_TRY_ASSIGN(const auto sink, sinks({.digest = digest, .size = size}));
      NANO_TRY(in_.body(sink.get()));
      if (sink) NANO_TRY(sink->commit());
    }
    NANO_TRY(in_.next());
    if (in_.at())
      return broken_bundle("it holds '" + sanitize(in_.at()->name) + "', which nothing in it names");
    return in_.rest_is_zero();
  }

 private:
  /// The next entry has this very name: order, doubles and strangers are all caught here.
  [[nodiscard]] Status expect(const std::string& name) {
    NANO_TRY(in_.next());
    if (in_.at() && in_.at()->name == name) return Unit{};
    return broken_bundle("where '" + name + "' must be there is " +
                         (in_.at() ? "'" + sanitize(in_.at()->name) + "'" : std::string("the end")));
  }

  [[nodiscard]] Result<std::string> document(const std::string& name, const Digest& digest, uint64_t limit,
                                             uint64_t limit_of_all, uint64_t& total) {
    NANO_TRY(expect(name));
    total += in_.at()->size;  // below 2^36 each: cannot wrap
    if (total > limit_of_all)
      return broken_bundle("its documents together are over the limit of " + std::to_string(limit_of_all) +
                           " bytes");
    NANO_TRY_ASSIGN(std::string bytes, in_.small(limit));
    if (sha256(bytes) != digest)
      return make_error(Errc::integrity, "the bundle's '" + name + "' has other bytes than its name says");
    return bytes;
  }

  TarReader in_;
};

template <class F>
auto reading(const std::filesystem::path& file, F&& f) -> decltype(f(std::declval<Reader&>())) {
  const auto read = [&]() -> decltype(f(std::declval<Reader&>())) {
    NANO_TRY_ASSIGN(Unpack in, Unpack::open(file));
    Reader reader(std::move(in));
    return f(reader);
  };
  auto done = read();
  if (!done) return std::move(done.error()).while_("reading the bundle " + file.string());
  return done;
}

bool same(const ExportHead& a, const ExportHead& b) {
  if (a.releases.size() != b.releases.size()) return false;
  for (std::size_t i = 0; i < a.releases.size(); ++i)
    if (a.releases[i].digest != b.releases[i].digest || a.releases[i].variant != b.releases[i].variant)
      return false;
  return true;
}

}  // namespace

Result<bool> is_export(const std::filesystem::path& file) {
  return reading(file, [](Reader& r) -> Result<bool> {
    NANO_TRY_ASSIGN(const std::string mark, r.mark());
    if (mark == layout::mark_bytes()) return false;
    NANO_TRY(internal::parse_mark(mark));
    return true;
  });
}

Result<ExportHead> read_export_head(const std::filesystem::path& file) {
  return reading(file, [](Reader& r) { return r.head(); });
}

Status read_export_blobs(const std::filesystem::path& file, const ExportHead& expected,
                         const SinkFactory& sinks) {
  return reading(file, [&](Reader& r) -> Status {
    NANO_TRY_ASSIGN(const ExportHead head, r.head());
    if (!same(head, expected))
      return make_error(Errc::integrity, "the bundle changed while it was read", "run the command again");
    return r.blobs(head, sinks);
  });
}

}  // namespace nano::registry
