// schemas/target_info.cpp: a release's entry in its role, in and out of JSON, and from there to the resolver's form.
#include "schemas/target_info.h"

#include <algorithm>

#include "base/hash.h"
#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace internal {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 53;

void decode_document(const Node& node, const std::string& pointer, TargetInfo& out, Report& report) {
  Object o(node, pointer, report);
  o.schema(kTargetInfoSchema);
  if (const auto k = o.word("kind", Need::required, kind_words())) out.kind = static_cast<Kind>(*k);
  out.title = o.line("title", Need::required, kMaxLineBytes);
  if (const auto t = o.word("task", Need::optional, task_words())) out.task = task_words()[*t];
  out.license = o.line("license", Need::optional, 512);
  out.abi = o.line("abi", Need::optional, 512);
  out.parameters = o.integer("parameters", Need::optional, 0, kMaxCount).value_or(0);
  if (const auto a = o.word("access", Need::optional, access_words())) out.access = static_cast<Access>(*a);
  out.published = o.time("published", Need::required);
  out.yanked = o.line("yanked", Need::optional, kMaxYankBytes);
  o.list("variants", Need::optional, kMaxVariants, [&](const Node& item, const std::string& at) {
    decode(item, at, out.variants.emplace_back(), report);
  });
  o.list("dependencies", Need::optional, kMaxListItems, [&](const Node& item, const std::string& at) {
    decode(item, at, out.dependencies.emplace_back(), report);
  });
  o.list("claims", Need::optional, kMaxHeadlines, [&](const Node& item, const std::string& at) {
    decode(item, at, out.claims.emplace_back(), report);
  });
  o.finish();
}

HeadlineClaim headline(const Claim& c) {
  HeadlineClaim h;
  h.variant = c.variant;
  h.task = c.task;
  if (c.metric) {
    h.metric = c.metric->id;
    h.value = c.metric->value;
  }
  if (c.dataset) {
    h.dataset = c.dataset->id;
    h.dataset_digest = c.dataset->digest;
  }
  if (c.latency) {
    h.p50_ms = c.latency->p50_ms;
    h.p95_ms = c.latency->p95_ms;
  }
  h.memory_bytes = c.peak_memory_bytes;
  if (c.conditions) {
    h.device = c.conditions->device;
    h.threads = c.conditions->threads;
    h.calibration_us = c.conditions->calibration_us;
    h.conditions = sha256(dump_line(to_json(c).at("conditions")));
  }
  return h;
}

}  // namespace
}  // namespace internal

Result<TargetInfo> parse_target_info(std::string_view bytes) {
  return internal::parse_document<TargetInfo>(bytes, kMaxTargetInfoBytes, "target",
                                              [](const internal::Node& doc, TargetInfo& out, internal::Report& r) {
                                                internal::decode_document(doc, "", out, r);
                                              });
}
Problems check_target_info(std::string_view bytes) {
  return internal::check_document<TargetInfo>(bytes, kMaxTargetInfoBytes,
                                              [](const internal::Node& doc, TargetInfo& out, internal::Report& r) {
                                                internal::decode_document(doc, "", out, r);
                                              });
}

Json to_json(const TargetInfo& info) {
  using internal::put;
  Json doc = {{"schema", std::string(kTargetInfoSchema)},
              {"kind", std::string(to_text(info.kind))},
              {"title", info.title},
              {"published", info.published}};
  put(doc, "task", info.task);
  put(doc, "license", info.license);
  put(doc, "abi", info.abi);
  if (info.parameters != 0) doc["parameters"] = info.parameters;
  if (info.access != Access::open) doc["access"] = std::string(to_text(info.access));
  put(doc, "yanked", info.yanked);
  internal::put_list(doc, "variants", info.variants);
  internal::put_list(doc, "dependencies", info.dependencies);
  internal::put_list(doc, "claims", info.claims);
  return doc;
}

std::string write_target_info(const TargetInfo& info) {
  return dump_line(to_json(info));
}

TargetInfo target_info(const Release& release, std::string published) {
  const Manifest& m = release.manifest;
  TargetInfo out;
  out.kind = m.kind;
  out.title = m.title;
  out.task = m.task;
  out.license = m.license.spdx;
  if (m.model) {
    out.abi = m.model->abi;
    out.parameters = m.model->parameters;
  }
  out.access = m.access.type;
  out.published = std::move(published);
  for (const Variant& v : m.variants)
    out.variants.push_back({.name = v.name,
                            .is_default = v.is_default,
                            .quantization = v.quantization,
                            .size = release.size_of(v.name),
                            .needs = v.needs});
  out.dependencies = m.dependencies;
  for (const Claim& c : m.claims)
    if (out.claims.size() < kMaxHeadlines) out.claims.push_back(internal::headline(c));
  return out;
}

IndexPackage package_of(const PackageName& name, const std::vector<ListedRelease>& listed) {
  IndexPackage out;
  out.name = name;
  for (const ListedRelease& r : listed)
    out.versions.push_back({.version = r.version,
                            .release = r.release,
                            .release_size = r.release_size,
                            .published = r.info.published,
                            .first_served = {},
                            .yanked = r.info.yanked,
                            .license = r.info.license,
                            .abi = r.info.abi,
                            .claims = r.info.claims,
                            .variants = r.info.variants,
                            .dependencies = r.info.dependencies});
  std::sort(out.versions.begin(), out.versions.end(),
            [](const IndexVersion& a, const IndexVersion& b) { return a.version < b.version; });
  if (out.versions.empty()) return out;
  const Version& speaks = speaker(out).version;
  for (const ListedRelease& r : listed) {
    if (r.version != speaks) continue;
    out.kind = r.info.kind;
    out.title = r.info.title;
    out.task = r.info.task;
    out.license = r.info.license;
    out.parameters = r.info.parameters;
    out.access = r.info.access;
    out.claims = r.info.claims;
  }
  return out;
}

}  // namespace nano::schemas
