// app/plan.cpp: requests, what is installed and what registries offer, handed to the resolver; its answer as
// steps.
#include "app/plan.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace nano::app {
namespace {

using schemas::PackageName;
using schemas::Version;

resolver::Dependency dependency_of(const schemas::Dependency& d) {
  return {.name = d.name, .set = d.range.set(), .text = d.range.text(), .abi = d.abi};
}

/// Versions out of the registries' indexes, out of the store (what is installed stays choosable when its
/// registry is away), and out of the bundles named on the command line.
class Source final : public resolver::PackageSource {
 public:
  Source(Context& ctx, Remotes& remotes, const store::Store& store, const schemas::Generation& current,
         const std::vector<BundleRequest>& bundles)
      : ctx_(ctx), remotes_(remotes), store_(store), current_(current), bundles_(bundles) {}

  Result<std::vector<resolver::VersionInfo>> versions(const PackageName& name) override {
    for (const auto& b : bundles_) {
      const auto& m = b.head.release.manifest;
      if (m.name == name)
        return std::vector{info_of(m.version, m.dependencies)};  // a named file is the only choice
    }
    std::vector<resolver::VersionInfo> out;
    const schemas::GenerationEntry* entry = current_.find(name);
    const bool usable =
        entry != nullptr && !entry->signer.empty();  // unsigned packages never satisfy a dependency
    auto package = in_index(name);
    if (!package) {
      if (!usable) return std::move(package.error());
      ctx_.log->detail("only the installed version of " + name.text() +
                       " is considered: " + package.error().message);
    } else if (*package != nullptr) {
      for (const auto& v : (*package)->versions) {
        auto info = info_of(v.version, v.dependencies);
        if (!v.yanked.empty()) info.yanked = v.yanked;
        out.push_back(std::move(info));
      }
    }
    const auto has = [&](const Version& v) {
      return std::any_of(out.begin(), out.end(), [&](const auto& i) { return i.version == v; });
    };
    if (usable && !has(entry->version))
      if (const auto p = store::open_package(store_, entry->dir))
        out.push_back(info_of(entry->version, p->release.manifest.dependencies));
    return out;
  }

  /// The package in the index of the registry that owns its namespace; nullptr when that has none.
  Result<const schemas::IndexPackage*> in_index(const PackageName& name) {
    NANO_TRY_ASSIGN(Remote * remote, remotes_.for_namespace(name.ns));
    return remote->package(name);
  }

 private:
  static resolver::VersionInfo info_of(const Version& v, const std::vector<schemas::Dependency>& deps) {
    resolver::VersionInfo info;
    info.version = v;
    for (const auto& d : deps) info.dependencies.push_back(dependency_of(d));
    return info;
  }

  Context& ctx_;
  Remotes& remotes_;
  const store::Store& store_;
  const schemas::Generation& current_;
  const std::vector<BundleRequest>& bundles_;
};

/// A request that no version in the registry meets: which of the two is missing, the package or the version?
Status check_exists(Source& source, Remotes& remotes, const schemas::Requirement& want) {
  NANO_TRY_ASSIGN(const schemas::IndexPackage* package, source.in_index(want.name));
  if (package == nullptr) {
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(want.name.ns));
    NANO_TRY_ASSIGN(const schemas::Index* index, remote->index());
    std::vector<std::string> names;
    for (const auto& p : index->packages) names.push_back(p.name.text());
    const auto near = nearest(want.name.text(), names);
    return make_error(
        Errc::not_found,
        "the registry '" + remote->registry().config.name + "' has no package '" + want.name.text() + "'",
        near ? "did you mean '" + *near + "'?" : "look for it: `nano search " + want.name.name + "`");
  }
  if (std::none_of(package->versions.begin(), package->versions.end(),
                   [&](const auto& v) { return want.range.contains(v.version); })) {
    std::string have;
    const std::size_t from = package->versions.size() > 8 ? package->versions.size() - 8 : 0;
    for (std::size_t i = package->versions.size(); i > from; --i)
      have += (have.empty() ? "" : ", ") + package->versions[i - 1].version.text();
    return make_error(Errc::not_found,
                      "no version of " + want.name.text() + " fits '" + want.range.text() + "'",
                      have.empty() ? "no version of it is published"
                                   : "there is " + have + (from > 0 ? ", and older ones" : ""));
  }
  return Unit{};
}

std::string default_variant(const std::vector<schemas::IndexVariant>& variants) {
  for (const auto& v : variants)
    if (v.is_default) return v.name;
  return variants.empty() ? std::string() : variants.front().name;
}

Status check_variant(const PackageName& name, const Version& version, const std::string& variant,
                     const std::vector<std::string>& known) {
  if (variant.empty() || std::find(known.begin(), known.end(), variant) != known.end()) return Unit{};
  std::string list;
  for (const auto& k : known) list += (list.empty() ? "" : ", ") + k;
  const auto near = nearest(variant, known);
  return make_error(Errc::not_found,
                    name.text() + " " + version.text() + " has no variant '" + sanitize(variant) + "'",
                    near            ? "did you mean '" + *near + "'?"
                    : known.empty() ? "it has no variants"
                                    : "it has " + list);
}

Action action_for(const schemas::GenerationEntry* now, const Version& v, const std::string& variant) {
  if (now == nullptr) return Action::install;
  if (now->version < v) return Action::upgrade;
  if (v < now->version) return Action::downgrade;
  return now->variant == variant ? Action::reinstall : Action::change_variant;
}

/// Who in the solution asks for `name`, for the plan's "why".
std::string asker_of(Source& source, const resolver::Solution& solution, const PackageName& name) {
  for (const auto& [other, version] : solution.versions) {
    const auto infos = source.versions(other);
    if (!infos) continue;
    for (const auto& info : *infos)
      if (info.version == version)
        for (const auto& d : info.dependencies)
          if (d.name == name) return "needed by " + other.text() + " " + version.text();
  }
  return "needed";
}

}  // namespace

Result<Plan> make_plan(Context& ctx, Remotes& remotes, const store::Store& store,
                       const InstallOptions& options) {
  Plan plan;
  NANO_TRY_ASSIGN(plan.before, store::read_current(store.primary()));
  std::vector<schemas::Requirement> wants;
  for (const auto& text : options.requests) {
    if (is_bundle_path(text)) {
      NANO_TRY_ASSIGN(auto bundle, open_bundle_request(ctx, text, options.allow_unsigned));
      plan.bundles.push_back(std::move(bundle));
    } else {
      NANO_TRY_ASSIGN(auto want, schemas::Requirement::parse(text));
      wants.push_back(std::move(want));
    }
  }

  // Asked for and there already: kept, without a look at any registry.
  std::vector<schemas::Requirement> missing;
  for (const auto& want : wants) {
    const auto* e = plan.before.find(want.name);
    const bool there = e != nullptr && want.range.contains(e->version) &&
                       (want.variant.empty() || want.variant == e->variant);
    if (!there || options.force) {
      missing.push_back(want);
      continue;
    }
    PlanItem item{.action = Action::keep,
                  .name = e->name,
                  .version = e->version,
                  .from = {},
                  .variant = e->variant,
                  .from_variant = {},
                  .registry = e->registry,
                  .why = "installed already",
                  .bytes = 0,
                  .download_bytes = 0,
                  .requested = true,
                  .is_unsigned = e->signer.empty()};
    plan.kept.push_back(std::move(item));
    if (!e->requested) plan.to_request.push_back(e->name);
  }
  if (missing.empty() && plan.bundles.empty()) return plan;

  Source source(ctx, remotes, store, plan.before, plan.bundles);
  resolver::Request request;
  std::set<PackageName> asked;
  for (const auto& want : missing) {
    NANO_TRY(check_exists(source, remotes, want));
    request.requirements.push_back(
        {.name = want.name, .set = want.range.set(), .text = want.range.text(), .asker = "you ask for"});
    asked.insert(want.name);
  }
  for (const auto& b : plan.bundles) {
    const auto& m = b.head.release.manifest;
    if (!asked.insert(m.name).second)
      return make_error(Errc::usage, "'" + m.name.text() + "' is asked for twice", "name it once");
    const auto* e = plan.before.find(m.name);
    if (b.signers.empty() && e != nullptr && !e->signer.empty())
      return make_error(
          Errc::untrusted,
          "an unsigned bundle may not replace " + entry_text(*e) + ", which came signed from a registry",
          "uninstall that one first: `nano uninstall " + m.name.text() + "`");
    request.requirements.push_back({.name = m.name,
                                    .set = schemas::VersionSet::exactly(m.version),
                                    .text = m.version.text(),
                                    .asker = "you ask for"});
  }
  // What was asked for earlier must stay possible; it keeps its version unless something new needs another.
  for (const auto& e : plan.before.entries) {
    if (asked.contains(e.name)) continue;
    if (e.signer.empty()) continue;
    if (e.requested)
      request.requirements.push_back(
          {.name = e.name, .set = schemas::VersionSet::all(), .text = "", .asker = "you have installed"});
    request.installed.emplace(e.name, e.version);
  }
  NANO_TRY_ASSIGN(resolver::Outcome outcome, resolver::resolve(request, source));
  if (const auto* none = std::get_if<resolver::NoSolution>(&outcome)) {
    std::string text = "no set of versions satisfies this:";
    for (const auto& line : none->lines) text += "\n  " + sanitize(line);
    return make_error(Errc::no_solution, std::move(text),
                      "ask for other versions, or uninstall what stands in the way");
  }
  const auto& solution = std::get<resolver::Solution>(outcome);

  for (const auto& chosen : solution.versions) {
    const PackageName& name = chosen.first;  // not a structured binding: clang 14's lambdas cannot capture those
    const Version& version = chosen.second;
    const auto* now_there = plan.before.find(name);
    const bool is_asked = asked.contains(name);
    if (!is_asked && now_there != nullptr && now_there->version == version) continue;
    Step step;
    PlanItem& item = step.item;
    item.name = name;
    item.version = version;
    item.requested = is_asked || (now_there != nullptr && now_there->requested);
    item.why = is_asked ? "requested" : asker_of(source, solution, name);
    if (now_there != nullptr) {
      item.from = now_there->version;
      item.from_variant = now_there->variant;
    }
    const auto bundle = std::find_if(plan.bundles.begin(), plan.bundles.end(),
                                     [&](const auto& b) { return b.head.release.manifest.name == name; });
    if (bundle != plan.bundles.end()) {
      const auto& m = bundle->head.release.manifest;
      std::vector<std::string> known;
      for (const auto& v : m.variants) known.push_back(v.name);
      NANO_TRY(check_variant(name, version, bundle->variant, known));
      item.variant = !bundle->variant.empty()         ? bundle->variant
                     : m.default_variant() != nullptr ? m.default_variant()->name
                                                      : "";
      item.registry = "bundle";
      item.is_unsigned = bundle->signers.empty();
      item.bytes = bundle->head.release.size_of(item.variant);
      step.bundle = static_cast<std::size_t>(bundle - plan.bundles.begin());
      step.release = bundle->head.digest;
    } else {
      NANO_TRY_ASSIGN(const schemas::IndexPackage* package, source.in_index(name));
      const auto* v = package == nullptr ? nullptr : [&]() -> const schemas::IndexVersion* {
        for (const auto& x : package->versions)
          if (x.version == version) return &x;
        return nullptr;
      }();
      if (v == nullptr)
        return make_error(Errc::not_found,
                          "the registry no longer lists " + name.text() + " " + version.text());
      const auto want =
          std::find_if(missing.begin(), missing.end(), [&](const auto& w) { return w.name == name; });
      std::vector<std::string> known;
      for (const auto& x : v->variants) known.push_back(x.name);
      item.variant = want != missing.end() ? want->variant : "";
      NANO_TRY(check_variant(name, version, item.variant, known));
      // A variant chosen earlier stays chosen while the new version still has it.
      if (item.variant.empty() && now_there != nullptr &&
          std::find(known.begin(), known.end(), now_there->variant) != known.end())
        item.variant = now_there->variant;
      if (item.variant.empty()) item.variant = default_variant(v->variants);
      NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(name.ns));
      step.registry = &remote->registry();
      step.release = v->release;
      item.registry = remote->registry().config.name;
      for (const auto& x : v->variants)
        if (x.name == item.variant) item.bytes = x.size;
    }
    item.action = action_for(now_there, version, item.variant);
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

}  // namespace nano::app
