// store/roots.cpp: roots/*.json.
#include "store/roots.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/project_root.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

constexpr std::string_view kRootSchema = "nano.root/1";

Result<ProjectRoot> read_file(const StoreLayout& layout, const Path& path) {
  NANO_TRY_ASSIGN(const std::string bytes, internal::read_own(layout, path, schemas::kMaxGenerationBytes));
  const auto bad = [&](std::string_view why) {
    return make_error(Errc::invalid, "the project root '" + path.string() + "' is damaged: " + std::string(why),
                      "remove that file, then run `nano sync` in the project it belonged to");
  };
  const auto doc = parse_json(bytes, {.max_bytes = schemas::kMaxGenerationBytes, .max_depth = 64, .allow_floats = false});
  if (!doc) return bad(doc.error().message);
  if (!doc->is_object() || doc->value("schema", Json()) != Json(kRootSchema)) return bad("it is not a nano.root/1 document");
  const auto project = doc->find("project");
  const auto wants = doc->find("wants");
  if (project == doc->end() || !project->is_string() || wants == doc->end()) return bad("'project' or 'wants' is missing");
  ProjectRoot root;
  const std::optional<std::string> whole = schemas::project_of_root(*doc);
  if (!whole) return bad("'project_hex' is no path");
  root.project = *whole;
  root.file = path.lexically_relative(layout.root()).string();
  if (!root.project.is_absolute()) return bad("'project' is not an absolute path");
  auto g = schemas::parse_generation(dump_line(*wants));
  if (!g) return bad(g.error().message);
  for (const auto& e : g->entries) {
    if (!internal::check_package_dir(e.dir)) return bad("'" + e.dir + "' is not the path of a package folder");
  }
  root.wants = std::move(g).value();
  return root;
}

}  // namespace

Status write_root(const WriteLock& lock, const Path& project, const schemas::Generation& wants) {
  if (!project.is_absolute())
    return make_error(Errc::usage, "the project path '" + project.string() + "' is not absolute");
  const StoreLayout& layout = lock.layout();
  NANO_TRY_ASSIGN(const fs::Dir roots, internal::make_folder(layout, layout.project_roots()));
  schemas::Generation numbered = wants;
  if (numbered.number == 0) numbered.number = 1;  // it is no generation of the store; the document wants a number
  const JsonLimits limits{.max_bytes = schemas::kMaxGenerationBytes, .max_depth = 64, .allow_floats = false};
  NANO_TRY_ASSIGN(const Json generation, parse_json(schemas::write_generation(numbered), limits));
  Json doc = {{"schema", kRootSchema}, {"project", sanitize(project.string())}, {"wants", generation}};
  // JSON holds text, a path holds bytes: what sanitising changes is kept beside it as it is.
  if (doc["project"] != Json(project.string())) doc["project_hex"] = to_hex(reinterpret_cast<const uint8_t*>(project.c_str()), project.native().size());
  return roots.write_atomic(layout.project_root(sha256(project.string())).filename(), dump_pretty(doc));
}

Result<ProjectRoot> read_root(const StoreLayout& layout, const Path& project) {
  return read_file(layout, layout.project_root(sha256(project.string())));
}

Result<ProjectRoot> read_root_file(const StoreLayout& layout, const std::string& name) {
  return read_file(layout, layout.project_roots() / name);
}

Result<std::vector<ProjectRoot>> read_roots(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout.project_roots()));
  std::vector<ProjectRoot> out;
  for (const std::string& name : names) {
    if (name.size() != 69 || name.substr(64) != ".json" || !Digest::parse_hex(std::string_view(name).substr(0, 64))) continue;
    NANO_TRY_ASSIGN(auto root, read_file(layout, layout.project_roots() / name));
    out.push_back(std::move(root));
  }
  return out;
}

}  // namespace nano::store
