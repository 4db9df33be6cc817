// schemas/manifest.cpp: look-ups in a manifest, and its way back to JSON.
#include "schemas/manifest.h"

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::put;
using internal::put_list;

Json to_json(const Author& a) {
  Json doc = {{"name", a.name}};
  put(doc, "email", a.email);
  put(doc, "url", a.url);
  return doc;
}
Json to_json(const Port& p) {
  Json doc = {{"name", p.name}, {"type", p.type}};
  put(doc, "description", p.description);
  return doc;
}
Json to_json(const DatasetUse& d) {
  Json doc = {{"name", d.name}, {"license", d.license}, {"use", std::string(to_text(d.use))}};
  put(doc, "url", d.url);
  return doc;
}
Json to_json(const FileEntry& f) { return {{"path", f.path}, {"role", std::string(to_text(f.role))}}; }
Json to_json(const Variant& v) {
  Json doc = {{"name", v.name}, {"quantization", v.quantization}, {"files", v.files}};
  if (v.is_default) doc["default"] = true;
  if (const Json needs = to_json(v.needs); !needs.empty()) doc["needs"] = needs;
  return doc;
}
Json to_json(const ModelInfo& m) {
  Json doc = {{"family", m.family}, {"architecture", m.architecture}, {"parameters", m.parameters}};
  if (m.context_length != 0) doc["context_length"] = m.context_length;
  put(doc, "base_models", m.base_models);
  put(doc, "abi", m.abi);
  return doc;
}

Json to_json(const OverrideRule& r) { return {{"name", r.name.text()}, {"range", r.range.text()}}; }
Json to_json(const PinRule& r) {
  Json doc = {{"name", r.name.text()}, {"version", r.version.text()}};
  put(doc, "variant", r.variant);
  return doc;
}
Json to_json(const OriginRule& r) {
  Json doc = {{"id", r.id}};
  put(doc, "url", r.url);
  put(doc, "namespaces", r.namespaces);
  if (r.root_namespace) doc["root_namespace"] = true;
  return doc;
}

template <class T>
void put_local_list(Json& doc, const char* key, const std::vector<T>& values) {
  if (values.empty()) return;
  Json list = Json::array();
  for (const T& v : values) list.push_back(to_json(v));
  doc[key] = std::move(list);
}

}  // namespace

const Variant* Manifest::default_variant() const {
  for (const Variant& v : variants)
    if (v.is_default) return &v;
  return nullptr;
}
const Variant* Manifest::find_variant(std::string_view variant) const {
  for (const Variant& v : variants)
    if (v.name == variant) return &v;
  return nullptr;
}
const FileEntry* Manifest::find_file(std::string_view path) const {
  for (const FileEntry& f : files)
    if (f.path == path) return &f;
  return nullptr;
}
const FileEntry* Manifest::file_of(Role role, std::string_view variant) const {
  const FileEntry* shared = nullptr;
  for (const FileEntry& f : files) {
    if (f.role != role) continue;
    if (!variant.empty() && f.variant == variant) return &f;
    if (f.variant.empty() && shared == nullptr) shared = &f;
  }
  return shared;
}
std::vector<const FileEntry*> Manifest::files_of(std::string_view variant) const {
  std::vector<const FileEntry*> out;
  for (const FileEntry& f : files)
    if (f.variant.empty() || f.variant == variant) out.push_back(&f);
  return out;
}

Result<Manifest> parse_manifest(std::string_view bytes) {
  return internal::parse_document<Manifest>(bytes, kMaxManifestBytes, "manifest",
                                            [](const internal::Node& doc, Manifest& out, internal::Report& r) { internal::decode(doc, "", out, r); });
}
Problems check_manifest(std::string_view bytes) {
  return internal::check_document<Manifest>(bytes, kMaxManifestBytes,
                                            [](const internal::Node& doc, Manifest& out, internal::Report& r) { internal::decode(doc, "", out, r); });
}

ManifestReading read_manifest(std::string_view bytes) {
  ManifestReading out;
  out.problems = internal::check_document<Manifest>(bytes, kMaxManifestBytes, [&](const internal::Node& doc, Manifest& m, internal::Report& r) {
    internal::decode(doc, "", m, r);
    if (doc.is_object()) out.manifest = m;
  });
  return out;
}

Json to_json(const Needs& n) {
  Json doc = Json::object();
  put(doc, "isa", n.isa);
  put(doc, "memory_bytes", n.memory_bytes);
  return doc;
}
Json to_json(const Dependency& d) {
  Json doc = {{"name", d.name.text()}, {"range", d.range.text()}, {"use", std::string(to_text(d.use))}};
  put(doc, "variant", d.variant);
  put(doc, "abi", d.abi);
  return doc;
}

Json to_json(const Manifest& m) {
  Json doc = {{"schema", std::string(kManifestSchema)}, {"kind", std::string(to_text(m.kind))}};
  put(doc, "$schema", m.json_schema);
  if (!m.name.name.empty()) doc["name"] = m.name.text();
  if (m.kind != Kind::project || m.version != Version()) doc["version"] = m.version.text();
  put(doc, "title", m.title);
  put(doc, "description", m.description);
  put_local_list(doc, "authors", m.authors);
  put(doc, "homepage", m.homepage);
  put(doc, "repository", m.repository);
  put(doc, "keywords", m.keywords);
  if (!m.license.spdx.empty()) {
    Json license = {{"spdx", m.license.spdx}};
    put(license, "file", m.license.file);
    doc["license"] = std::move(license);
  }
  put(doc, "task", m.task);
  put(doc, "languages", m.languages);
  if (m.model) doc["model"] = to_json(*m.model);
  put_local_list(doc, "inputs", m.inputs);
  put_local_list(doc, "outputs", m.outputs);
  put(doc, "labels", m.labels);
  put_local_list(doc, "variants", m.variants);
  put_local_list(doc, "files", m.files);
  put_list(doc, "dependencies", m.dependencies);
  put_local_list(doc, "overrides", m.overrides);
  put_local_list(doc, "pins", m.pins);
  put_local_list(doc, "registries", m.registries);
  put_local_list(doc, "datasets", m.datasets);
  if (m.access != AccessRule()) {
    Json access = {{"type", std::string(to_text(m.access.type))}};
    put(access, "terms", m.access.terms);
    doc["access"] = std::move(access);
  }
  put(doc, "intended_use", m.intended_use);
  put(doc, "limits", m.limits);
  if (!m.claims.empty()) {
    Json list = Json::array();
    for (const Claim& c : m.claims) list.push_back(to_json(c));
    doc["claims"] = std::move(list);
  }
  for (const auto& [pointer, text] : m.extensions) {
    JsonLimits limits;
    limits.max_bytes = text.size();  // the whole document has its own limit
    const auto value = parse_json(text, limits);
    NANO_ASSERT(value.has_value());  // it came from parse_manifest, or from our own code
    try {
      doc[Json::json_pointer(pointer)] = value.value();
    } catch (const std::exception&) {
      continue;  // its parent was taken out of the manifest since it was read: the key goes with it
    }
  }
  return doc;
}

std::string write_manifest(const Manifest& manifest) { return dump_pretty(to_json(manifest)); }

}  // namespace nano::schemas
