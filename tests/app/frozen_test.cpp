// sync --frozen: nothing is asked for that the store holds, and a fresh clone is told what it lacks.
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/app/world.h"
#include "tests/registry/http_server.h"

namespace nano::test {
namespace {

namespace stdfs = std::filesystem;

/// A project locked to one package of a registry over HTTP, and copies of it.
struct Locked {
  World w{};
  HttpServer server;
  Locked() : server([this](const HttpRequest& r) { return serve_file(w.registry(), r); }) {
    w.publish("tiny");
    w.use_registry(server.url());
    REQUIRE(w.nano({"init", w.path("p")}).exit_code == 0);
    const auto r = in("p", {"add", "tiny"});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
  }
  RunResult in(const std::string& project, std::vector<std::string> args) { return w.nano(std::move(args), {}, {{"NANO_PROJECT", w.path(project)}}); }
  void copy(const std::string& to) {
    stdfs::create_directories(w.path(to));
    for (const char* f : {"/nano.json", "/nano.lock"}) stdfs::copy_file(w.path("p") + f, w.path(to) + f);
  }
  [[nodiscard]] std::string lock() const { return read(w.path("p/nano.lock")); }
};

TEST_CASE("a second checkout of a locked project asks no registry for what the store holds") {
  Locked l;
  l.copy("q");
  const std::size_t before = l.server.requests().size();
  REQUIRE(l.in("q", {"sync", "--frozen"}).exit_code == 0);
  CHECK(l.in("q", {"run", "tiny", "fine"}).exit_code == 0);
  CHECK(l.server.requests().size() == before);
  // Neither a registry nor its metadata are needed.
  REQUIRE(l.w.nano({"registry", "remove", "work"}).exit_code == 0);
  stdfs::remove_all(l.w.path("home/trust"));
  l.copy("r");
  const auto r = l.in("r", {"--offline", "sync", "--frozen"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(l.in("r", {"run", "tiny", "fine"}).exit_code == 0);
  CHECK(l.w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("what is installed for all is not fetched again for a frozen project") {
  Locked l;
  REQUIRE(l.w.nano({"install", "tiny"}).exit_code == 0);
  stdfs::remove_all(l.w.path("home/store/v1/roots"));
  l.copy("q");
  const std::size_t before = l.server.requests().size();
  CHECK(l.in("q", {"--offline", "sync", "--frozen"}).exit_code == 0);
  CHECK(l.server.requests().size() == before);
}

TEST_CASE("attack: a lock that names another release, version or registry is not met by what the store holds") {
  Locked l;
  const std::string good = l.lock();
  const auto with = [&](const std::string& what, const std::string& by) {
    l.copy("q");
    std::string text = good;
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    write(l.w.path("q/nano.lock"), text.replace(at, what.size(), by));
    const auto r = l.in("q", {"--offline", "sync", "--frozen"});
    INFO(r.err);
    stdfs::remove_all(l.w.path("q"));
    return r.exit_code;
  };
  const Json lock = parse_json(good).value();
  const std::string release = lock["packages"][0]["release"];
  CHECK(with(release, "sha256:" + std::string(64, '1')) != 0);
  CHECK(with("\"1.0.0\"", "\"1.0.1\"") != 0);
  CHECK(with("\"registry_id\": \"" + l.w.id(), "\"registry_id\": \"" + std::string(64, '2')) == 7);
}

TEST_CASE("a package whose folder is gone is not thought to be held") {
  Locked l;
  l.copy("q");
  for (const auto& e : stdfs::directory_iterator(l.w.path("home/store/v1/pkgs/_/tiny"))) {
    stdfs::permissions(e.path(), stdfs::perms::owner_all);
    stdfs::remove_all(e.path());
  }
  CHECK(l.in("q", {"--offline", "sync", "--frozen"}).exit_code != 0);
  CHECK(l.in("q", {"sync", "--frozen"}).exit_code == 0);
  CHECK(l.in("q", {"run", "tiny", "fine"}).exit_code == 0);
}

TEST_CASE("a lock says where its packages come from, and a fresh clone is told how to add that registry") {
  Locked l;
  CHECK(has(l.lock(), l.server.url()));
  World fresh;
  stdfs::create_directories(fresh.path("p"));
  for (const char* f : {"/nano.json", "/nano.lock"}) stdfs::copy_file(l.w.path("p") + f, fresh.path("p") + f);
  const std::string command = "nano registry add 127-0-0-1 " + l.server.url() + " --root-namespace --root-fingerprint " + l.w.id();
  const std::size_t before = l.server.requests().size();
  for (const std::vector<std::string>& args : {std::vector<std::string>{"sync"}, {"sync", "--frozen"}, {"sync", "--locked"}, {"lock"}, {"outdated"}}) {
    const auto r = fresh.nano(args, {}, {{"NANO_PROJECT", fresh.path("p")}});
    INFO(args.back() << r.err);
    CHECK(r.exit_code != 0);
    CHECK(has(r.err, command));
  }
  CHECK(l.server.requests().size() == before);  // a lock is no reason to ask that address for anything
  CHECK_FALSE(stdfs::exists(fresh.path("home/config/config.json")));
  // nano.json alone says it, too.
  stdfs::remove(fresh.path("p/nano.lock"));
  CHECK(has(fresh.nano({"sync"}, {}, {{"NANO_PROJECT", fresh.path("p")}}).err, command));
  stdfs::copy_file(l.w.path("p/nano.lock"), fresh.path("p/nano.lock"));
  // And the command, as it stands there, is what was lacking.
  REQUIRE(fresh.nano({"registry", "add", "127-0-0-1", l.server.url(), "--root-namespace", "--root-fingerprint", l.w.id()}).exit_code == 0);
  CHECK(fresh.nano({"sync", "--frozen"}, {}, {{"NANO_PROJECT", fresh.path("p")}}).exit_code == 0);
}

TEST_CASE("the same where the registry that came with nano has the bare names on the fresh machine") {
  Locked l;
  World s;
  s.publish("other");
  World fresh;
  stdfs::create_directories(fresh.path("p"));
  for (const char* f : {"/nano.json", "/nano.lock"}) stdfs::copy_file(l.w.path("p") + f, fresh.path("p") + f);
  for (const std::vector<std::string>& args : {std::vector<std::string>{"sync"}, {"sync", "--frozen"}}) {
    const auto r = fresh.nano(args, {}, {{"NANO_PROJECT", fresh.path("p")}, {"NANO_STARTER", s.registry()}});
    INFO(r.err);
    CHECK(r.exit_code != 0);
    CHECK(has(r.err, "--root-fingerprint " + l.w.id()));
  }
}

TEST_CASE("attack: an address in a lock is told only where a shell takes it for one word") {
  Locked l;
  World fresh;
  stdfs::create_directories(fresh.path("p"));
  stdfs::copy_file(l.w.path("p/nano.json"), fresh.path("p/nano.json"));
  for (const std::string evil : {"http://h/;reboot", "http://h/$(reboot)", "http://h/`reboot`", "http://h/ reboot", "http://u:p4ss@h/", "http://h/&reboot"}) {
    std::string text = l.lock();
    text.replace(text.find(l.server.url()), l.server.url().size(), evil);
    write(fresh.path("p/nano.lock"), text);
    const auto r = fresh.nano({"sync", "--frozen"}, {}, {{"NANO_PROJECT", fresh.path("p")}});
    INFO(evil << r.err);
    CHECK(r.exit_code != 0);
    CHECK_FALSE(has(r.err, "reboot"));
    CHECK_FALSE(has(r.err, "p4ss"));
    CHECK(has(r.err, " URL --root-namespace"));
  }
}

TEST_CASE("a lock without the addresses is read as before, gets them when it is written, and keeps the first one") {
  Locked l;
  Json lock = parse_json(l.lock()).value();
  lock.erase("registries");
  write(l.w.path("p/nano.lock"), dump_pretty(lock));
  CHECK(l.in("p", {"sync", "--frozen"}).exit_code == 0);
  CHECK(l.in("p", {"sync", "--locked"}).exit_code == 0);
  CHECK_FALSE(has(l.lock(), "registries"));
  REQUIRE(l.in("p", {"lock"}).exit_code == 0);
  CHECK(has(l.lock(), l.server.url()));
  const std::string written = l.lock();
  REQUIRE(l.w.nano({"registry", "remove", "work"}).exit_code == 0);
  l.w.use_registry();  // the same registry, by its folder
  REQUIRE(l.in("p", {"lock"}).exit_code == 0);
  CHECK(l.lock() == written);
}

}  // namespace
}  // namespace nano::test
