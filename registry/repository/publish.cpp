// registry/repository/publish.cpp: a release gets in: blobs and the release first, then its namespace's role and the index at once.
#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
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
                                       const Home& home, const Edition& changes) const {
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
    v.first_served = format_time(options.now);
    if (before == nullptr) continue;
    for (const schemas::IndexVersion& old : before->versions)
      if (old.version == v.version && old.release == v.release && !old.first_served.empty())
        v.first_served = old.first_served;
  }
  const schemas::IndexVersion& words = schemas::speaker(package);
  const std::string path = tree::release(name, words.version, words.release);
  std::string bytes;
  if (const std::string* planned = changes.planned_file(path)) {
    bytes = *planned;
  } else {
    NANO_TRY_ASSIGN(bytes, fs::read_file(tree.at(path), schemas::kMaxReleaseBytes));
  }
  if (sha256(bytes) != words.release)
    return make_error(Errc::integrity, "'" + path + "' was changed: it is not what its role names");
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(bytes));
  schemas::add_words(package, release.manifest);
  next.put(std::move(package));
  return Unit{};
}

/// Is this very release published, or about to be? errors  refused: the version is, with other bytes
Result<bool> Repository::Impl::is_there(const Arrival& a, const std::vector<Arrival>& before) {
  const schemas::Manifest& m = a.release.manifest;
  const auto other = [&](const Digest& known) {
    return make_error(Errc::refused,
                      text_of(m.name, m.version) + " was published before with other bytes (" + known.text() +
                          "), and a version never changes",
                      "raise the version in nano.json and pack again");
  };
  for (const Arrival& b : before) {
    if (b.release.manifest.name != m.name || b.release.manifest.version != m.version) continue;
    if (b.digest == a.digest) return true;
    return other(b.digest);
  }
  if (!has_namespace(m.name.ns)) return false;
  NANO_TRY_ASSIGN(const Home at, home(m.name.ns));
  const std::string path = tree::release_target(m.name, m.version);
  for (const tuf::Targets* role : {&at.ns, at.rel ? &*at.rel : nullptr}) {
    if (role == nullptr) continue;
    const auto it = role->targets.find(path);
    if (it == role->targets.end()) continue;
    if (digest_of(it->second) == a.digest) return true;
    return other(digest_of(it->second));
  }
  return false;
}

/// The document of a published release, where it has rotted.
Status Repository::Impl::mend_release(const Arrival& a, Added& added) const {
  const std::string path = tree::release(a.release.manifest.name, a.release.manifest.version, a.digest);
  const auto there = fs::read_file(tree.at(path), schemas::kMaxReleaseBytes);
  if (there && *there == a.bytes) return Unit{};
  ++added.mended;
  return tree.put(path, a.bytes);
}

Result<Repository::Impl::Home> Repository::Impl::adopt(Edition& changes, const std::string& name) {
  if (!options.adopt_namespaces)
    return make_error(Errc::not_found, "nobody has the namespace '" + name + "' in this registry",
                      "`nano-registry namespace add DIR " + name + "`");
  NANO_TRY(check_new_namespace(name));
  NANO_TRY_ASSIGN(const auto owner, keys.make(roles::ns(name)));
  Home out;
  out.name = name;
  out.ns_keys.key_ids = {owner.key_id()};
  NANO_TRY(delegate(changes, name, {tuf::Key::of(owner)}, 1));
  return out;
}

Status Repository::Impl::publish(const std::vector<Arrival>& arrivals, std::optional<Draft>* draft) {
  Edition changes = edition();
  std::map<std::string, Home> homes;
  std::set<std::string> changed;  // roles
  std::set<schemas::PackageName> packages;
  for (const Arrival& a : arrivals) {
    const schemas::PackageName& name = a.release.manifest.name;
    const schemas::Version& version = a.release.manifest.version;
    if (!homes.contains(name.ns)) {
      for (const auto& [other, at] : homes)
        if (!has_namespace(name.ns) && namespace_skeleton(other) == namespace_skeleton(name.ns))
          return make_error(Errc::refused, "the namespaces '" + name.ns + "' and '" + other + "' look alike",
                            "choose names nobody can mistake for each other");
      NANO_TRY_ASSIGN(Home found, has_namespace(name.ns) ? home(name.ns) : adopt(changes, name.ns));
      homes.emplace(name.ns, std::move(found));
    }
    Home& at = homes.at(name.ns);
    const bool with_release_key = publishes_with_release_key(at);
    tuf::Targets& role = with_release_key ? *at.rel : at.ns;
    role.targets.insert_or_assign(tree::release_target(name, version),
                                  target_file(a.digest, a.bytes.size(),
                                              schemas::to_json(schemas::target_info(a.release, format_time(options.now)))));
    const std::string role_name = with_release_key ? roles::rel(name.ns) : roles::ns(name.ns);
    NANO_TRY_ASSIGN(const bool drafted,
                    draft_instead(role, role_name, with_release_key ? at.rel_keys : at.ns_keys, draft));
    if (drafted) return tree.put(tree::release(name, version, a.digest), a.bytes);
    changes.put_file(tree::release(name, version, a.digest), a.bytes);
    changed.insert(role_name);
    packages.insert(name);
  }
  for (const auto& [ns, at] : homes) {
    if (changed.contains(roles::ns(ns))) changes.put(roles::ns(ns), at.ns, at.ns_keys);
    if (changed.contains(roles::rel(ns))) changes.put(roles::rel(ns), *at.rel, at.rel_keys);
  }
  schemas::Index next = index;
  for (const auto& name : packages) NANO_TRY(renew_package(next, name, homes.at(name.ns), changes));
  NANO_TRY(put_index(changes, std::move(next)));
  return commit(changes);
}

/// The blobs of one release into the tree, and the release to `arrivals` unless it is published already.
Result<Added> Repository::Impl::take_in(const Source& source, std::vector<Arrival>& arrivals) {
  Arrival a;
  if (source.packed != nullptr) {
    a = {.release = source.packed->release, .bytes = source.packed->release_bytes, .digest = source.packed->digest};
  } else {
    NANO_TRY_ASSIGN(BundleHead head, read_bundle_head(source.bundle));
    a = {.release = std::move(head.release), .bytes = std::move(head.release_bytes), .digest = head.digest};
  }
  Added out{.name = a.release.manifest.name, .version = a.release.manifest.version, .release = a.digest};
  NANO_TRY_ASSIGN(out.already_there, is_there(a, arrivals));
  if (source.packed != nullptr) {
    for (const LocalBlob& b : source.packed->blobs) {
      TreeWriter::Blob what{};
      NANO_TRY_ASSIGN(const auto sink, tree.blob(b.blob, what));
      if (what == TreeWriter::Blob::there) continue;
      NANO_TRY(pump_file(b.file, b.blob, *sink));
      if (what == TreeWriter::Blob::mended) {
        ++out.mended;
        continue;
      }
      fresh.push_back(b.blob.digest);
      ++out.new_blobs;
      out.new_bytes += b.blob.size;
    }
  } else {
    // Also when it is published: a bundle that is cut short or changed is told, and what has rotted here is mended from it.
    BundleIntoTree visitor(tree, a.digest, out, fresh);
    NANO_TRY_ASSIGN(const BundleSummary summary, read_bundle(source.bundle, visitor));
    // Also where the tree has such a blob already: whoever publishes it must show that they have its bytes.
    if (!summary.missing.empty())
      return make_error(Errc::invalid,
                        "the bundle lacks " + std::to_string(summary.missing.size()) +
                            " of its release's blobs, among them " + summary.missing.front().digest.text(),
                        "a registry takes whole releases: make the bundle with `nano pack`");
  }
  if (!out.already_there)
    arrivals.push_back(std::move(a));
  else if (has_namespace(out.name.ns))
    NANO_TRY(mend_release(a, out));
  return out;
}

Result<std::vector<Added>> Repository::add(const std::vector<Source>& sources, const AddOptions& options) {
  impl_->options.now = options.now;
  std::vector<Added> out;
  std::vector<Impl::Arrival> arrivals;
  const auto all = [&]() -> Status {
    for (const Source& source : sources) {
      auto added = impl_->take_in(source, arrivals);
      if (!added && sources.size() > 1) return std::move(added.error()).while_("adding " + sanitize(source.bundle.string()));
      if (!added) return std::move(added.error());
      out.push_back(std::move(*added));
    }
    if (arrivals.empty()) return Unit{};
    return impl_->publish(arrivals, options.draft);
  };
  auto done = all();
  // What no release names is not left behind; after a crash it is found by its digest and used.
  if (!done && unchanged())
    for (const Digest& d : impl_->fresh) (void)fs::remove_file(impl_->tree.at(tree::blob(d)));
  impl_->fresh.clear();
  if (!done) return std::move(done.error());
  const bool drafted = options.draft != nullptr && options.draft->has_value();
  for (Added& a : out) a.drafted = drafted && !a.already_there;
  return out;
}

Result<Added> Repository::add_bundle(const std::filesystem::path& bundle, const AddOptions& options) {
  NANO_TRY_ASSIGN(auto all, add({Source{.bundle = bundle}}, options));
  return std::move(all.front());
}

Result<Added> Repository::add(const Packed& packed, const AddOptions& options) {
  NANO_TRY_ASSIGN(auto all, add({Source{.packed = &packed}}, options));
  return std::move(all.front());
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
  NANO_TRY(impl_->renew_package(next, name, at, changes));
  NANO_TRY(impl_->put_index(changes, std::move(next)));
  return impl_->commit(changes);
}

}  // namespace nano::registry
