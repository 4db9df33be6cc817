// schemas/config.cpp: config.json in and out of JSON, and the user's over the system's.
#include "schemas/config.h"

#include <map>

#include "base/text.h"
#include "base/url.h"
#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::join;
using internal::Need;

constexpr std::size_t kMaxRegistries = 64;
constexpr std::size_t kMaxNamespaces = 1000;
constexpr std::size_t kMaxKeys = 64;

bool is_registry_url(std::string_view url) {
  // The scheme in any case, as a person may write it. What use would refuse is said where it is used, of that registry alone.
  std::string lowered(url);
  for (std::size_t i = 0; i < lowered.size() && lowered[i] != ':'; ++i)
    if (lowered[i] >= 'A' && lowered[i] <= 'Z') lowered[i] = static_cast<char>(lowered[i] + 32);
  if (!lowered.starts_with("file:///") && !lowered.starts_with("file://localhost/")) return is_web_url(lowered);
  for (const char c : url)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return url.size() <= 4096;
}

bool is_public_key(std::string_view key) {
  constexpr std::string_view kPrefix = "ed25519:";
  return key.substr(0, kPrefix.size()) == kPrefix && Digest::parse_hex(key.substr(kPrefix.size())).has_value();
}

void decode(const internal::Node& node, const std::string& pointer, RegistryEntry& out, internal::Report& report) {
  internal::Object o(node, pointer, report);
  out.name = o.simple_name("name", Need::required);
  out.url = o.line("url", Need::required, 4096);
  if (!out.url.empty() && !is_registry_url(out.url))
    o.fault("url", "'" + display_url(out.url.substr(0, 80)) + "' is not a registry's URL", "as in https://models.example.org/ or file:///srv/models");
  out.namespaces = o.lines("namespaces", Need::optional, kMaxNamespaces, 256);
  for (std::size_t i = 0; i < out.namespaces.size(); ++i)
    if (const Status s = check_simple_name(out.namespaces[i], "the namespace"); !s)
      report.add(join(join(pointer, "namespaces"), i), s.error().message, s.error().hint);
  out.root_namespace = o.boolean("root_namespace", false);
  out.root = o.digest("root", Need::optional);
  out.public_keys = o.lines("public_keys", Need::optional, kMaxKeys, 256);
  for (std::size_t i = 0; i < out.public_keys.size(); ++i)
    if (!is_public_key(out.public_keys[i]))
      report.add(join(join(pointer, "public_keys"), i), "is not a public key", "write ed25519: and 64 lower-case hex digits");
  o.finish();
}

void decode_document(const internal::Node& doc, Config& out, internal::Report& report) {
  internal::Object o(doc, "", report);
  o.schema(kConfigSchema);
  o.list("registries", Need::optional, kMaxRegistries,
         [&](const internal::Node& item, const std::string& at) { decode(item, at, out.registries.emplace_back(), report); });
  out.store = o.line("store", Need::optional, 4096);
  if (!out.store.empty() && out.store[0] != '/') o.fault("store", "must be an absolute path");
  out.registry = o.simple_name("registry", Need::optional);
  out.json = o.maybe_boolean("json");
  out.quiet = o.maybe_boolean("quiet");
  out.verbose = o.maybe_boolean("verbose");
  out.offline = o.maybe_boolean("offline");
  o.finish();
  for (Problem& p : check_registries(out.registries)) report.add(std::move(p.pointer), std::move(p.message), std::move(p.hint));
}

}  // namespace

const RegistryEntry* Config::find(std::string_view registry_name) const {
  for (const RegistryEntry& r : registries)
    if (r.name == registry_name) return &r;
  return nullptr;
}

const RegistryEntry* Config::owner(std::string_view ns) const {
  for (const RegistryEntry& r : registries) {
    if (ns == kRootNamespace && r.root_namespace) return &r;
    for (const std::string& n : r.namespaces)
      if (n == ns) return &r;
  }
  return nullptr;
}

Problems check_registries(const std::vector<RegistryEntry>& registries) {
  Problems out;
  std::map<std::string, bool> names;
  std::map<std::string, std::string> owners;  // namespace -> registry
  for (std::size_t i = 0; i < registries.size(); ++i) {
    const RegistryEntry& r = registries[i];
    const std::string at = join("/registries", i);
    if (!r.name.empty() && !names.emplace(r.name, true).second) out.push_back({at, "there are two registries named '" + r.name + "'", "give one another name"});
    std::vector<std::string> owned = r.namespaces;
    if (r.root_namespace) owned.emplace_back(kRootNamespace);
    for (const std::string& ns : owned)
      if (const auto [it, fresh] = owners.emplace(ns, r.name); !fresh)
        out.push_back({at, (ns == kRootNamespace ? "the root namespace" : "the namespace '" + sanitize(ns) + "'") + " belongs to the registry '" + it->second + "' already",
                       "a namespace belongs to one registry: take it from one of the two"});
  }
  return out;
}

Result<Config> parse_config(std::string_view bytes) { return internal::parse_document<Config>(bytes, kMaxConfigBytes, "config", decode_document); }
Problems check_config(std::string_view bytes) { return internal::check_document<Config>(bytes, kMaxConfigBytes, decode_document); }

Json to_json(const Config& c) {
  using internal::put;
  Json doc = {{"schema", std::string(kConfigSchema)}};
  if (!c.registries.empty()) {
    Json list = Json::array();
    for (const RegistryEntry& r : c.registries) {
      Json entry = {{"name", r.name}, {"url", r.url}};
      put(entry, "namespaces", r.namespaces);
      if (r.root_namespace) entry["root_namespace"] = true;
      if (r.root) entry["root"] = r.root->text();
      put(entry, "public_keys", r.public_keys);
      list.push_back(std::move(entry));
    }
    doc["registries"] = std::move(list);
  }
  put(doc, "store", c.store);
  put(doc, "registry", c.registry);
  if (c.json) doc["json"] = *c.json;
  if (c.quiet) doc["quiet"] = *c.quiet;
  if (c.verbose) doc["verbose"] = *c.verbose;
  if (c.offline) doc["offline"] = *c.offline;
  return doc;
}
std::string write_config(const Config& config) { return dump_pretty(to_json(config)); }

Result<Config> merge(const Config& system, const Config& user) {
  Config out = user;
  for (const RegistryEntry& r : system.registries)
    if (user.find(r.name) == nullptr) out.registries.push_back(r);
  if (out.store.empty()) out.store = system.store;
  if (out.registry.empty()) out.registry = system.registry;
  if (!out.json) out.json = system.json;
  if (!out.quiet) out.quiet = system.quiet;
  if (!out.verbose) out.verbose = system.verbose;
  if (!out.offline) out.offline = system.offline;
  if (const Problems p = check_registries(out.registries); !p.empty()) return to_error(p.front(), "the configurations of user and system together");
  return out;
}

}  // namespace nano::schemas
