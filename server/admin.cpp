// server/admin.cpp: a tree made, added to, and taken back from.
#include "server/admin.h"

#include <algorithm>
#include <cerrno>
#include <list>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs_look.h"
#include "base/text.h"
#include "registry/pack.h"
#include "registry/repository/leftovers.h"
#include "registry/tree.h"
#include "schemas/requirement.h"
#include "server/workplace.h"

namespace nano::server {
namespace {

/// Package folders, packed on the way (their weights are looked at by magic alone: `nano pack` looks closer, and is what
/// publishers use).
Result<registry::Packed> pack_here(const fs::Path& path, Log& log) {
  NANO_TRY_ASSIGN(auto packed, registry::pack_folder(path, {}));
  for (const auto& n : packed.notes) log.note(n);
  if (packed.packed) return std::move(*packed.packed);
  std::string message = "the package folder '" + sanitize(path.string()) + "' has problems:";
  for (const auto& p : packed.problems)
    message += "\n  nano.json" + (p.line == 0 ? "" : ":" + std::to_string(p.line)) + ": " + (p.pointer.empty() ? "" : p.pointer + ": ") + p.message;
  return make_error(Errc::invalid, std::move(message), "mend them; `nano pack` shows the same list");
}

Result<std::vector<AddedRelease>> add_all(registry::Repository& repo, const std::vector<fs::Path>& bundles, UnixTime when,
                                          const fs::Path& drafts, Log& log) {
  if (!drafts.empty() && bundles.size() != 1)
    return make_error(Errc::usage, "a document to be signed by others holds one release at a time",
                      "name one bundle with --output");
  std::list<registry::Packed> packed;  // the sources point into it
  std::vector<registry::Repository::Source> sources;
  for (const auto& path : bundles) {
    registry::Repository::Source source{.bundle = path};
    NANO_TRY_ASSIGN(const bool is_folder, fs::is_folder(path));
    if (is_folder) {
      auto folder = pack_here(path, log);
      if (!folder) return std::move(folder.error()).while_("adding " + sanitize(path.string()));
      source.packed = &packed.emplace_back(std::move(*folder));
    }
    sources.push_back(std::move(source));
  }
  std::optional<registry::Draft> draft;
  auto done = repo.add(sources, {.now = when, .draft = drafts.empty() ? nullptr : &draft});
  if (!done && bundles.size() == 1)
    return std::move(done.error()).while_("adding " + sanitize(bundles.front().string()));
  if (!done) return std::move(done.error());
  std::vector<AddedRelease> out;
  for (const registry::Added& added : *done)
    out.push_back({.name = added.name.text(),
                   .version = added.version.text(),
                   .digest = added.release.text(),
                   .new_bytes = added.new_bytes,
                   .existed = added.already_there,
                   .mended = added.mended});
  if (draft) {
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

namespace {

/// What an `init` that was killed has put into the folder: nothing is served of it.
const std::vector<std::string>& begun_names() {
  static const std::vector<std::string> names{std::string(registry::tree::kLock), std::string(registry::tree::kRegistryJson),
                                              "metadata", "index", "targets"};
  return names;
}

/// Take away what init has made of the tree.
void clear_begun(const fs::Path& dir) {
  for (const std::string& name : begun_names()) (void)fs::remove_tree(dir / name);
  (void)registry::remove_leftovers(dir, registry::Reach::folder, true);
}

/// Is the folder empty, or does it hold nothing but what a killed init began?
Result<bool> may_begin(const fs::Path& dir, bool unfinished) {
  NANO_TRY_ASSIGN(const auto there, fs::list_dir(dir));
  return std::all_of(there.begin(), there.end(), [&](const std::string& name) {
    return unfinished && (registry::writer_of_leftover(name) ||
                          std::find(begun_names().begin(), begun_names().end(), name) != begun_names().end());
  });
}

struct Begun {
  bool unfinished = false;  ///< an earlier init was killed: its keys are used
  bool new_keys_folder = false;
};

/// The folder itself, locked while init works in it: an init that is killed lets go of it, one that lives does not.
class InitLock {
 public:
  explicit InitLock(const fs::Path& dir) : fd_(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    busy_ = fd_.valid() && ::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  }
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  fs::Fd fd_;
  bool busy_ = false;
};

/// errors  refused: a folder that holds something else; nothing was changed
Result<Begun> check_free(const fs::Path& dir, const fs::Path& keys) {
  Begun out{.new_keys_folder = !fs::exists(keys)};
  if (fs::is_dir(keys)) NANO_TRY(registry::remove_leftovers(keys, registry::Reach::folder, false));
  const auto before = read_settings(keys);
  out.unfinished = before && before->unfinished;
  NANO_TRY_ASSIGN(const bool free, may_begin(dir, out.unfinished));
  if (!free)
    return make_error(Errc::refused, "'" + dir.string() + "' is not an empty folder",
                      "name a new folder; nothing was changed");
  NANO_TRY_ASSIGN(const auto old_keys, fs::list_dir(keys));
  const bool only_leftovers = std::all_of(old_keys.begin(), old_keys.end(), [](const std::string& name) {
    return registry::writer_of_leftover(name).has_value();
  });
  if (!out.unfinished && !only_leftovers)
    return make_error(Errc::refused, "'" + keys.string() + "' holds keys already, and none is overwritten",
                      "move that folder away, or name another registry folder");
  return out;
}

/// Does the tree of a killed init serve a registry already? Then only its settings had to be finished. What cannot be looked at
/// may be one.
bool is_served(const fs::Path& dir) {
  const auto there = fs::is_there(dir / registry::tree::metadata("timestamp.json"));
  return !there || *there;
}

Result<std::string> make_tree(const InitOptions& options, const InitReport& r, const Settings& settings, UnixTime when,
                              registry::KeyStore& keys) {
  if (is_served(options.dir)) {
    NANO_TRY_ASSIGN(const auto made, registry::Repository::open(options.dir, {.now = when, .lifetimes = settings.lifetimes()}, keys));
    return made.id();
  }
  clear_begun(options.dir);
  registry::InitOptions make{.name = r.name, .title = "", .api = "", .now = when};
  make.lifetimes = settings.lifetimes();
  make.all_shards = options.mode == Mode::offline;
  make.adopt_namespaces = options.mode != Mode::offline;
  NANO_TRY_ASSIGN(const auto made, registry::Repository::init(options.dir, make, keys));
  return made.id();
}

}  // namespace

Result<InitReport> init(const InitOptions& options) {
  if (options.dir.empty())
    return make_error(Errc::usage, "no folder was named for the registry", "`nano-registry init DIR`");
  if (options.mode == Mode::fixed && (options.static_days < 1 || options.static_days > kMaxStaticDays))
    return make_error(Errc::usage, "a static registry is signed for 1 day to 100 years");
  if (options.mode == Mode::offline && options.offline_keys.empty())
    return make_error(Errc::usage, "no folder was named for the offline keys",
                      "`nano-registry init DIR --offline-keys KEYDIR`");
  NANO_TRY_ASSIGN(const UnixTime when, signing_time(options.keys));
  InitReport r{.dir = options.dir, .name = options.name.empty() ? default_name(options.dir) : options.name};
  r.mode = options.mode;
  r.keys = keys_folder(options.dir);
  const bool new_dir = !fs::exists(options.dir);
  if (!new_dir && !fs::is_dir(options.dir))
    return make_error(Errc::refused, "'" + options.dir.string() + "' is not an empty folder",
                      "name a new folder; nothing was changed");
  NANO_TRY(fs::make_dirs(options.dir));
  const InitLock lock(options.dir);
  if (lock.busy())
    return make_error(Errc::store, "another nano-registry makes a registry in '" + options.dir.string() + "' right now",
                      "wait for it");
  auto free = check_free(options.dir, r.keys);
  if (!free && new_dir) (void)::rmdir(options.dir.c_str());
  NANO_TRY_ASSIGN(const Begun begun, std::move(free));
  Settings settings{.mode = options.mode, .unfinished = true};
  if (options.mode == Mode::fixed)
    settings.static_seconds = static_cast<int64_t>(options.static_days) * registry::roles::kDay;
  std::optional<fs::Path> offline;
  KeyOptions key_options = options.keys;
  if (options.mode == Mode::offline) {
    offline = options.offline_keys;
    key_options.must_encrypt = true;
  }
  const bool new_offline = offline && !fs::exists(*offline);
  NANO_TRY_ASSIGN(auto keys, open_keys(r.keys, offline, key_options));
  const auto make = [&]() -> Status {
    NANO_TRY(write_settings(r.keys, settings));
    NANO_TRY(keys.tidy());
    NANO_TRY_ASSIGN(r.id, make_tree(options, r, settings, when, keys));
    settings.unfinished = false;
    settings.registry = r.id;
    return write_settings(r.keys, settings);
  };
  if (auto made = make(); !made) {
    // Once it is served its keys must stay, whatever happened after that: the next init finishes it.
    if (!is_served(options.dir)) {
      clear_begun(options.dir);
      if (new_dir) (void)::rmdir(options.dir.c_str());
      keys.take_back();
      if (!begun.unfinished) (void)fs::remove_file(r.keys / "settings.json");
      if (begun.new_keys_folder) (void)::rmdir(r.keys.c_str());
      if (new_offline) (void)::rmdir(offline->c_str());
    }
    return std::move(made.error());
  }
  keys.keep();
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
  return place.settle(add_all(*place.repo, bundles, place.now, drafts, log));
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
    auto added = add_all(repo, options.bundles, when, {}, log);
    if (!added) {
      (void)fs::remove_tree(fresh);
      return std::move(added.error());
    }
    out = std::move(*added);
  }  // the key is wiped here
  NANO_TRY(fs::remove_tree(options.dir));
  NANO_TRY(fs::rename_durable(fresh, options.dir));
  return out;
}

}  // namespace nano::server
