// tests/resolver/cases_test.cpp: outside truths: pub's scenarios, a real dependency graph.
#include <catch2/catch.hpp>

#include <variant>

#include "base/json.h"
#include "tests/resolver/case_file.h"
#include "tests/resolver/check.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::test;

TEST_CASE("every scenario of Dart's pub comes out as there") {
  const auto file = shared("resolver/version_solver_cases.json");
  if (!file) {
    WARN("SKIPPED: NANO_SHARED has no resolver/version_solver_cases.json");
    return;
  }
  const auto report = run_cases(test::read(*file));
  REQUIRE(report);
  CHECK(report->failures == std::vector<std::string>{});
  CHECK(report->passed == 30);
}

TEST_CASE("the case runner sees a wrong version, a solution too many and a missing one") {
  const auto count = [](const std::string& step) {
    const auto report = run_cases(R"([{"group":"g","name":"n","registry":[{"n":"a","v":"1.0.0","deps":{}},{"n":"a","v":"2.0.0","deps":{}}],"steps":[)" +
                                  step + "]}]");
    return report.value().failures.size();
  };
  CHECK(count(R"({"root":{"a":"any"},"result":{"a":"2.0.0"}})") == 0);
  CHECK(count(R"({"root":{"a":"any"},"result":{"a":"1.0.0"}})") == 1);
  CHECK(count(R"({"root":{"a":"any"},"registry_size":1,"result":{"a":"1.0.0"}})") == 0);
  CHECK(count(R"({"root":{"a":"any"},"error_contains":"no"})") == 1);
  CHECK(count(R"({"root":{"a":"3.0.0"},"error_contains":"no"})") == 0);
  CHECK(count(R"({"root":{"a":"3.0.0"},"result":{"a":"2.0.0"}})") == 1);
  CHECK(count(R"({"root":{"a":">2.0.0 <1.0.0"},"error_contains":"no"})") == 0);
  CHECK(count(R"({"root":{"a":"any"},"mode":"lowest","result":{"a":"1.0.0"}})") == 0);
  // Locked is 2.0.0; the lowest is taken all the same.
  CHECK(count(R"({"root":{"a":"any"},"result":{"a":"2.0.0"}},{"root":{"a":"any"},"mode":"lowest","result":{"a":"1.0.0"}})") == 0);
  CHECK(count(R"({"root":{"a":"any"}})") == 1);
  CHECK_FALSE(run_cases("{}"));
  CHECK_FALSE(run_cases("["));
}

TEST_CASE("the program resolver_cases reports a count and fails on any failure") {
  TempDir dir;
  test::write(dir / "good.json", R"([{"group":"g","name":"n","registry":[],"steps":[{"root":{},"registry_size":0,"result":{}}]}])");
  test::write(dir / "bad.json", R"([{"group":"g","name":"n","registry":[],"steps":[{"root":{"a":"any"},"registry_size":0,"result":{"a":"1.0.0"}}]}])");
  const auto good = run({bin("resolver_cases"), (dir / "good.json").string()});
  CHECK(good.exit_code == 0);
  CHECK(good.out == "1 passed, 0 failed\n");
  const auto bad = run({bin("resolver_cases"), (dir / "good.json").string(), (dir / "bad.json").string(), (dir / "none.json").string()});
  CHECK(bad.exit_code == 1);
  CHECK(bad.out.find("g | n, step 1: expected a solution") != std::string::npos);
  CHECK(bad.out.find("\n1 passed, 2 failed\n") != std::string::npos);
  // What is no file of cases is a failure among the others, whatever it is.
  test::write(dir / "empty.json", "");
  test::write(dir / "deep.json", std::string(200'000, '['));
  test::write(dir / "odd.json", R"([{"group":1,"name":null,"registry":[{"n":3}],"steps":[{"root":[]}]}])");
  const auto odd = run({bin("resolver_cases"), dir.path().string(), (dir / "empty.json").string(), (dir / "deep.json").string(),
                        (dir / "odd.json").string(), (dir / "good.json").string()});
  CHECK(odd.exit_code == 1);
  CHECK(odd.out.find(dir.path().string() + ": cannot be read\n") != std::string::npos);
  CHECK(odd.out.find("\n1 passed, 4 failed\n") != std::string::npos);
}

TEST_CASE("of the 641 versions of a real graph, 593 can be solved and 48 cannot") {
  const auto file = shared("resolver/large_graph.json");
  if (!file) {
    WARN("SKIPPED: NANO_SHARED has no resolver/large_graph.json");
    return;
  }
  const Json graph = parse_json(test::read(*file)).value();
  const auto at = [](const Json& n) { return Version{.major = n.get<uint64_t>()}; };
  MemorySource source;
  for (const auto& [package, versions] : graph.items()) {
    for (const auto& [v, needs] : versions.items()) {
      VersionInfo info{.version = Version{.major = std::stoull(v)}};
      for (const auto& [to, ranges] : needs.items()) {
        VersionSet set;
        for (const Json& r : ranges) set = set.unite(VersionSet::between(at(r[0]), r[1].is_null() ? std::nullopt : std::optional(at(r[1]))));
        info.dependencies.push_back({.name = test::name(to), .set = set});
      }
      source.add(test::name(package), std::move(info));
    }
  }
  int solved = 0;
  int unsolvable = 0;
  for (const auto& [package, versions] : source.packages()) {
    for (const VersionInfo& v : versions) {
      resolver::Request request;
      request.requirements.push_back({.name = package, .set = VersionSet::exactly(v.version)});
      const auto outcome = resolver::resolve(request, source);
      REQUIRE(outcome);
      if (const auto* solution = std::get_if<resolver::Solution>(&outcome.value())) {
        ++solved;
        CHECK(fault(request, source, *solution) == "");
      } else {
        ++unsolvable;
        CHECK_FALSE(std::get<resolver::NoSolution>(outcome.value()).lines.empty());
      }
    }
  }
  CHECK(solved == 593);
  CHECK(unsolvable == 48);
}
