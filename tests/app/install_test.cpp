// The whole line with the real programs: publish, install, use, go back, remove.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("a published package is found, installed, run, verified and removed") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto found = w.json(w.nano({"search", "tiny", "--json"}));
  CHECK(found["schema"] == "nano.search/1");
  CHECK(found["data"]["hits"][0]["name"] == "tiny");
  const auto installed = w.nano({"install", "tiny"});
  INFO(installed.err);
  REQUIRE(installed.exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.0.0 f32"});
  const auto answer = w.json(w.nano({"run", "tiny", "a good film", "--json"}));
  CHECK(answer["schema"] == "nano.run/1");
  CHECK(answer["data"]["model"] == "tiny");
  CHECK(answer["data"]["version"] == "1.0.0");
  CHECK(answer["data"]["variant"] == "f32");
  const auto& result = answer["data"]["results"][0];
  CHECK(result["input"] == "a good film");
  double sum = 0;
  for (const auto& [label, p] : result["scores"].items()) sum += p.get<double>();
  CHECK(sum == Approx(1).margin(1e-4));
  CHECK(result["scores"].contains(result["label"].get<std::string>()));
  CHECK(answer["warnings"].empty());
  CHECK(w.nano({"verify"}).exit_code == 0);
  const auto weights = w.nano({"path", "tiny"});
  CHECK(read(std::string(weights.out.substr(0, weights.out.size() - 1))) ==
        read(data("bert_tiny/bert_tiny.gguf")));
  CHECK(has(w.nano({"card", "tiny"}).out, "What it does"));
  CHECK(has(w.nano({"info", "tiny"}).out, "text-classification"));
  CHECK(w.nano({"uninstall", "tiny"}).exit_code == 0);
  CHECK(w.installed().empty());
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 3);
}

TEST_CASE("installing again changes nothing and touches no registry") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  std::filesystem::remove_all(w.registry());
  const auto again = w.json(w.nano({"install", "tiny", "--json"}));
  CHECK(again["data"]["changed"] == false);
  CHECK(again["data"]["generation"] == 1);
}

TEST_CASE("versions: the newest by default, a range when asked, rollback to what was") {
  World w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.2.0");
  w.publish("tiny", "2.0.0-rc.1");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.2.0 f32"});
  REQUIRE(w.nano({"install", "tiny@1.0.0"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.0.0 f32"});
  REQUIRE(w.nano({"rollback"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.2.0 f32"});
  const auto history = w.json(w.nano({"history", "--json"}));
  CHECK(history["data"]["generations"].size() == 2);
  REQUIRE(w.nano({"install", "tiny@>=2.0.0-rc.1"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 2.0.0-rc.1 f32"});
  CHECK(w.nano({"rollback", "--to", "77"}).exit_code == 3);
}

TEST_CASE("what does not exist is named, with the nearest that does") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto no_package = w.nano({"install", "tniy"});
  CHECK(no_package.exit_code == 3);
  CHECK(has(no_package.err, "'tniy'"));
  CHECK(has(no_package.err, "did you mean 'tiny'"));
  const auto no_version = w.nano({"install", "tiny@^3"});
  CHECK(no_version.exit_code == 3);
  CHECK(has(no_version.err, "^3"));
  CHECK(has(no_version.err, "1.0.0"));
  const auto no_variant = w.nano({"install", "tiny:q9"});
  CHECK(no_variant.exit_code == 3);
  CHECK(has(no_variant.err, "f32"));
  const auto no_owner = w.nano({"install", "acme/tiny"});
  CHECK(no_owner.exit_code == 3);
  CHECK(has(no_owner.err, "acme"));
  for (const char* bad :
       {"Tiny", "tiny@1.02.0", "tiny@", "tiny:", "tiny@>2 <1", "-x-", "tiny@1.0.0+build"}) {
    const auto r = w.nano({"install", "--", bad});
    INFO(bad << ": " << r.err);
    CHECK(r.exit_code == 2);
  }
  CHECK(w.nano({"install", "a/b/c"}).exit_code == 3);  // a path
  CHECK(w.nano({"install"}).exit_code == 2);
  CHECK(w.installed().empty());
  const auto as_json = w.nano({"install", "tniy", "--json"});
  const auto error = parse_json(as_json.err);
  REQUIRE(error);
  CHECK((*error)["error"]["code"] == 3);
  CHECK((*error)["error"]["kind"] == "not_found");
  CHECK(as_json.out.empty());
}

TEST_CASE("a head brings its base, and both go together") {
  World w;
  w.publish("trunk", "1.4.0");
  const Json needs = {
      {"dependencies", Json::array({{{"name", "trunk"}, {"range", "^1.2"}, {"use", "base"}}})}};
  w.publish("head", "1.0.0", needs);
  w.use_registry();
  const auto r = w.nano({"install", "head"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(w.installed() == Strings{"head 1.0.0 f32", "trunk 1.4.0 f32"});
  const auto refused = w.nano({"uninstall", "trunk"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err, "head"));
  REQUIRE(w.nano({"uninstall", "head"}).exit_code == 0);
  CHECK(w.installed().empty());
}

TEST_CASE("a conflict is explained and changes nothing") {
  World w;
  w.publish("trunk", "1.0.0");
  w.publish("trunk", "2.0.0");
  const auto needs = [](const char* range) {
    return Json{{"dependencies", Json::array({{{"name", "trunk"}, {"range", range}, {"use", "base"}}})}};
  };
  w.publish("one", "1.0.0", needs("^1"));
  w.publish("two", "1.0.0", needs("^2"));
  w.use_registry();
  REQUIRE(w.nano({"install", "one"}).exit_code == 0);
  const auto r = w.nano({"install", "two"});
  INFO(r.err);
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "one"));
  CHECK(has(r.err, "trunk"));
  CHECK(w.installed() == Strings{"one 1.0.0 f32", "trunk 1.0.0 f32"});
}

TEST_CASE("a dry run shows the plan and changes nothing") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto plan = w.json(w.nano({"install", "tiny", "--dry-run", "--json"}));
  CHECK(plan["data"]["items"][0]["action"] == "install");
  CHECK(plan["data"]["items"][0]["download_bytes"].get<uint64_t>() > 300000);
  CHECK_FALSE(std::filesystem::exists(w.path("home/store/v1/current")));
}

TEST_CASE("gc frees what no generation needs and keeps what rollback needs") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"install", "other"}).exit_code == 0);
  REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"gc"}).exit_code == 0);
  REQUIRE(w.nano({"rollback"}).exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
  CHECK(w.installed().size() == 2);
}

}  // namespace
}  // namespace nano::test
