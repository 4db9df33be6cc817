// registry/repository/repository.cpp: blobs first, then the release, then the index, and the pointer to it last.
#include "registry/repository/repository.h"

#include <algorithm>
#include <utility>

#include "base/fs.h"
#include "base/hash.h"
#include "base/text.h"
#include "registry/index_pointer.h"
#include "registry/pump.h"
#include "registry/repository/bundle_into_tree.h"
#include "registry/repository/tree_writer.h"
#include "registry/tree.h"
#include "schemas/registry_json.h"
#include "schemas/target_info.h"
#include "verify/dsse.h"
#include "verify/release_verifier.h"

namespace nano::registry {
namespace {

constexpr std::size_t kForeignSignatures = 16;  ///< kept of those a bundle brings

}  // namespace

KeyPlace key_place(const std::filesystem::path& dir) {
  // "DIR/" and "DIR" are the same folder; "." has a name only once it is absolute.
  std::filesystem::path base = std::filesystem::absolute(dir).lexically_normal();
  if (!base.has_filename()) base = base.parent_path();
  base += ".keys";
  return {.private_key = base / "registry.pem", .public_key = base / "registry.pub"};
}

struct Repository::Impl {
  TreeWriter tree;
  verify::PrivateKey key;
  fs::FileLock lock;
  schemas::Index index{};
  Digest index_digest{};  ///< of the index that is served

  Impl(fs::Path dir, verify::PrivateKey k, fs::FileLock l) : tree(std::move(dir)), key(std::move(k)), lock(std::move(l)) {}

  [[nodiscard]] Status load();
  [[nodiscard]] Status publish_index(schemas::Index next, UnixTime now);
  [[nodiscard]] Result<bool> is_there(const schemas::Release& release, const Digest& digest) const;
  [[nodiscard]] Status publish(const schemas::Release& release, const std::string& bytes, const Digest& digest,
                               const std::optional<std::string>& envelope, UnixTime now);
};

/// What is served now, checked like a client does.
Status Repository::Impl::load() {
  auto envelope = fs::read_file(tree.at(tree::kIndexPointer), verify::envelope_limit(kMaxIndexPointerBytes));
  if (!envelope) {
    if (envelope.error().code == Errc::not_found)
      return make_error(Errc::not_found, "there is no registry in '" + tree.dir().string() + "'", "`nano-registry init DIR` makes one");
    return std::move(envelope).error();
  }
  NANO_TRY_ASSIGN(const auto signed_pointer, verify::pinned_keys({key.public_key()})
                                                 ->verify(*envelope, verify::kIndexPayload, kMaxIndexPointerBytes, "the registry's index"));
  NANO_TRY_ASSIGN(const IndexPointer pointer, parse_index_pointer(signed_pointer.bytes));
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(tree.at(tree::index(pointer.sha256)), pointer.size));
  if (sha256(bytes) != pointer.sha256)
    return make_error(Errc::integrity, "the registry's index file was changed: it is not what " + std::string(tree::kIndexPointer) + " names");
  NANO_TRY_ASSIGN(index, schemas::parse_index(bytes));
  index_digest = pointer.sha256;
  return Unit{};
}

Status Repository::Impl::publish_index(schemas::Index next, UnixTime now) {
  next.created = format_time(now);
  NANO_TRY_ASSIGN(const std::string bytes, schemas::write_index(next));
  const Digest digest = sha256(bytes);
  NANO_TRY(tree.put(tree::index(digest), bytes));
  verify::Envelope envelope{.payload_type = std::string(verify::kIndexPayload),
                            .payload = write_index_pointer({.sha256 = digest, .size = bytes.size(), .created = next.created}),
                            .signatures = {}};
  NANO_TRY(verify::sign_envelope(envelope, key));
  NANO_TRY(tree.put(tree::kIndexPointer, verify::write_envelope(envelope)));  // from here on the new index is served
  // The previous index stays for readers that have just read the old pointer; older ones go.
  const fs::Path folder = tree.at(tree::kIndexFolder);
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(folder));
  for (const std::string& name : names) {
    const std::string path = std::string(tree::kIndexFolder) + "/" + name;
    if (path != tree::index(digest) && path != tree::index(index_digest)) NANO_TRY(fs::remove_file(folder / name));
  }
  index = std::move(next);
  index_digest = digest;
  return Unit{};
}

/// Is this very release published? errors  refused: the version is, with other bytes
Result<bool> Repository::Impl::is_there(const schemas::Release& release, const Digest& digest) const {
  const auto* package = index.find(release.manifest.name);
  if (package == nullptr) return false;
  for (const auto& v : package->versions) {
    if (v.version != release.manifest.version) continue;
    if (v.release == digest) return true;
    return make_error(Errc::refused, release.manifest.name.text() + "@" + release.manifest.version.text() + " was published before with other bytes (" +
                                         v.release.text() + "), and a version never changes",
                      "raise the version in nano.json and pack again");
  }
  return false;
}

Status Repository::Impl::publish(const schemas::Release& release, const std::string& bytes, const Digest& digest,
                                 const std::optional<std::string>& foreign, UnixTime now) {
  verify::Envelope envelope{.payload_type = std::string(verify::kReleasePayload), .payload = bytes, .signatures = {}};
  if (foreign) {
    NANO_TRY_ASSIGN(auto theirs, verify::parse_envelope(*foreign, schemas::kMaxReleaseBytes));
    if (theirs.payload == bytes && theirs.payload_type == verify::kReleasePayload) {
      if (theirs.signatures.size() > kForeignSignatures) theirs.signatures.resize(kForeignSignatures);
      envelope.signatures = std::move(theirs.signatures);
    }
  }
  NANO_TRY(verify::sign_envelope(envelope, key));
  const auto& m = release.manifest;
  NANO_TRY(tree.put(tree::release(m.name, m.version, digest), bytes));
  NANO_TRY(tree.put(tree::release_envelope(m.name, m.version, digest), verify::write_envelope(envelope)));
  schemas::IndexPackage package = schemas::package_of(
      m.name, {{.version = m.version, .release = digest, .release_size = bytes.size(), .info = schemas::target_info(release, release.created)}});
  schemas::add_words(package, m);
  if (const auto* old = index.find(m.name)) {
    schemas::IndexPackage merged = *old;
    const auto at = std::lower_bound(merged.versions.begin(), merged.versions.end(), m.version,
                                     [](const schemas::IndexVersion& v, const schemas::Version& x) { return v.version < x; });
    merged.versions.insert(at, package.versions.front());
    if (schemas::speaker(merged).version == m.version) {
      package.versions = std::move(merged.versions);
    } else {
      package = std::move(merged);
    }
  }
  schemas::Index next = index;
  next.put(std::move(package));
  return publish_index(std::move(next), now);
}

// --- the public face ------------------------------------------------------------------------------------------

Repository::Repository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

const schemas::Index& Repository::index() const { return impl_->index; }
const verify::PublicKey& Repository::public_key() const { return impl_->key.public_key(); }
const std::filesystem::path& Repository::dir() const { return impl_->tree.dir(); }

Result<Repository> Repository::init(const std::filesystem::path& dir, const InitOptions& options, verify::PrivateKey key) {
  NANO_TRY_ASSIGN(const auto there, fs::list_dir(dir));
  if (fs::exists(dir) && (!fs::is_dir(dir) || !there.empty()))
    return make_error(Errc::refused, "'" + dir.string() + "' is not an empty folder", "name a new folder; nothing was changed");
  NANO_TRY(fs::make_dirs(dir));
  NANO_TRY_ASSIGN(auto lock, fs::FileLock::acquire(dir / tree::kLock, std::chrono::seconds(1), "nano-registry init"));
  auto impl = std::make_unique<Impl>(dir, std::move(key), std::move(lock));
  std::string name = options.name;
  if (name.empty()) {
    const auto absolute = std::filesystem::absolute(dir).lexically_normal();
    name = (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
  }
  NANO_TRY(impl->tree.put(tree::kRegistryJson,
                          schemas::write_registry_json({.name = name, .title = options.title, .api = options.api, .protocol = 1})));
  NANO_TRY(impl->publish_index({}, options.now));
  return Repository(std::move(impl));
}

Result<Repository> Repository::open(const std::filesystem::path& dir, verify::PrivateKey key, std::chrono::milliseconds lock_timeout) {
  if (!fs::exists(dir / tree::kIndexPointer))
    return make_error(Errc::not_found, "there is no registry in '" + dir.string() + "'", "`nano-registry init DIR` makes one");
  NANO_TRY_ASSIGN(auto lock, fs::FileLock::acquire(dir / tree::kLock, lock_timeout, "nano-registry add"));
  auto impl = std::make_unique<Impl>(dir, std::move(key), std::move(lock));
  auto loaded = impl->load();
  if (!loaded) return std::move(loaded.error()).while_("opening the registry " + dir.string());
  return Repository(std::move(impl));
}

Result<Added> Repository::add_bundle(const std::filesystem::path& bundle, const AddOptions& options) {
  NANO_TRY_ASSIGN(const BundleHead head, read_bundle_head(bundle));
  Added out{.name = head.release.manifest.name, .version = head.release.manifest.version, .release = head.digest};
  NANO_TRY_ASSIGN(out.already_there, impl_->is_there(head.release, head.digest));
  if (out.already_there) return out;
  BundleIntoTree visitor(impl_->tree, head.digest, out);
  NANO_TRY_ASSIGN(const BundleSummary summary, read_bundle(bundle, visitor));
  // Also where the tree has such a blob already: whoever publishes it must show that they have its bytes.
  if (!summary.missing.empty())
    return make_error(Errc::invalid, "the bundle lacks " + std::to_string(summary.missing.size()) + " of its release's blobs, among them " +
                                         summary.missing.front().digest.text(),
                      "a registry takes whole releases: make the bundle with `nano pack`");
  NANO_TRY(impl_->publish(head.release, head.release_bytes, head.digest, head.envelope, options.now));
  return out;
}

Result<Added> Repository::add(const Packed& packed, const AddOptions& options) {
  Added out{.name = packed.release.manifest.name, .version = packed.release.manifest.version, .release = packed.digest};
  NANO_TRY_ASSIGN(out.already_there, impl_->is_there(packed.release, packed.digest));
  if (out.already_there) return out;
  for (const LocalBlob& b : packed.blobs) {
    NANO_TRY_ASSIGN(const auto sink, impl_->tree.blob(b.blob));
    if (!sink) continue;
    NANO_TRY(pump_file(b.file, b.blob, *sink));
    ++out.new_blobs;
    out.new_bytes += b.blob.size;
  }
  NANO_TRY(impl_->publish(packed.release, packed.release_bytes, packed.digest, std::nullopt, options.now));
  return out;
}

}  // namespace nano::registry
