// app/remote.cpp: the index cache on disk, and offline reading of it.
#include "app/remote.h"

#include "app/trust.h"
#include "base/hash.h"
#include "base/text.h"

namespace nano::app {
namespace {

/// `<cache>/registries/<id>/<hex>.json` and `latest` (the hex digits), where id is a digest of URL and keys:
/// another key pinned for the same URL starts with an empty cache.
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
    const auto before = latest();
    if (fs::write_atomic(dir_ / "latest", digest.hex(), 0600) && before && *before != digest)
      (void)fs::remove_file(file(*before));
  }

  [[nodiscard]] std::optional<Digest> latest() const {
    const auto text = fs::read_file(dir_ / "latest", 64);
    if (!text) return std::nullopt;
    const auto d = Digest::parse_hex(*text);
    return d ? std::optional<Digest>(*d) : std::nullopt;
  }

 private:
  [[nodiscard]] fs::Path file(const Digest& d) const { return dir_ / (d.hex() + ".json"); }
  fs::Path dir_;
};

fs::Path cache_dir(const Context& ctx, const Registry& r) {
  std::string id = r.config.url;
  for (const auto& k : r.config.public_keys) id += "\n" + k;
  return ctx.places.cache / "registries" / sha256(id).hex();
}

}  // namespace

struct Remote::Impl {
  Registry registry;
  bool offline = false;
  DiskIndexCache cache;
  registry::Client client;
  std::optional<schemas::Index> index{};
};

Remote::Remote(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Remote::Remote(Remote&&) noexcept = default;
Remote& Remote::operator=(Remote&&) noexcept = default;
Remote::~Remote() = default;
registry::Client& Remote::client() {
  return impl_->client;
}
const Registry& Remote::registry() const {
  return impl_->registry;
}

Result<Remote> Remote::open(const Context& ctx, const Registry& r) {
  // The starter registry's key proves only that it came with this program, so it may not be fetched from
  // elsewhere.
  if (r.starter && !r.config.url.starts_with("file://"))
    return make_error(Errc::untrusted, "the starter registry is accepted over file:// only");
  NANO_TRY_ASSIGN(auto verifier, verifier_of(r));
  registry::ClientOptions o;
  o.offline = ctx.settings.offline;
  NANO_TRY_ASSIGN(auto client,
                  registry::Client::open(r.config.url, std::move(verifier), o, *ctx.log, *ctx.progress));
  return Remote(std::unique_ptr<Impl>(
      new Impl{r, ctx.settings.offline, DiskIndexCache(cache_dir(ctx, r)), std::move(client), std::nullopt}));
}

Result<const schemas::Index*> Remote::index() {
  if (impl_->index) return static_cast<const schemas::Index*>(&*impl_->index);
  auto fetched = impl_->offline && !impl_->client.is_local()
                     ? Result<schemas::Index>(make_error(Errc::refused, ""))
                     : impl_->client.index(impl_->client.is_local() ? nullptr : &impl_->cache);
  if (!fetched && fetched.error().code == Errc::refused) {
    const auto digest = impl_->cache.latest();
    const auto bytes = digest ? impl_->cache.get(*digest) : std::nullopt;
    if (!bytes)
      return make_error(Errc::refused,
                        "the index of the registry '" + impl_->registry.config.name +
                            "' is not kept here and --offline forbids fetching it",
                        "run the command once without --offline");
    fetched = schemas::parse_index(*bytes);
  }
  if (!fetched)
    return std::move(fetched.error())
        .while_("reading the registry '" + impl_->registry.config.name + "' at " +
                sanitize(impl_->registry.config.url));
  impl_->index = std::move(*fetched);
  return static_cast<const schemas::Index*>(&*impl_->index);
}

Result<const schemas::IndexPackage*> Remote::package(const schemas::PackageName& name) {
  NANO_TRY_ASSIGN(const schemas::Index* all, index());
  return all->find(name);
}

Result<Remote*> Remotes::for_namespace(const std::string& ns) {
  NANO_TRY_ASSIGN(const Registry* r, registry_for(ctx_, ns));
  return for_registry(*r);
}

Result<Remote*> Remotes::for_registry(const Registry& r) {
  const auto it = open_.find(r.config.name);
  if (it != open_.end()) return &it->second;
  NANO_TRY_ASSIGN(Remote remote, Remote::open(ctx_, r));
  return &open_.emplace(r.config.name, std::move(remote)).first->second;
}

}  // namespace nano::app
