// app/installed.cpp: opening the store and finding packages in it by a person's words.
#include "app/installed.h"

#include <algorithm>

#include "base/fs_named.h"
#include "base/text.h"
#include "resolver/variants.h"
#include "schemas/word.h"

namespace nano::app {

Result<schemas::Requirement> wanted_package(const std::string& word) {
  if (schemas::is_path(word)) {
    NANO_TRY(fs::look_for(word));
    return make_error(Errc::usage, "'" + sanitize(word) + "' is a path, and the name of a package is wanted here",
                      "`nano list` shows the names of what is installed");
  }
  auto want = schemas::Requirement::parse(word);
  if (!want && fs::exists(word)) want.error().hint = "for the file of that name write './" + sanitize(word) + "'";
  return want;
}

Result<schemas::PackageName> named_package(const std::string& word) {
  if (schemas::is_path(word)) NANO_TRY(wanted_package(word));
  return schemas::PackageName::parse(word);
}

Result<store::Store> open_store(const Context& ctx, store::Mode mode) {
  return store::Store::open(ctx.places.store, mode, ctx.places.read_only_stores);
}

Result<store::InstalledEntry> find_entry(const Context& ctx, const store::Store& store,
                                         const std::string& text) {
  (void)ctx;
  NANO_TRY_ASSIGN(const schemas::Requirement want, wanted_package(text));
  NANO_TRY_ASSIGN(auto found, store::find_installed(store, want.name));
  if (!found) {
    NANO_TRY_ASSIGN(const auto all, store::installed(store));
    std::vector<std::string> names;
    for (const auto& e : all) names.push_back(e.entry.name.text());
    const auto near = nearest(want.name.text(), names);
    return make_error(
        Errc::not_found, "'" + want.name.text() + "' is not installed",
        near ? "did you mean '" + *near + "'?"
             : "install it: `nano install " + want.name.text() + "`");
  }
  const auto& e = found->entry;
  if (want.range.contains(e.version) && !want.variant.empty() && want.variant != e.variant)
    if (const auto package = store::open_package(store, e.dir)) {
      std::vector<std::string> variants;
      for (const auto& v : package->release.manifest.variants) variants.push_back(v.name);
      if (package->release.manifest.find_variant(want.variant) == nullptr)
        return make_error(Errc::not_found, e.name.text() + " " + e.version.text() + " has no variant '" + sanitize(want.variant) + "'",
                          resolver::variants_hint(want.variant, variants));
    }
  if (!want.range.contains(e.version) || (!want.variant.empty() && want.variant != e.variant))
    return make_error(Errc::not_found, "'" + want.text() + "' is not installed; " + entry_text(e) + " is",
                      "install it: `nano install " + want.text() + "`");
  return std::move(*found);
}

std::string entry_text(const schemas::GenerationEntry& e) {
  return e.name.text() + " " + e.version.text() + (e.variant.empty() ? "" : " " + e.variant);
}

std::vector<std::string> changes_between(const std::vector<schemas::GenerationEntry>& before,
                                         const std::vector<schemas::GenerationEntry>& after) {
  const auto find = [](const std::vector<schemas::GenerationEntry>& in, const schemas::PackageName& name) {
    return std::find_if(in.begin(), in.end(), [&](const auto& e) { return e.name == name; });
  };
  const auto tail = [](const schemas::GenerationEntry& e) {
    return e.version.text() + (e.variant.empty() ? "" : " " + e.variant);
  };
  std::vector<std::string> out;
  for (const auto& e : after) {
    const auto old = find(before, e.name);
    if (old == before.end()) {
      out.push_back("+ " + entry_text(e));
    } else if (old->version != e.version || old->variant != e.variant) {
      out.push_back("~ " + e.name.text() + " " + tail(*old) + " -> " + tail(e));
    } else if (old->release != e.release) {
      out.push_back("~ " + entry_text(e) + " (other bytes)");
    }
  }
  for (const auto& e : before)
    if (find(after, e.name) == after.end()) out.push_back("- " + entry_text(e));
  return out;
}

}  // namespace nano::app
