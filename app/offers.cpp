// app/offers.cpp: index entries, releases and bundles become offers.
#include "app/offers.h"

#include <algorithm>

#include "base/text.h"
#include "registry/pack.h"
#include "schemas/target_info.h"

namespace nano::app {
namespace {

using schemas::PackageName;

UnixTime time_of(const std::string& text) {
  const auto t = parse_time(text);
  return t ? *t : 0;
}

}  // namespace

resolver::Offer offer_of(const schemas::IndexPackage& p, const schemas::IndexVersion& v) {
  resolver::Offer o;
  o.version = v.version;
  o.kind = p.kind;
  o.task = p.task;
  o.languages = p.languages;
  o.license = v.license.empty() ? p.license : v.license;
  o.abi = v.abi;
  // A stolen key could backdate `published`; the day the registry first served it could not.
  o.published = std::max(time_of(v.published), time_of(v.first_served));
  if (!v.yanked.empty()) o.yanked = v.yanked;
  o.variants = v.variants;
  o.dependencies = v.dependencies;
  o.claims = v.claims;
  return o;
}

resolver::Offer offer_of(const schemas::Release& release) {
  // The very words a registry would list it with; digest and size play no part in choosing.
  schemas::IndexPackage p = schemas::package_of(
      release.manifest.name,
      {{release.manifest.version, Digest(), 0, schemas::target_info(release, release.created)}});
  schemas::add_words(p, release.manifest);
  return offer_of(p, p.versions.front());
}

Result<const schemas::IndexPackage*> Offers::in_registry(const PackageName& name) {
  NANO_TRY_ASSIGN(Remote * remote, remotes_.for_namespace(name.ns));
  return remote->package(name);
}

Result<std::vector<resolver::Offer>> Offers::offers(const PackageName& name) {
  for (const auto& b : bundles_)
    if (b.head.release.manifest.name == name) {  // a named file is the only choice
      std::vector out{offer_of(b.head.release)};
      // What `nano pack` makes says no date: such a file is as young as can be.
      if (out.front().published == registry::kPackedDate) out.front().published = resolver::kUndated;
      return out;
    }
  std::vector<resolver::Offer> out;
  const schemas::GenerationEntry* entry = current_.find(name);
  const bool usable =
      entry != nullptr && !entry->signer.empty();  // unsigned packages never satisfy a dependency
  auto package = in_registry(name);
  if (!package) {
    if (!usable || must_answer_) return std::move(package.error());
    const std::string said =
        "only the installed version of " + name.text() + " is considered: " + package.error().message;
    if (package.error().code == Errc::untrusted || package.error().code == Errc::integrity) {
      ctx_.log->warn(said);
    } else {
      ctx_.log->detail(said);
    }
  } else if (*package != nullptr) {
    for (const auto& v : (*package)->versions) {
      out.push_back(offer_of(**package, v));
      for (const auto& c : v.claims) can_be_calibrated_ = can_be_calibrated_ || c.calibration_us.has_value();
    }
  }
  if (package && *package != nullptr) {
    NANO_TRY_ASSIGN(Remote * remote, remotes_.for_namespace(name.ns));
    NANO_TRY(trust_.judge(*remote, **package, out));
    // What is installed is there already: `nano policy check` and `nano audit` speak of it, the resolver need not move it.
    for (auto& o : out)
      if (usable && o.version == entry->version) o.refused.reset();
  }
  const auto has = [&](const schemas::Version& v) {
    return std::any_of(out.begin(), out.end(), [&](const auto& o) { return o.version == v; });
  };
  if (usable && !has(entry->version))
    if (const auto p = store::open_package(store_, entry->dir)) {
      out.push_back(offer_of(p->release));
      for (auto& d : out.back().dependencies)
        if (name.ns == kStarterName && d.name.in_root()) d.name.ns = kStarterName;
    }
  return out;
}

std::optional<PackageName> Offers::nearest(const PackageName& name) {
  const auto remote = remotes_.for_namespace(name.ns);
  const auto index = remote ? (*remote)->index() : Result<const schemas::Index*>(remote.error());
  if (!index) return std::nullopt;
  std::vector<std::string> names;
  const bool say_starter = name.ns == kStarterName;  // which its index may call by bare names
  for (const auto& p : (*index)->packages)
    names.push_back(say_starter ? std::string(kStarterName) + "/" + p.name.name : p.name.text());
  const auto near = nano::nearest(name.text(), names);
  if (!near) return std::nullopt;
  auto parsed = PackageName::parse(*near);
  return parsed ? std::optional<PackageName>(std::move(*parsed)) : std::nullopt;
}

Result<std::vector<resolver::TaskPackage>> packages_for(const Context& ctx, Remotes& remotes,
                                                        const std::string& task) {
  std::vector<resolver::TaskPackage> out;
  std::optional<Error> first_error;
  std::size_t read = 0;
  for (const Registry& r : ctx.registries) {
    const auto remote = remotes.for_registry(r);
    const auto index = remote ? (*remote)->index() : Result<const schemas::Index*>(remote.error());
    if (!index) {
      ctx.log->warn("the packages of the registry '" + r.config.name + "' are not among these: " + index.error().message);
      if (!first_error) first_error = index.error();
      continue;
    }
    ++read;
    for (const auto& p : (*index)->packages) {
      const auto owner = registry_for(ctx, p.name.ns);
      if (!owner || (*owner)->config.name != r.config.name) continue;  // a namespace belongs to one registry
      if (p.task != task) continue;
      resolver::TaskPackage t{.name = p.name, .keywords = p.keywords, .offers = {}};
      for (const auto& v : p.versions) t.offers.push_back(offer_of(p, v));
      out.push_back(std::move(t));
    }
  }
  if (read == 0 && first_error) return *first_error;
  return out;
}

}  // namespace nano::app
