// schemas/generation.cpp: generations in and out of JSON.
#include "schemas/generation.h"

#include <algorithm>

#include "schemas/decode.h"
#include "schemas/store_layout.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::join;
using internal::Need;

constexpr uint64_t kMaxNumber = 999'999'999'999'999;  // what parse_current reads

/// package_dir, or that and `~` + 8 to 64 digits of the release's hex: no other folder can be named.
bool is_dir_of(const GenerationEntry& e) {
  const std::string plain = package_dir(e.name, e.version, e.variant);
  if (e.dir == plain) return true;
  if (e.dir.size() < plain.size() + 9 || e.dir.compare(0, plain.size(), plain) != 0 || e.dir[plain.size()] != '~') return false;
  const std::string tail = e.dir.substr(plain.size() + 1);
  return tail.size() <= 64 && e.release.hex().compare(0, tail.size(), tail) == 0;
}

bool is_key_id(std::string_view s) {
  if (s.empty() || s.size() > 128) return false;
  for (const char c : s) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
    if (!good) return false;
  }
  return true;
}

void decode(const internal::Node& node, const std::string& pointer, TrustLink& out, internal::Report& report) {
  internal::Object o(node, pointer, report);
  out.role = o.line("role", Need::required, 256);
  out.version = o.integer("version", Need::required, 1, kMaxNumber).value_or(0);
  out.expires = o.time("expires", Need::required);
  out.keys = o.lines("keys", Need::required, kMaxTrustLinkKeys, 64);
  for (const std::string& k : out.keys)
    if (!Digest::parse_hex(k)) o.fault("keys", "holds something that is not a key id");
  o.finish();
}

void decode(const internal::Node& node, const std::string& pointer, GenerationEntry& out, internal::Report& report) {
  const std::size_t before = report.problems.size();
  internal::Object o(node, pointer, report);
  if (auto n = o.package("name", Need::required)) out.name = std::move(*n);
  if (auto v = o.version("version", Need::required)) out.version = std::move(*v);
  out.variant = o.simple_name("variant", Need::optional);
  out.release = o.digest("release", Need::required).value_or(Digest());
  out.registry = o.simple_name("registry", Need::optional);
  out.registry_id = o.line("registry_id", Need::optional, 128);
  out.signer = o.line("signer", Need::optional, 128);
  if (!out.signer.empty() && !is_key_id(out.signer)) o.fault("signer", "is not a key id");
  o.list("chain", Need::optional, kMaxTrustLinks, [&](const internal::Node& item, const std::string& at) { decode(item, at, out.chain.emplace_back(), report); });
  out.verified = o.time("verified", Need::optional);
  out.requested = o.boolean("requested", true);
  if (const auto a = o.take("asked", Need::optional)) {
    internal::Object asked(*a, join(pointer, "asked"), report);
    out.asked.range = asked.range("range", Need::optional);
    out.asked.variant = asked.simple_name("variant", Need::optional);
    asked.finish();
  }
  out.unsigned_allowed = o.boolean("unsigned_allowed", false);
  out.pinned = o.boolean("pinned", false);
  out.dir = o.line("dir", Need::required, 512);
  o.finish();
  if (report.problems.size() == before && !is_dir_of(out)) o.fault("dir", "is not the folder of this package, version, variant and release");
}

void decode_document(const internal::Node& doc, Generation& out, internal::Report& report) {
  internal::Object o(doc, "", report);
  o.schema(kGenerationSchema);
  out.number = o.integer("number", Need::required, 1, kMaxNumber).value_or(0);
  out.created = o.time("created", Need::required);
  out.parent = o.integer("parent", Need::optional, 1, kMaxNumber);
  out.command = o.text("command", Need::required, kMaxTextBytes);
  o.list("entries", Need::required, kMaxGenerationEntries,
         [&](const internal::Node& item, const std::string& at) { decode(item, at, out.entries.emplace_back(), report); });
  o.finish();
  for (std::size_t i = 1; i < out.entries.size(); ++i)
    if (!(out.entries[i - 1].name < out.entries[i].name))
      report.add(join("/entries", i), "the entries are not sorted by name, each once");
}

}  // namespace

const GenerationEntry* Generation::find(const PackageName& name) const {
  for (const GenerationEntry& e : entries)
    if (e.name == name) return &e;
  return nullptr;
}

Result<Generation> parse_generation(std::string_view bytes) {
  return internal::parse_document<Generation>(bytes, kMaxGenerationBytes, "generation", decode_document);
}
Problems check_generation(std::string_view bytes) { return internal::check_document<Generation>(bytes, kMaxGenerationBytes, decode_document); }

Json to_json(const Generation& g) {
  using internal::put;
  Json doc = {{"schema", std::string(kGenerationSchema)}, {"number", g.number}, {"created", g.created}, {"command", g.command}};
  put(doc, "parent", g.parent);
  std::vector<const GenerationEntry*> sorted;
  for (const GenerationEntry& e : g.entries) sorted.push_back(&e);
  std::sort(sorted.begin(), sorted.end(), [](const GenerationEntry* a, const GenerationEntry* b) { return a->name < b->name; });
  Json entries = Json::array();
  for (const GenerationEntry* e : sorted) {
    Json entry = {{"name", e->name.text()}, {"version", e->version.text()}, {"release", e->release.text()}};
    put(entry, "variant", e->variant);
    put(entry, "registry", e->registry);
    put(entry, "registry_id", e->registry_id);
    put(entry, "signer", e->signer);
    if (!e->chain.empty()) {
      Json chain = Json::array();
      for (const TrustLink& l : e->chain)
        chain.push_back({{"role", l.role}, {"version", l.version}, {"expires", l.expires}, {"keys", l.keys}});
      entry["chain"] = std::move(chain);
    }
    put(entry, "verified", e->verified);
    entry["requested"] = e->requested;
    if (!e->asked.is_anything()) {
      Json asked = Json::object();
      if (!e->asked.range.is_any()) asked["range"] = e->asked.range.text();
      put(asked, "variant", e->asked.variant);
      entry["asked"] = std::move(asked);
    }
    if (e->unsigned_allowed) entry["unsigned_allowed"] = true;
    if (e->pinned) entry["pinned"] = true;
    entry["dir"] = e->dir.empty() ? package_dir(e->name, e->version, e->variant) : e->dir;
    entries.push_back(std::move(entry));
  }
  doc["entries"] = std::move(entries);
  return doc;
}
std::string write_generation(const Generation& generation) { return dump_pretty(to_json(generation)); }

}  // namespace nano::schemas
