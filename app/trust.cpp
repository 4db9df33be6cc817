// app/trust.cpp: reads the stored metadata as documents. It was verified before it was stored; here it is only shown.
#include "app/trust.h"

#include <algorithm>

#include "app/registries.h"
#include "base/text.h"
#include "base/url.h"
#include "registry/client/client.h"
#include "registry/tree.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/metadata.h"
#include "verify/tuf/names.h"

namespace nano::app {
namespace {

namespace tuf = verify::tuf;

constexpr std::string_view kSuffix = ".json";

/// Keeps what arrives.
class Whole final : public tuf::Sink {
 public:
  Status write(std::string_view more) override {
    bytes += more;
    return Unit{};
  }
  std::string bytes{};
};

/// What delegators say of roles: who may sign them.
struct Authorities {
  std::map<std::string, tuf::RoleKeys> roles{};
  void add(const tuf::Targets& t) {
    if (!t.delegations) return;
    for (const auto& d : t.delegations->roles) roles.emplace(d.name, d.keys);
  }
};

TrustRole role_of(const Context& ctx, const std::string& name, const tuf::Header& header) {
  return {.role = name,
          .version = header.version,
          .expires = format_time(header.expires),
          .expired = header.expires <= ctx.now,
          .threshold = 0,
          .key_ids = {},
          .targets = 0};
}

void read_role(const Context& ctx, const fs::Path& dir, const std::string& name, Authorities& authorities,
               std::vector<TrustRole>& out) {
  const tuf::Limits limits;
  const auto bytes = fs::read_file(dir / tuf::metadata_file(name), limits.targets_bytes);
  if (!bytes) return;
  if (name == tuf::kRoot) {
    const auto root = tuf::read_metadata<tuf::Root>(*bytes, limits.root_bytes);
    if (!root) return;
    for (const auto& [role, keys] : root->second.roles) authorities.roles.emplace(role, keys);
    out.push_back(role_of(ctx, name, root->second.header));
  } else if (name == tuf::kTimestamp) {
    if (const auto t = tuf::read_metadata<tuf::Timestamp>(*bytes, limits.timestamp_bytes))
      out.push_back(role_of(ctx, name, t->second.header));
  } else if (name == tuf::kSnapshot) {
    if (const auto s = tuf::read_metadata<tuf::Snapshot>(*bytes, limits.snapshot_bytes))
      out.push_back(role_of(ctx, name, s->second.header));
  } else if (const auto t = tuf::read_metadata<tuf::Targets>(*bytes, limits.targets_bytes)) {
    authorities.add(t->second);
    out.push_back(role_of(ctx, name, t->second.header));
    out.back().targets = t->second.targets.size();
  }
}

std::vector<TrustRole> read_roles(const Context& ctx, const fs::Path& dir) {
  std::vector<TrustRole> out;
  Authorities authorities;
  for (const std::string_view name : {tuf::kRoot, tuf::kTimestamp, tuf::kSnapshot, tuf::kTargets})
    read_role(ctx, dir, std::string(name), authorities, out);
  if (const auto names = fs::list_dir(dir))
    for (const std::string& file : *names) {
      if (!file.ends_with(kSuffix) || file.front() == '.') continue;
      const auto decoded = percent_decode(std::string_view(file).substr(0, file.size() - kSuffix.size()));
      const std::string role = decoded ? *decoded : std::string();
      if (!role.empty() && role != tuf::kTargets && !tuf::is_reserved_role(role) && tuf::metadata_file(role) == file)
        read_role(ctx, dir, role, authorities, out);
    }
  for (TrustRole& r : out)
    if (const auto it = authorities.roles.find(r.role); it != authorities.roles.end()) {
      r.threshold = it->second.threshold;
      r.key_ids = it->second.key_ids;
    }
  return out;
}

TrustState state_of(const Context& ctx, const Registry& r) {
  TrustState out{.registry = r.config.name,
                 .url = display_url(r.config.url),
                 .id = {},
                 .from = r.from,
                 .pinned_version = 0,
                 .roles = {},
                 .is_static = false,
                 .fault = {}};
  const auto anchor = pinned_anchor(ctx, r);
  if (!anchor) {
    out.fault = anchor.error().message;
    return out;
  }
  out.id = anchor->id.hex();
  out.pinned_version = anchor->version;
  if (const auto names = fs::list_dir(trust_dir(ctx, anchor->id)); !names) {
    out.fault = names.error().message;
    return out;
  }
  out.roles = read_roles(ctx, trust_dir(ctx, anchor->id));
  out.is_static = signs_for_long(ctx, r, anchor->id);
  return out;
}

Result<const Registry*> find_registry(const Context& ctx, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& r : ctx.registries) {
    if (r.config.name == name) return &r;
    names.push_back(r.config.name);
  }
  const auto near = nearest(name, names);
  return make_error(Errc::not_found, "no registry named '" + sanitize(name) + "' is configured",
                    near ? "did you mean '" + *near + "'?" : "see `nano registry list`");
}

}  // namespace

fs::Path trust_dir(const Context& ctx, const Digest& registry_id) {
  return ctx.places.trust / registry_id.hex();
}

Result<std::string> fetch_first_root(Context& ctx, const std::string& url) {
  registry::ClientOptions o;
  o.offline = ctx.settings.offline;
  NANO_TRY_ASSIGN(auto client, registry::Client::open(url, o, *ctx.log, *ctx.progress));
  Whole root;
  auto done = client.fetch(tuf::Area::metadata, tuf::metadata_file(tuf::kRoot, 1), tuf::Limits{}.root_bytes, root);
  if (!done && done.error().code == Errc::refused) done.error().hint = "give the root itself: --root FILE";
  if (!done) return std::move(done.error()).while_("fetching the root of " + display_url(url));
  return std::move(root.bytes);
}

Result<std::vector<TrustState>> trust_list(const Context& ctx) {
  std::vector<TrustState> out;
  for (const auto& r : ctx.registries) out.push_back(state_of(ctx, r));
  return out;
}

Result<TrustState> trust_show(const Context& ctx, const std::string& name) {
  NANO_TRY_ASSIGN(const Registry* r, find_registry(ctx, name));
  return state_of(ctx, *r);
}

Result<TrustState> trust_reset(Context& ctx, const std::string& name, bool sure) {
  NANO_TRY_ASSIGN(const Registry* r, find_registry(ctx, name));
  NANO_TRY_ASSIGN(const Anchor anchor, pinned_anchor(ctx, *r));
  const std::string loss = "nano then no longer knows what '" + name +
                           "' signed last, so old metadata could be shown to it as new";
  if (!sure && !(ctx.ask && ctx.ask("Forget the metadata of '" + name + "'? " + loss)))
    return make_error(Errc::usage, "nothing was forgotten: " + loss, "--yes says that this is meant");
  NANO_TRY(fs::remove_tree(trust_dir(ctx, anchor.id)));
  return state_of(ctx, *r);
}

bool signs_for_long(const Context& ctx, const Registry& registry, const Digest& id) {
  const tuf::Limits limits;
  auto bytes = fs::read_file(trust_dir(ctx, id) / tuf::metadata_file(tuf::kTimestamp), limits.timestamp_bytes);
  if (!bytes && is_file_url(registry.config.url))
    if (const auto folder = folder_of_url(registry.config.url))
      bytes = fs::read_file(*folder / registry::tree::metadata(tuf::metadata_file(tuf::kTimestamp)), limits.timestamp_bytes);
  if (!bytes) return false;
  const auto t = tuf::read_metadata<tuf::Timestamp>(*bytes, limits.timestamp_bytes);
  return t && t->second.header.expires - ctx.now > kOnlineDays * 24 * 3600;
}

}  // namespace nano::app
