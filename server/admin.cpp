// server/admin.cpp: a tree made, added to, and taken back from.
#include "server/admin.h"

#include "base/fs_look.h"
#include "base/text.h"
#include "registry/pack.h"
#include "registry/tree.h"
#include "schemas/requirement.h"
#include "server/workplace.h"

namespace nano::server {
namespace {

/// A bundle file as it is, a package folder packed on the way (its weights are looked at by magic alone:
/// `nano pack` looks closer, and is what publishers use).
Result<registry::Added> add_one(registry::Repository& repo, const fs::Path& path,
                                const registry::AddOptions& options, Log& log) {
  NANO_TRY_ASSIGN(const bool folder, fs::is_folder(path));
  if (!folder) return repo.add_bundle(path, options);
  NANO_TRY_ASSIGN(auto packed, registry::pack_folder(path, {}));
  for (const auto& n : packed.notes) log.note(n);
  if (!packed.packed) {
    std::string message = "the package folder '" + sanitize(path.string()) + "' has problems:";
    for (const auto& p : packed.problems)
      message += "\n  nano.json" + (p.line == 0 ? "" : ":" + std::to_string(p.line)) + ": " + (p.pointer.empty() ? "" : p.pointer + ": ") + p.message;
    return make_error(Errc::invalid, std::move(message), "mend them; `nano pack` shows the same list");
  }
  return repo.add(*packed.packed, options);
}

Result<std::vector<AddedRelease>> add_all(registry::Repository& repo, const std::vector<fs::Path>& bundles,
                                          const fs::Path& drafts, Log& log) {
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  if (!drafts.empty() && bundles.size() != 1)
    return make_error(Errc::usage, "a document to be signed by others holds one release at a time",
                      "name one bundle with --output");
  std::vector<AddedRelease> out;
  for (const auto& path : bundles) {
    std::optional<registry::Draft> draft;
    auto added = add_one(repo, path, {.now = when, .draft = drafts.empty() ? nullptr : &draft}, log);
    if (!added) return std::move(added.error()).while_("adding " + sanitize(path.string()));
    out.push_back({.name = added->name.text(),
                   .version = added->version.text(),
                   .digest = added->release.text(),
                   .new_bytes = added->new_bytes,
                   .existed = added->already_there});
    if (!draft) continue;
    NANO_TRY_ASSIGN(out.back().draft, write_draft(*draft, drafts));
    out.back().missing = draft->missing;
  }
  return out;
}

std::string default_name(const fs::Path& dir) {
  const fs::Path full = std::filesystem::absolute(dir).lexically_normal();
  return (full.has_filename() ? full : full.parent_path()).filename().string();
}

}  // namespace

Result<InitReport> init(const InitOptions& options) {
  if (options.dir.empty())
    return make_error(Errc::usage, "no folder was named for the registry", "`nano-registry init DIR`");
  if (options.mode == Mode::fixed && (options.static_days < 1 || options.static_days > kMaxStaticDays))
    return make_error(Errc::usage, "a static registry is signed for 1 day to 100 years");
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  InitReport r{.dir = options.dir, .name = options.name.empty() ? default_name(options.dir) : options.name};
  r.mode = options.mode;
  r.keys = keys_folder(options.dir);
  NANO_TRY_ASSIGN(const auto there, fs::list_dir(options.dir));
  NANO_TRY_ASSIGN(const auto old_keys, fs::list_dir(r.keys));
  if (!there.empty())
    return make_error(Errc::refused, "'" + options.dir.string() + "' is not an empty folder",
                      "name a new folder; nothing was changed");
  if (!old_keys.empty())
    return make_error(Errc::refused, "'" + r.keys.string() + "' holds keys already, and none is overwritten",
                      "move that folder away, or name another registry folder");
  Settings settings{.mode = options.mode};
  if (options.mode == Mode::fixed)
    settings.static_seconds = static_cast<int64_t>(options.static_days) * registry::roles::kDay;
  std::optional<fs::Path> offline;
  KeyOptions key_options = options.keys;
  if (options.mode == Mode::offline) {
    if (options.offline_keys.empty())
      return make_error(Errc::usage, "no folder was named for the offline keys",
                        "`nano-registry init DIR --offline-keys KEYDIR`");
    offline = options.offline_keys;
    key_options.must_encrypt = true;
  }
  NANO_TRY_ASSIGN(auto keys, open_keys(r.keys, offline, key_options));
  NANO_TRY(write_settings(options.dir, settings));
  registry::InitOptions make{.name = r.name, .title = "", .api = "", .now = when};
  make.lifetimes = settings.lifetimes();
  make.all_shards = options.mode == Mode::offline;
  make.adopt_namespaces = options.mode != Mode::offline;
  NANO_TRY_ASSIGN(const auto repo, registry::Repository::init(options.dir, make, keys));
  r.id = repo.id();
  r.root = options.dir / registry::tree::metadata("1.root.json");
  NANO_TRY_ASSIGN(const auto listed, keys.list());
  r.keys_encrypted = true;
  for (const auto& k : listed) r.keys_encrypted = r.keys_encrypted && k.encrypted;
  return r;
}

Result<std::vector<AddedRelease>> add(const fs::Path& dir, const std::vector<fs::Path>& bundles,
                                      const KeyOptions& keys, Log& log, const fs::Path& drafts) {
  if (bundles.empty())
    return make_error(Errc::usage, "no bundle was named", "`nano-registry add DIR x.nano`");
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "add"));
  return add_all(*place.repo, bundles, drafts, log);
}

Result<YankReport> yank(const fs::Path& dir, const std::string& what, const std::string& reason,
                        const KeyOptions& keys, const fs::Path& drafts) {
  const auto at = what.find('@');
  if (at == std::string::npos)
    return make_error(Errc::usage, "'" + sanitize(what) + "' names no version", "write NAME@VERSION");
  NANO_TRY_ASSIGN(const auto name, schemas::PackageName::parse(what.substr(0, at)));
  NANO_TRY_ASSIGN(const auto version, schemas::Version::parse(what.substr(at + 1)));
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "yank"));
  std::optional<registry::Draft> draft;
  NANO_TRY(place.repo->yank(name, version, reason, drafts.empty() ? nullptr : &draft));
  YankReport out;
  if (!draft) return out;
  NANO_TRY_ASSIGN(out.draft, write_draft(*draft, drafts));
  out.missing = draft->missing;
  return out;
}

Result<std::vector<AddedRelease>> make_starter(const StarterOptions& options, Log& log) {
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  // Made beside the old one and swapped in, so that a build that is killed leaves a whole one.
  const fs::Path fresh = options.dir.parent_path() / ("." + options.dir.filename().string() + ".new");
  NANO_TRY(fs::remove_tree(fresh));
  NANO_TRY(fs::make_dirs(fresh.parent_path()));
  std::vector<AddedRelease> out;
  {
    registry::MemoryKeys keys(std::move(key));
    registry::InitOptions make{.name = "starter", .title = "Starter registry", .api = "", .now = when};
    make.lifetimes = registry::roles::Lifetimes::all(3650 * registry::roles::kDay);
    make.adopt_namespaces = true;
    NANO_TRY_ASSIGN(auto repo, registry::Repository::init(fresh, make, keys));
    NANO_TRY_ASSIGN(out, add_all(repo, options.bundles, {}, log));
  }  // the key is wiped here
  NANO_TRY(fs::remove_tree(options.dir));
  NANO_TRY(fs::rename_durable(fresh, options.dir));
  return out;
}

}  // namespace nano::server
