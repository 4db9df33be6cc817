// Choosing with the real programs: claims corrected by this machine's calibration, the policy's rules in the resolver.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdio>

#include "tests/app/world.h"

namespace nano::test {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("a claimed latency is corrected by the calibration it states and this machine's own, from manifest to choice") {
  World w;
  const Json machine = w.json(w.nano({"doctor", "hw", "--json"}));
  const double here = machine["data"]["calibration_us"]["f32"];
  REQUIRE(here > 0);
  char there[32];
  std::snprintf(there, sizeof there, "%.4f", here / 3);  // the publisher's machine is three times as fast
  const auto claim = [&](const char* calibration) {
    Json conditions = {{"device", "cpu"}, {"cpu", "another"}, {"isa", "avx2"}, {"threads", 1}, {"batch", 1}, {"runtime_version", "1"},
                       {"runs", 100},     {"warmup", 5}};
    if (calibration != nullptr) conditions["calibration_us"] = calibration;
    return Json{{"claims", Json::array({{{"variant", "f32"},
                                         {"task", "text-classification"},
                                         {"conditions", conditions},
                                         {"latency", {{"p50_ms", "2.000"}, {"p95_ms", "3.000"}, {"p99_ms", "4.000"}}},
                                         {"harness_version", "1"},
                                         {"command", "none"},
                                         {"date", "2026-01-01T00:00:00Z"}}})}};
  };
  w.publish("plain", "1.0.0", claim(nullptr));
  w.publish("stated", "1.0.0", claim(there));
  w.use_registry();
  const Json plain = w.json(w.nano({"why-variant", "plain", "--json"}));
  CHECK(plain["data"]["calibrated"] == false);
  CHECK(plain["data"]["variants"][0]["p50_ms"] == 2.0);
  const Json stated = w.json(w.nano({"why-variant", "stated", "--json"}));
  CHECK(stated["data"]["calibrated"] == true);
  CHECK(std::abs(stated["data"]["variants"][0]["p50_ms"].get<double>() - 6.0) < 0.01);
  CHECK(stated["data"]["variants"][0]["p50_claimed_ms"] == 2.0);
  // The corrected figure is what a bound is held against.
  CHECK(w.nano({"install", "plain", "--max", "p50=4ms"}).exit_code == 0);
  const auto refused = w.nano({"install", "stated", "--max", "p50=4ms"});
  INFO(refused.err);
  CHECK(refused.exit_code == 4);
  CHECK(has(refused.err, "has p50 6.00 ms"));
  CHECK(w.nano({"install", "stated", "--max", "p50=7ms"}).exit_code == 0);
}

void policy(const World& w, const std::string& rule) {
  write(std::filesystem::path(w.environment().at("NANO_HOME")) / "config" / "policy.json",
        R"({"schema":"nano.policy/1","rules":[{"name":"ours","packages":["*"],)" + rule + "}]}");
}

TEST_CASE("the newest version that policy and advisories allow is taken, when none is, rule and remedy are told") {
  World w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.1.0", {{"license", {{"spdx", "GPL-3.0-only"}}}});
  w.publish("tiny", "1.2.0");
  w.use_registry();
  const auto add = w.program("nano-registry", {"advisory", "add", w.registry(), "nano-2026-0001", "--title", "it steals", "--affects",
                                               "tiny@1.2.0", "--severity", "malware"});
  INFO(add.err);
  REQUIRE(add.exit_code == 0);
  CHECK(w.json(w.nano({"install", "tiny", "--dry-run", "--json"}))["data"]["items"][0]["version"] == "1.1.0");
  const auto malware = w.nano({"install", "tiny@1.2.0"});
  CHECK(malware.exit_code == 7);
  CHECK(has(malware.err, "nano-2026-0001"));

  policy(w, R"("licenses":["permissive"])");
  CHECK(w.json(w.nano({"install", "tiny", "--dry-run", "--json"}))["data"]["items"][0]["version"] == "1.0.0");
  const auto refused = w.nano({"install", "tiny@>=1.1"});
  INFO(refused.err);
  CHECK(refused.exit_code == 7);
  CHECK(has(refused.err, "tiny 1.1.0 breaks the policy rule 'ours' (licenses)"));
  CHECK(has(refused.err, "another policy rule 'ours'"));
  CHECK(has(w.nano({"why-not", "tiny@1.1.0"}).out, "policy rule 'ours'"));
  // Not by trust alone: without the rule there would be no version either.
  CHECK(w.nano({"install", "tiny@>=1.1", "--max", "size=1KB"}).exit_code == 4);

  policy(w, R"("min_release_age":"7d")");
  const auto young = w.nano({"install", "tiny"});
  CHECK(young.exit_code == 7);
  CHECK(has(young.err, "is younger than the policy rule 'ours' allows"));
  policy(w, R"("kinds":["dataset"])");
  CHECK(w.nano({"install", "tiny"}).exit_code == 7);
  policy(w, R"("signers":{"keys":[")" + std::string(64, 'a') + R"("]})");
  CHECK(has(w.nano({"install", "tiny"}).err, "(signers)"));
  CHECK(w.installed().empty());
}

TEST_CASE("a release is as old as its registry has served it, whatever its publisher says") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  const auto r = w.nano({"install", "tiny", "--min-age", "7d"});
  INFO(r.err);
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "is younger than 7d (--min-age)"));
  CHECK(has(r.err, "`--min-age 0` would allow tiny 1.0.0"));
}

TEST_CASE("two packages that need different variants of a third are told apart, or an older one is taken") {
  World w;
  const auto needs = [](const char* variant) {
    return Json{{"dependencies", Json::array({{{"name", "trunk"}, {"range", "^1"}, {"use", "base"}, {"variant", variant}}})}};
  };
  const std::string folder = w.make_package("trunk", "1.0.0");
  Json m = parse_json(read(folder + "/nano.json")).value();
  const std::string weights = m["variants"][0]["files"][0];
  std::filesystem::copy_file(folder + "/" + weights, folder + "/again.gguf");
  m["files"].push_back({{"path", "again.gguf"}, {"role", "weights"}});
  m["variants"].push_back({{"name", "again"}, {"quantization", m["variants"][0]["quantization"]}, {"files", {"again.gguf"}}});
  m["variants"][0]["default"] = true;
  write(folder + "/nano.json", dump_pretty(m));
  const auto added = w.program("nano-registry", {"add", w.registry(), w.pack(folder)});
  INFO(added.err);
  REQUIRE(added.exit_code == 0);
  w.publish("one", "1.0.0", needs("f32"));
  w.publish("two", "1.0.0", needs("f32"));
  w.publish("two", "2.0.0", needs("again"));
  w.use_registry();
  const auto both = w.nano({"install", "one", "two"});
  INFO(both.err);
  REQUIRE(both.exit_code == 0);
  CHECK(w.installed() == Strings{"one 1.0.0 f32", "trunk 1.0.0 f32", "two 1.0.0 f32"});
  const auto clash = w.nano({"install", "two@2"});
  CHECK(clash.exit_code == 4);
  INFO(clash.err);
  CHECK((has(clash.err, "in variant f32") && has(clash.err, "in variant again")));
  CHECK(has(clash.err, "one variant of a package is installed at a time"));
  CHECK(has(clash.err, "`nano uninstall one` first would allow two 2.0.0"));
}

TEST_CASE("requests that make no sense are refused before anything is asked") {
  World w;
  w.publish("tiny", "1.0.0");
  const std::string itself = w.make_package("loop", "1.0.0", {{"dependencies", Json::array({{{"name", "loop"}, {"range", "^1"}, {"use", "base"}}})}});
  const auto packed = w.nano({"pack", itself, "-o", itself + ".nano"});
  CHECK(packed.exit_code == 13);
  CHECK(has(packed.out + packed.err, "the package depends on itself"));
  w.publish("left", "1.0.0", {{"dependencies", Json::array({{{"name", "right"}, {"range", "*"}, {"use", "base"}}})}});
  w.publish("right", "1.0.0", {{"dependencies", Json::array({{{"name", "left"}, {"range", "*"}, {"use", "base"}}})}});
  w.use_registry();
  for (const char* faulty : {"tiny@>2 <1", "tiny@1.02.0", "tiny@", "tiny@||", "tiny@1.0.0:", "@1", "tiny@1.0.0+build"}) {
    INFO(faulty);
    CHECK(w.nano({"install", faulty}).exit_code == 2);
  }
  CHECK(w.nano({"install", "acme/tiny"}).exit_code == 3);  // a namespace belongs to one registry, and nobody has this one
  CHECK(w.nano({"install", "tiny@9"}).exit_code == 3);
  CHECK(w.installed().empty());
  // Two that need each other are no error, and leave together.
  REQUIRE(w.nano({"install", "left"}).exit_code == 0);
  CHECK(w.installed() == Strings{"left 1.0.0 f32", "right 1.0.0 f32"});
  CHECK(w.nano({"tree"}).exit_code == 0);
  CHECK(w.nano({"why", "right"}).exit_code == 0);
  CHECK(w.nano({"uninstall", "left"}).exit_code == 0);
  CHECK(w.installed().empty());
}

}  // namespace
}  // namespace nano::test
