// Projects at their edges: what a name means inside one, for programs that embed nano too; keys that change; models that embed.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>

#include "runtime_shim/include/nano.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

/// A project is the folder one stands in, as with git and cargo.
struct FolderWorld : World {
  FolderWorld() { REQUIRE(nano({"init", project()}).exit_code == 0); }
  std::string project() const { return path("project"); }
  std::string lock() const { return read(project() + "/nano.lock"); }
  /// In a folder below the project's.
  RunResult below(std::vector<std::string> args) {
    std::filesystem::create_directories(project() + "/src");
    std::vector<std::string> argv{"/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", project() + "/src",
                                  std::filesystem::absolute(bin("nano")).string()};
    argv.insert(argv.end(), args.begin(), args.end());
    return run(argv, {}, environment());
  }
};

/// The version that libnano opens for a name, "" when it opens none. Loaded by hand: this program holds the same code already.
std::string opened_by_libnano(const std::string& name, const std::string& store, const char* project) {
  void* lib = dlopen((std::filesystem::path(bin("nano")).parent_path().parent_path() / "lib" / "libnano.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(lib != nullptr);
  const auto open = reinterpret_cast<decltype(&nano_open)>(dlsym(lib, "nano_open"));
  const auto info = reinterpret_cast<decltype(&nano_model_info)>(dlsym(lib, "nano_model_info"));
  const auto close = reinterpret_cast<decltype(&nano_close)>(dlsym(lib, "nano_close"));
  REQUIRE((open != nullptr && info != nullptr && close != nullptr));
  nano_options options = NANO_OPTIONS_INIT;
  options.store = store.c_str();
  options.project = project;
  nano_model* model = nullptr;
  std::string version;
  if (open(name.c_str(), &options, &model) == NANO_OK) {
    nano_info i = NANO_INFO_INIT;
    REQUIRE(info(model, &i) == NANO_OK);
    version = i.version;
  }
  close(model);
  dlclose(lib);
  return version;
}

}  // namespace

TEST_CASE("in a project's folder a name means what is locked there, for nano run and for libnano") {
  FolderWorld w;
  for (const char* v : {"1.0.0", "1.1.0", "1.2.0"}) w.publish("tiny", v);
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny@1.1.0"}).exit_code == 0);
  REQUIRE(w.below({"add", "tiny@1.0.0"}).exit_code == 0);
  const auto version = [&](const RunResult& r) { return w.json(r)["data"]["version"].get<std::string>(); };
  CHECK(version(w.below({"run", "tiny", "x", "--json"})) == "1.0.0");
  CHECK(version(w.nano({"run", "tiny", "x", "--json"})) == "1.1.0");
  CHECK(version(w.nano({"run", "tiny", "x", "--json"}, {}, {{"NANO_PROJECT", w.project()}})) == "1.0.0");
  CHECK(version(w.below({"run", "tiny@1.1.0", "x", "--json"})) == "1.1.0");  // not what is locked: what is installed

  const std::string store = w.path("home/store/v1");
  CHECK(opened_by_libnano("tiny", store, w.project().c_str()) == "1.0.0");
  CHECK(opened_by_libnano("tiny", store, nullptr) == "1.1.0");
  setenv("NANO_PROJECT", w.project().c_str(), 1);
  CHECK(opened_by_libnano("tiny", store, nullptr) == "1.0.0");
  unsetenv("NANO_PROJECT");
  CHECK(opened_by_libnano("tiny", store, w.path("nowhere").c_str()).empty());

  // A lock that came with git pull: nothing else is run in its place.
  std::string other = w.lock();
  REQUIRE(w.below({"upgrade", "tiny@1.2.0"}).exit_code == 4);  // nano.json asks for 1.0.0
  write(w.project() + "/nano.lock", "");
  std::filesystem::remove(w.project() + "/nano.lock");
  REQUIRE(w.below({"add", "tiny@1.2.0"}).exit_code == 0);
  CHECK(version(w.below({"run", "tiny", "x", "--json"})) == "1.2.0");
  write(w.project() + "/nano.lock", other);
  const auto stale = w.below({"run", "tiny", "x"});
  CHECK(stale.exit_code == 3);
  CHECK(has(stale.err, "nano sync --frozen"));
  REQUIRE(w.below({"sync", "--frozen"}).exit_code == 0);
  CHECK(version(w.below({"run", "tiny", "x", "--json"})) == "1.0.0");
}

TEST_CASE("keys that change are told loudly by every command that reads the lock, until a lock holds the new ones") {
  FolderWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.below({"add", "tiny"}).exit_code == 0);
  const std::string before = w.lock();
  REQUIRE(w.program("nano-registry", {"namespace", "rekey", w.registry(), "_"}).exit_code == 0);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"sync", "--locked"}, {"lock", "--dry-run"}, {"upgrade", "--dry-run"}}) {
    const auto r = w.below(command);
    INFO(command.front() << ": " << r.err);
    CHECK(r.exit_code == 0);
    CHECK(has(r.err, "THE KEYS THAT SIGN tiny HAVE CHANGED"));
    CHECK(r.err.find("HAVE CHANGED") == r.err.rfind("HAVE CHANGED"));  // once
    CHECK(w.lock() == before);
  }
  const auto r = w.below({"lock"});
  CHECK(has(r.err, "HAVE CHANGED"));
  CHECK(w.lock() != before);
  CHECK_FALSE(has(w.below({"sync"}).err, "HAVE CHANGED"));
}

TEST_CASE("the golden vectors of a model that embeds are replayed by direction") {
  FolderWorld w;
  const std::string folder = w.make_package("tiny", "1.0.0", {{"task", "feature-extraction"}, {"labels", Json::array()}});
  const auto answer = w.json(w.nano({"embed", folder + "/", "a good film", "--json"}));
  Json vector = Json::array();
  for (const auto& x : answer["data"]["results"][0]["vector"]) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", 3 * x.get<double>());  // its length says nothing
    vector.push_back(text);
  }
  const auto publish = [&](const std::string& version, const Json& v) {
    Json m = parse_json(read(folder + "/nano.json")).value();
    m["version"] = version;
    if (version == "1.0.0") m["files"].push_back({{"path", "golden.json"}, {"role", "golden"}});
    write(folder + "/nano.json", dump_pretty(m));
    write(folder + "/golden.json", dump_pretty({{"inputs", Json::array({{{"text", "a good film"}, {"vector", v}}})}}));
    const auto r = w.program("nano-registry", {"add", w.registry(), w.pack_unchecked(folder)});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    std::filesystem::remove(folder + ".nano");
  };
  publish("1.0.0", vector);
  w.use_registry();
  const auto added = w.below({"add", "tiny@1.0.0"});
  INFO(added.err << added.out);
  REQUIRE(added.exit_code == 0);
  CHECK(has(added.out, "behaves as its golden file says (1 input)"));
  Json turned = vector;
  std::reverse(turned.begin(), turned.end());
  publish("1.1.0", turned);
  const auto r = w.below({"add", "tiny@1.1.0"});
  CHECK(r.exit_code == 10);
  CHECK(has(r.err, "points elsewhere"));
  turned.erase(turned.begin());
  publish("1.2.0", turned);
  CHECK(has(w.below({"add", "tiny@1.2.0"}).err, "numbers, not"));
  publish("1.3.0", Json::array({"0.1", 3}));
  CHECK(w.below({"add", "tiny@1.3.0"}).exit_code == 13);
}

TEST_CASE("what comes with nano can be added to a project: its golden inputs hold in each variant") {
  FolderWorld w;
  const auto starter = std::filesystem::path(bin("nano")).parent_path().parent_path() / "share" / "nanom" / "starter";
  if (!std::filesystem::exists(starter / "registry.json")) {
    WARN("SKIPPED: this build has no starter registry");
    return;
  }
  const std::map<std::string, std::string> env{{"NANO_PROJECT", w.project()}, {"NANO_STARTER", starter.string()}};
  for (const char* variant : {"q8", "q4"}) {
    const auto r = w.nano({"add", std::string("sentiment-50m:") + variant}, {}, env);
    INFO(variant << ": " << r.out << r.err);
    CHECK(r.exit_code == 0);
    CHECK(has(r.out, "behaves as its golden file says"));
  }
}

TEST_CASE("every command that changes something shows its plan first: the same items, and nothing changes") {
  FolderWorld w;
  for (const char* v : {"1.0.0", "1.1.0"}) w.publish("tiny", v);
  w.use_registry();
  const auto keys_of = [&](const RunResult& r, const std::string& action) {
    INFO(r.out << r.err);
    REQUIRE(r.exit_code == 0);
    const Json doc = w.json(r);
    CHECK(doc["data"]["dry_run"] == true);
    REQUIRE(doc["data"]["items"].size() == 1);
    const Json& item = doc["data"]["items"][0];
    CHECK(item["action"] == action);
    CHECK(item["name"] == "tiny");
    for (const char* key : {"version", "variant", "registry", "why", "requested", "bytes", "download_bytes", "unsigned"}) {
      INFO(key);
      CHECK(item.contains(key));
    }
  };
  keys_of(w.nano({"install", "tiny", "--dry-run", "--json"}), "install");
  CHECK(w.installed().empty());
  REQUIRE(w.nano({"install", "tiny@1.0.0"}).exit_code == 0);
  REQUIRE(w.nano({"install", "tiny@*"}).exit_code == 0);  // any version, from here on
  keys_of(w.nano({"upgrade", "--dry-run", "--json"}), "upgrade");
  keys_of(w.nano({"uninstall", "tiny", "--dry-run", "--json"}), "remove");
  CHECK(w.json(w.nano({"pin", "tiny", "--dry-run", "--json"}))["data"]["changed"] == true);
  CHECK(w.nano({"unpin", "tiny"}).exit_code == 3);
  REQUIRE(w.nano({"upgrade"}).exit_code == 0);
  keys_of(w.nano({"rollback", "--dry-run", "--json"}), "downgrade");
  CHECK(w.installed() == std::vector<std::string>{"tiny 1.1.0 f32"});
  CHECK(w.json(w.nano({"gc", "--dry-run", "--json"}))["data"]["dry_run"] == true);

  keys_of(w.below({"add", "tiny@1.0.0", "--dry-run", "--json"}), "install");
  CHECK(w.lock().empty());
  REQUIRE(w.below({"add", "tiny@1.0.0"}).exit_code == 0);
  const std::string lock = w.lock();
  REQUIRE(w.below({"add", "tiny@^1"}).exit_code == 0);
  for (const char* command : {"lock", "sync"}) {
    const auto r = w.json(w.below({command, "--dry-run", "--json"}));
    CHECK(r["data"]["dry_run"] == true);
    CHECK(r["data"]["items"].empty());
  }
  const auto moved = w.json(w.below({"upgrade", "--dry-run", "--json"}));
  CHECK(moved["data"]["changes"][0]["after"] == "1.1.0 f32");
  CHECK(moved["data"]["items"][0]["action"] == "upgrade");
  const auto removed = w.json(w.below({"remove", "tiny", "--dry-run", "--json"}));
  CHECK(removed["data"]["changes"][0]["after"] == "");
  CHECK(w.lock() == lock);
}

}  // namespace nano::test
