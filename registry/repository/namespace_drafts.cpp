// registry/repository/namespace_drafts.cpp: documents of namespaces that several people have signed, on their way in.
#include <algorithm>

#include "base/hash.h"
#include "base/fs_look.h"
#include "base/text.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"
#include "schemas/target_info.h"
#include "schemas/to_json.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

Error not_so(const std::string& path, const std::string& why) {
  return make_error(Errc::untrusted, "'" + sanitize(path) + "' is not listed as it should be: " + why,
                    "make the document anew with `nano-registry add -o`, and have it signed");
}

/// The package and version a target path of `ns` names; nullopt: it names none.
std::optional<std::pair<schemas::PackageName, schemas::Version>> release_of(const std::string& path,
                                                                            const std::string& ns) {
  const auto parts = split(path, '/');
  constexpr std::string_view kSuffix = ".json";
  if (parts.size() != 4 || !parts[3].ends_with(kSuffix)) return std::nullopt;
  auto name = schemas::PackageName::parse(ns == schemas::kRootNamespace ? parts[2] : ns + "/" + parts[2]);
  auto version = schemas::Version::parse(parts[3].substr(0, parts[3].size() - kSuffix.size()));
  if (!name || !version || tree::release_target(*name, *version) != path) return std::nullopt;
  return std::pair{std::move(*name), std::move(*version)};
}

/// What a role lists is the release that lies in the tree, all of it, described as it describes itself.
Status check_listed(const TreeWriter& tree, const std::string& path, const schemas::PackageName& name,
                    const schemas::Version& version, const tuf::TargetFile& file) {
  const Digest digest = digest_of(file);
  auto bytes = fs::read_file(tree.at(tree::release(name, version, digest)), schemas::kMaxReleaseBytes);
  if (!bytes) return std::move(bytes.error()).while_("looking for the release that '" + path + "' lists");
  if (sha256(*bytes) != digest || bytes->size() != file.length)
    return not_so(path, "the release's bytes are others");
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(*bytes));
  if (release.manifest.name != name || release.manifest.version != version)
    return not_so(path, "the release is another package's or version's");
  for (const auto& f : release.files) {
    const auto size = fs::size_of_file(tree.at(tree::blob(f.sha256)));
    if (!size && size.error().code != Errc::not_found) return size.error();
    if (!size || *size != f.size) return not_so(path, "its file " + f.path + " is not here");
  }
  NANO_TRY_ASSIGN(const auto facts, schemas::parse_target_info(file.custom.text()));
  auto own = schemas::target_info(release, facts.published);
  own.yanked = facts.yanked;
  if (tuf::Custom(schemas::to_json(own)) != file.custom) return not_so(path, "it says other things than the release does");
  return Unit{};
}

bool same_delegations(const tuf::Targets& a, const tuf::Targets& b) {
  return a.to_json().value("delegations", Json()) == b.to_json().value("delegations", Json());
}

}  // namespace

Status Repository::Impl::take_namespaces(Edition& changes,
                                         std::vector<std::pair<std::string, tuf::Document>> documents) {
  schemas::Index next = index;
  for (auto& [role, doc] : documents) {
    const std::string ns = roles::namespace_of(role);
    if (!has_namespace(ns))
      return make_error(Errc::not_found, "nobody has the namespace '" + sanitize(ns) + "' in this registry");
    NANO_TRY_ASSIGN(Home at, home(ns));
    const bool is_rel = role == roles::rel(ns);
    if (is_rel && !at.rel)
      return make_error(Errc::untrusted, "'" + sanitize(role) + "' is delegated nothing");
    const std::string what = "the document for the role '" + sanitize(role) + "'";
    NANO_TRY_ASSIGN(tuf::Targets body, tuf::Targets::parse(doc.body));
    NANO_TRY_ASSIGN(const tuf::Targets* reg, served->role(roles::reg_of(ns), tuf::kTargets));
    const tuf::Keys& known = is_rel ? at.ns.delegations->keys : reg->delegations->keys;
    NANO_TRY(tuf::verify_document(doc, known, is_rel ? at.rel_keys : at.ns_keys, what));
    if (body.header.version != served->next_version(role))
      return make_error(Errc::untrusted,
                        "the document is version " + std::to_string(body.header.version) + " of '" +
                            sanitize(role) + "', and version " + std::to_string(served->next_version(role)) +
                            " is due",
                        "something was published meanwhile: make a new document and have it signed");
    tuf::Targets& now = is_rel ? *at.rel : at.ns;
    if (!same_delegations(body, now))
      return make_error(Errc::untrusted, what + " delegates otherwise than the namespace does now");
    for (const auto& [path, file] : now.targets) {
      const auto it = body.targets.find(path);
      if (it == body.targets.end() || digest_of(it->second) != digest_of(file))
        return make_error(Errc::refused, "'" + path + "' was published before, and a version never changes",
                          "it can be yanked");
    }
    for (const auto& [path, file] : body.targets) {
      const auto package = release_of(path, ns);
      if (!package) return not_so(path, "it names no release of the namespace '" + ns + "'");
      const auto before = now.targets.find(path);
      if (before != now.targets.end() && before->second.custom == file.custom) continue;
      NANO_TRY(check_listed(tree, path, package->first, package->second, file));
    }
    const uint64_t version = body.header.version;
    std::vector<schemas::PackageName> packages;
    for (const auto& [path, file] : body.targets) packages.push_back(release_of(path, ns)->first);
    packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
    now = std::move(body);
    for (const auto& name : packages) NANO_TRY(renew_package(next, name, at, changes));
    changes.put_signed(role, std::move(doc), version);
  }
  return put_index(changes, std::move(next));
}

}  // namespace nano::registry
