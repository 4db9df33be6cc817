// runtime_shim/locate.cpp: paths, package folders, and the stores' generations.
#include "runtime_shim/locate.h"

#include <algorithm>
#include <optional>

#include "base/fs.h"
#include "base/fs_named.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/config.h"
#include "schemas/generation.h"
#include "schemas/manifest.h"
#include "schemas/project_root.h"
#include "schemas/release.h"
#include "schemas/requirement.h"
#include "schemas/word.h"

namespace nano {
namespace {

namespace stdfs = std::filesystem;
constexpr std::string_view kManifestName = "nano.json";
constexpr std::string_view kReleaseName = "~release.json";  // as the store puts it there
constexpr uint64_t kMaxCurrentBytes = 64;
constexpr std::string_view kStarter = "starter";  // the registry that came with nano, and the namespace that reaches it

Result<Located> from_path(std::string_view text) {
  const stdfs::path path(text);
  NANO_TRY_ASSIGN(const fs::What there, fs::look_for(path));
  if (there == fs::What::folder) {
    NANO_TRY_ASSIGN(const bool manifest, fs::is_there(path / kManifestName));
    if (manifest) return locate_in_folder(path, {});
    return make_error(Errc::not_found, "the folder '" + sanitize(text) + "' has no nano.json",
                      "`nano new` makes a package folder");
  }
  if (text.ends_with(".nano"))
    return make_error(Errc::usage, "'" + sanitize(text) + "' is a bundle, which is installed before it is run",
                      "`nano install " + sanitize(text) + "`, or run the folder that it was packed of");
  // A name a person typed may be a link; what it leads to is opened.
  const auto real = fs::real_path(path);
  return Located{.weights = real ? *real : path,
                 .name = {},
                 .version = {},
                 .variant = {},
                 .labels = {},
                 .abi = {},
                 .base = {},
                 .blob = {},
                 .derived = {},
                 .inputs = 0,
                 .keep = false};
}

// What is installed under a name. `starter/x` is also an `x` that came from the registry that came with nano: it was installed
// when no other registry had the bare names. The other way round nothing is guessed: `x` is that registry's which has them now.
const schemas::GenerationEntry* find_entry(const schemas::Generation& generation, const schemas::PackageName& name) {
  if (const auto* entry = generation.find(name)) return entry;
  if (name.ns != kStarter) return nullptr;
  const auto* bare = generation.find(schemas::PackageName{.name = name.name});
  return bare != nullptr && bare->registry == kStarter ? bare : nullptr;
}

// What a store has installed; nothing when it does not exist or holds nothing.
Result<std::optional<schemas::Generation>> installed(const schemas::StoreLayout& store) {
  auto current = fs::read_file(store.current(), kMaxCurrentBytes);
  if (!current) {
    if (current.error().code != Errc::not_found) return std::move(current).error();
    // Absent: nothing was ever installed, or the file is lost. A generation beyond the first tells.
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(store.generations()));
    const auto unfinished = [](const std::string& n) { return n.starts_with(".first."); };  // store/generations.cpp
    const auto numbered = [](const std::string& n) { return n.ends_with(".json") && n.front() != '.'; };
    if (std::none_of(names.begin(), names.end(), numbered) || std::any_of(names.begin(), names.end(), unfinished)) return std::optional<schemas::Generation>();
    NANO_TRY_ASSIGN(const bool there, fs::is_there(store.current()));
    if (there) return installed(store);  // written meanwhile
    return make_error(Errc::store, "the store's file '" + store.current().string() + "', which says what is installed, is missing",
                      "`nano verify --repair` puts the newest generation in force that is whole");
  }
  NANO_TRY_ASSIGN(const uint64_t number, schemas::parse_current(*current));
  auto bytes = fs::read_file(store.generation(number), schemas::kMaxGenerationBytes);
  if (!bytes && bytes.error().code == Errc::store) return std::move(bytes).error();
  auto parsed =
      bytes ? schemas::parse_generation(*bytes) : Result<schemas::Generation>(std::move(bytes).error());
  if (!parsed) {
    return make_error(
        Errc::store,
        "the store's generation " + std::to_string(number) + " is missing or damaged: " + parsed.error().message,
        "`nano verify --repair` puts the newest generation in force that is whole");
  }
  return std::optional<schemas::Generation>(std::move(parsed).value());
}

// What the project in `folder` was synced to, out of roots/ (store/roots.h). The roots' names are digests of paths, and
// libnano has no SHA-256: they are looked through, of which there are as many as projects.
Result<std::optional<schemas::Generation>> synced(const schemas::StoreLayout& store, const stdfs::path& folder) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(store.project_roots()));
  const JsonLimits limits{.max_bytes = schemas::kMaxGenerationBytes};
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const auto bytes = fs::read_file(store.project_roots() / name, schemas::kMaxGenerationBytes);
    if (!bytes && bytes.error().code == Errc::store) return bytes.error();  // it could be this project's
    if (!bytes) continue;
    const auto doc = parse_json(*bytes, limits);
    if (!doc || !doc->is_object() || schemas::project_of_root(*doc) != folder.string() || !doc->contains("wants")) continue;
    auto wants = schemas::parse_generation(dump_line((*doc)["wants"]));
    if (!wants) {
      return make_error(Errc::store, "what the project " + sanitize(folder.string()) + " was synced to cannot be read",
                        "`nano sync` in it writes it anew");
    }
    return std::optional<schemas::Generation>(std::move(wants).value());
  }
  return std::optional<schemas::Generation>();
}

// Where the stores are: as told, else the environment, else the configuration (the user's before the system's).
Result<schemas::Places> find_stores(std::string_view store, const schemas::GetEnv& getenv) {
  NANO_TRY_ASSIGN(schemas::Places places, schemas::find_places(getenv, store));
  for (const auto& path : {places.user_config(), places.system_config()}) {
    if (!store.empty()) break;
    auto bytes = fs::read_file(path, schemas::kMaxConfigBytes);
    if (!bytes && bytes.error().code == Errc::not_found) continue;
    if (!bytes) return std::move(bytes).error();
    auto config = schemas::parse_config(*bytes);
    if (!config) return std::move(config).error().while_("reading " + path.string());
    if (!config->store.empty()) return schemas::find_places(getenv, store, config->store);
  }
  return places;
}

Error not_installed(const schemas::Requirement& wanted, const std::vector<std::string>& names) {
  const std::string name = wanted.name.text();
  // A name that only differs by a letter is a slip of the pen: whoever follows a hint must not install that.
  std::string hint = "`nano install " + wanted.text() + "`";
  const std::string beside = std::string(kStarter) + "/" + wanted.name.name;
  if (wanted.name.in_root() && std::find(names.begin(), names.end(), beside) != names.end())
    hint = "installed is '" + beside + "', from the registry that came with nano; " + hint + " installs another";
  else if (const auto near = nearest(name, names))
    hint = "did you mean '" + *near + "'?";
  std::error_code ec;
  if (stdfs::exists(stdfs::path(name), ec)) hint = "for what lies in this folder write './" + name + "'; " + hint;
  return make_error(Errc::not_found, "'" + name + "' is not installed", hint);
}

// The digest of `path` in the release that lies beside the manifest. Nothing where there is none or it cannot be read: a
// start without a derived file is slower, and no more.
std::optional<Digest> blob_of(const stdfs::path& folder, const std::string& path) {
  const auto bytes = fs::read_file(folder / kReleaseName, schemas::kMaxReleaseBytes);
  if (!bytes) return std::nullopt;
  const auto release = schemas::parse_release(*bytes);
  if (!release) return std::nullopt;
  const schemas::ReleaseFile* file = release->find_file(path);
  return file != nullptr ? std::optional(file->sha256) : std::nullopt;
}

Result<Located> from_entry(const schemas::StoreLayout& store, const schemas::GenerationEntry& entry,
                           bool writable) {
  const stdfs::path folder = store.root() / entry.dir;
  auto found = locate_in_folder(folder, entry.variant);
  const auto missing = [&] {
    return make_error(Errc::store, "the files of '" + entry.name.text() + "' are missing from the store",
                      "`nano verify --repair` mends what it can from here; `nano install " + entry.name.text() + "` fetches them again");
  };
  if (!found && found.error().code == Errc::not_found) return missing();
  if (!found && found.error().hint.empty() && found.error().code == Errc::invalid)
    found.error().hint = "`nano verify --repair` mends a package that is damaged";
  if (found) {
    NANO_TRY_ASSIGN(const bool there, fs::is_there(found->weights));
    if (!there) return missing();
    found->blob = blob_of(folder, found->weights.lexically_relative(folder).generic_string());
    found->derived = store.derived();
    found->keep = writable;
    found->name = entry.name.text();
    // What a package of the starter registry needs is its own, too.
    if (entry.name.ns == kStarter && !found->base.empty() && found->base.find('/') == std::string::npos)
      found->base = std::string(kStarter) + "/" + found->base;
  }
  return found;
}

/// A variant that the installed release does not have at all: no install brings it. nullopt = it has it, or cannot be read.
std::optional<Error> no_such_variant(const stdfs::path& folder, const schemas::GenerationEntry& entry, const std::string& variant) {
  const auto bytes = fs::read_file(folder / kManifestName, schemas::kMaxManifestBytes);
  const auto manifest = bytes ? schemas::parse_manifest(*bytes) : Result<schemas::Manifest>(bytes.error());
  if (!manifest || manifest->find_variant(variant) != nullptr) return std::nullopt;
  std::string all;
  for (const auto& v : manifest->variants) all += (all.empty() ? "" : ", ") + sanitize(v.name);
  return make_error(Errc::not_found, "'" + entry.name.text() + "' " + entry.version.text() + " has no variant '" + sanitize(variant) + "'",
                    all.empty() ? "it has no variants" : "it has " + all);
}

}  // namespace

Result<Located> locate(std::string_view text, std::string_view store, const schemas::GetEnv& getenv,
                       std::string_view project) {
  if (text.empty())
    return make_error(Errc::usage, "the name of a model is empty",
                      "give an installed name or the path of a .gguf");
  if (text.find('\0') != std::string_view::npos)
    return make_error(Errc::usage, "the name of a model holds a zero byte");
  std::error_code ec;
  if (schemas::is_path(text)) return from_path(text);
  auto parsed = schemas::Requirement::parse(text);
  if (!parsed) {
    Error error = std::move(parsed).error();
    if (stdfs::exists(stdfs::path(text), ec)) error.hint = "for the file of that name write './" + sanitize(text) + "'";
    return error;
  }
  const schemas::Requirement& wanted = *parsed;
  NANO_TRY_ASSIGN(const schemas::Places places, find_stores(store, getenv));
  std::vector<stdfs::path> stores{places.store};
  stores.insert(stores.end(), places.read_only_stores.begin(), places.read_only_stores.end());

  std::vector<std::string> names;
  std::string other;  // the same package, but not the one asked for
  const char* from_environment = getenv("NANO_PROJECT");
  if (project.empty() && from_environment != nullptr) project = from_environment;
  if (!project.empty()) {
    if (const auto there = fs::look_for(stdfs::path(project)); !there && there.error().code == Errc::usage) return there.error();
    const auto real = fs::real_path(stdfs::path(project));
    if (!real && real.error().code != Errc::not_found) return real.error();
    if (!real) return make_error(Errc::not_found, "there is no project folder '" + sanitize(project) + "'");
    const stdfs::path& folder = *real;
    const schemas::StoreLayout layout(places.store);
    NANO_TRY_ASSIGN(const auto wants, synced(layout, folder));
    const schemas::GenerationEntry* entry = wants ? find_entry(*wants, wanted.name) : nullptr;
    if (entry != nullptr && wanted.range.contains(entry->version) && (wanted.variant.empty() || wanted.variant == entry->variant)) {
      return from_entry(layout, *entry, true);
    }
  }
  for (const auto& root : stores) {
    const schemas::StoreLayout layout(root);
    NANO_TRY_ASSIGN(const auto generation, installed(layout));
    if (!generation) continue;
    for (const auto& entry : generation->entries) names.push_back(entry.name.text());
    const schemas::GenerationEntry* entry = find_entry(*generation, wanted.name);
    if (entry == nullptr) continue;
    if (wanted.range.contains(entry->version) &&
        (wanted.variant.empty() || wanted.variant == entry->variant)) {
      return from_entry(layout, *entry, root == places.store);
    }
    if (wanted.range.contains(entry->version))
      if (auto none = no_such_variant(layout.root() / entry->dir, *entry, wanted.variant)) return std::move(*none);
    if (other.empty()) other = entry->version.text() + (entry->variant.empty() ? "" : ":" + entry->variant);
  }
  if (!other.empty()) {
    return make_error(Errc::not_found, "'" + wanted.text() + "' is not installed: installed is " + other,
                      "`nano install " + wanted.text() + "`");
  }
  return not_installed(wanted, names);
}

Result<Located> locate_in_folder(const stdfs::path& folder, std::string_view variant) {
  const stdfs::path manifest_path = folder / kManifestName;
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(manifest_path, schemas::kMaxManifestBytes));
  auto parsed = schemas::parse_manifest(bytes);
  if (!parsed) return std::move(parsed).error().while_("reading " + manifest_path.string());
  const schemas::Manifest& manifest = *parsed;
  const schemas::Variant* chosen =
      variant.empty() ? manifest.default_variant() : manifest.find_variant(variant);
  if (chosen == nullptr && !variant.empty()) {
    return make_error(Errc::not_found,
                      manifest_path.string() + " has no variant '" + sanitize(variant) + "'");
  }
  const std::string name = chosen != nullptr ? chosen->name : std::string();
  const schemas::FileEntry* weights = manifest.file_of(schemas::Role::weights, name);
  if (weights == nullptr) {
    return make_error(Errc::invalid, manifest_path.string() + " names no file with the role 'weights'");
  }
  std::string abi = manifest.model ? manifest.model->abi : std::string(), base;
  for (const schemas::Dependency& d : manifest.dependencies) {
    if (d.use != schemas::DependencyUse::base) continue;
    abi = d.abi;
    base = d.name.text();
  }
  return Located{.weights = folder / weights->path,
                 .name = manifest.name.text(),
                 .version = manifest.version.text(),
                 .variant = name,
                 .labels = manifest.labels,
                 .abi = std::move(abi),
                 .base = std::move(base),
                 .blob = {},
                 .derived = {},
                 .inputs = manifest.inputs.size(),
                 .keep = false};
}

}  // namespace nano
