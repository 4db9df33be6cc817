// Where registries are, and what is said of those that cannot be asked.
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/app/world.h"
#include "tests/registry/http_server.h"

namespace nano::test {
namespace {

namespace stdfs = std::filesystem;

HttpServer::Handler files_in(std::string folder) {
  return [folder = std::move(folder)](const HttpRequest& r) { return serve_file(folder, r); };
}

Json warnings_of(World& w, const RunResult& r) { return w.json(r)["warnings"]; }

/// A client with one package of a registry that can be taken away.
struct Away {
  World w{};
  Away() {
    w.publish("tiny", "1.0.0");
    w.use_registry();
    REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
    w.publish("tiny", "1.1.0");
  }
  void take_away() { stdfs::rename(w.registry(), w.path("away")); }
};

TEST_CASE("a registry's folder may be called anything: every command finds it") {
  for (const std::string name : {"my models", "100%", "a#b", "a?b", "модели", "%20", "[x]", "it's"}) {
    World w;
    w.publish("tiny");
    INFO(name);
    stdfs::rename(w.registry(), w.path(name));
    const auto added = w.nano({"registry", "add", "work", w.path(name), "--root-namespace", "--root", w.path(name) + "/metadata/1.root.json"});
    INFO(added.err);
    REQUIRE(added.exit_code == 0);
    CHECK(w.nano({"install", "tiny"}).exit_code == 0);
    CHECK(w.nano({"search", "tiny"}).exit_code == 0);
    CHECK(w.nano({"doctor"}).exit_code == 0);
    CHECK(w.nano({"trust", "list"}).exit_code == 0);
    const Json row = w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"][0];
    CHECK(row["fault"] == "");
    // Its address, as it is shown, is one to give.
    World again;
    CHECK(again.nano({"registry", "add", "work", row["url"], "--root-namespace", "--root-fingerprint", row["id"]}).exit_code == 0);
    CHECK(again.nano({"install", "tiny"}).exit_code == 0);
    CHECK(again.nano({"--registry", w.path(name), "search", "tiny"}).exit_code == 0);
  }
}

TEST_CASE("a registry through a link follows the link, and a relative folder is the one that was meant") {
  World w;
  w.publish("tiny");
  stdfs::create_directory_symlink(w.registry(), w.path("current"));
  REQUIRE(w.nano({"registry", "add", "work", w.path("current") + "/", "--root-namespace", "--root", w.root()}).exit_code == 0);
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
  stdfs::rename(w.registry(), w.path("moved"));
  CHECK(w.nano({"doctor"}).exit_code == 15);
  stdfs::remove(w.path("current"));
  stdfs::create_directory_symlink(w.path("moved"), w.path("current"));
  CHECK(w.nano({"doctor"}).exit_code == 0);
  REQUIRE(w.nano({"registry", "remove", "work"}).exit_code == 0);
  const std::string near = stdfs::relative(w.path("moved")).string();
  REQUIRE(w.nano({"registry", "add", "work", near, "--root-namespace", "--root", w.path("moved/metadata/1.root.json")}).exit_code == 0);
  CHECK(w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"][0]["url"].get<std::string>().starts_with("file:///"));
  CHECK(w.nano({"search", "tiny"}).exit_code == 0);
}

TEST_CASE("a program that was unpacked into a folder with a space has its starter registry") {
  World w;
  w.publish("tiny");
  stdfs::create_directories(w.path("My Tools%20"));
  stdfs::rename(w.registry(), w.path("My Tools%20/starter"));
  const std::map<std::string, std::string> env = {{"NANO_STARTER", w.path("My Tools%20/starter")}};
  CHECK(w.nano({"install", "tiny"}, {}, env).exit_code == 0);
  CHECK(w.nano({"doctor"}, {}, env).exit_code == 0);
  CHECK(w.nano({"trust", "show", "starter"}, {}, env).exit_code == 0);
}

TEST_CASE("an address that use would refuse is refused when it is added, and nothing of it is kept") {
  World w;
  for (const std::string bad : {"http://user:secret@127.0.0.1:9/x", "https://127.0.0.1:9/x?token=secret", "http://127.0.0.1:9/x#secret", "http://127.0.0.1:99999/",
                                "http:///x", "http://h/%zz", "http://[fe80::1%25lo]/", "ftp://h/x", "file://other/x", "file:///a%2", "http://h\\x/"}) {
    const auto r = w.nano({"registry", "add", "work", bad, "--root-namespace", "--root", w.root()});
    INFO(bad << r.err);
    CHECK(r.exit_code == 2);
    CHECK_FALSE(has(r.err, "secret"));
  }
  CHECK_FALSE(stdfs::exists(w.path("home/config/config.json")));
  w.publish("tiny");
  const HttpServer server(files_in(w.registry()));
  std::string loud = server.url() + "/";
  loud.replace(0, 4, "HTTP");
  REQUIRE(w.nano({"registry", "add", "web", loud, "--root-namespace", "--root", w.root()}).exit_code == 0);
  CHECK(w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"][0]["url"] == server.url());
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"registry", "remove", "web"}).exit_code == 0);
  REQUIRE(w.nano({"registry", "add", "here", "file://localhost" + w.registry() + "/", "--root-namespace", "--root", w.root()}).exit_code == 0);
  CHECK(w.nano({"search", "tiny"}).exit_code == 0);
}

TEST_CASE("no output shows a password: of a proxy, of an address in the settings, of an address on the command line") {
  World w;
  w.publish("tiny");
  const auto shows = [&](const RunResult& r) { return has(r.out + r.err, "s3cret"); };
  write(w.path("home/config/config.json"), dump_pretty({{"schema", "nano.config/1"},
                                                        {"registries", Json::array({{{"name", "old"},
                                                                                     {"url", "http://user:s3cret@127.0.0.1:9/x"},
                                                                                     {"root_namespace", true},
                                                                                     {"root", "sha256:" + w.id()}}})}}));
  stdfs::create_directories(w.path("home/config/roots"));
  stdfs::copy_file(w.root(), w.path("home/config/roots/" + w.id() + ".json"));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"search", "x"}, {"install", "tiny"}, {"registry", "list"}, {"trust", "list"}, {"doctor"}, {"outdated"}, {"audit"}}) {
    for (const char* form : {"--verbose", "--json"}) {
      std::vector<std::string> args = command;
      args.insert(args.begin(), form);
      const auto r = w.nano(args);
      INFO(r.out << r.err);
      CHECK_FALSE(shows(r));
    }
  }
  CHECK_FALSE(shows(w.nano({"--registry", "http://user:s3cret@h/x?y=s3cret", "install", "tiny"})));
  stdfs::remove(w.path("home/config/config.json"));
  REQUIRE(w.nano({"registry", "add", "work", "http://registry.invalid:8080/x", "--root-namespace", "--root", w.root()}).exit_code == 0);
  for (const std::string proxy : {"http://user:s3cret@127.0.0.1:9", "http://user:s3cret@127.0.0.1:99999", "ftp9://user:s3cret@h", "http://user:s3cret@[::1",
                                  "http://user:s3cret @127.0.0.1:9", "user:s3cret@127.0.0.1:9", "http://user:s3c/s3cret@127.0.0.1:9"}) {
    const auto r = w.nano({"--verbose", "search", "x"}, {}, {{"http_proxy", proxy}, {"no_proxy", ""}});
    INFO(r.err);
    CHECK(r.exit_code == 5);
    CHECK_FALSE(shows(r));
  }
}

TEST_CASE("what a command line says of an address is kept without its password") {
  World w;
  w.publish("tiny");
  w.use_registry();
  // The registry is named by an address that is none of those configured: the command still works on what is there.
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"--registry", "http://user:s3cret@h/x", "uninstall", "tiny"}).exit_code == 0);
  for (const auto& e : stdfs::recursive_directory_iterator(w.path("home")))
    if (e.is_regular_file()) CHECK_FALSE(has(read(e.path()), "s3cret"));
}

TEST_CASE("a registry that is down, removed, hidden or expired is no reason to say up to date") {
  Away a;
  World& w = a.w;
  const auto said = [&](const std::string& how, std::vector<std::string> flags, std::map<std::string, std::string> env = {}) {
    INFO(how);
    const auto with = [&](std::vector<std::string> args) {
      args.insert(args.begin(), flags.begin(), flags.end());
      const auto r = w.nano(args, {}, env);
      INFO(r.out << r.err);
      CHECK_FALSE(has(r.out, "up to date"));
      return r;
    };
    CHECK(with({"outdated"}).exit_code == 0);
    CHECK(has(with({"outdated"}).err, "tiny"));
    CHECK(with({"outdated", "--exit-code"}).exit_code == 5);
    const auto doc = with({"outdated", "--json"});
    CHECK(warnings_of(w, doc).size() == 1);
    CHECK(w.json(doc)["data"]["unasked"] == Json::array({"tiny"}));
    const auto all = with({"upgrade"});
    CHECK(all.exit_code == 0);
    CHECK(has(all.err, "tiny"));
    CHECK(with({"upgrade", "tiny"}).exit_code != 0);
    CHECK(warnings_of(w, with({"upgrade", "--json"})).size() >= 1);
    CHECK(with({"audit"}).exit_code == 15);
  };
  said("hidden", {"--registry", "other"});
  a.take_away();
  said("down", {});
  CHECK(w.nano({"doctor"}).exit_code == 15);
  stdfs::rename(w.path("away"), w.registry());
  CHECK(w.nano({"outdated", "--exit-code"}).exit_code == 11);
  REQUIRE(w.nano({"registry", "remove", "work"}).exit_code == 0);
  said("removed", {});
}

TEST_CASE("offline, what was fetched last is not called up to date") {
  World w;
  w.publish("tiny");
  const HttpServer server(files_in(w.registry()));
  w.use_registry(server.url());
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.nano({"outdated", "--exit-code"}).exit_code == 0);
  const std::size_t before = server.requests().size();
  const auto r = w.nano({"--offline", "outdated", "--exit-code"});
  CHECK(r.exit_code == 5);
  CHECK_FALSE(has(r.out, "up to date"));
  CHECK(has(r.err, "offline"));
  CHECK(has(w.nano({"--offline", "audit"}).err, "offline"));
  const Json checks = w.json(w.nano({"--offline", "doctor", "--json"}))["data"]["checks"];
  bool told = false;
  for (const auto& c : checks) told = told || (c["name"] == "registry work" && c["health"] == "warning" && has(c["message"], "not asked"));
  CHECK(told);
  CHECK(server.requests().size() == before);
}

TEST_CASE("a package that came from another registry than the one that has its name now is not called up to date") {
  Away a;
  World& w = a.w;
  World other;
  other.publish("big");
  REQUIRE(w.nano({"registry", "remove", "work"}).exit_code == 0);
  REQUIRE(w.nano({"registry", "add", "other", other.registry(), "--root-namespace", "--root", other.root()}).exit_code == 0);
  const auto r = w.nano({"outdated", "--exit-code"});
  CHECK(r.exit_code == 5);
  CHECK(has(r.err, "another registry"));
}

TEST_CASE("one dead registry costs one wait, not one for each package") {
  World w;
  w.publish("tiny");
  w.publish("second");
  w.publish("third");
  std::atomic<bool> down{false};
  const HttpServer server([&](const HttpRequest& r) { return down ? answer(500, "") : serve_file(w.registry(), r); });
  w.use_registry(server.url());
  REQUIRE(w.nano({"install", "tiny", "second", "third"}).exit_code == 0);
  down = true;
  const std::size_t before = server.requests().size();
  const auto r = w.nano({"outdated", "--json"});
  CHECK(warnings_of(w, r).size() == 3);
  CHECK(server.requests().size() - before <= 5);  // one request and its four retries
}

TEST_CASE("doctor asks each registry: one that answers with nothing good is no ok") {
  World w;
  w.publish("tiny");
  std::atomic<int> status{200};
  const HttpServer server([&](const HttpRequest& r) { return status == 200 ? serve_file(w.registry(), r) : answer(status, "no"); });
  w.use_registry(server.url());
  CHECK(w.nano({"doctor"}).exit_code == 0);
  for (const int s : {500, 404, 403}) {
    status = s;
    const auto r = w.nano({"doctor"});
    INFO(s << r.out);
    CHECK(r.exit_code == 15);
    CHECK(has(r.out, "cannot be used now"));
  }
}

TEST_CASE("one dead registry does not keep the others' packages from being chosen by task") {
  World w;
  w.publish("tiny");
  w.use_registry();
  World other;
  REQUIRE(w.nano({"registry", "add", "dead", "http://127.0.0.1:9", "--namespaces", "acme", "--root", other.root()}).exit_code == 0);
  const auto ranked = w.nano({"resolve", "--task", "text-classification", "--json"});
  INFO(ranked.out << ranked.err);
  CHECK(ranked.exit_code == 0);
  CHECK(warnings_of(w, ranked).size() == 1);
  CHECK(has(ranked.out, "tiny"));
  w.nano({"registry", "remove", "work"});
  const auto none = w.nano({"resolve", "--task", "text-classification"});
  CHECK(none.exit_code == 5);
}

}  // namespace
}  // namespace nano::test
