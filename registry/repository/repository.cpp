// registry/repository/repository.cpp: a tree made, opened, and read back after each change.
#include "registry/repository/repository.h"

#include "base/fs.h"
#include "base/fs_look.h"
#include "base/hash.h"
#include "registry/repository/leftovers.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"
#include "schemas/registry_json.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/names.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr std::string_view kIndexTarget = "index/search.json";
constexpr int kReadAgain = 3;  ///< times a tree that changes meanwhile is read anew

std::string folder_name(const std::filesystem::path& dir) {
  const auto absolute = std::filesystem::absolute(dir).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
}

void delegate_to(tuf::Targets& body, tuf::Delegation delegation, const verify::PublicKey& key) {
  const std::string role = delegation.name;
  body.delegations->roles.push_back(std::move(delegation));
  body.add_key(role, tuf::Key::of(key));
}

}  // namespace

tuf::TargetFile target_file(const Digest& digest, uint64_t length, Json custom) {
  return {.length = length, .hashes = {{"sha256", digest.hex()}}, .custom = std::move(custom), .extra = {}};
}

Digest digest_of(const tuf::TargetFile& file) {
  const auto it = file.hashes.find("sha256");
  if (it == file.hashes.end()) return {};
  const auto digest = Digest::parse_hex(it->second);
  return digest ? *digest : Digest();
}

Status Repository::Impl::load() {
  auto opened = Served::open(tree, options.now);
  if (!opened) return std::move(opened.error());
  served.emplace(std::move(*opened));
  NANO_TRY_ASSIGN(const tuf::Targets* role, served->role(roles::kIndex, tuf::kTargets));
  const auto file = role->targets.find(std::string(kIndexTarget));
  if (file == role->targets.end())
    return make_error(Errc::invalid, "the role 'index' lists no " + std::string(kIndexTarget));
  const Digest digest = digest_of(file->second);
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(tree.at(tree::index(digest)), file->second.length));
  if (sha256(bytes) != digest)
    return make_error(Errc::integrity,
                      "the registry's index file was changed: it is not what the role 'index' names");
  NANO_TRY_ASSIGN(index, schemas::parse_index(bytes));
  index_digest = digest;
  return Unit{};
}

Status Repository::Impl::commit(Edition& changes) {
  if (!lock) return make_error(Errc::internal, "a registry that was opened to be looked at is not changed");
  NANO_TRY(changes.commit());
  const Digest previous = index_digest;
  NANO_TRY(load());
  prune_indexes(previous);
  return Unit{};
}

Result<tuf::RoleKeys> Repository::Impl::keys_of(std::string_view role) {
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served->targets());
  const tuf::Delegation* d = targets->delegations ? targets->delegations->find(role) : nullptr;
  if (d == nullptr)
    return make_error(Errc::invalid, "the role 'targets' delegates nothing to '" + std::string(role) + "'");
  return d->keys;
}

Status Repository::Impl::put_index(Edition& changes, schemas::Index next) {
  next.created = format_time(options.now);
  NANO_TRY_ASSIGN(const std::string bytes, schemas::write_index(next));
  const Digest digest = sha256(bytes);
  NANO_TRY_ASSIGN(const tuf::RoleKeys by, keys_of(roles::kIndex));
  NANO_TRY_ASSIGN(const tuf::Targets* role, served->role(roles::kIndex, tuf::kTargets));
  tuf::Targets body = *role;
  body.targets = {{std::string(kIndexTarget), target_file(digest, bytes.size())}};
  changes.put(std::string(roles::kIndex), std::move(body), by);
  changes.put_file(tree::index(digest), bytes);
  return Unit{};
}

/// The previous index stays for readers that have just read the old role; older ones go. Failing to is no harm.
void Repository::Impl::prune_indexes(const Digest& previous) const {
  const auto names = fs::list_dir(tree.at(tree::kIndexFolder));
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = std::string(tree::kIndexFolder) + "/" + name;
    if (path != tree::index(index_digest) && path != tree::index(previous))
      (void)fs::remove_file(tree.at(path));
  }
}

// --- the public face ------------------------------------------------------------------------------------------

Repository::Repository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

const schemas::Index& Repository::index() const {
  return impl_->index;
}
const std::string& Repository::id() const {
  return impl_->served->id();
}
const tuf::Root& Repository::root() const {
  return impl_->served->root();
}
const std::filesystem::path& Repository::dir() const {
  return impl_->tree.dir();
}

UnixTime Repository::timestamp_expires() const {
  return impl_->served->timestamp().header.expires;
}

bool Repository::unchanged() const {
  const auto now = fs::read_file(impl_->tree.at(tree::metadata(tuf::metadata_file(tuf::kTimestamp))), tuf::Limits{}.timestamp_bytes);
  const uint64_t next = impl_->served->root().header.version + 1;
  return now && *now == impl_->at_open && !fs::exists(impl_->tree.at(tree::metadata(tuf::metadata_file(tuf::kRoot, next))));
}

Result<Repository> Repository::init(const std::filesystem::path& dir, const InitOptions& options,
                                    KeyRing& keys) {
  NANO_TRY_ASSIGN(const auto there, fs::list_dir(dir));
  NANO_TRY_ASSIGN(const fs::What what, fs::look_follow(dir));
  if ((what != fs::What::absent && what != fs::What::folder) || !there.empty())
    return make_error(Errc::refused, "'" + dir.string() + "' is not an empty folder",
                      "name a new folder; nothing was changed");
  NANO_TRY(fs::make_dirs(dir));
  NANO_TRY_ASSIGN(auto lock,
                  fs::FileLock::acquire(dir / tree::kLock, std::chrono::seconds(1), "nano-registry init"));
  OpenOptions open{
      .now = options.now, .lifetimes = options.lifetimes, .adopt_namespaces = options.adopt_namespaces};
  auto impl = std::make_unique<Impl>(dir, std::move(open), keys, std::move(lock));
  NANO_TRY(impl->tree.put(
      tree::kRegistryJson,
      schemas::write_registry_json({.name = options.name.empty() ? folder_name(dir) : options.name,
                                    .title = options.title,
                                    .api = options.api,
                                    .protocol = 1})));
  tuf::Root root;
  for (const std::string_view role : {tuf::kRoot, tuf::kTargets, tuf::kSnapshot, tuf::kTimestamp}) {
    NANO_TRY_ASSIGN(const auto key, keys.make(role));
    root.add_key(role, tuf::Key::of(key));
  }
  tuf::Targets targets;
  targets.delegations.emplace();
  NANO_TRY_ASSIGN(const auto advisory_key, keys.make(roles::kAdvisory));
  NANO_TRY_ASSIGN(const auto index_key, keys.make(roles::kIndex));
  NANO_TRY_ASSIGN(const auto registrar, keys.make(roles::kRegistrar));
  delegate_to(targets, roles::delegate_folder(roles::kAdvisory), advisory_key);
  delegate_to(targets, roles::delegate_folder(roles::kIndex), index_key);
  // The root namespace's shard is always there: where else would it stand who the registrar is?
  std::vector<std::string> shards{tree::shard(schemas::kRootNamespace)};
  for (unsigned i = 0; options.all_shards && i < 256; ++i) {
    const auto byte = static_cast<uint8_t>(i);
    if (to_hex(&byte, 1) != shards.front()) shards.push_back(to_hex(&byte, 1));
  }
  for (const std::string& shard : shards) delegate_to(targets, roles::delegate_shard(shard), registrar);
  schemas::Index empty;
  empty.created = format_time(options.now);
  NANO_TRY_ASSIGN(const std::string bytes, schemas::write_index(empty));
  NANO_TRY(impl->tree.put(tree::index(sha256(bytes)), bytes));
  tuf::Targets index;
  index.targets = {{std::string(kIndexTarget), target_file(sha256(bytes), bytes.size())}};

  const auto keys_of = [&](std::string_view role) { return targets.delegations->find(role)->keys; };
  Edition first = impl->edition();
  first.put(std::string(roles::kAdvisory), {}, keys_of(roles::kAdvisory));
  first.put(std::string(roles::kIndex), std::move(index), keys_of(roles::kIndex));
  for (const std::string& shard : shards) first.put(roles::reg(shard), {}, keys_of(roles::reg(shard)));
  first.put(std::string(tuf::kTargets), targets, root.roles.at(std::string(tuf::kTargets)));
  first.put_root(std::move(root));
  NANO_TRY(impl->commit(first));
  return Repository(std::move(impl));
}

Result<Repository> Repository::open(const std::filesystem::path& dir, const OpenOptions& options,
                                    KeyRing& keys) {
  NANO_TRY_ASSIGN(const bool is_registry, fs::is_there(dir / tree::metadata("1.root.json")));
  if (!is_registry)
    return make_error(Errc::not_found, "there is no registry in '" + dir.string() + "'",
                      "`nano-registry init DIR` makes one");
  std::optional<fs::FileLock> lock;
  if (!options.read_only) {
    NANO_TRY_ASSIGN(lock, fs::FileLock::acquire(dir / tree::kLock, options.lock_timeout, options.holder));
  }
  auto impl = std::make_unique<Impl>(dir, options, keys, std::move(lock));
  auto loaded = impl->load();
  // Without the lock a writer may have gone on between two files: what it serves now is whole again.
  for (int again = 0; !loaded && options.read_only && again < kReadAgain; ++again) loaded = impl->load();
  if (!loaded) return std::move(loaded.error()).while_("opening the registry " + dir.string());
  NANO_TRY_ASSIGN(impl->at_open, fs::read_file(impl->tree.at(tree::metadata(tuf::metadata_file(tuf::kTimestamp))),
                                               tuf::Limits{}.timestamp_bytes));
  // Every writer of the tree holds its lock, so what others left of files they were writing is nobody's any more.
  if (impl->lock) NANO_TRY(remove_leftovers(dir, Reach::below, true));
  return Repository(std::move(impl));
}

}  // namespace nano::registry
