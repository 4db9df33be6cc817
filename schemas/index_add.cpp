// schemas/index_add.cpp: a release becomes a line of the search index.
#include <algorithm>

#include "schemas/index.h"

namespace nano::schemas {
namespace {

constexpr std::size_t kDescriptionBytes = 300;
constexpr std::size_t kMaxHeadlines = 32;

std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return text.substr(0, end);
}

HeadlineClaim headline(const Claim& c) {
  HeadlineClaim h;
  h.variant = c.variant;
  if (c.metric) {
    h.metric = c.metric->id;
    h.value = c.metric->value;
  }
  if (c.dataset) h.dataset = c.dataset->id;
  if (c.latency) {
    h.p50_ms = c.latency->p50_ms;
    h.p95_ms = c.latency->p95_ms;
  }
  h.memory_bytes = c.peak_memory_bytes;
  if (c.conditions) {
    h.device = c.conditions->device;
    h.threads = c.conditions->threads;
    h.calibration_us = c.conditions->calibration_us;
  }
  return h;
}

/// The version whose words stand for the package: not yanked before yanked, release before pre-release, then the newest.
const IndexVersion& speaker(const IndexPackage& p) {
  return *std::max_element(p.versions.begin(), p.versions.end(), [](const IndexVersion& a, const IndexVersion& b) {
    if (a.yanked.empty() != b.yanked.empty()) return !a.yanked.empty();
    if (a.version.is_prerelease() != b.version.is_prerelease()) return a.version.is_prerelease();
    return a.version < b.version;
  });
}

std::vector<HeadlineClaim> headlines(const Manifest& m) {
  std::vector<HeadlineClaim> out;
  for (const Claim& c : m.claims)
    if (out.size() < kMaxHeadlines) out.push_back(headline(c));
  return out;
}

void renew_words(IndexPackage& p, const Manifest& m) {
  p.kind = m.kind;
  p.title = m.title;
  p.description = cut(m.description, kDescriptionBytes);
  p.task = m.task;
  p.languages = m.languages;
  p.license = m.license.spdx;
  p.keywords = m.keywords;
  p.parameters = m.model ? m.model->parameters : 0;
  p.access = m.access.type;
  p.claims = headlines(m);
}

}  // namespace

void add_to_index(Index& index, const Release& release, const Digest& digest, uint64_t size) {
  const Manifest& m = release.manifest;
  auto at = std::lower_bound(index.packages.begin(), index.packages.end(), m.name, [](const IndexPackage& p, const PackageName& n) { return p.name < n; });
  if (at == index.packages.end() || at->name != m.name) at = index.packages.insert(at, IndexPackage{.name = m.name});

  IndexVersion v;
  v.version = m.version;
  v.release = digest;
  v.release_size = size;
  v.published = release.created;
  for (const Variant& variant : m.variants)
    v.variants.push_back({.name = variant.name,
                          .is_default = variant.is_default,
                          .quantization = variant.quantization,
                          .size = release.size_of(variant.name),
                          .needs = variant.needs});
  v.license = m.license.spdx;
  if (m.model) v.abi = m.model->abi;
  v.claims = headlines(m);
  v.dependencies = m.dependencies;

  auto place = std::lower_bound(at->versions.begin(), at->versions.end(), m.version, [](const IndexVersion& x, const Version& y) { return x.version < y; });
  if (place != at->versions.end() && place->version == m.version)
    *place = std::move(v);
  else
    at->versions.insert(place, std::move(v));
  if (speaker(*at).version == m.version) renew_words(*at, m);
}

}  // namespace nano::schemas
