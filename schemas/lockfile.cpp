// schemas/lockfile.cpp: nano.lock in and out of JSON.
#include "schemas/lockfile.h"

#include <algorithm>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::join;
using internal::Need;

constexpr uint64_t kMaxSize = uint64_t{1} << 53;
constexpr std::size_t kMaxSigners = 64;
constexpr std::size_t kMaxLockedRegistries = 64;

void decode(const internal::Node& node, const std::string& pointer, LockedPackage& out, internal::Report& report) {
  internal::Object o(node, pointer, report);
  if (auto n = o.package("name", Need::required)) out.name = std::move(*n);
  if (auto v = o.version("version", Need::required)) out.version = std::move(*v);
  out.variant = o.simple_name("variant", Need::optional);
  out.release = o.digest("release", Need::required).value_or(Digest());
  out.size = o.integer("size", Need::required, 0, kMaxSize).value_or(0);
  out.registry_id = o.line("registry_id", Need::optional, 128);
  out.signers = o.lines("signers", Need::optional, kMaxSigners, 128);
  out.requested = o.boolean("requested", true);
  o.list("dependencies", Need::optional, kMaxListItems, [&](const internal::Node& item, const std::string& at) {
    auto name = item.is_text() ? PackageName::parse(item.text())
                                 : Result<PackageName>(make_error(Errc::invalid, "is not text"));
    if (name)
      out.dependencies.push_back(std::move(*name));
    else
      report.add(at, "is not a package name");
  });
  if (const auto g = o.take("golden", Need::optional)) {
    internal::Object golden(*g, join(pointer, "golden"), report);
    LockedGolden& to = out.golden.emplace();
    to.file = golden.digest("file", Need::required).value_or(Digest());
    to.outputs = golden.digest("outputs", Need::required).value_or(Digest());
    golden.finish();
  }
  o.finish();
}

void decode_document(const internal::Node& doc, Lockfile& out, internal::Report& report) {
  internal::Object o(doc, "", report);
  o.schema(kLockfileSchema);
  o.list("packages", Need::required, kMaxLockedPackages, [&](const internal::Node& item, const std::string& at) {
    decode(item, at, out.packages.emplace_back(), report);
  });
  o.list("registries", Need::optional, kMaxLockedRegistries, [&](const internal::Node& item, const std::string& at) {
    internal::Object registry(item, at, report);
    LockedRegistry& to = out.registries.emplace_back();
    to.id = registry.line("id", Need::required, 128);
    to.url = registry.line("url", Need::optional, 4096);
    registry.finish();
  });
  o.finish();
  for (std::size_t i = 1; i < out.registries.size(); ++i)
    if (!(out.registries[i - 1].id < out.registries[i].id))
      report.add(join("/registries", i), "the registries are not sorted by id, each once");
  for (std::size_t i = 1; i < out.packages.size(); ++i)
    if (!(out.packages[i - 1].name < out.packages[i].name))
      report.add(join("/packages", i), "the packages are not sorted by name, each once");
  if (!report.problems.empty()) return;
  for (std::size_t i = 0; i < out.packages.size(); ++i)
    for (std::size_t k = 0; k < out.packages[i].dependencies.size(); ++k)
      if (out.find(out.packages[i].dependencies[k]) == nullptr)
        report.add(join(join(join("/packages", i), "dependencies"), k),
                   "'" + out.packages[i].dependencies[k].text() + "' is not locked");
}

bool has_conflict_markers(std::string_view bytes) {
  for (const std::string_view marker : {"<<<<<<< ", ">>>>>>> ", "======="})
    for (std::size_t at = bytes.find(marker); at != std::string_view::npos; at = bytes.find(marker, at + 1))
      if (at == 0 || bytes[at - 1] == '\n') return true;
  return false;
}

}  // namespace

const LockedPackage* Lockfile::find(const PackageName& name) const {
  const auto it = std::lower_bound(packages.begin(), packages.end(), name,
                                   [](const LockedPackage& p, const PackageName& n) { return p.name < n; });
  return it != packages.end() && it->name == name ? &*it : nullptr;
}

const LockedRegistry* Lockfile::find_registry(std::string_view id) const {
  const auto it = std::find_if(registries.begin(), registries.end(), [&](const LockedRegistry& r) { return r.id == id; });
  return it == registries.end() ? nullptr : &*it;
}

Result<Lockfile> parse_lockfile(std::string_view bytes) {
  if (bytes.size() <= kMaxLockfileBytes && has_conflict_markers(bytes))
    return make_error(Errc::invalid, "nano.lock holds the conflict markers of a merge",
                      "take either side whole, then run `nano lock`: it keeps what still fits");
  return internal::parse_document<Lockfile>(bytes, kMaxLockfileBytes, "nano.lock", decode_document);
}

Problems check_lockfile(std::string_view bytes) {
  return internal::check_document<Lockfile>(bytes, kMaxLockfileBytes, decode_document);
}

Json to_json(const Lockfile& lock) {
  using internal::put;
  std::vector<const LockedPackage*> sorted;
  for (const LockedPackage& p : lock.packages) sorted.push_back(&p);
  std::sort(sorted.begin(), sorted.end(),
            [](const LockedPackage* a, const LockedPackage* b) { return a->name < b->name; });
  Json list = Json::array();
  for (const LockedPackage* p : sorted) {
    Json doc = {{"name", p->name.text()},
                {"version", p->version.text()},
                {"release", p->release.text()},
                {"size", p->size}};
    put(doc, "variant", p->variant);
    put(doc, "registry_id", p->registry_id);
    std::vector<std::string> signers = p->signers;
    std::sort(signers.begin(), signers.end());
    put(doc, "signers", signers);
    if (!p->requested) doc["requested"] = false;
    std::vector<PackageName> needs = p->dependencies;
    std::sort(needs.begin(), needs.end());
    std::vector<std::string> names;
    for (const PackageName& n : needs) names.push_back(n.text());
    put(doc, "dependencies", names);
    if (p->golden) doc["golden"] = {{"file", p->golden->file.text()}, {"outputs", p->golden->outputs.text()}};
    list.push_back(std::move(doc));
  }
  Json doc = {{"schema", std::string(kLockfileSchema)}, {"packages", std::move(list)}};
  std::vector<LockedRegistry> registries = lock.registries;
  std::sort(registries.begin(), registries.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const LockedRegistry& r : registries) {
    Json registry = {{"id", r.id}};
    put(registry, "url", r.url);
    doc["registries"].push_back(std::move(registry));
  }
  return doc;
}

std::string write_lockfile(const Lockfile& lock) {
  return dump_pretty(to_json(lock));
}

}  // namespace nano::schemas
