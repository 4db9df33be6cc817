// app/complete.cpp: installed packages, and the last copy of each registry's index.
#include "app/complete.h"

#include <algorithm>
#include <set>

#include "app/history.h"
#include "app/installed.h"
#include "app/list.h"
#include "app/project.h"
#include "app/remote.h"
#include "schemas/vocabulary.h"

namespace nano::app {
namespace {

template <class Each>
void each_indexed(Context& ctx, Each each) {
  Remotes remotes(ctx);
  for (const Registry& registry : ctx.registries) {
    const auto remote = remotes.for_registry(registry);
    if (!remote) continue;
    const auto index = (*remote)->index();
    if (!index) continue;
    for (const auto& p : (*index)->packages) {
      // As search has it: a registry speaks for the namespaces it owns.
      const auto owner = registry_for(ctx, p.name.ns);
      if (owner && (*owner)->config.name == registry.config.name) each(p);
    }
  }
}

/// "sentiment-50m:q8" for each variant of an installed package.
void add_installed_variants(const Context& ctx, const std::string& name, std::set<std::string>& out) {
  const auto store = open_store(ctx, store::Mode::read);
  if (!store) return;
  std::vector<schemas::GenerationEntry> entries;
  if (const auto scene = scene_of(ctx))
    for (const auto& e : scene->current.entries)
      if (e.name.text() == name) entries.push_back(e);
  if (const auto found = find_entry(ctx, *store, name)) entries.push_back(found->entry);
  for (const auto& e : entries) {
    const auto package = store::open_package(*store, e.dir);
    if (!e.variant.empty()) out.insert(name + ":" + e.variant);
    if (package)
      for (const auto& v : package->release.manifest.variants) out.insert(name + ":" + v.name);
  }
}

}  // namespace

std::vector<std::string> complete(const Context& given, Known what, const std::string& word) {
  NullLog silent;
  Context ctx = given;
  ctx.log = &silent;
  ctx.settings.offline = true;
  const auto colon = word.find(':');
  std::set<std::string> all;
  if (what == Known::installed || what == Known::packages || what == Known::models) {
    if (colon == std::string::npos) {
      if (const auto names = installed_names(ctx)) all.insert(names->begin(), names->end());
      if (const auto scene = scene_of(ctx))
        for (const auto& e : scene->current.entries) all.insert(e.name.text());
      if (what == Known::packages) each_indexed(ctx, [&](const schemas::IndexPackage& p) { all.insert(p.name.text()); });
    } else {
      const std::string name = word.substr(0, colon);
      add_installed_variants(ctx, name, all);
      if (what == Known::packages)
        each_indexed(ctx, [&](const schemas::IndexPackage& p) {
          if (p.name.text() != name || p.versions.empty()) return;
          for (const auto& v : p.versions.back().variants) all.insert(name + ":" + v.name);
        });
    }
  } else if (what == Known::registries) {
    for (const auto& r : ctx.registries) all.insert(r.config.name);
  } else if (what == Known::tasks) {
    const auto words = schemas::task_words();
    all.insert(words.begin(), words.end());
  } else if (what == Known::languages) {
    each_indexed(ctx, [&](const schemas::IndexPackage& p) { all.insert(p.languages.begin(), p.languages.end()); });
  } else if (what == Known::licences) {
    each_indexed(ctx, [&](const schemas::IndexPackage& p) {
      if (!p.license.empty()) all.insert(p.license);
    });
    all.insert("permissive");
  } else if (const auto generations = history(ctx)) {
    for (const auto& g : *generations) all.insert(std::to_string(g.generation));
  }
  std::vector<std::string> out;
  for (const auto& name : all)
    if (name.rfind(word, 0) == 0) out.push_back(name);
  return out;
}

}  // namespace nano::app
