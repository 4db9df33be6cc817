// registry/repository/publish.cpp: a release gets in: blobs and the release first, then its namespace's role and the index at once.
#include <algorithm>

#include "base/hash.h"
#include "registry/pump.h"
#include "registry/repository/bundle_into_tree.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"
#include "schemas/target_info.h"
#include "schemas/to_json.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr std::string_view kSuffix = ".json";

std::string text_of(const schemas::PackageName& name, const schemas::Version& version) {
  return name.text() + "@" + version.text();
}

/// What a role lists of a package. Entries that are not releases are not ours to judge here: clients pass over them.
void collect(const tuf::Targets& role, const schemas::PackageName& name,
             std::vector<schemas::ListedRelease>& out) {
  const std::string folder = tree::package_target(name) + "/";
  for (auto it = role.targets.lower_bound(folder); it != role.targets.end() && it->first.starts_with(folder);
       ++it) {
    std::string_view file = std::string_view(it->first).substr(folder.size());
    if (!file.ends_with(kSuffix)) continue;
    file.remove_suffix(kSuffix.size());
    auto version = schemas::Version::parse(file);
    auto info = schemas::parse_target_info(it->second.custom.text());
    if (!version || !info) continue;
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const schemas::ListedRelease& r) { return r.version == *version; });
    if (!known)
      out.push_back({.version = std::move(*version),
                     .release = digest_of(it->second),
                     .release_size = it->second.length,
                     .info = std::move(*info)});
  }
}

}  // namespace

bool Repository::Impl::publishes_with_release_key(const Home& home) const {
  if (!home.rel) return false;
  const auto here = std::count_if(home.rel_keys.key_ids.begin(), home.rel_keys.key_ids.end(),
                                  [&](const std::string& id) { return keys.has(id); });
  return static_cast<uint32_t>(here) >= home.rel_keys.threshold;
}

Status Repository::Impl::renew_package(schemas::Index& next, const schemas::PackageName& name,
                                       const Home& home, UnixTime now) const {
  std::vector<schemas::ListedRelease> listed;
  collect(home.ns, name, listed);
  if (home.rel) collect(*home.rel, name, listed);
  if (listed.empty()) {
    std::erase_if(next.packages, [&](const schemas::IndexPackage& p) { return p.name == name; });
    return Unit{};
  }
  schemas::IndexPackage package = schemas::package_of(name, listed);
  const schemas::IndexPackage* before = next.find(name);
  for (schemas::IndexVersion& v : package.versions) {
    v.first_served = format_time(now);
    if (before == nullptr) continue;
    for (const schemas::IndexVersion& old : before->versions)
      if (old.version == v.version && old.release == v.release && !old.first_served.empty())
        v.first_served = old.first_served;
  }
  const schemas::IndexVersion& words = schemas::speaker(package);
  const std::string path = tree::release(name, words.version, words.release);
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(tree.at(path), schemas::kMaxReleaseBytes));
  if (sha256(bytes) != words.release)
    return make_error(Errc::integrity, "'" + path + "' was changed: it is not what its role names");
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(bytes));
  schemas::add_words(package, release.manifest);
  next.put(std::move(package));
  return Unit{};
}

/// Is this very release published? errors  refused: the version is, with other bytes
Result<bool> Repository::Impl::is_there(const schemas::Release& release, const Digest& digest) {
  const schemas::Manifest& m = release.manifest;
  if (!has_namespace(m.name.ns)) return false;
  NANO_TRY_ASSIGN(const Home at, home(m.name.ns));
  const std::string path = tree::release_target(m.name, m.version);
  for (const tuf::Targets* role : {&at.ns, at.rel ? &*at.rel : nullptr}) {
    if (role == nullptr) continue;
    const auto it = role->targets.find(path);
    if (it == role->targets.end()) continue;
    if (digest_of(it->second) == digest) return true;
    return make_error(Errc::refused,
                      text_of(m.name, m.version) + " was published before with other bytes (" +
                          digest_of(it->second).text() + "), and a version never changes",
                      "raise the version in nano.json and pack again");
  }
  return false;
}

Status Repository::Impl::publish(const schemas::Release& release, const std::string& bytes,
                                 const Digest& digest, UnixTime now, std::optional<Draft>* draft) {
  const schemas::PackageName& name = release.manifest.name;
  options.now = now;
  Edition changes = edition();
  Home at;
  if (has_namespace(name.ns)) {
    NANO_TRY_ASSIGN(at, home(name.ns));
  } else {
    if (!options.adopt_namespaces)
      return make_error(Errc::not_found, "nobody has the namespace '" + name.ns + "' in this registry",
                        "`nano-registry namespace add DIR " + name.ns + "`");
    NANO_TRY(check_new_namespace(name.ns));
    NANO_TRY_ASSIGN(const auto owner, keys.make(roles::ns(name.ns)));
    at.name = name.ns;
    at.ns_keys.key_ids = {owner.key_id()};
    NANO_TRY(delegate(changes, name.ns, {tuf::Key::of(owner)}, 1));
  }
  NANO_TRY(tree.put(tree::release(name, release.manifest.version, digest), bytes));
  const bool with_release_key = publishes_with_release_key(at);
  tuf::Targets& role = with_release_key ? *at.rel : at.ns;
  role.targets.insert_or_assign(
      tree::release_target(name, release.manifest.version),
      target_file(digest, bytes.size(), schemas::to_json(schemas::target_info(release, format_time(now)))));
  const std::string role_name = with_release_key ? roles::rel(name.ns) : roles::ns(name.ns);
  const tuf::RoleKeys& by = with_release_key ? at.rel_keys : at.ns_keys;
  NANO_TRY_ASSIGN(const bool drafted, draft_instead(role, role_name, by, draft));
  if (drafted) return Unit{};
  changes.put(role_name, role, by);
  schemas::Index next = index;
  NANO_TRY(renew_package(next, name, at, now));
  NANO_TRY(put_index(changes, std::move(next)));
  return commit(changes);
}

Result<Added> Repository::add_bundle(const std::filesystem::path& bundle, const AddOptions& options) {
  NANO_TRY_ASSIGN(const BundleHead head, read_bundle_head(bundle));
  Added out{
      .name = head.release.manifest.name, .version = head.release.manifest.version, .release = head.digest};
  NANO_TRY_ASSIGN(out.already_there, impl_->is_there(head.release, head.digest));
  if (out.already_there) return out;
  BundleIntoTree visitor(impl_->tree, head.digest, out);
  NANO_TRY_ASSIGN(const BundleSummary summary, read_bundle(bundle, visitor));
  // Also where the tree has such a blob already: whoever publishes it must show that they have its bytes.
  if (!summary.missing.empty())
    return make_error(Errc::invalid,
                      "the bundle lacks " + std::to_string(summary.missing.size()) +
                          " of its release's blobs, among them " + summary.missing.front().digest.text(),
                      "a registry takes whole releases: make the bundle with `nano pack`");
  NANO_TRY(impl_->publish(head.release, head.release_bytes, head.digest, options.now, options.draft));
  out.drafted = options.draft != nullptr && options.draft->has_value();
  return out;
}

Result<Added> Repository::add(const Packed& packed, const AddOptions& options) {
  Added out{.name = packed.release.manifest.name,
            .version = packed.release.manifest.version,
            .release = packed.digest};
  NANO_TRY_ASSIGN(out.already_there, impl_->is_there(packed.release, packed.digest));
  if (out.already_there) return out;
  for (const LocalBlob& b : packed.blobs) {
    NANO_TRY_ASSIGN(const auto sink, impl_->tree.blob(b.blob));
    if (!sink) continue;
    NANO_TRY(pump_file(b.file, b.blob, *sink));
    ++out.new_blobs;
    out.new_bytes += b.blob.size;
  }
  NANO_TRY(impl_->publish(packed.release, packed.release_bytes, packed.digest, options.now, options.draft));
  out.drafted = options.draft != nullptr && options.draft->has_value();
  return out;
}

Status Repository::yank(const schemas::PackageName& name, const schemas::Version& version,
                        const std::string& reason, std::optional<Draft>* draft) {
  NANO_TRY_ASSIGN(Impl::Home at, impl_->home(name.ns));
  const std::string path = tree::release_target(name, version);
  // Wherever it stands: a release key's own entry is signed by that key again.
  const bool in_ns = at.ns.targets.contains(path);
  const bool in_rel = at.rel && at.rel->targets.contains(path);
  if (!in_ns && !in_rel)
    return make_error(Errc::not_found, text_of(name, version) + " is not published here",
                      "`nano search` shows what is");
  tuf::Targets& role = in_ns ? at.ns : *at.rel;
  tuf::TargetFile& file = role.targets.at(path);
  NANO_TRY_ASSIGN(auto info, schemas::parse_target_info(file.custom.text()));
  info.yanked = reason;
  const std::string written = schemas::write_target_info(info);
  if (auto again = schemas::parse_target_info(written); !again)
    return make_error(
        Errc::usage,
        "the reason is not one line of at most " + std::to_string(schemas::kMaxYankBytes) + " bytes",
        "say it in one line");
  file.custom = schemas::to_json(info);
  const std::string role_name = in_ns ? roles::ns(name.ns) : roles::rel(name.ns);
  const tuf::RoleKeys& by = in_ns ? at.ns_keys : at.rel_keys;
  NANO_TRY_ASSIGN(const bool drafted, impl_->draft_instead(role, role_name, by, draft));
  if (drafted) return Unit{};
  Edition changes = impl_->edition();
  changes.put(role_name, role, by);
  schemas::Index next = impl_->index;
  NANO_TRY(impl_->renew_package(next, name, at, impl_->options.now));
  NANO_TRY(impl_->put_index(changes, std::move(next)));
  return impl_->commit(changes);
}

}  // namespace nano::registry
