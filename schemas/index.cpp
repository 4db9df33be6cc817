// schemas/index.cpp: the search index in and out of JSON.
#include "schemas/index.h"

#include <algorithm>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace internal {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 53;

}  // namespace

void decode(const Node& node, const std::string& pointer, HeadlineClaim& out, Report& report) {
  Object o(node, pointer, report);
  out.variant = o.simple_name("variant", Need::required);
  if (const auto t = o.word("task", Need::optional, task_words())) out.task = task_words()[*t];
  out.metric = o.line("metric", Need::optional, 64);
  if (const auto v = o.decimal("value", Need::optional)) out.value = *v;
  out.dataset = o.line("dataset", Need::optional);
  out.dataset_digest = o.digest("dataset_digest", Need::optional);
  out.p50_ms = o.decimal("p50_ms", Need::optional, false);
  out.p95_ms = o.decimal("p95_ms", Need::optional, false);
  out.memory_bytes = o.integer("memory_bytes", Need::optional, 1, kMaxCount);
  out.device = o.line("device", Need::optional);
  out.threads = o.integer("threads", Need::optional, 1, 65536);
  out.calibration_us = o.decimal("calibration_us", Need::optional, false);
  out.conditions = o.digest("conditions", Need::optional);
  o.finish();
  if (o.valid() && (out.p50_ms || out.p95_ms || out.memory_bytes) && (out.device.empty() || !out.threads))
    report.add(pointer, "a latency or memory figure without device and threads");
}

void decode(const Node& node, const std::string& pointer, IndexVariant& out, Report& report) {
  Object o(node, pointer, report);
  out.name = o.simple_name("name", Need::required);
  out.is_default = o.boolean("default", false);
  if (const auto q = o.word("quantization", Need::required, quantization_spellings())) out.quantization = quantization_named(quantization_spellings()[*q]).value_or("");
  out.size = o.integer("size", Need::required, 0, kMaxCount).value_or(0);
  if (const auto n = o.take("needs", Need::optional)) decode(*n, join(pointer, "needs"), out.needs, report);
  o.finish();
}

namespace {

void decode(const Node& node, const std::string& pointer, IndexVersion& out, Report& report) {
  Object o(node, pointer, report);
  if (auto v = o.version("version", Need::required)) out.version = std::move(*v);
  out.release = o.digest("release", Need::required).value_or(Digest());
  out.release_size = o.integer("release_size", Need::required, 1, kMaxReleaseBytes).value_or(0);
  out.published = o.time("published", Need::required);
  out.first_served = o.time("first_served", Need::optional);
  out.yanked = o.line("yanked", Need::optional, kMaxYankBytes);
  out.license = o.line("license", Need::optional, 512);
  out.abi = o.line("abi", Need::optional, 512);
  o.list("claims", Need::optional, kMaxClaims, [&](const Node& item, const std::string& at) { decode(item, at, out.claims.emplace_back(), report); });
  o.list("variants", Need::optional, kMaxVariants, [&](const Node& item, const std::string& at) { decode(item, at, out.variants.emplace_back(), report); });
  o.list("dependencies", Need::optional, kMaxListItems,
         [&](const Node& item, const std::string& at) { decode(item, at, out.dependencies.emplace_back(), report); });
  o.finish();
}

void decode(const Node& node, const std::string& pointer, IndexPackage& out, Report& report) {
  Object o(node, pointer, report);
  if (auto n = o.package("name", Need::required)) out.name = std::move(*n);
  if (const auto k = o.word("kind", Need::required, kind_words())) out.kind = static_cast<Kind>(*k);
  out.title = o.line("title", Need::required, kMaxLineBytes);
  out.description = o.text("description", Need::optional, 512);
  if (const auto t = o.word("task", Need::optional, task_words())) out.task = task_words()[*t];
  out.languages = o.lines("languages", Need::optional, kMaxListItems, 8);
  out.license = o.line("license", Need::optional, 512);
  out.keywords = o.lines("keywords", Need::optional, kMaxListItems, 64);
  out.parameters = o.integer("parameters", Need::optional, 0, kMaxCount).value_or(0);
  if (const auto a = o.word("access", Need::optional, access_words())) out.access = static_cast<Access>(*a);
  o.list("claims", Need::optional, kMaxClaims, [&](const Node& item, const std::string& at) { decode(item, at, out.claims.emplace_back(), report); });
  o.list("versions", Need::required, kMaxIndexVersions, [&](const Node& item, const std::string& at) { decode(item, at, out.versions.emplace_back(), report); });
  o.finish();
  if (!o.valid()) return;
  for (std::size_t i = 1; i < out.versions.size(); ++i)
    if (!(out.versions[i - 1].version < out.versions[i].version)) report.add(join(join(pointer, "versions"), i), "the versions do not rise");
}

void decode_document(const Node& node, const std::string& pointer, Index& out, Report& report) {
  Object o(node, pointer, report);
  o.schema(kIndexSchema);
  out.created = o.time("created", Need::required);
  o.list("packages", Need::required, kMaxIndexPackages,
         [&](const Node& item, const std::string& at) { decode(item, at, out.packages.emplace_back(), report); });
  o.finish();
  for (std::size_t i = 1; i < out.packages.size(); ++i)
    if (!(out.packages[i - 1].name < out.packages[i].name)) report.add(join(join(pointer, "packages"), i), "the packages are not sorted by name");
}

Json to_json_version(const IndexVersion& v) {
  Json doc = {{"version", v.version.text()}, {"release", v.release.text()}, {"release_size", v.release_size}, {"published", v.published}};
  put(doc, "first_served", v.first_served);
  put(doc, "yanked", v.yanked);
  put(doc, "license", v.license);
  put(doc, "abi", v.abi);
  put_list(doc, "claims", v.claims);
  put_list(doc, "variants", v.variants);
  put_list(doc, "dependencies", v.dependencies);
  return doc;
}

}  // namespace
}  // namespace internal

const IndexPackage* Index::find(const PackageName& name) const {
  const auto it = std::lower_bound(packages.begin(), packages.end(), name, [](const IndexPackage& p, const PackageName& n) { return p.name < n; });
  return it != packages.end() && it->name == name ? &*it : nullptr;
}

void Index::put(IndexPackage package) {
  const auto at = std::lower_bound(packages.begin(), packages.end(), package.name, [](const IndexPackage& p, const PackageName& n) { return p.name < n; });
  if (at != packages.end() && at->name == package.name)
    *at = std::move(package);
  else
    packages.insert(at, std::move(package));
}

Result<Index> parse_index(std::string_view bytes) {
  return internal::parse_document<Index>(bytes, kMaxIndexBytes, "index",
                                         [](const internal::Node& doc, Index& out, internal::Report& r) { internal::decode_document(doc, "", out, r); });
}
Problems check_index(std::string_view bytes) {
  return internal::check_document<Index>(bytes, kMaxIndexBytes,
                                         [](const internal::Node& doc, Index& out, internal::Report& r) { internal::decode_document(doc, "", out, r); });
}

Json to_json(const HeadlineClaim& c) {
  using internal::put;
  Json doc = {{"variant", c.variant}};
  put(doc, "task", c.task);
  put(doc, "metric", c.metric);
  if (!c.metric.empty()) doc["value"] = c.value.text();
  put(doc, "dataset", c.dataset);
  if (c.dataset_digest) doc["dataset_digest"] = c.dataset_digest->text();
  put(doc, "p50_ms", c.p50_ms);
  put(doc, "p95_ms", c.p95_ms);
  put(doc, "memory_bytes", c.memory_bytes);
  put(doc, "device", c.device);
  put(doc, "threads", c.threads);
  put(doc, "calibration_us", c.calibration_us);
  if (c.conditions) doc["conditions"] = c.conditions->text();
  return doc;
}

Json to_json(const IndexVariant& v) {
  Json doc = {{"name", v.name}, {"quantization", v.quantization}, {"size", v.size}};
  if (v.is_default) doc["default"] = true;
  if (Json needs = to_json(v.needs); !needs.empty()) doc["needs"] = std::move(needs);
  return doc;
}

Json to_json(const IndexPackage& p) {
  using internal::put;
  Json doc = {{"name", p.name.text()}, {"kind", std::string(to_text(p.kind))}, {"title", p.title}};
  put(doc, "description", p.description);
  put(doc, "task", p.task);
  put(doc, "languages", p.languages);
  put(doc, "license", p.license);
  put(doc, "keywords", p.keywords);
  if (p.parameters != 0) doc["parameters"] = p.parameters;
  if (p.access != Access::open) doc["access"] = std::string(to_text(p.access));
  internal::put_list(doc, "claims", p.claims);
  Json versions = Json::array();
  for (const IndexVersion& v : p.versions) versions.push_back(internal::to_json_version(v));
  doc["versions"] = std::move(versions);
  return doc;
}

Json to_json(const Index& index) {
  Json packages = Json::array();
  for (const IndexPackage& p : index.packages) packages.push_back(to_json(p));
  return {{"schema", std::string(kIndexSchema)}, {"created", index.created}, {"packages", std::move(packages)}};
}

Result<std::string> write_index(const Index& index) {
  Index sorted = index;
  std::sort(sorted.packages.begin(), sorted.packages.end(), [](const IndexPackage& a, const IndexPackage& b) { return a.name < b.name; });
  std::string bytes = dump_line(to_json(sorted));
  if (auto back = parse_index(bytes); !back) return std::move(back).error().while_("writing the search index");
  return bytes;
}

}  // namespace nano::schemas
