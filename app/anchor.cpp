// app/anchor.cpp: roots read, pinned and found again.
#include "app/anchor.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "registry/tree.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/metadata.h"
#include "verify/tuf/registry_id.h"

namespace nano::app {
namespace {

namespace tuf = verify::tuf;

fs::Path config_of(const Context& ctx, const Registry& r) {
  return r.from == "system" ? ctx.places.system_config_dir : ctx.places.config_dir;
}

}  // namespace

Result<Anchor> read_anchor(std::string_view bytes, const std::string& what) {
  const auto read = [&]() -> Result<Anchor> {
    NANO_TRY_ASSIGN(const auto both, tuf::read_metadata<tuf::Root>(bytes, tuf::Limits{}.root_bytes));
    const tuf::Root& root = both.second;
    const auto role = root.roles.find(std::string(tuf::kRoot));
    if (role == root.roles.end()) return make_error(Errc::invalid, "it has no role 'root'");
    NANO_TRY(tuf::verify_document(both.first, root.keys, role->second, what));
    NANO_TRY_ASSIGN(std::string canonical, tuf::canonical_file(bytes, tuf::Limits{}.root_bytes));
    Anchor out{.id = sha256(canonical),
               .bytes = std::move(canonical),
               .version = root.header.version,
               .expires = root.header.expires,
               .threshold = role->second.threshold,
               .key_ids = role->second.key_ids};
    if (out.version > 1) {
      const Json& extra = root.header.extra;
      const auto id = extra.is_object() ? extra.find(registry::tree::kIdField) : extra.end();
      if (!extra.is_object() || id == extra.end() || !id->is_string())
        return make_error(
            Errc::invalid,
            "it is version " + std::to_string(out.version) + " of a root and does not say whose it is",
            "pin the registry's version-1 root");
      const auto& text = id->get_ref<const std::string&>();
      NANO_TRY_ASSIGN(out.id, text.starts_with("sha256:") ? Digest::parse(text) : Digest::parse_hex(text));
    }
    return out;
  };
  auto anchor = read();
  if (!anchor) return std::move(anchor.error()).while_("reading " + what + " as a registry's root");
  return anchor;
}

Result<Anchor> pinned_anchor(const Context& ctx, const Registry& r) {
  const std::string& name = r.config.name;
  const std::string again = "`nano registry remove " + name + "`, then `nano registry add " + name +
                            " URL … --root root.json` with the root its operator published";
  if (!r.starter && !r.config.root)
    return make_error(
        Errc::untrusted,
        "the registry '" + name + "' was added with " +
            (r.config.public_keys.empty() ? "nothing to trust it by"
                                          : "a public key, as nano before 0.2 did") +
            "; registries are trusted by their root now",
        again);
  const fs::Path file = r.starter ? find_starter().value_or(fs::Path()) / kStarterRoot
                                  : schemas::Places::pinned_root(config_of(ctx, r), *r.config.root);
  auto bytes = fs::read_file(file, tuf::Limits{}.root_bytes);
  if (!bytes && bytes.error().code == Errc::store)  // a disk that does not answer says nothing of trust
    return std::move(bytes.error()).while_("reading the pinned root of the registry '" + name + "'");
  if (!bytes)
    return make_error(Errc::untrusted,
                      "the pinned root of the registry '" + name + "' cannot be read: " + bytes.error().message,
                      r.starter ? "install nano again" : again);
  NANO_TRY_ASSIGN(Anchor anchor, read_anchor(*bytes, "the pinned root of the registry '" + name + "'"));
  // Pinned by nano before 0.3, which named a root by its bytes as they came: it stays known by that id.
  if (r.config.root && anchor.version == 1 && sha256(*bytes) == *r.config.root) anchor.id = *r.config.root;
  if (r.config.root && anchor.id != *r.config.root)
    return make_error(Errc::untrusted, "the pinned root of the registry '" + name + "' is another registry's",
                      again);
  return anchor;
}

Status pin(const Context& ctx, const Anchor& anchor) {
  const fs::Path file = schemas::Places::pinned_root(ctx.places.config_dir, anchor.id);
  NANO_TRY(fs::make_dirs(file.parent_path(), 0700));
  return fs::write_atomic(file, anchor.bytes, 0600);
}

Status unpin(const Context& ctx, const schemas::Config& still, const Digest& id) {
  if (std::any_of(still.registries.begin(), still.registries.end(),
                  [&](const auto& r) { return r.root == id; }))
    return Unit{};
  return fs::remove_file(schemas::Places::pinned_root(ctx.places.config_dir, id));
}

Result<Digest> parse_fingerprint(const std::string& text) {
  auto d = text.starts_with("sha256:") ? Digest::parse(text) : Digest::parse_hex(text);
  if (!d)
    return make_error(Errc::usage, "'" + sanitize(text) + "' is not a root's fingerprint",
                      "it is 64 hex digits: `sha256sum root.json`, or `nano-registry status` on its machine");
  return d;
}

}  // namespace nano::app
