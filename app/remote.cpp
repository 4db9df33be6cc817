// app/remote.cpp: which metadata folder, which clock, and what a client remembers between runs.
#include "app/remote.h"

#include <algorithm>

#include "app/known_advisories.h"
#include "app/sightings.h"
#include "app/trust.h"
#include "base/count.h"
#include "base/fs_temporary.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/url.h"

namespace nano::app {
namespace {

/// `<cache>/registries/<id>/<hex>.json`, the newest index alone.
class DiskIndexCache final : public registry::IndexCache {
 public:
  explicit DiskIndexCache(fs::Path dir) : dir_(std::move(dir)) {}

  std::optional<std::string> get(const Digest& digest) override {
    auto bytes = fs::read_file(file(digest), schemas::kMaxIndexBytes);
    if (!bytes || sha256(*bytes) != digest) return std::nullopt;
    return std::move(*bytes);
  }

  // A cache that cannot be written costs a download next time and nothing else.
  void put(const Digest& digest, std::string_view bytes) override {
    if (!fs::make_dirs(dir_, 0700) || !fs::write_atomic(file(digest), bytes, 0600)) return;
    fs::remove_left_behind(dir_);
    const auto names = fs::list_dir(dir_);
    if (!names) return;
    for (const std::string& name : *names)
      if (name.ends_with(".json") && dir_ / name != file(digest)) (void)fs::remove_file(dir_ / name);
  }

 private:
  [[nodiscard]] fs::Path file(const Digest& d) const { return dir_ / (d.hex() + ".json"); }
  fs::Path dir_;
};

/// In the starter registry's packages, names without a namespace mean its own.
void say_starter(schemas::IndexPackage& p) {
  const auto rename = [](schemas::PackageName& name) {
    if (name.in_root()) name.ns = kStarterName;
  };
  rename(p.name);
  for (auto& v : p.versions)
    for (auto& d : v.dependencies) rename(d.name);
}

}  // namespace

struct Remote::Impl {
  const Context* ctx = nullptr;
  Registry registry;
  Digest id{};
  DiskIndexCache cache;
  registry::Client client;
  Sightings sightings;
  UnixTime time = 0;  ///< believed
  std::string what{};
  bool advisories_kept = false;
  std::optional<registry::SignedTree> tree{};
  // Of the starter registry alone, in the words of the person: by name, and the index when another registry has the bare names.
  std::map<schemas::PackageName, schemas::IndexPackage> renamed{};
  std::optional<schemas::Index> renamed_index{};
  std::optional<std::vector<schemas::Advisory>> renamed_advisories{};

  [[nodiscard]] bool is_renamed(const schemas::PackageName& name) const { return registry.starter && name.ns == kStarterName; }
};

Remote::Remote(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Remote::Remote(Remote&&) noexcept = default;
Remote& Remote::operator=(Remote&&) noexcept = default;
Remote::~Remote() = default;
registry::Client& Remote::client() {
  return impl_->client;
}
registry::SignedTree& Remote::tree() {
  return *impl_->tree;
}
const Registry& Remote::registry() const {
  return impl_->registry;
}
const Digest& Remote::id() const {
  return impl_->id;
}

Result<Remote> Remote::open(const Context& ctx, const Registry& r, bool must_keep) {
  // The starter registry's root proves only that it came with this program, so it may not be fetched from elsewhere.
  if (r.starter && !is_file_url(r.config.url))
    return make_error(Errc::untrusted, "the starter registry is accepted over file:// only");
  NANO_TRY_ASSIGN(const Anchor anchor, pinned_anchor(ctx, r));
  registry::ClientOptions o;
  o.offline = ctx.settings.offline;
  NANO_TRY_ASSIGN(auto client, registry::Client::open(r.config.url, o, *ctx.log, *ctx.progress));
  const fs::Path dir = trust_dir(ctx, anchor.id);
  Sightings sightings = Sightings::load(dir);
  const std::string what = "the registry '" + r.config.name + "' at " + display_url(r.config.url);
  const UnixTime time = believed_time(ctx, sightings, what);
  std::unique_ptr<Impl> impl(new Impl{&ctx, r, anchor.id, DiskIndexCache(ctx.places.cache / "registries" / anchor.id.hex()),
                                      std::move(client), std::move(sightings), time, what, false, std::nullopt});
  const bool offline = ctx.settings.offline && !impl->client.is_local();
  NANO_TRY_ASSIGN(impl->tree, registry::SignedTree::open({.dir = dir,
                                                          .pinned_root = anchor.bytes,
                                                          .id = anchor.id,
                                                          .time = {.now = time, .max_stale_s = 0},
                                                          .what = what,
                                                          .may_forget = !must_keep},
                                                         offline ? nullptr : &impl->client, *ctx.log));
  return Remote(std::move(impl));
}

schemas::PackageName Remote::name_there(const schemas::PackageName& name) const {
  schemas::PackageName out = name;
  if (impl_->is_renamed(name)) out.ns = schemas::kRootNamespace;
  return out;
}

Result<const schemas::IndexPackage*> Remote::package(const schemas::PackageName& name) {
  NANO_TRY_ASSIGN(const auto* package, impl_->tree->package(name_there(name)));
  if (package != nullptr) {
    for (const auto& v : package->versions) impl_->sightings.saw(v.release, impl_->ctx->now);
  }
  saw_refresh();
  impl_->sightings.save(*impl_->ctx->log);
  if (package != nullptr && impl_->is_renamed(name)) {
    const auto [at, fresh] = impl_->renamed.emplace(name, *package);
    if (fresh) say_starter(at->second);
    return static_cast<const schemas::IndexPackage*>(&at->second);
  }
  return package;
}

// The starter registry's signatures hold ten years, and its trust is the program's: it says nothing of the time.
void Remote::saw_refresh() {
  if (impl_->tree->updater().offline() || impl_->registry.starter) return;
  impl_->sightings.saw_refresh(impl_->time);
}

Status Remote::saw_dates() {
  saw_refresh();
  const UnixTime newest = impl_->tree->newest_date();
  const Status fits = check_ahead(newest, impl_->time, impl_->what);
  if (fits) impl_->sightings.saw_date(newest);
  impl_->sightings.save(*impl_->ctx->log);
  return fits;
}

UnixTime Remote::time() const {
  return impl_->time;
}

Result<const schemas::Index*> Remote::index() {
  NANO_TRY_ASSIGN(const schemas::Index* index, impl_->tree->index(&impl_->cache));
  NANO_TRY(saw_dates());
  if (!impl_->registry.starter || impl_->registry.config.root_namespace) return index;
  if (!impl_->renamed_index) {
    impl_->renamed_index = *index;
    for (auto& p : impl_->renamed_index->packages) say_starter(p);
  }
  return static_cast<const schemas::Index*>(&*impl_->renamed_index);
}

Result<const std::vector<schemas::Advisory>*> Remote::advisories() {
  NANO_TRY_ASSIGN(const auto* advisories, impl_->tree->advisories());
  NANO_TRY(saw_dates());
  if (impl_->registry.starter && !impl_->renamed_advisories) {
    impl_->renamed_advisories = *advisories;
    for (auto& a : *impl_->renamed_advisories) {
      const auto affected = a.affected;  // they hold under both names
      for (auto hit : affected) {
        if (!hit.name.in_root()) continue;
        hit.name.ns = kStarterName;
        a.affected.push_back(std::move(hit));
      }
    }
  }
  if (impl_->renamed_advisories) advisories = &*impl_->renamed_advisories;
  if (!impl_->advisories_kept && !impl_->tree->updater().offline()) keep_advisories(*impl_->ctx, impl_->id, *advisories);
  impl_->advisories_kept = true;
  return advisories;
}

Result<registry::VouchedRelease> Remote::release(const schemas::PackageName& name, const schemas::Version& version,
                                                 const Digest& digest) {
  return impl_->tree->release(name_there(name), version, digest);
}

Result<UnixTime> Remote::public_since(const schemas::PackageName& name, const schemas::IndexVersion& version) {
  // A date that has not come yet says nothing; this client's own memory then counts.
  const auto believable = [&](const std::string& text) -> std::optional<UnixTime> {
    const auto t = parse_time(text);
    return t && *t <= impl_->time + kMaxAheadSeconds ? std::optional<UnixTime>(*t) : std::nullopt;
  };
  const UnixTime since = believable(version.published).value_or(0);
  NANO_TRY_ASSIGN(const schemas::Index* all, index());
  // In the index, the starter registry's packages have the one name or the other.
  schemas::PackageName in_index = name_there(name);
  if (impl_->registry.starter && !impl_->registry.config.root_namespace && in_index.in_root()) in_index.ns = kStarterName;
  const schemas::IndexPackage* listed = all->find(in_index);
  if (listed != nullptr)
    for (const auto& v : listed->versions)
      if (v.version == version.version && v.release == version.release && !v.first_served.empty())
        if (const auto t = believable(v.first_served)) return std::max(since, *t);
  return std::max(since, impl_->sightings.first(version.release).value_or(impl_->ctx->now));
}

Remotes::~Remotes() {
  for (auto& [name, remote] : open_) {
    const registry::Requests& r = remote.client().requests();
    if (r.metadata + r.targets > 0)
      ctx_.log->detail("registry '" + name + "': " + counted(r.metadata, "metadata request") + ", " +
                       human_bytes(r.metadata_bytes) + "; " + counted(r.targets, "other") + ", " +
                       human_bytes(r.target_bytes));
  }
}

Result<Remote*> Remotes::for_namespace(const std::string& ns) {
  NANO_TRY_ASSIGN(const Registry* r, registry_for(ctx_, ns));
  return for_registry(*r);
}

Result<Remote*> Remotes::for_registry(const Registry& r) {
  const auto it = open_.find(r.config.name);
  if (it != open_.end()) return &it->second;
  NANO_TRY_ASSIGN(Remote remote, Remote::open(ctx_, r, must_keep_));
  return &open_.emplace(r.config.name, std::move(remote)).first->second;
}

std::string Remotes::hint_of_starter(const schemas::PackageName& name) {
  if (!name.in_root()) return {};
  const auto starter = registry_for(ctx_, std::string(kStarterName));
  if (!starter || (*starter)->config.root_namespace) return {};
  const auto remote = for_registry(**starter);
  const schemas::PackageName other{.ns = std::string(kStarterName), .name = name.name};
  const auto package = remote ? (*remote)->package(other) : Result<const schemas::IndexPackage*>(remote.error());
  if (!package || *package == nullptr) return {};
  return "the registry that came with nano has it, as " + other.text() + ": `nano install " + other.text() + "`";
}

}  // namespace nano::app
