#include "tests/app/world.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "registry/pack.h"

namespace nano::test {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

World::World() {
  env_ = {{"NANO_HOME", path("home")}, {"NANO_STARTER", path("no-starter")},
          {"NANO_STORE", ""},          {"NANO_STORE_PATH", ""},
          {"NANO_REGISTRY", ""},       {"NANO_OFFLINE", ""},
          {"NANO_JSON", ""},           {"NANO_QUIET", ""},
          {"NANO_VERBOSE", ""},        {"http_proxy", ""},
          {"https_proxy", ""},         {"no_proxy", "*"}};
  const auto r = program("nano-registry", {"init", registry()});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
}

RunResult World::program(const std::string& name, std::vector<std::string> args, std::string_view in,
                         std::map<std::string, std::string> env) {
  args.insert(args.begin(), bin(name));
  for (const auto& [k, v] : env_) env.emplace(k, v);
  return run(args, in, env);
}

RunResult World::nano(std::vector<std::string> args, std::string_view in,
                      std::map<std::string, std::string> env) {
  return program("nano", std::move(args), in, std::move(env));
}

RunResult World::nano_in(const std::string& folder, std::vector<std::string> args, std::map<std::string, std::string> env) {
  std::vector<std::string> argv{"/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder,
                                std::filesystem::absolute(bin("nano")).string()};
  argv.insert(argv.end(), args.begin(), args.end());
  for (const auto& [k, v] : env_) env.emplace(k, v);
  return run(argv, {}, env);
}

Json World::json(const RunResult& r) const {
  INFO(r.out << r.err);
  JsonLimits limits;
  limits.max_bytes = uint64_t{64} << 20;
  limits.allow_floats = true;
  auto doc = parse_json(r.out, limits);
  REQUIRE(doc);
  return *doc;
}

std::string World::make_package(const std::string& name, const std::string& version, const Json& change) {
  const std::string folder = path("packages/" + name + "-" + version);
  auto r = nano({"new", folder, "--from", data("bert_tiny/bert_tiny.gguf").string(), "--name", name});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  Json m = parse_json(read(folder + "/nano.json")).value();
  m["version"] = version;
  m["license"] = {{"spdx", "Apache-2.0"}};
  m["title"] = "A small random model called " + name;
  m["files"].push_back({{"path", "notes/" + name + ".txt"}, {"role", "other"}});
  m.update(change);
  write(folder + "/nano.json", dump_pretty(m));
  write(folder + "/notes/" + name + ".txt",
        "notes of " + name + " " + version + "\n" + std::string(200000, 'n'));
  return folder;
}

std::string World::pack(const std::string& folder) {
  const std::string out = folder + ".nano";
  const auto r = nano({"pack", folder, "-o", out, "--force"});
  INFO(r.err << r.out);
  REQUIRE(r.exit_code == 0);
  return out;
}

std::string World::pack_unchecked(const std::string& folder) {
  Json m = parse_json(read(folder + "/nano.json")).value();
  std::map<std::string, std::string> kept;
  for (Json& f : m["files"]) {
    if (f["role"] != "golden") continue;
    kept[f["path"]] = read(folder + "/" + f["path"].get<std::string>());
  }
  registry::PackOptions options;
  options.created = 1'700'000'000;
  // Packed with a golden file that is fit to pack, then with the bytes that are wanted under the same name.
  for (const auto& [path_of, bytes] : kept) write(folder + "/" + path_of, R"({"inputs": [{"text": "a", "label": "a"}]})");
  auto packed = registry::pack_folder(folder, options);
  REQUIRE(packed);
  REQUIRE(packed->packed);
  auto& p = *packed->packed;
  for (const auto& [path_of, bytes] : kept) {
    write(folder + "/" + path_of, bytes);
    for (auto& f : p.release.files) {
      if (f.path != path_of) continue;
      for (auto& blob : p.blobs)
        if (blob.blob.digest == f.sha256) blob.blob = {.digest = sha256(bytes), .size = bytes.size()};
      f.sha256 = sha256(bytes);
      f.size = bytes.size();
    }
  }
  std::sort(p.blobs.begin(), p.blobs.end(), [](const auto& a, const auto& b) { return a.blob.digest < b.blob.digest; });
  const auto release = schemas::release_bytes(p.release);
  REQUIRE(release);
  const std::string out = folder + ".nano";
  REQUIRE(registry::write_bundle(out, *release, p.blobs));
  return out;
}

void World::publish(const std::string& name, const std::string& version, const Json& change) {
  const auto r = program("nano-registry", {"add", registry(), pack(make_package(name, version, change))});
  INFO(r.err << r.out);
  REQUIRE(r.exit_code == 0);
}

std::string World::root() const {
  return path("registry/metadata/1.root.json");
}

std::string World::id() const {
  return sha256(read(root())).hex();
}

void World::use_registry(const std::string& url) {
  const auto r =
      nano({"registry", "add", "work", url.empty() ? registry() : url, "--root-namespace", "--root", root()});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
}

std::string World::blob_of(const std::string& file) const {
  const std::string hex = sha256(read(file)).hex();
  return registry() + "/blobs/sha256/" + hex.substr(0, 2) + "/" + hex;
}

std::vector<std::string> World::installed() {
  const Json doc = json(nano({"list", "--json"}));
  std::vector<std::string> out;
  for (const auto& p : doc["data"]["packages"])
    out.push_back(p["name"].get<std::string>() + " " + p["version"].get<std::string>() + " " +
                  p["variant"].get<std::string>());
  return out;
}

}  // namespace nano::test
