// resolver/universe.cpp: asks the source once for each package, sorts and checks what it says.
#include "resolver/universe.h"

#include <algorithm>

namespace nano::resolver {

PackageId Universe::id(const PackageName& name) {
  const auto [it, is_new] = ids_.try_emplace(name, static_cast<PackageId>(packages_.size()));
  if (is_new) {
    packages_.push_back(std::make_unique<Package>());
    packages_.back()->name = name;
    packages_.back()->is_root = request_.root && request_.root->name == name;
  }
  return it->second;
}

Status Universe::load(const std::vector<PackageId>& wanted) {
  std::vector<PackageName> missing;
  for (const PackageId p : wanted)
    if (!packages_[p]->is_loaded && !packages_[p]->is_root) missing.push_back(packages_[p]->name);
  if (missing.size() > 1) NANO_TRY(source_.prefetch(missing));
  for (const PackageId p : wanted)
    if (!packages_[p]->is_loaded) NANO_TRY(load_one(*packages_[p]));
  return Unit{};
}

Status Universe::load_one(Package& package) {
  if (package.is_root) {
    // Its dependencies are the request's requirements: they hold without any decision.
    package.versions.push_back({.version = request_.root->version});
  } else {
    auto listed = source_.versions(package.name);
    if (!listed) {
      if (listed.error().code != Errc::not_found) {
        return std::move(listed).error().while_("reading the versions of " + package.name.text());
      }
      listed = std::vector<VersionInfo>{};
    }
    package.versions = std::move(listed).value();
    ++loaded_;
  }
  auto& all = package.versions;
  std::sort(all.begin(), all.end(), [](const VersionInfo& a, const VersionInfo& b) { return a.version < b.version; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i - 1].version == all[i].version) {
      return make_error(Errc::invalid, package.name.text() + " " + all[i].version.text() + " is listed twice by its registry",
                        "the registry's metadata is broken: tell its operator");
    }
  }
  for (VersionInfo& v : all) {
    // By name, so that the order in a document changes nothing.
    std::stable_sort(v.dependencies.begin(), v.dependencies.end(),
                     [](const Dependency& a, const Dependency& b) { return a.name < b.name; });
    package.registered.emplace_back(v.dependencies.size(), false);
  }
  package.is_loaded = true;
  return Unit{};
}

IndexSet Universe::versions_in(PackageId p, const VersionSet& set, const std::string& abi, const std::string& variant) const {
  const Package& package = *packages_[p];
  const auto& all = package.versions;
  const auto position = [&](const Version& v) {
    const auto it = std::lower_bound(all.begin(), all.end(), v, [](const VersionInfo& a, const Version& b) { return a.version < b; });
    return static_cast<std::size_t>(it - all.begin());
  };
  IndexSet out(package.domain());
  for (const schemas::Interval& i : set.intervals()) {
    const std::size_t from = position(i.low);
    const std::size_t to = i.high ? position(*i.high) : all.size();
    for (std::size_t k = from; k < to; ++k)
      if ((abi.empty() || all[k].abi == abi) &&
          (variant.empty() || std::find(all[k].variants.begin(), all[k].variants.end(), variant) != all[k].variants.end()))
        out.set(k + 1);
  }
  return out;
}

}  // namespace nano::resolver
