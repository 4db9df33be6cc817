// schemas/manifest_decode.cpp: nano.json into a Manifest, member by member.
#include "schemas/decode.h"

namespace nano::schemas::internal {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 53;

template <class T, class F>
void objects(Object& o, std::string_view key, Need need, std::size_t max, std::vector<T>& out, F read) {
  o.list(key, need, max, [&](const Node& item, const std::string& at) { read(item, at, out.emplace_back()); });
}

void decode_model(const Node& node, const std::string& pointer, ModelInfo& out, Report& report) {
  Object o(node, pointer, report);
  out.family = o.line("family", Need::required, 64);
  out.architecture = o.line("architecture", Need::required, 64);
  out.parameters = o.integer("parameters", Need::required, 1, kMaxCount).value_or(1);
  out.context_length = o.integer("context_length", Need::optional, 1, kMaxCount).value_or(0);
  out.base_models = o.lines("base_models", Need::optional, kMaxListItems, kMaxLineBytes);
  out.abi = o.line("abi", Need::optional, 512);
  o.finish();
}

void decode_variant(const Node& node, const std::string& pointer, Variant& out, Report& report) {
  Object o(node, pointer, report);
  out.name = o.simple_name("name", Need::required);
  out.is_default = o.boolean("default", false);
  if (const auto q = o.word("quantization", Need::required, quantization_spellings())) out.quantization = quantization_named(quantization_spellings()[*q]).value_or("");
  out.files = o.lines("files", Need::required, kMaxFiles, kMaxPathBytes);
  if (const auto n = o.take("needs", Need::optional)) decode(*n, join(pointer, "needs"), out.needs, report);
  o.finish();
}

void decode_license(const Node& node, const std::string& pointer, License& out, Report& report) {
  Object o(node, pointer, report);
  out.spdx = o.line("spdx", Need::required, 512);
  if (!out.spdx.empty() && !is_spdx_expression(out.spdx))
    o.fault("spdx", "is not an SPDX licence expression", "as in Apache-2.0, CC-BY-4.0 or MIT OR Apache-2.0 (spdx.org/licenses)");
  out.file = o.path("file", Need::optional);
  o.finish();
}

void decode_dataset_use(const Node& node, const std::string& pointer, DatasetUse& out, Report& report) {
  Object o(node, pointer, report);
  out.name = o.line("name", Need::required);
  out.license = o.line("license", Need::required, 512);
  if (!out.license.empty() && out.license != kNoLicenceStated && !is_spdx_expression(out.license))
    o.fault("license", "is neither an SPDX licence expression nor \"none stated\"");
  out.url = o.url("url", Need::optional);
  if (const auto u = o.word("use", Need::required, data_use_words())) out.use = static_cast<DataUse>(*u);
  o.finish();
}

void decode_access(const Node& node, const std::string& pointer, AccessRule& out, Report& report) {
  Object o(node, pointer, report);
  if (const auto t = o.word("type", Need::required, access_words())) out.type = static_cast<Access>(*t);
  out.terms = o.line("terms", Need::optional, 2048);
  o.finish();
  if (out.type == Access::gated && out.terms.empty() && !report.faulty(pointer)) report.add(pointer, "gated access names no terms", "give the file or URL of what must be accepted");
}

void decode_people(Object& o, Manifest& out, Report& report) {
  objects(o, "authors", Need::optional, kMaxListItems, out.authors, [&](const Node& n, const std::string& at, Author& a) {
    Object p(n, at, report);
    a.name = p.line("name", Need::required);
    a.email = p.line("email", Need::optional);
    a.url = p.url("url", Need::optional);
    p.finish();
  });
}

void decode_ports(Object& o, std::string_view key, std::vector<Port>& out, Report& report) {
  objects(o, key, Need::optional, kMaxListItems, out, [&](const Node& n, const std::string& at, Port& p) {
    Object port(n, at, report);
    p.name = port.line("name", Need::required, 64);
    if (const auto t = port.word("type", Need::required, value_type_words())) p.type = value_type_words()[*t];
    p.description = port.line("description", Need::optional, 1024);
    port.finish();
  });
}

void decode_files(Object& o, Need need, Manifest& out, Report& report) {
  objects(o, "files", need, kMaxFiles, out.files, [&](const Node& n, const std::string& at, FileEntry& f) {
    Object file(n, at, report);
    f.path = file.path("path", Need::required);
    const auto r = file.word("role", Need::required, role_words());
    f.role = r ? static_cast<Role>(*r) : Role::other;  // what cannot be read is no weights
    file.finish();
  });
}

}  // namespace

void decode(const Node& node, const std::string& pointer, Needs& out, Report& report) {
  Object o(node, pointer, report);
  out.isa = o.words("isa", isa_words());
  out.memory_bytes = o.integer("memory_bytes", Need::optional, 1, kMaxCount);
  o.finish();
}

void decode(const Node& node, const std::string& pointer, Dependency& out, Report& report) {
  Object o(node, pointer, report);
  out.name = o.package("name", Need::required).value_or(PackageName());
  out.range = o.range("range", Need::required);
  if (const auto u = o.word("use", Need::required, dependency_use_words())) out.use = static_cast<DependencyUse>(*u);
  out.variant = o.simple_name("variant", Need::optional);
  out.abi = o.line("abi", Need::optional, 512);
  o.finish();
}

void decode(const Node& node, const std::string& pointer, Manifest& out, Report& report) {
  report.extensions = &out.extensions;
  report.extensions_root = pointer.size();
  Object o(node, pointer, report);
  o.schema(kManifestSchema);
  out.json_schema = o.line("$schema", Need::optional, 2048);
  const auto k = o.word("kind", Need::required, kind_words());
  if (k) out.kind = static_cast<Kind>(*k);
  const bool is_project = out.kind == Kind::project;
  // What a kind needs is asked only where the kind could be read.
  const bool has_weights = k && (out.kind == Kind::model || out.kind == Kind::base || out.kind == Kind::head || out.kind == Kind::adapter);
  const bool kind_unknown = report.faulty(join(pointer, "kind"));  // there, and no kind; one that is missing is said by finish
  const Need unless_project = is_project || kind_unknown ? Need::optional : Need::required;
  out.name = o.package("name", unless_project).value_or(PackageName());
  out.version = o.version("version", unless_project).value_or(Version());
  out.title = o.line("title", unless_project, kMaxLineBytes);
  out.description = o.text("description", unless_project, kMaxTextBytes);
  decode_people(o, out, report);
  out.homepage = o.url("homepage", Need::optional);
  out.repository = o.url("repository", Need::optional);
  out.keywords = o.lines("keywords", Need::optional, kMaxListItems, 64);
  if (const auto l = o.take("license", unless_project)) decode_license(*l, join(pointer, "license"), out.license, report);
  const Need task = k && (out.kind == Kind::model || out.kind == Kind::grid) ? Need::required : Need::optional;
  if (const auto t = o.word("task", task, task_words())) out.task = task_words()[*t];
  out.languages = o.lines("languages", Need::optional, kMaxListItems, 64);
  const bool all_languages = !report.faulty(join(pointer, "languages"));  // else the indices are others
  for (std::size_t i = 0; all_languages && i < out.languages.size(); ++i)
    if (!is_language(out.languages[i]))
      report.add(join(join(pointer, "languages"), i), "is not a primary language tag", "two or three lower-case letters, as in en or de (BCP 47)");
  const Need weights = has_weights ? Need::required : Need::optional;
  if (const auto m = o.take("model", weights)) decode_model(*m, join(pointer, "model"), out.model.emplace(), report);
  decode_ports(o, "inputs", out.inputs, report);
  decode_ports(o, "outputs", out.outputs, report);
  out.labels = o.lines("labels", Need::optional, kMaxLabels, kMaxLineBytes);
  objects(o, "variants", weights, kMaxVariants, out.variants,
          [&](const Node& n, const std::string& at, Variant& v) { decode_variant(n, at, v, report); });
  decode_files(o, unless_project, out, report);
  objects(o, "dependencies", Need::optional, kMaxListItems, out.dependencies,
          [&](const Node& n, const std::string& at, Dependency& d) { decode(n, at, d, report); });
  objects(o, "overrides", Need::optional, kMaxListItems, out.overrides, [&](const Node& n, const std::string& at, OverrideRule& r) {
    Object rule(n, at, report);
    r.name = rule.package("name", Need::required).value_or(PackageName());
    r.range = rule.range("range", Need::required);
    rule.finish();
  });
  objects(o, "pins", Need::optional, kMaxListItems, out.pins, [&](const Node& n, const std::string& at, PinRule& r) {
    Object rule(n, at, report);
    r.name = rule.package("name", Need::required).value_or(PackageName());
    r.version = rule.version("version", Need::required).value_or(Version());
    r.variant = rule.simple_name("variant", Need::optional);
    rule.finish();
  });
  objects(o, "registries", Need::optional, kMaxOrigins, out.registries, [&](const Node& n, const std::string& at, OriginRule& r) {
    Object rule(n, at, report);
    r.id = rule.line("id", Need::required, 128);
    r.url = rule.line("url", Need::optional, 4096);
    r.namespaces = rule.lines("namespaces", Need::optional, kMaxListItems, kMaxNameBytes);
    r.root_namespace = rule.boolean("root_namespace", false);
    rule.finish();
  });
  objects(o, "datasets", Need::optional, kMaxListItems, out.datasets,
          [&](const Node& n, const std::string& at, DatasetUse& d) { decode_dataset_use(n, at, d, report); });
  if (const auto a = o.take("access", Need::optional)) decode_access(*a, join(pointer, "access"), out.access, report);
  out.intended_use = o.text("intended_use", Need::optional, kMaxTextBytes);
  out.limits = o.lines("limits", Need::optional, kMaxListItems, 1024);
  objects(o, "claims", Need::optional, kMaxClaims, out.claims,
          [&](const Node& n, const std::string& at, Claim& c) { decode(n, at, c, report, false); });
  o.finish();
  report.extensions = nullptr;
  report.extensions_root = 0;
  if (!o.valid()) return;
  if (out.variants.size() == 1) out.variants[0].is_default = true;
  std::map<std::string_view, FileEntry*> by_path;
  for (FileEntry& f : out.files) by_path.emplace(f.path, &f);
  for (const Variant& v : out.variants)
    for (const std::string& path : v.files)
      if (const auto it = by_path.find(path); it != by_path.end() && it->second->variant.empty()) it->second->variant = v.name;
  check_rules(out, pointer, report);
}

}  // namespace nano::schemas::internal
