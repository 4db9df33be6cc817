// The registry that came with nano, alone and beside another one.
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

/// `s` is what came with the program, `w` the person's own registry, which takes the bare names when it is added.
struct Beside {
  World s{};
  World w{};
  Beside() {
    s.publish("tiny", "1.0.0");
    s.publish("only", "1.0.0");
    w.publish("tiny", "2.0.0");
  }
  RunResult nano(std::vector<std::string> args, std::string_view in = {}) { return w.nano(std::move(args), in, {{"NANO_STARTER", s.registry()}}); }
  std::map<std::string, std::string> listed() {
    std::map<std::string, std::string> out;
    const Json doc = w.json(nano({"list", "--json"}));
    for (const auto& p : doc["data"]["packages"]) out[p["name"]] = p["version"];
    return out;
  }
  void take_names() { REQUIRE(nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root", w.root()}).exit_code == 0); }
};

TEST_CASE("beside a registry that has the bare names, the starter registry's are reached as starter/NAME") {
  Beside b;
  b.take_names();
  const auto lost = b.nano({"install", "only"});
  CHECK(lost.exit_code == 3);
  CHECK(has(lost.err, "starter/only"));
  CHECK(has(b.nano({"info", "only"}).err, "starter/only"));
  CHECK_FALSE(has(b.nano({"install", "nowhere"}).err, "starter/"));
  REQUIRE(b.nano({"install", "starter/only", "starter/tiny", "tiny"}).exit_code == 0);
  CHECK(b.listed() == std::map<std::string, std::string>{{"starter/only", "1.0.0"}, {"starter/tiny", "1.0.0"}, {"tiny", "2.0.0"}});
  CHECK(b.nano({"run", "starter/only", "fine"}).exit_code == 0);
  CHECK(b.nano({"run", "starter/tiny", "fine"}).exit_code == 0);
  CHECK(b.nano({"run", "tiny", "fine"}).exit_code == 0);
  const auto bare = b.nano({"run", "only", "fine"});
  CHECK(bare.exit_code == 3);
  CHECK(has(bare.err, "starter/only"));
  CHECK(b.nano({"info", "starter/tiny"}).exit_code == 0);
  CHECK(b.nano({"verify"}).exit_code == 0);
  CHECK(b.nano({"audit"}).exit_code == 0);
  CHECK(b.nano({"outdated", "--exit-code"}).exit_code == 0);
  const auto found = b.nano({"search", "only"});
  CHECK(has(found.out, "starter/only"));
  CHECK(b.nano({"uninstall", "starter/tiny"}).exit_code == 0);
  CHECK(b.nano({"run", "tiny", "fine"}).exit_code == 0);
  CHECK(b.nano({"gc"}).exit_code == 0);
  CHECK(b.nano({"run", "starter/only", "fine"}).exit_code == 0);
}

TEST_CASE("newer versions of starter/NAME come from the starter registry alone") {
  Beside b;
  b.take_names();
  REQUIRE(b.nano({"install", "starter/tiny"}).exit_code == 0);
  CHECK(b.nano({"outdated", "--exit-code"}).exit_code == 0);  // though another registry has tiny 2.0.0
  b.s.publish("tiny", "1.1.0");
  CHECK(b.nano({"outdated", "--exit-code"}).exit_code == 11);
  REQUIRE(b.nano({"upgrade"}).exit_code == 0);
  CHECK(b.listed() == std::map<std::string, std::string>{{"starter/tiny", "1.1.0"}});
}

TEST_CASE("what was installed by its bare name stays reachable as starter/NAME when another registry takes the bare names") {
  Beside b;
  REQUIRE(b.nano({"install", "only"}).exit_code == 0);
  CHECK(b.nano({"run", "starter/only", "fine"}).exit_code == 0);
  b.take_names();
  CHECK(b.nano({"run", "only", "fine"}).exit_code == 0);
  CHECK(b.nano({"run", "starter/only", "fine"}).exit_code == 0);
  const auto r = b.nano({"outdated", "--exit-code"});
  CHECK(r.exit_code == 5);
  CHECK(has(r.err, "another registry"));
}

TEST_CASE("a project locks starter/NAME, and its second checkout has it") {
  Beside b;
  b.take_names();
  const auto in = [&](const std::string& dir, std::vector<std::string> args) {
    return b.w.nano(std::move(args), {}, {{"NANO_STARTER", b.s.registry()}, {"NANO_PROJECT", dir}});
  };
  REQUIRE(b.nano({"init", b.w.path("p")}).exit_code == 0);
  const auto added = in(b.w.path("p"), {"add", "starter/only"});
  INFO(added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(has(read(b.w.path("p/nano.lock")), "\"starter/only\""));
  CHECK(in(b.w.path("p"), {"run", "starter/only", "fine"}).exit_code == 0);
  CHECK(in(b.w.path("p"), {"sync", "--locked"}).exit_code == 0);
  std::filesystem::create_directories(b.w.path("q"));
  for (const char* f : {"/nano.json", "/nano.lock"}) std::filesystem::copy_file(b.w.path("p") + f, b.w.path("q") + f);
  CHECK(in(b.w.path("q"), {"sync", "--frozen"}).exit_code == 0);
  CHECK(in(b.w.path("q"), {"run", "starter/only", "fine"}).exit_code == 0);
}

TEST_CASE("attack: no other registry can take the name starter") {
  Beside b;
  CHECK(b.nano({"registry", "add", "evil", b.w.registry(), "--namespaces", "starter", "--root", b.w.root()}).exit_code == 2);
  CHECK(b.nano({"registry", "add", "starter", b.w.registry(), "--root-namespace", "--root", b.w.root()}).exit_code == 2);
  write(b.w.path("home/config/config.json"), dump_pretty({{"schema", "nano.config/1"},
                                                          {"registries", Json::array({{{"name", "evil"},
                                                                                       {"url", "file://" + b.w.registry()},
                                                                                       {"namespaces", Json::array({"starter"})},
                                                                                       {"root", "sha256:" + b.w.id()}}})}}));
  std::filesystem::create_directories(b.w.path("home/config/roots"));
  std::filesystem::copy_file(b.w.root(), b.w.path("home/config/roots/" + b.w.id() + ".json"));
  REQUIRE(b.nano({"install", "starter/tiny"}).exit_code == 0);
  CHECK(b.listed() == std::map<std::string, std::string>{{"starter/tiny", "1.0.0"}});
}

}  // namespace
}  // namespace nano::test
