// schemas/manifest_rules.cpp: what must agree between the parts of a manifest, and the rules of package paths.
#include <algorithm>
#include <map>
#include <set>

#include "base/fs.h"
#include "base/text.h"
#include "schemas/decode.h"

namespace nano::schemas {
namespace {

std::string lower(std::string s) {
  for (char& c : s)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return s;
}

}  // namespace

Problems check_paths(const std::vector<std::string>& paths) {
  Problems out;
  std::map<std::string, std::size_t> files;   // lower case -> first index
  std::map<std::string, std::size_t> folders;  // lower case, of any file -> first index
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string at = internal::join("", i);
    const std::string& path = paths[i];
    if (!fs::is_package_path(path)) {
      out.push_back({at, "'" + sanitize(path.substr(0, 80)) + "' is not a package path", "use letters, digits, '.', '_' and '-' in names joined by '/'"});
      continue;
    }
    const std::string key = lower(path);
    if (key == "nano.json") out.push_back({at, "'" + path + "' is the manifest's own place", "leave it out: it is written from the release"});
    if (const auto [it, fresh] = files.emplace(key, i); !fresh)
      out.push_back({at, "'" + path + "' and '" + paths[it->second] + "' are the same path when case is ignored", "rename one of them"});
    for (auto slash = key.find('/'); slash != std::string::npos; slash = key.find('/', slash + 1)) folders.emplace(key.substr(0, slash), i);
  }
  for (const auto& [key, i] : files)
    if (const auto it = folders.find(key); it != folders.end())
      out.push_back({internal::join("", i), "'" + paths[i] + "' is a file and also the folder of '" + paths[it->second] + "'", "rename one of them"});
  return out;
}

namespace internal {
namespace {

/// Are all paths of the files there to be compared, or is one of them no text at all?
bool paths_are_known(const Report& report, const std::string& files) {
  if (report.places.contains(files)) return false;
  for (const Problem& p : report.problems) {
    if (p.pointer.size() <= files.size() || p.pointer.compare(0, files.size() + 1, files + "/") != 0) continue;
    const auto slash = p.pointer.find('/', files.size() + 1);
    if (slash == std::string::npos) return false;  // an entry that is no object, or lacks something
    if (p.pointer.substr(slash) == "/path" && p.message == "must be a string") return false;
  }
  return true;
}

void check_variants(const Manifest& m, const std::string& pointer, Report& report) {
  const std::string at = join(pointer, "variants");
  const std::string files = join(pointer, "files");
  if (report.faulty(join(pointer, "kind"))) return;
  const bool must_have = m.kind == Kind::model || m.kind == Kind::base || m.kind == Kind::head || m.kind == Kind::adapter;
  if (m.variants.empty()) {
    if (must_have && !m.files.empty() && !report.faulty(at)) report.add(at, "there is no variant", "give at least one, with its weights file");
    return;
  }
  const auto defaults = std::count_if(m.variants.begin(), m.variants.end(), [](const Variant& v) { return v.is_default; });
  const bool readable = !report.faulty(at);
  if (defaults != 1 && readable) report.add(at, std::to_string(defaults) + " variants are the default", "mark exactly one with \"default\": true");
  std::set<std::string> names;
  std::map<std::string, std::string> owner;  // path -> variant
  std::map<std::string_view, const FileEntry*> by_path;
  std::vector<std::string> paths;
  for (const FileEntry& f : m.files) {
    by_path.emplace(f.path, &f);
    paths.push_back(f.path);
  }
  const bool paths_known = paths_are_known(report, files), roles_known = !report.faulty(files);
  for (std::size_t i = 0; i < m.variants.size(); ++i) {
    const Variant& v = m.variants[i];
    const std::string here = join(at, i);
    if (!v.name.empty() && !names.insert(v.name).second) report.add(join(here, "name"), "the variant '" + v.name + "' stands twice");
    if (report.faulty(join(here, "files"))) continue;
    if (v.files.empty()) report.add(join(here, "files"), "the variant has no file");
    bool weights = !roles_known;
    for (std::size_t j = 0; j < v.files.size(); ++j) {
      const std::string place = join(join(here, "files"), j);
      const auto found = by_path.find(v.files[j]);
      const FileEntry* file = found == by_path.end() ? nullptr : found->second;
      if (file == nullptr) {
        weights = true;  // it may be these
        if (!paths_known || !fs::is_package_path(v.files[j])) continue;
        const auto near = suggestion(report, v.files[j], paths);
        report.add(place, "'" + sanitize(v.files[j]) + "' is not among the files", near ? "did you mean '" + *near + "'?" : "list it under files");
        continue;
      }
      weights = weights || file->role == Role::weights;
      const auto [it, fresh] = owner.emplace(v.files[j], v.name);
      if (!fresh && it->second != v.name)
        report.add(place, "'" + v.files[j] + "' belongs to the variant '" + it->second + "' too", "a file that all share belongs to none");
    }
    if (!weights && !v.files.empty() && !m.files.empty()) report.add(join(here, "files"), "none of the variant's files has the role 'weights'");
  }
}

void check_files(const Manifest& m, const std::string& pointer, Report& report) {
  const std::string at = join(pointer, "files");
  std::vector<std::string> paths;
  for (const FileEntry& f : m.files) paths.push_back(f.path.empty() ? "-" : f.path);  // "-" was reported when it was read
  for (Problem& p : check_paths(paths)) {
    const std::size_t i = static_cast<std::size_t>(std::stoul(p.pointer.substr(1)));
    if (!m.files[i].path.empty()) report.add(at + p.pointer, std::move(p.message), std::move(p.hint));
  }
  const bool known = !report.faulty(at);
  const bool variants_known = !report.faulty(join(pointer, "variants"));
  std::size_t cards = 0;
  for (std::size_t i = 0; i < m.files.size(); ++i) {
    const FileEntry& f = m.files[i];
    if (f.role == Role::card) ++cards;
    if (f.role == Role::weights && f.variant.empty() && !f.path.empty() && variants_known && known)
      report.add(join(at, i), "the weights '" + f.path + "' belong to no variant", "name them in a variant's files");
  }
  if (!known) return;
  if (m.kind != Kind::project && !m.files.empty() && cards != 1)
    report.add(at, std::to_string(cards) + " files have the role 'card'", "a package has one card: README.md");
  if (!m.license.file.empty()) {
    const FileEntry* f = m.find_file(m.license.file);
    if (f == nullptr || f->role != Role::license)
      report.add(join(join(pointer, "license"), "file"), "'" + m.license.file + "' is not among the files with the role 'license'");
  }
}

void check_dependencies(const Manifest& m, const std::string& pointer, Report& report) {
  const std::string at = join(pointer, "dependencies");
  if (report.faulty(join(pointer, "kind"))) return;
  std::set<PackageName> seen;
  std::size_t bases = 0;
  for (std::size_t i = 0; i < m.dependencies.size(); ++i) {
    const Dependency& d = m.dependencies[i];
    if (report.faulty(join(at, i))) continue;
    if (d.use == DependencyUse::base) ++bases;
    if ((d.use == DependencyUse::model) != (m.kind == Kind::project))
      report.add(join(join(at, i), "use"), m.kind == Kind::project ? "a project's dependencies have the use 'model'" : "only a project has dependencies with the use 'model'");
    if (d.name.name.empty()) continue;
    if (!seen.insert(d.name).second) report.add(join(at, i), "'" + d.name.text() + "' stands twice");
    if (d.name == m.name) report.add(join(at, i), "the package depends on itself");
  }
  if ((m.kind == Kind::head || m.kind == Kind::adapter) && bases != 1 && !report.faulty(at))
    report.add(at, "a " + std::string(to_text(m.kind)) + " needs exactly one dependency with the use 'base'");
}

/// Overrides, pins and registries belong to the one that decides: a project.
void check_project(const Manifest& m, const std::string& pointer, Report& report) {
  if (report.faulty(join(pointer, "kind"))) return;
  if (m.kind != Kind::project) {
    if (!m.overrides.empty()) report.add(join(pointer, "overrides"), "only a project has overrides");
    if (!m.pins.empty()) report.add(join(pointer, "pins"), "only a project has pins");
    if (!m.registries.empty()) report.add(join(pointer, "registries"), "only a project names registries");
    return;
  }
  std::set<PackageName> seen;
  for (std::size_t i = 0; i < m.overrides.size(); ++i)
    if (!seen.insert(m.overrides[i].name).second) report.add(join(join(pointer, "overrides"), i), "'" + m.overrides[i].name.text() + "' stands twice");
  seen.clear();
  for (std::size_t i = 0; i < m.pins.size(); ++i)
    if (!seen.insert(m.pins[i].name).second) report.add(join(join(pointer, "pins"), i), "'" + m.pins[i].name.text() + "' stands twice");
}

}  // namespace

void check_rules(const Manifest& m, const std::string& pointer, Report& report) {
  check_variants(m, pointer, report);
  check_files(m, pointer, report);
  check_dependencies(m, pointer, report);
  check_project(m, pointer, report);
  for (std::size_t i = 0; i < m.claims.size(); ++i) {
    const std::string& variant = m.claims[i].variant;
    if (!variant.empty() && m.find_variant(variant) == nullptr && !report.faulty(join(pointer, "variants")))
      report.add(join(join(join(pointer, "claims"), i), "variant"), "there is no variant '" + variant + "'");
  }
}

}  // namespace internal
}  // namespace nano::schemas
