// Registries and settings: one owner a namespace, flag over variable over user.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("a namespace belongs to one registry") {
  World w;
  w.use_registry();
  const auto again =
      w.nano({"registry", "add", "second", w.registry(), "--root-namespace", "--root", w.root()});
  CHECK(again.exit_code == 2);
  CHECK(w.nano({"registry", "add", "second", w.registry(), "--namespaces", "acme,beta", "--root", w.root()})
            .exit_code == 0);
  CHECK(w.nano({"registry", "add", "third", w.registry(), "--namespaces", "beta", "--root", w.root()})
            .exit_code == 2);
  const auto list = w.json(w.nano({"registry", "list", "--json"}));
  CHECK(list["data"]["registries"].size() == 2);
  CHECK(w.nano({"registry", "remove", "secnd"}).exit_code == 3);
  CHECK(has(w.nano({"registry", "remove", "secnd"}).err, "second"));
  CHECK(w.nano({"registry", "remove", "second"}).exit_code == 0);
}

TEST_CASE("a registry needs a name, an address, a namespace and a root") {
  World w;
  const auto add = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"registry", "add"});
    return w.nano(args).exit_code;
  };
  CHECK(add({"Bad Name", w.registry(), "--root-namespace", "--root", w.root()}) == 2);
  CHECK(add({"work", "ftp://x/y", "--root-namespace", "--root", w.root()}) == 2);
  CHECK(add({"work", w.path("nowhere"), "--root-namespace", "--root", w.root()}) == 2);
  CHECK(add({"work", w.registry(), "--root", w.root()}) == 2);
  CHECK(add({"work", w.registry(), "--root-namespace"}) == 2);
  CHECK(add({"work", w.registry(), "--root-namespace", "--root", w.root(), "--trust-first-use"}) == 2);
  CHECK(add({"work", w.registry(), "--root-namespace", "--root-fingerprint", "abc"}) == 2);
  CHECK(add({"work", w.registry(), "--root-namespace", "--root", w.path("nowhere.json")}) == 3);
  CHECK(add({"work", w.registry(), "--root-namespace", "--root", w.registry() + "/registry.json"}) == 13);
  CHECK(add({"work", w.registry(), "--root-namespace", "--root", w.root()}) == 0);
}

TEST_CASE("a fingerprint pins the root that is fetched, and no other is taken") {
  World w;
  World other;
  const auto wrong = w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root-fingerprint", other.id()});
  CHECK(wrong.exit_code == 7);
  CHECK(has(wrong.err, w.id()));
  CHECK(w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"].empty());
  const auto r = w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root-fingerprint", "sha256:" + w.id()});
  CHECK(r.exit_code == 0);
  CHECK(has(r.out, w.id()));
  CHECK(w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"][0]["id"] == w.id());
}

TEST_CASE("trust on first use happens only when it is asked for, and prints the fingerprint") {
  World w;
  const auto r = w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--trust-first-use"});
  CHECK(r.exit_code == 0);
  CHECK(has(r.out, w.id()));
  CHECK(has(r.err, "served first"));
}

TEST_CASE("a registry that was added with a key is refused with what to do about it") {
  World w;
  w.publish("tiny");
  write(w.path("home/config/config.json"),
        dump_pretty({{"schema", "nano.config/1"},
                     {"registries", Json::array({{{"name", "old"},
                                                  {"url", "file://" + w.registry()},
                                                  {"root_namespace", true},
                                                  {"public_keys", Json::array({"ed25519:" + std::string(64, '7')})}}})}}));
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "public key"));
  CHECK(has(r.err, "--root"));
  CHECK(w.nano({"registry", "list"}).exit_code == 0);
  CHECK(w.nano({"doctor"}).exit_code == 15);
  CHECK(w.nano({"registry", "remove", "old"}).exit_code == 0);
  w.use_registry();
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
}

TEST_CASE("a pinned root that was changed on the disk is not believed") {
  World w;
  w.publish("tiny");
  w.use_registry();
  World other;
  write(w.path("home/config/roots/" + w.id() + ".json"), read(other.root()));
  CHECK(w.nano({"install", "tiny"}).exit_code == 7);
  std::filesystem::remove(w.path("home/config/roots/" + w.id() + ".json"));
  CHECK(w.nano({"install", "tiny"}).exit_code == 7);
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
