// tests/scenarios/scenarios_test.cpp: every *.scenario of this folder comes out as it says. NANO_ACCEPT=1 writes them anew.
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/scenarios/scenario.h"
#include "tests/support/support.h"

using namespace nano;
namespace stdfs = std::filesystem;

TEST_CASE("every scenario comes out as it says") {
  const stdfs::path folder = stdfs::path(test::env("NANO_SOURCE").value_or(".")) / "tests" / "scenarios";
  std::vector<stdfs::path> files;
  for (const auto& e : stdfs::directory_iterator(folder))
    if (e.path().extension() == ".scenario") files.push_back(e.path());
  std::sort(files.begin(), files.end());
  CHECK(files.size() >= 40);
  for (const auto& file : files) {
    INFO(file.filename().string());
    test::Scenario scenario;
    const auto read = test::read_scenario(test::read(file), scenario);
    if (!read) FAIL(read.error().message);
    const std::string got = test::play(scenario);
    if (test::env("NANO_ACCEPT"))
      test::write(file, scenario.before + got);
    else
      CHECK(got == scenario.expect);
  }
}

TEST_CASE("a scenario that says something else is not passed over") {
  test::Scenario scenario;
  REQUIRE(test::read_scenario("registry\n  a 1.0.0\nrequest\n  a\nexpect\na 2.0.0\n", scenario));
  CHECK(test::play(scenario) == "a 1.0.0\n");
  CHECK(scenario.expect == "a 2.0.0\n");
  test::Scenario faulty;
  CHECK_FALSE(test::read_scenario("registry\n  a 1.0\n", faulty));
  CHECK_FALSE(test::read_scenario("registry\n  a 1.0.0 colour=red\n", faulty));
}
