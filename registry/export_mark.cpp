// registry/export_mark.cpp: read as strictly as it is written.
#include "registry/export_mark.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "registry/export.h"
#include "registry/tar_reader.h"
#include "schemas/name.h"

namespace nano::registry::internal {
namespace {

constexpr std::size_t kMaxMetadataName = 255;  // bytes, as a file system has it
constexpr std::size_t kMaxRegistries = 64;
constexpr std::size_t kMaxReleases = 1000;

Error broken(std::string what) {
  return broken_bundle("its first entry " + std::move(what));
}

/// The members of an object, all of them known and of the right kind, or the error.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}
  [[nodiscard]] Result<const Json*> get(const char* key, Json::value_t type) {
    const auto it = object_.find(key);
    if (it == object_.end() || it->type() != type) return broken(std::string("has no proper '") + key + "'");
    ++seen_;
    return &*it;
  }
  [[nodiscard]] Result<Digest> digest(const char* key) {
    NANO_TRY_ASSIGN(const Json* node, get(key, Json::value_t::string));
    return Digest::parse(node->get_ref<const std::string&>());
  }
  [[nodiscard]] Status done() const {
    if (object_.size() != seen_) return broken("has keys that no bundle has");
    return Unit{};
  }

 private:
  const Json& object_;
  std::size_t seen_ = 0;
};

Result<ExportMark::Registry> registry_of(const Json& node) {
  if (!node.is_object()) return broken("names something that is not a registry");
  Members m(node);
  ExportMark::Registry out;
  NANO_TRY_ASSIGN(out.id, m.digest("id"));
  NANO_TRY_ASSIGN(const Json* files, m.get("metadata", Json::value_t::object));
  for (auto it = files->begin(); it != files->end(); ++it) {
    if (!is_metadata_name(it.key()))
      return broken("lists '" + sanitize(it.key()) + "', which is not the name of metadata");
    if (!it->is_string()) return broken("gives '" + sanitize(it.key()) + "' no digest");
    NANO_TRY_ASSIGN(const Digest digest, Digest::parse(it->get_ref<const std::string&>()));
    out.metadata.emplace(it.key(), digest);
  }
  NANO_TRY(m.done());
  return out;
}

Result<ExportMark::Release> release_of(const Json& node) {
  if (!node.is_object()) return broken("names something that is not a release");
  Members m(node);
  ExportMark::Release out;
  NANO_TRY_ASSIGN(out.digest, m.digest("release"));
  NANO_TRY_ASSIGN(out.registry, m.digest("registry"));
  NANO_TRY_ASSIGN(const Json* variant, m.get("variant", Json::value_t::string));
  out.variant = variant->get<std::string>();
  if (!out.variant.empty() && !schemas::check_simple_name(out.variant, "the variant"))
    return broken("names the variant '" + sanitize(out.variant) + "'");
  NANO_TRY_ASSIGN(const Json* requested, m.get("requested", Json::value_t::boolean));
  out.requested = requested->get<bool>();
  NANO_TRY(m.done());
  return out;
}

}  // namespace

bool is_metadata_name(std::string_view name) {
  if (name.size() > kMaxMetadataName || name.size() < 6 || name.substr(name.size() - 5) != ".json" ||
      name.front() == '.')
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '%' || c == '~' || c == '-';
  });
}

std::string write_mark(const ExportMark& mark) {
  Json registries = Json::array();
  for (const auto& r : mark.registries) {
    Json files = Json::object();
    for (const auto& [name, digest] : r.metadata) files[name] = digest.text();
    registries.push_back({{"id", r.id.text()}, {"metadata", std::move(files)}});
  }
  Json releases = Json::array();
  for (const auto& r : mark.releases)
    releases.push_back({{"release", r.digest.text()},
                        {"registry", r.registry.text()},
                        {"variant", r.variant},
                        {"requested", r.requested}});
  return dump_line({{"schema", kExportSchema},
                    {"registries", std::move(registries)},
                    {"releases", std::move(releases)}}) +
         "\n";
}

Result<ExportMark> parse_mark(std::string_view bytes) {
  auto doc = parse_json(bytes, {.max_bytes = kMaxExportMarkBytes, .max_depth = 6});
  if (!doc || !doc->is_object()) return broken("is not a JSON object");
  Members m(*doc);
  NANO_TRY_ASSIGN(const Json* schema, m.get("schema", Json::value_t::string));
  if (*schema == kBundleSchema)
    return make_error(Errc::invalid, "this is one packed release, not an export",
                      "`nano install FILE` takes it in");
  if (*schema != kExportSchema)
    return make_error(Errc::unsupported, "the bundle is of a newer kind than this nano reads", "update nano");
  ExportMark out;
  NANO_TRY_ASSIGN(const Json* registries, m.get("registries", Json::value_t::array));
  NANO_TRY_ASSIGN(const Json* releases, m.get("releases", Json::value_t::array));
  NANO_TRY(m.done());
  if (registries->size() > kMaxRegistries || releases->size() > kMaxReleases || releases->empty())
    return broken("names no release, or too many");
  for (const Json& node : *registries) {
    NANO_TRY_ASSIGN(auto r, registry_of(node));
    if (!out.registries.empty() && !(out.registries.back().id < r.id))
      return broken("has its registries out of order");
    out.registries.push_back(std::move(r));
  }
  for (const Json& node : *releases) {
    NANO_TRY_ASSIGN(auto r, release_of(node));
    if (!out.releases.empty() && !(out.releases.back().digest < r.digest))
      return broken("has its releases out of order");
    if (std::none_of(out.registries.begin(), out.registries.end(),
                     [&](const auto& x) { return x.id == r.registry; }))
      return broken("has a release of a registry that it does not name");
    out.releases.push_back(std::move(r));
  }
  return out;
}

}  // namespace nano::registry::internal
