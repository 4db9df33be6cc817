// app/export_request.cpp: the export's metadata as a fetcher, and the dates that may excuse their age.
#include "app/export_request.h"

#include <algorithm>

#include "app/anchor.h"
#include "app/sightings.h"
#include "app/trust.h"
#include "base/text.h"
#include "registry/client/signed_tree.h"

namespace nano::app {
namespace {

namespace tuf = verify::tuf;

constexpr int64_t kDay = 86'400;  // seconds

/// Serves what the file holds. Releases are at hand already, so targets are never asked for.
class ExportFetcher final : public tuf::Fetcher {
 public:
  explicit ExportFetcher(const registry::ExportRegistry& from) : from_(from) {}
  Status fetch(tuf::Area area, std::string_view path, uint64_t, tuf::Sink& into) override {
    const auto it = area == tuf::Area::metadata ? from_.metadata.find(std::string(path)) : from_.metadata.end();
    if (it == from_.metadata.end())
      return make_error(Errc::not_found, "the export does not hold '" + sanitize(path) + "'",
                        "it is incomplete: make it again with `nano export`");
    return into.write(it->second);
  }

 private:
  const registry::ExportRegistry& from_;
};

/// The time that the export's expiry is judged by. errors  usage
Result<tuf::Freshness> freshness(const Context& ctx, const Sightings& sightings, const InstallOptions& o,
                                 const std::string& what) {
  const UnixTime clock = believed_time(ctx, sightings, what);
  if (!o.as_of) return tuf::Freshness{.now = clock, .max_stale_s = o.max_stale_s};
  // Judged by an earlier date, what has expired since would pass without a word: that too is staleness, and is bounded.
  if (clock - *o.as_of > o.max_stale_s)
    return make_error(Errc::usage,
                      "--as-of " + format_time(*o.as_of) + " lies " + std::to_string((clock - *o.as_of + kDay - 1) / kDay) +
                          " days back, further than --max-stale allows",
                      "say how old the metadata may be: --max-stale DAYS");
  ctx.log->warn("the expiry of what " + what + " signed is judged as of " + format_time(*o.as_of));
  return tuf::Freshness{.now = *o.as_of, .max_stale_s = std::min(o.max_stale_s, o.max_stale_s - (clock - *o.as_of))};
}

Result<const Registry*> configured(const Context& ctx, const Digest& id) {
  for (const auto& r : ctx.registries) {
    const auto anchor = pinned_anchor(ctx, r);
    if (anchor && anchor->id == id) return &r;
  }
  return make_error(Errc::untrusted, "the export is of the registry " + id.hex() + ", which is not configured here",
                    "if you trust it: `nano registry add NAME URL --root root.json …`, with its root from its operator");
}

/// Everything that one registry vouches for in the file.
Status judge(Context& ctx, const registry::ExportRegistry& from, const InstallOptions& options, std::vector<BundleRequest>& requests) {
  NANO_TRY_ASSIGN(const Registry* owner, configured(ctx, from.id));
  NANO_TRY_ASSIGN(const Anchor anchor, pinned_anchor(ctx, *owner));
  const std::string what = "the registry '" + owner->config.name + "'";
  const fs::Path dir = trust_dir(ctx, from.id);
  Sightings sightings = Sightings::load(dir);
  NANO_TRY_ASSIGN(const tuf::Freshness time, freshness(ctx, sightings, options, what));
  const UnixTime believed_clock = std::max({ctx.now, sightings.newest(), sightings.refreshed()});
  ExportFetcher fetcher(from);
  NANO_TRY_ASSIGN(auto tree, registry::SignedTree::open({.dir = dir, .pinned_root = anchor.bytes, .id = anchor.id, .time = time, .what = what}, &fetcher, *ctx.log));
  NANO_TRY_ASSIGN(const auto* advisories, tree.advisories());
  for (BundleRequest& b : requests) {
    if (b.registry_id != from.id) continue;
    const auto& m = b.head.release.manifest;
    // A registry speaks for the namespaces that the person gave it, whatever it signs.
    NANO_TRY_ASSIGN(const Registry* of_namespace, registry_for(ctx, m.name.ns));
    if (of_namespace->config.name != owner->config.name)
      return make_error(Errc::untrusted,
                        "the export has " + m.name.text() + " from " + what + ", but that namespace belongs to the registry '" +
                            of_namespace->config.name + "'",
                        "see `nano registry list`");
    NANO_TRY_ASSIGN(auto vouched, tree.vouch(m.name, m.version, b.head.release_bytes));
    b.registry = owner;
    b.chain = std::move(vouched.chain);
    b.advisories = *advisories;
    sightings.saw(b.head.digest, ctx.now);
  }
  for (const auto& link : tree.stale())
    ctx.log->warn("the role '" + sanitize(link.role) + "' of " + what + " expired at " + link.expires + "; accepted because of --max-stale");
  NANO_TRY(check_ahead(tree.newest_date(), believed_clock, what));
  sightings.saw_date(tree.newest_date());
  sightings.save(*ctx.log);
  return Unit{};
}

}  // namespace

Result<std::vector<BundleRequest>> open_export(Context& ctx, const fs::Path& path, const InstallOptions& options) {
  NANO_TRY_ASSIGN(auto head, registry::read_export_head(path));
  const auto shared = std::make_shared<const registry::ExportHead>(std::move(head));
  std::vector<BundleRequest> out;
  for (const auto& r : shared->releases) {
    BundleRequest b;
    b.path = path;
    b.variant = r.variant;
    b.head.release = r.release;
    b.head.release_bytes = r.bytes;
    b.head.digest = r.digest;
    b.registry_id = r.registry;
    b.requested = r.requested;
    b.exported = shared;
    out.push_back(std::move(b));
  }
  for (const auto& from : shared->registries) {
    auto judged = judge(ctx, from, options, out);
    if (!judged) return std::move(judged.error()).while_("judging the export " + sanitize(path.string()));
  }
  return out;
}

}  // namespace nano::app
