// app/info.cpp: one package from wherever it is: store, folder, bundle, registry.
#include <algorithm>

#include "app/card.h"
#include "app/export_request.h"
#include "app/installed.h"
#include "app/judge.h"
#include "app/list.h"
#include "app/plan.h"
#include "app/remote.h"
#include "base/fs_named.h"
#include "base/text.h"
#include "registry/blob_sink.h"
#include "registry/pack.h"
#include "schemas/word.h"

namespace nano::app {
namespace {

/// A path that names a package folder, and not a bundle. errors  not_found: no such file, or a folder without a nano.json
Result<bool> is_folder(const std::string& text) {
  if (!schemas::is_path(text)) return false;
  const auto colon = text.rfind(':');  // x.nano:q4
  const bool with_variant = colon != std::string::npos && text.substr(0, colon).ends_with(".nano") && !fs::exists(text);
  NANO_TRY_ASSIGN(const fs::What there, fs::look_for(with_variant ? text.substr(0, colon) : text));
  if (there != fs::What::folder) return false;
  NANO_TRY_ASSIGN(const bool manifest, fs::is_there(fs::Path(text) / "nano.json"));
  if (!manifest)
    return make_error(Errc::not_found, "the folder '" + sanitize(text) + "' has no nano.json", "`nano new` makes a package folder");
  return true;
}

void add_variants(Info& i, const schemas::Release& release) {
  for (const auto& v : release.manifest.variants)
    i.variants.push_back({v.name, release.size_of(v.name),
                          v.is_default || release.manifest.variants.size() == 1, v.quantization});
}

void add_versions(Info& i, const schemas::IndexPackage& p) {
  for (auto v = p.versions.rbegin(); v != p.versions.rend(); ++v)
    i.versions.push_back({v->version.text(), v->published,
                          v->yanked.empty() ? std::nullopt : std::optional<std::string>(v->yanked)});
}

const schemas::IndexVersion* choose(const schemas::IndexPackage& p, const schemas::Range& range) {
  std::vector<schemas::Version> all;
  for (const auto& v : p.versions) all.push_back(v.version);
  const auto order = range.candidates(all);
  for (const auto i : order)
    if (p.versions[i].yanked.empty()) return &p.versions[i];
  return order.empty() ? nullptr : &p.versions[order.front()];
}

/// Sizes as far as they can be known without a fetch beyond metadata.
uint64_t size_of_need(const store::Store& store, Remotes& remotes, const schemas::Dependency& d) {
  const auto here = store::find_installed(store, d.name);
  if (here && *here && d.range.contains((*here)->entry.version))
    if (const auto package = store::open_package(store, (*here)->entry.dir)) return package->release.size_of((*here)->entry.variant);
  const auto remote = remotes.for_namespace(d.name.ns);
  const auto package = remote ? (*remote)->package(d.name) : Result<const schemas::IndexPackage*>(remote.error());
  const schemas::IndexVersion* v = package && *package != nullptr ? choose(**package, d.range) : nullptr;
  if (v == nullptr) return 0;
  for (const auto& variant : v->variants)
    if (d.variant.empty() ? variant.is_default || v->variants.size() == 1 : variant.name == d.variant) return variant.size;
  return 0;
}

void add_needs(Info& i, const store::Store& store, Remotes& remotes) {
  for (const auto& d : i.manifest.dependencies)
    i.needs.push_back({d.name.text(), d.range.text(), std::string(schemas::to_text(d.use)), size_of_need(store, remotes, d)});
}

/// The release a registry offers for a requirement.
Result<registry::VouchedRelease> fetch_release(Remote& remote, const schemas::Requirement& want,
                                               const schemas::IndexPackage& package) {
  const auto* v = choose(package, want.range);
  if (v == nullptr)
    return make_error(Errc::not_found,
                      "no version of " + want.name.text() + " fits '" + want.range.text() + "'",
                      "`nano info " + want.name.text() + "` lists its versions");
  return remote.release(want.name, v->version, v->release);
}

Result<std::pair<Remote*, const schemas::IndexPackage*>> look_up(Remotes& remotes,
                                                                 const schemas::PackageName& name) {
  NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(name.ns));
  NANO_TRY_ASSIGN(const auto* p, remote->package(name));
  if (p == nullptr) {
    // The index only helps to guess what was meant; without it the answer is the same.
    const auto index = remote->index();
    std::vector<std::string> names;
    if (index)
      for (const auto& x : (*index)->packages) names.push_back(x.name.text());
    const auto near = nearest(name.text(), names);
    const std::string beside = remotes.hint_of_starter(name);
    return make_error(
        Errc::not_found,
        "'" + name.text() + "' is neither installed nor in the registry '" + remote->registry().config.name +
            "'",
        !beside.empty() ? beside
        : near          ? "did you mean '" + *near + "'?"
                        : "look for it: `nano search " + name.name + "`");
  }
  return std::pair{remote, p};
}

Result<std::string> read_card(const fs::Path& dir, const schemas::Manifest& m) {
  const auto* card = m.file_of(schemas::Role::card);
  if (card == nullptr)
    return make_error(Errc::not_found, m.name.text() + " has no model card",
                      "`nano info " + m.name.text() + "` shows what it has");
  return fs::read_file(dir / card->path, registry::kMaxCardBytes);
}

}  // namespace

Result<Info> info(Context& ctx, const std::string& text) {
  Info i;
  NANO_TRY_ASSIGN(const bool folder, is_folder(text));
  if (folder) {
    NANO_TRY_ASSIGN(const std::string bytes,
                    fs::read_file(fs::Path(text) / "nano.json", schemas::kMaxManifestBytes));
    NANO_TRY_ASSIGN(i.manifest, schemas::parse_manifest(bytes));
    i.source = "folder";
    for (const auto& v : i.manifest.variants)
      i.variants.push_back({v.name, 0, v.is_default || i.manifest.variants.size() == 1, v.quantization});
    for (auto& v : i.variants)
      for (const auto* f : i.manifest.files_of(v.name)) {
        std::error_code ec;
        const auto size = std::filesystem::file_size(fs::Path(text) / f->path, ec);
        if (!ec) v.bytes += size;
      }
    return i;
  }
  if (schemas::is_path(text)) {
    NANO_TRY_ASSIGN(const bool exported, registry::is_export(text));
    if (exported) {
      NANO_TRY_ASSIGN(const auto requests, open_export(ctx, text, {}));
      // Of several packages the first that was asked for speaks.
      const BundleRequest* b = &requests.front();
      for (const auto& r : requests)
        if (r.requested && !b->requested) b = &r;
      i.manifest = b->head.release.manifest;
      i.source = "bundle";
      i.registry = b->registry->config.name;
      i.release_digest = b->head.digest.text();
      i.signer = signing_keys(b->chain).front();
      add_variants(i, b->head.release);
      return i;
    }
    NANO_TRY_ASSIGN(const auto head, registry::read_bundle_head(text));
    i.manifest = head.release.manifest;
    i.source = "bundle";
    i.release_digest = head.digest.text();
    i.is_unsigned = true;
    add_variants(i, head.release);
    return i;
  }
  NANO_TRY_ASSIGN(const schemas::Requirement want, wanted_package(text));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto here, store::find_installed(store, want.name));
  Remotes remotes(ctx);
  auto remote = look_up(remotes, want.name);
  if (here) {
    i.installed_version = here->entry.version.text();
    i.installed_variant = here->entry.variant;
  }
  if (remote) {
    add_versions(i, *remote->second);
    i.registry = remote->first->registry().config.name;
  }
  if (here && want.range.contains(here->entry.version)) {
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, here->entry.dir));
    i.manifest = package.release.manifest;
    i.source = "installed";
    i.registry = here->entry.registry;
    i.release_digest = here->entry.release.text();
    i.signer = here->entry.signer;
    i.is_unsigned = here->entry.signer.empty();
    add_variants(i, package.release);
    add_needs(i, store, remotes);
    return i;
  }
  if (!remote) return std::move(remote.error());
  NANO_TRY_ASSIGN(const auto fetched, fetch_release(*remote->first, want, *remote->second));
  i.manifest = fetched.release.manifest;
  i.source = i.registry;
  i.release_digest = fetched.digest.text();
  i.signer = signing_keys(fetched.chain).front();
  add_variants(i, fetched.release);
  add_needs(i, store, remotes);
  return i;
}

Result<std::string> card_markdown(Context& ctx, const std::string& text) {
  NANO_TRY_ASSIGN(const bool folder, is_folder(text));
  if (folder) {
    NANO_TRY_ASSIGN(const std::string bytes,
                    fs::read_file(fs::Path(text) / "nano.json", schemas::kMaxManifestBytes));
    NANO_TRY_ASSIGN(const auto m, schemas::parse_manifest(bytes));
    return read_card(text, m);
  }
  if (schemas::is_path(text)) return card_of_bundle(ctx, text);
  NANO_TRY_ASSIGN(const schemas::Requirement want, wanted_package(text));
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto here, store::find_installed(store, want.name));
  if (here && want.range.contains(here->entry.version)) {
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, here->entry.dir));
    return read_card(here->store / here->entry.dir, package.release.manifest);
  }
  Remotes remotes(ctx);
  NANO_TRY_ASSIGN(const auto remote, look_up(remotes, want.name));
  NANO_TRY_ASSIGN(const auto fetched, fetch_release(*remote.first, want, *remote.second));
  const auto* card = fetched.release.manifest.file_of(schemas::Role::card);
  const auto* file = card == nullptr ? nullptr : fetched.release.find_file(card->path);
  if (file == nullptr) return make_error(Errc::not_found, want.name.text() + " has no model card");
  if (file->size > registry::kMaxCardBytes)
    return make_error(Errc::invalid, "the model card of " + want.name.text() + " is longer than " +
                                         std::to_string(registry::kMaxCardBytes) + " bytes");
  std::string markdown;
  const registry::BlobRequest blob{file->sha256, file->size};
  NANO_TRY(remote.first->client().blobs(
      std::span(&blob, 1),
      [&](const registry::BlobRequest& b) -> Result<std::unique_ptr<registry::BlobSink>> {
        return registry::memory_sink(b, markdown);
      }));
  return markdown;
}

}  // namespace nano::app
