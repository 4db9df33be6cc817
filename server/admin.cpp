// server/admin.cpp: init and add over registry/repository, with the key's place and its passphrase.
#include "server/admin.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "registry/pack.h"
#include "registry/repository/repository.h"
#include "verify/keys.h"

namespace nano::server {
namespace {

std::optional<verify::Secret> secret(const std::string& passphrase) {
  return passphrase.empty() ? std::nullopt : std::optional<verify::Secret>(std::in_place, passphrase);
}

/// A bundle file as it is, a package folder packed on the way (its weights are looked at by magic alone:
/// `nano pack` looks closer, and is what publishers use).
Result<registry::Added> add_one(registry::Repository& repo, const fs::Path& path, UnixTime when, Log& log) {
  if (!fs::is_dir(path)) return repo.add_bundle(path, {.now = when});
  NANO_TRY_ASSIGN(auto packed, registry::pack_folder(path, {.created = when, .check_weights = {}}));
  for (const auto& n : packed.notes) log.note(n);
  if (!packed.packed) {
    std::string message = "the package folder '" + sanitize(path.string()) + "' has problems:";
    for (const auto& p : packed.problems)
      message += "\n  " + (p.pointer.empty() ? "" : p.pointer + ": ") + p.message;
    return make_error(Errc::invalid, std::move(message), "mend them; `nano pack` shows the same list");
  }
  return repo.add(*packed.packed, {.now = when});
}

Result<std::vector<AddedRelease>> add_all(registry::Repository& repo, const std::vector<fs::Path>& bundles,
                                          Log& log) {
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  std::vector<AddedRelease> out;
  for (const auto& path : bundles) {
    auto added = add_one(repo, path, when, log);
    if (!added) return std::move(added.error()).while_("adding " + sanitize(path.string()));
    out.push_back({.name = added->name.text(),
                   .version = added->version.text(),
                   .digest = added->release.text(),
                   .new_bytes = added->new_bytes,
                   .existed = added->already_there});
  }
  return out;
}

}  // namespace

Result<InitReport> init(const InitOptions& options) {
  if (options.dir.empty())
    return make_error(Errc::usage, "no folder was named for the registry", "`nano-registry init DIR`");
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  InitReport r;
  r.dir = options.dir;
  r.name = options.name.empty()
               ? std::filesystem::absolute(options.dir).lexically_normal().filename().string()
               : options.name;
  r.public_key = key.public_key().hex();
  r.key_id = key.public_key().key_id();
  const auto place = registry::key_place(options.dir);
  r.key = options.key.empty() ? place.private_key : options.key;
  r.key_encrypted = !options.passphrase.empty();
  // The key first: a tree whose key was never saved could not be added to.
  NANO_TRY(fs::make_dirs(r.key.parent_path(), 0700));
  const auto pass = secret(options.passphrase);
  NANO_TRY(key.save(r.key, pass));
  if (options.key.empty()) NANO_TRY(fs::write_atomic(place.public_key, "ed25519:" + r.public_key + "\n"));
  auto repo = registry::Repository::init(
      options.dir, {.name = options.name, .title = "", .api = "", .now = when}, std::move(key));
  if (!repo) {
    (void)fs::remove_file(r.key);
    if (options.key.empty()) {
      (void)fs::remove_file(place.public_key);
      ::rmdir(place.private_key.parent_path().c_str());
    }
    return std::move(repo.error());
  }
  return r;
}

Result<std::vector<AddedRelease>> add(const AddOptions& options, Log& log) {
  if (options.bundles.empty())
    return make_error(Errc::usage, "no bundle was named", "`nano-registry add DIR x.nano`");
  const fs::Path key_file = options.key.empty() ? registry::key_place(options.dir).private_key : options.key;
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::load(key_file, secret(options.passphrase)));
  NANO_TRY_ASSIGN(auto repo, registry::Repository::open(options.dir, std::move(key)));
  return add_all(repo, options.bundles, log);
}

Result<std::vector<AddedRelease>> make_starter(const StarterOptions& options, Log& log) {
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  const std::string public_key = "ed25519:" + key.public_key().hex() + "\n";
  // Made beside the old one and swapped in, so that a build that is killed leaves a whole one.
  const fs::Path fresh = options.dir.parent_path() / ("." + options.dir.filename().string() + ".new");
  NANO_TRY(fs::remove_tree(fresh));
  NANO_TRY(fs::make_dirs(fresh.parent_path()));
  std::vector<AddedRelease> out;
  {
    NANO_TRY_ASSIGN(
        auto repo,
        registry::Repository::init(
            fresh, {.name = "starter", .title = "Starter registry", .api = "", .now = when}, std::move(key)));
    NANO_TRY_ASSIGN(out, add_all(repo, options.bundles, log));
  }  // the key is wiped here
  NANO_TRY(fs::write_atomic(fresh / "starter.pub", public_key));
  NANO_TRY(fs::remove_tree(options.dir));
  NANO_TRY(fs::rename_durable(fresh, options.dir));
  return out;
}

}  // namespace nano::server
