// Registries and settings: one owner a namespace, flag over variable over user.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("a namespace belongs to one registry") {
  World w;
  w.use_registry();
  const auto again =
      w.nano({"registry", "add", "second", w.registry(), "--root-namespace", "--key", w.key()});
  CHECK(again.exit_code == 2);
  CHECK(w.nano({"registry", "add", "second", w.registry(), "--namespaces", "acme,beta", "--key", w.key()})
            .exit_code == 0);
  CHECK(w.nano({"registry", "add", "third", w.registry(), "--namespaces", "beta", "--key", w.key()})
            .exit_code == 2);
  const auto list = w.json(w.nano({"registry", "list", "--json"}));
  CHECK(list["data"]["registries"].size() == 2);
  CHECK(w.nano({"registry", "remove", "secnd"}).exit_code == 3);
  CHECK(has(w.nano({"registry", "remove", "secnd"}).err, "second"));
  CHECK(w.nano({"registry", "remove", "second"}).exit_code == 0);
}

TEST_CASE("a registry needs a name, an address, a namespace and a key") {
  World w;
  const std::string key = w.key();
  CHECK(w.nano({"registry", "add", "Bad Name", w.registry(), "--root-namespace", "--key", key}).exit_code ==
        2);
  CHECK(w.nano({"registry", "add", "work", "ftp://x/y", "--root-namespace", "--key", key}).exit_code == 2);
  CHECK(w.nano({"registry", "add", "work", w.path("nowhere"), "--root-namespace", "--key", key}).exit_code ==
        2);
  CHECK(w.nano({"registry", "add", "work", w.registry(), "--key", key}).exit_code == 2);
  CHECK(w.nano({"registry", "add", "work", w.registry(), "--root-namespace"}).exit_code == 2);
  CHECK(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--key", "abc"}).exit_code == 2);
  CHECK(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--key",
                w.path("registry.keys/registry.pub")})
            .exit_code == 0);
}

TEST_CASE("flag beats variable beats user config") {
  World w;
  const auto value = [&](const char* key, std::vector<std::string> flags,
                         std::map<std::string, std::string> env) {
    std::vector<std::string> args = {"config", "get", key, "--json"};
    args.insert(args.end(), flags.begin(), flags.end());
    return w.json(w.nano(args, {}, std::move(env)))["data"];
  };
  CHECK(value("offline", {}, {})["from"] == "default");
  REQUIRE(w.nano({"config", "set", "offline", "true"}).exit_code == 0);
  CHECK(value("offline", {}, {})["value"] == "true");
  CHECK(value("offline", {}, {{"NANO_OFFLINE", "0"}})["value"] == "false");
  CHECK(value("offline", {"--offline"}, {{"NANO_OFFLINE", "0"}})["value"] == "true");
  CHECK(w.nano({"config", "set", "ofline", "true"}).exit_code == 2);
  CHECK(has(w.nano({"config", "set", "ofline", "true"}).err, "offline"));
  CHECK(w.nano({"config", "set", "offline", "maybe"}).exit_code == 2);
  CHECK(w.nano({"config", "unset", "offline"}).exit_code == 0);
  CHECK(w.nano({"list"}, {}, {{"NANO_OFFLINE", "perhaps"}}).exit_code == 2);
}

TEST_CASE("a damaged configuration is named and nothing is lost") {
  World w;
  write(w.path("home/config/config.json"), "{\"schema\":\"nano.config/1\",\"registrys\":[]}");
  const auto r = w.nano({"list"});
  CHECK(r.exit_code == 13);
  CHECK(has(r.err, "registrys"));
  CHECK(has(r.err, "config.json"));
  CHECK(w.nano({"config", "set", "quiet", "true"}).exit_code == 13);
  CHECK(has(read(w.path("home/config/config.json")), "registrys"));
}

TEST_CASE("doctor says what is wrong and exits 15 only then") {
  World w;
  w.use_registry();
  CHECK(w.nano({"doctor"}).exit_code == 0);
  std::filesystem::rename(w.registry(), w.path("moved"));
  const auto r = w.nano({"doctor"});
  CHECK(r.exit_code == 15);
  CHECK(has(r.out, "work"));
}

}  // namespace
}  // namespace nano::test
