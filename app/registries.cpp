// app/registries.cpp: which registries there are, and the settings; both are changed through change.h alone.
#include "app/registries.h"

#include <algorithm>
#include <cstdlib>

#include "app/anchor.h"
#include "app/change.h"
#include "app/trust.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/url.h"
#include "registry/client/url.h"
#include "registry/tree.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/registry_id.h"

namespace nano::app {
namespace {

using schemas::RegistryEntry;

/// The root that the options point to.
Result<Anchor> choose_anchor(Context& ctx, const RegistryAddOptions& o, const std::string& url) {
  const int ways = (o.root.empty() ? 0 : 1) + (o.root_fingerprint.empty() ? 0 : 1) + (o.trust_first_use ? 1 : 0);
  if (ways != 1)
    return make_error(
        Errc::usage,
        ways == 0 ? "nothing says by which root the registry '" + o.name + "' is trusted"
                  : "the root of the registry '" + o.name + "' is given in more than one way",
        "--root FILE or --root-fingerprint HEX, as its operator published it; --trust-first-use takes the one served now");
  if (!o.root.empty()) {
    NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(o.root, verify::tuf::Limits{}.root_bytes));
    return read_anchor(bytes, "the file '" + sanitize(o.root) + "'");
  }
  std::optional<Digest> expect;
  if (!o.root_fingerprint.empty()) {
    NANO_TRY_ASSIGN(expect, parse_fingerprint(o.root_fingerprint));
  }
  NANO_TRY_ASSIGN(const std::string bytes, fetch_first_root(ctx, url));
  const auto canonical = verify::tuf::registry_id(bytes);
  const Digest id = canonical ? *canonical : sha256(bytes);
  // `sha256sum root.json` is as good, where the file was not written by nano-registry.
  if (expect && id != *expect && sha256(bytes) != *expect)
    return make_error(Errc::untrusted,
                      "the root served at " + url + " has the fingerprint " + id.hex() + ", not " + expect->hex(),
                      "do not use it before you know why: ask its operator by another way than this address");
  NANO_TRY_ASSIGN(Anchor anchor, read_anchor(bytes, "the root served at " + url));
  if (anchor.version != 1)
    return make_error(Errc::untrusted, "what " + url + " serves as its first root is version " + std::to_string(anchor.version));
  return anchor;
}

/// Two registries may share an id only when they are one (a mirror): what is stored for them is shared.
Status check_same_registry(const Context& ctx, const std::vector<RegistryEntry>& all, const Anchor& anchor) {
  for (const auto& r : all) {
    if (r.root != anchor.id) continue;
    const auto other = pinned_anchor(ctx, Registry{r, false, ctx.system_config.find(r.name) == nullptr ? "user" : "system"});
    if (other && other->bytes != anchor.bytes)
      return make_error(Errc::untrusted,
                        "the registry '" + r.name + "' has the same id and another pinned root",
                        "one of the two claims to be the other: remove one, or pin the version-1 root for both");
  }
  return Unit{};
}

RegistryRow row_of(const Context& ctx, const Registry& r) {
  RegistryRow row{.name = r.config.name,
                  .url = display_url(r.config.url),
                  .namespaces = r.config.namespaces,
                  .root_namespace = r.config.root_namespace,
                  .id = {},
                  .root_version = 0,
                  .root_expires = {},
                  .key_ids = {},
                  .is_static = false,
                  .fault = {},
                  .starter = r.starter,
                  .from = r.from};
  auto anchor = pinned_anchor(ctx, r);
  if (!anchor) {
    row.fault = anchor.error().message;
    return row;
  }
  row.id = anchor->id.hex();
  row.root_version = anchor->version;
  row.root_expires = format_time(anchor->expires);
  row.key_ids = anchor->key_ids;
  row.is_static = signs_for_long(ctx, r, anchor->id);
  return row;
}

/// What was given, in the spelling that is kept: a URL that can be used, or a folder as one. A link to a folder stays a link.
Result<std::string> url_of(const std::string& given) {
  if (is_file_url(given) || given.find("://") != std::string::npos) {
    NANO_TRY_ASSIGN(const auto url, registry::parse_registry_url(given));
    return url.text;
  }
  std::error_code looked;
  const auto there = std::filesystem::status(given, looked).type();
  if (looked && there == std::filesystem::file_type::none)  // what the operating system would not say is not absent
    return make_error(Errc::store, "cannot look at '" + display_url(given) + "': " + looked.message(), "ask its owner for access, or give another address");
  if (there != std::filesystem::file_type::directory)
    return make_error(Errc::usage, "'" + display_url(given) + "' is neither a URL nor a folder", "use https://, http://, file:/// or a folder");
  std::error_code ec;
  const fs::Path folder = given;
  const bool climbs = std::any_of(folder.begin(), folder.end(), [](const auto& part) { return part == ".."; });
  const fs::Path plain = climbs ? std::filesystem::canonical(folder, ec) : folder;
  // What is written must be what can be read again.
  NANO_TRY_ASSIGN(const auto url, registry::parse_registry_url(file_url(ec ? folder : plain)));
  return url.text;
}

constexpr const char* kKeys[] = {"json", "quiet", "verbose", "offline", "registry", "store"};

std::optional<bool>* bool_member(schemas::Config& c, const std::string& key) {
  return key == "json"      ? &c.json
         : key == "quiet"   ? &c.quiet
         : key == "verbose" ? &c.verbose
         : key == "offline" ? &c.offline
                            : nullptr;
}

Status check_key(const std::string& key) {
  const std::vector<std::string> known(std::begin(kKeys), std::end(kKeys));
  if (std::find(known.begin(), known.end(), key) != known.end()) return Unit{};
  const auto near = nearest(key, known);
  return make_error(Errc::usage, "there is no setting '" + sanitize(key) + "'",
                    near ? "did you mean '" + *near + "'?"
                         : "the settings are json, quiet, verbose, offline, registry, store");
}

/// A setting that names no registry would make every later command fail.
Status check_configured(const Context& ctx, const schemas::Config& user, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto* config : {&ctx.system_config, &user})
    for (const auto& r : config->registries) {
      if (r.name == wanted || r.url == wanted) return Unit{};
      names.push_back(r.name);
    }
  if (find_starter()) names.emplace_back("starter");
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return Unit{};
  const auto near = nearest(wanted, names);
  return make_error(Errc::not_found, "no registry '" + sanitize(wanted) + "' is configured",
                    near ? "did you mean '" + *near + "'?" : "see `nano registry list`; `nano registry add` comes first");
}

std::string variable_of(const std::string& key) {
  std::string name = "NANO_" + key;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return name;
}

}  // namespace

Result<RegistryRow> registry_add(Context& ctx, const RegistryAddOptions& o) {
  NANO_TRY(schemas::check_simple_name(o.name, "the registry's name"));
  if (o.name == "starter")
    return make_error(Errc::usage, "the name 'starter' belongs to the registry that came with nano",
                      "choose another name");
  RegistryEntry entry;
  entry.name = o.name;
  NANO_TRY_ASSIGN(entry.url, url_of(o.url));
  entry.namespaces = o.namespaces;
  std::sort(entry.namespaces.begin(), entry.namespaces.end());
  entry.namespaces.erase(std::unique(entry.namespaces.begin(), entry.namespaces.end()),
                         entry.namespaces.end());
  for (const auto& ns : entry.namespaces) {
    NANO_TRY(schemas::check_simple_name(ns, "the namespace"));
    if (ns == kStarterName)
      return make_error(Errc::usage, "the namespace 'starter' belongs to the registry that came with nano", "leave it out of --namespaces");
  }
  entry.root_namespace = o.root_namespace;
  if (entry.namespaces.empty() && !entry.root_namespace)
    return make_error(Errc::usage,
                      "the registry would own no namespace, so nothing would be installed from it",
                      "say which packages it serves: --namespaces a,b or --root-namespace");
  const auto check_free = [&](const schemas::Config& user) -> Status {
    if (user.find(o.name) == nullptr && ctx.system_config.find(o.name) == nullptr) return Unit{};
    return make_error(Errc::usage, "a registry named '" + o.name + "' is configured already",
                      "remove it first: `nano registry remove " + o.name + "`");
  };
  NANO_TRY(check_free(ctx.user_config));
  NANO_TRY_ASSIGN(const Anchor anchor, choose_anchor(ctx, o, entry.url));
  entry.root = anchor.id;
  // The network has been asked; from here on the file is ours, and it may say other things than when this command began.
  const auto put = [&](schemas::Config& user) -> Status {
    NANO_TRY(check_free(user));
    for (const auto* config : {&user, &ctx.system_config}) NANO_TRY(check_same_registry(ctx, config->registries, anchor));
    user.registries.push_back(entry);
    auto merged = schemas::merge(ctx.system_config, user);
    if (!merged) {
      Error e = std::move(merged.error());
      e.code = Errc::usage;
      if (e.hint.empty()) e.hint = "a namespace belongs to one registry; see `nano registry list`";
      return e;
    }
    return pin(ctx, anchor);
  };
  NANO_TRY(change_config(ctx, put));
  if (const auto where = registry::parse_registry_url(entry.url);
      where && where->scheme == registry::RegistryUrl::Scheme::file && !fs::exists(where->local / registry::tree::metadata("timestamp.json")))
    ctx.log->warn("there is no registry in " + sanitize(where->local.string()) + " now: nothing can be installed from it before there is");
  if (anchor.expires <= ctx.now)
    ctx.log->warn("the pinned root of '" + o.name + "' has expired; the registry must serve a newer one");
  const Registry added{entry, false, "user"};
  ctx.registries.push_back(added);
  return row_of(ctx, added);
}

Result<std::vector<RegistryRow>> registry_list(const Context& ctx) {
  std::vector<RegistryRow> rows;
  for (const auto& r : ctx.registries) rows.push_back(row_of(ctx, r));
  return rows;
}

Status registry_remove(Context& ctx, const std::string& name) {
  if (name == "starter")
    return make_error(Errc::usage, "the starter registry came with nano and cannot be removed",
                      "a registry added with --root-namespace takes the names without a namespace; starter/NAME stays");
  std::optional<Digest> root;
  NANO_TRY(change_config(ctx, [&](schemas::Config& user) -> Status {
    const auto it = std::find_if(user.registries.begin(), user.registries.end(),
                                 [&](const RegistryEntry& r) { return r.name == name; });
    if (it == user.registries.end()) {
      if (ctx.system_config.find(name) != nullptr)
        return make_error(Errc::usage, "the registry '" + name + "' is configured for the whole system",
                          "its entry is in " + ctx.places.system_config().string());
      std::vector<std::string> names;
      for (const auto& r : user.registries) names.push_back(r.name);
      const auto near = nearest(name, names);
      return make_error(Errc::not_found, "no registry named '" + sanitize(name) + "' is configured",
                        near ? "did you mean '" + *near + "'?" : "see `nano registry list`");
    }
    root = it->root;
    if (user.registry == name || user.registry == it->url) {
      ctx.log->warn("the setting 'registry' named it and is unset");
      user.registry.clear();
    }
    user.registries.erase(it);
    return Unit{};
  }));
  // The entry went first: a pinned root that nobody names is only a file, an entry without its root an error.
  if (root) {
    NANO_TRY(change_config(ctx, [&](schemas::Config& user) { return unpin(ctx, user, *root); }));
  }
  std::erase_if(ctx.registries, [&](const Registry& r) { return r.config.name == name && r.from == "user"; });
  return Unit{};
}

Result<ConfigRow> config_get(const Context& ctx, const std::string& key) {
  NANO_TRY(check_key(key));
  ConfigRow row{.key = key, .value = {}, .from = "default"};
  const Settings& s = ctx.settings;
  const auto yes = [](bool b) { return std::string(b ? "true" : "false"); };
  row.value = key == "json"       ? yes(s.json)
              : key == "quiet"    ? yes(s.quiet)
              : key == "verbose"  ? yes(s.verbose)
              : key == "offline"  ? yes(s.offline)
              : key == "registry" ? display_url(s.registry)
                                  : ctx.places.store.string();
  schemas::Config user = ctx.user_config, system = ctx.system_config;
  const auto set_in = [&](schemas::Config& c) {
    if (auto* b = bool_member(c, key)) return b->has_value();
    return !(key == "registry" ? c.registry : c.store).empty();
  };
  const auto& f = ctx.flags;
  const bool flagged = key == "json"       ? f.json.has_value()
                       : key == "quiet"    ? f.quiet.has_value()
                       : key == "verbose"  ? f.verbose.has_value()
                       : key == "offline"  ? f.offline.has_value()
                       : key == "registry" ? !f.registry.empty()
                                           : !f.store.empty();
  const char* env = std::getenv(variable_of(key).c_str());
  if (flagged) {
    row.from = "flag";
  } else if (env != nullptr && *env != '\0') {
    row.from = "environment";
  } else if (set_in(user)) {
    row.from = "user";
  } else if (set_in(system)) {
    row.from = "system";
  }
  return row;
}

Result<std::vector<ConfigRow>> config_list(const Context& ctx) {
  std::vector<ConfigRow> rows;
  for (const char* key : kKeys) {
    NANO_TRY_ASSIGN(ConfigRow row, config_get(ctx, key));
    rows.push_back(std::move(row));
  }
  return rows;
}

Status config_set(Context& ctx, const std::string& key, const std::string& value) {
  NANO_TRY(check_key(key));
  return change_config(ctx, [&](schemas::Config& user) -> Status {
    if (auto* b = bool_member(user, key)) {
      if (value != "true" && value != "false")
        return make_error(Errc::usage,
                          "the setting '" + key + "' is true or false, not '" + sanitize(value) + "'",
                          "`nano config set " + key + " true`");
      *b = value == "true";
    } else if (key == "registry") {
      NANO_TRY(check_configured(ctx, user, value));
      user.registry = value;
    } else {
      if (!fs::Path(value).is_absolute())
        return make_error(Errc::usage, "the store must be an absolute path, not '" + sanitize(value) + "'",
                          "`nano config set store /path/to/store`");
      user.store = value;
    }
    return Unit{};
  });
}

Status config_unset(Context& ctx, const std::string& key) {
  NANO_TRY(check_key(key));
  return change_config(ctx, [&](schemas::Config& user) -> Status {
    if (auto* b = bool_member(user, key)) {
      b->reset();
    } else if (key == "registry") {
      user.registry.clear();
    } else {
      user.store.clear();
    }
    return Unit{};
  });
}

}  // namespace nano::app
