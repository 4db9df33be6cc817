// app/export.cpp: the closure of what was named, each registry's chain, and the blobs of the installed variants.
#include "app/export.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "app/installed.h"
#include "app/remote.h"
#include "app/trust.h"
#include "base/text.h"
#include "registry/export.h"
#include "schemas/store_layout.h"
#include "store/transaction.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/local_dir.h"
#include "verify/tuf/names.h"

namespace nano::app {
namespace {

namespace tuf = verify::tuf;

/// Installed packages by name: the named ones, and what they need.
Result<std::map<schemas::PackageName, std::pair<store::InstalledEntry, bool>>> closure(const Context& ctx, const store::Store& store,
                                                                                       const std::vector<std::string>& names) {
  std::map<schemas::PackageName, std::pair<store::InstalledEntry, bool>> out;
  std::deque<schemas::PackageName> todo;
  for (const auto& text : names) {
    NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, text));
    if (out.emplace(found.entry.name, std::pair(found, true)).second) todo.push_back(found.entry.name);
  }
  while (!todo.empty()) {
    const auto entry = out.at(todo.front()).first;
    todo.pop_front();
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, entry.entry.dir));
    for (const auto& d : package.release.manifest.dependencies) {
      NANO_TRY_ASSIGN(const auto found, store::find_installed(store, d.name));
      if (!found)
        return make_error(Errc::not_found, entry.entry.name.text() + " needs " + d.name.text() + ", which is not installed",
                          "`nano install " + entry.entry.name.text() + "` brings it");
      if (out.emplace(d.name, std::pair(*found, false)).second) todo.push_back(d.name);
    }
  }
  return out;
}

/// The registry that an installed package came from, when it still owns its namespace.
Result<Remote*> remote_of(Remotes& remotes, const schemas::GenerationEntry& e) {
  if (e.chain.empty())
    return make_error(Errc::untrusted, entry_text(e) + " is installed without a signature, so nothing could vouch for it elsewhere",
                      "`nano pack` makes a bundle of a folder; it is installed with --allow-unsigned");
  NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(e.name.ns));
  if (remote->id().hex() != e.registry_id)
    return make_error(Errc::untrusted, entry_text(e) + " came from another registry than '" + remote->registry().config.name +
                                           "', which owns its namespace now",
                      "install it again: `nano install --force " + e.name.text() + "`");
  return remote;
}

/// Adds one role's file under the name that a server has it under. errors  store: it is not kept here
Status take_role(const tuf::LocalDir& dir, const std::string& role, uint64_t version, registry::ExportRegistry& out) {
  const auto bytes = dir.read(role, tuf::Limits{}.targets_bytes);
  if (!bytes)
    return make_error(Errc::store, "the metadata of the role '" + sanitize(role) + "' are not kept in " + dir.path().string(),
                      "run `nano verify` and the export again with the registry in reach");
  out.metadata[role == tuf::kTimestamp ? tuf::metadata_file(role) : tuf::metadata_file(role, version)] = *bytes;
  return Unit{};
}

/// All that a client with the first root needs to come to the roles in `chains`.
Status take_chain(Context& ctx, Remote& remote, const std::vector<schemas::TrustLink>& links, registry::ExportRegistry& out,
                  std::string& fresh_until) {
  const tuf::LocalDir dir(trust_dir(ctx, remote.id()));
  const auto soonest = [&](const schemas::TrustLink& l) {
    if (fresh_until.empty() || l.expires < fresh_until) fresh_until = l.expires;
  };
  for (const uint64_t version : dir.root_versions()) {
    const auto bytes = dir.read_root(version, tuf::Limits{}.root_bytes);
    if (bytes) out.metadata[tuf::metadata_file(tuf::kRoot, version)] = *bytes;
  }
  for (const auto& link : links) {
    soonest(link);
    if (link.role != tuf::kRoot) NANO_TRY(take_role(dir, link.role, link.version, out));
  }
  return Unit{};
}

}  // namespace

Result<ExportReport> export_packages(Context& ctx, const ExportOptions& options) {
  NANO_TRY(fs::check_output(options.out, options.force));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto packages, closure(ctx, store, options.names));
  Remotes remotes(ctx, true);  // what is exported is read from the folder
  ExportReport report;
  registry::ExportHead head;
  std::vector<registry::LocalBlob> blobs;
  std::map<Digest, std::pair<Remote*, std::map<std::string, schemas::TrustLink>>> chains;
  for (const auto& [name, found] : packages) {
    const schemas::GenerationEntry& e = found.first.entry;
    NANO_TRY_ASSIGN(Remote * remote, remote_of(remotes, e));
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
    NANO_TRY_ASSIGN(auto vouched, remote->tree().vouch(remote->name_there(e.name), e.version, package.release_bytes));
    auto& links = chains[remote->id()];
    links.first = remote;
    for (const auto& l : vouched.chain) links.second.emplace(l.role, l);
    head.releases.push_back({.bytes = package.release_bytes,
                             .digest = vouched.digest,
                             .release = package.release,
                             .registry = remote->id(),
                             .variant = e.variant,
                             .requested = found.second});
    for (const auto* f : package.release.files_of(e.variant)) blobs.push_back({{f->sha256, f->size}, package.dir / f->path});
    report.packages.push_back({e.name.text(), e.version.text(), e.variant, remote->registry().config.name, found.second});
  }
  for (auto& entry : chains) {
    Remote& remote = *entry.second.first;
    // An import reads the advisories too; a registry without that role has none to send.
    NANO_TRY(remote.advisories());
    std::vector<schemas::TrustLink> links = remote.tree().top_level();
    for (auto& l : entry.second.second) links.push_back(std::move(l.second));
    for (auto& l : remote.tree().advisory_chain()) links.push_back(std::move(l));
    registry::ExportRegistry out{.id = entry.first, .metadata = {}};
    NANO_TRY(take_chain(ctx, remote, links, out, report.fresh_until));
    head.registries.push_back(std::move(out));
  }
  NANO_TRY_ASSIGN(report.bytes, registry::write_export(options.out, head, std::move(blobs), {.replace = options.force}));
  report.file = options.out;
  return report;
}

}  // namespace nano::app
