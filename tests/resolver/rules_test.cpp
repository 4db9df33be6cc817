// tests/resolver/rules_test.cpp: which version is taken, and what takes versions out.
#include <catch2/catch.hpp>

#include <variant>

#include "tests/resolver/check.h"

using namespace nano;
using namespace nano::test;
using resolver::NoSolution;
using resolver::Outcome;
using resolver::Solution;

namespace {

std::string solve(const resolver::Request& request, MemorySource& source) { return outcome_text(resolver::resolve(request, source)); }

}  // namespace

TEST_CASE("nothing asked for, nothing taken, nobody asked") {
  MemorySource source;
  source.add("a", "1.0.0");
  CHECK(solve({}, source).empty());
  CHECK(source.asked.empty());
}

TEST_CASE("a release goes before every pre-release, and the newest of either first") {
  MemorySource source;
  for (const char* v : {"1.0.0-beta.2", "1.0.0-beta.11", "0.9.0", "2.0.0-rc.1", "1.1.0"}) source.add("a", v);
  CHECK(solve(ask({{"a", "*"}}), source) == "a 1.1.0");
  CHECK(solve(ask({{"a", ">=2.0.0-rc.1"}}), source) == "a 2.0.0-rc.1");
  CHECK(solve(ask({{"a", "1.0.0-beta.2 || 1.0.0-beta.11"}}), source) == "a 1.0.0-beta.11");
  auto lowest = ask({{"a", "*"}});
  lowest.lowest = true;
  CHECK(solve(lowest, source) == "a 0.9.0");
  lowest = ask({{"a", ">=1.0.0-beta.2 <1.0.0"}});
  lowest.lowest = true;
  CHECK(solve(lowest, source) == "a 1.0.0-beta.2");
}

TEST_CASE("a pre-release that a range on it names is taken before an older release, whoever's range that is") {
  MemorySource source;
  for (const char* v : {"1.5.0", "1.6.0", "2.0.0-rc.1", "3.0.0-rc.1"}) source.add("a", v);
  const auto of = [](const std::string& text) {
    resolver::Request r = ask({{"a", text}});
    r.requirements[0].named = schemas::Range::parse(text).value().named();
    return r;
  };
  CHECK(solve(of("^1 || ^2.0.0-rc.0"), source) == "a 2.0.0-rc.1");
  CHECK(solve(of(">=1.5.0 <=2.0.0-rc.1"), source) == "a 1.6.0");  // an upper bound names none, as pub has it
  CHECK(solve(of("1.6.0 || 2.0.0-rc.1"), source) == "a 2.0.0-rc.1");
  CHECK(solve(of(">=2.0.0-rc.0"), source) == "a 2.0.0-rc.1");  // 3.0.0-rc.1 is newer, and not named
  // Another package's range, which counts once that package is chosen; an override stands in for both.
  auto& info = source.add("b", "1.0.0", {{"a", "^1 || ^2.0.0-rc.0"}});
  info.dependencies[0].named = schemas::Range::parse("^1 || ^2.0.0-rc.0").value().named();
  CHECK(solve(ask({{"b", "*"}}), source) == "a 2.0.0-rc.1, b 1.0.0");
  auto overridden = of("^1 || ^2.0.0-rc.0");
  overridden.overrides[name("a")] = {.set = range("*"), .text = "*"};
  CHECK(solve(overridden, source) == "a 1.6.0");
  auto lowest = of("1.6.0 || >=2.0.0-rc.0");
  lowest.lowest = true;
  CHECK(solve(lowest, source) == "a 1.6.0");
}

TEST_CASE("the locked version goes before the installed one, that before the newest, none against the range") {
  MemorySource source;
  for (const char* v : {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}) source.add("a", v);
  auto request = ask({{"a", "^1"}});
  request.installed[name("a")] = version("1.1.0");
  CHECK(solve(request, source) == "a 1.1.0");
  request.locked[name("a")] = version("1.2.0");
  CHECK(solve(request, source) == "a 1.2.0");
  request.requirements[0].set = range("<1.2.0");
  CHECK(solve(request, source) == "a 1.1.0");
  request.requirements[0].set = range("1.3.0");
  CHECK(solve(request, source) == "a 1.3.0");
  request.locked[name("a")] = version("9.0.0");  // no longer exists
  CHECK(solve(request, source) == "a 1.3.0");
}

TEST_CASE("a yanked version is taken only where it is locked") {
  MemorySource source;
  source.add("a", "1.0.0");
  source.add("a", "1.1.0").yanked = "tokenizer broken";
  auto request = ask({{"a", "*"}});
  CHECK(solve(request, source) == "a 1.0.0");
  request.installed[name("a")] = version("1.1.0");
  CHECK(solve(request, source) == "a 1.0.0");
  request.locked[name("a")] = version("1.1.0");
  CHECK(solve(request, source) == "a 1.1.0");
  CHECK(solve(ask({{"a", "1.1.0"}}), source) ==
        "Because you ask for a 1.1.0 and a 1.1.0 was yanked (tokenizer broken), no set of versions fits.");
}

TEST_CASE("a filtered version is not taken, not even locked, and its reason is told") {
  MemorySource source;
  source.add("a", "1.0.0");
  source.add("a", "1.1.0").filtered = "is 2 days old (--min-age is 7 days)";
  auto request = ask({{"a", "*"}});
  request.locked[name("a")] = version("1.1.0");
  CHECK(solve(request, source) == "a 1.0.0");
  CHECK(solve(ask({{"a", ">1.0.0"}}), source) ==
        "Because you ask for a >1.0.0 and a 1.1.0 is 2 days old (--min-age is 7 days), no set of versions fits.");
}

TEST_CASE("an override replaces every range on a package, and asks for nothing by itself") {
  MemorySource source;
  source.add("a", "1.0.0", {{"b", "^1"}});
  source.add("b", "1.0.0");
  source.add("b", "2.0.0");
  source.add("c", "1.0.0");
  auto request = ask({{"a", "*"}});
  request.overrides[name("b")] = {.set = range("2.0.0"), .text = "2.0.0"};
  request.overrides[name("c")] = {.set = range("1.0.0"), .text = "1.0.0"};
  CHECK(solve(request, source) == "a 1.0.0, b 2.0.0");
  request.overrides[name("b")] = {.set = range("3.0.0"), .text = "3.0.0"};
  CHECK(solve(request, source).find("b 3.0.0 by your override (no version of b is in that range; the newest is 2.0.0)") != std::string::npos);
  request.overrides[name("a")] = {.set = range("9.0.0"), .text = "9.0.0"};
  CHECK(solve(request, source).find("you ask for a 9.0.0 by your override") != std::string::npos);
}

TEST_CASE("a head takes a base of its own ABI only") {
  MemorySource source;
  source.add("base", "1.0.0").abi = "bert-384-aa";
  source.add("base", "1.1.0").abi = "bert-384-bb";
  source.add("head", "1.0.0", {{"base", "^1"}}).dependencies[0].abi = "bert-384-aa";
  source.add("other", "1.0.0", {{"base", "^1"}}).dependencies[0].abi = "bert-384-bb";
  CHECK(solve(ask({{"head", "*"}}), source) == "base 1.0.0, head 1.0.0");
  CHECK(solve(ask({{"other", "*"}}), source) == "base 1.1.0, other 1.0.0");
  const std::string why = solve(ask({{"head", "*"}, {"other", "*"}}), source);
  CHECK(why.find("with ABI bert-384-aa") != std::string::npos);
  CHECK(why.find("with ABI bert-384-bb") != std::string::npos);
}

TEST_CASE("others may depend on the root, in its own version only") {
  MemorySource source;
  source.add("a", "1.0.0", {{"app", "^2"}});
  auto request = ask({{"a", "*"}});
  request.root = resolver::Root{.name = name("app"), .version = version("2.1.0")};
  CHECK(solve(request, source) == "a 1.0.0");
  request.root->version = version("3.0.0");
  CHECK(solve(request, source) ==
        "Because you ask for a which depends on app ^2 (this project is app 3.0.0), no set of versions fits.");
}

TEST_CASE("cycles and a package that depends on itself") {
  MemorySource source;
  source.add("a", "1.0.0", {{"b", "*"}});
  source.add("b", "1.0.0", {{"a", "1.0.0"}});
  source.add("self", "1.0.0", {{"self", "^1"}});
  source.add("self", "2.0.0", {{"self", "1.0.0"}});
  CHECK(solve(ask({{"a", "*"}}), source) == "a 1.0.0, b 1.0.0");
  CHECK(solve(ask({{"self", "*"}}), source) == "self 1.0.0");
  CHECK(solve(ask({{"self", "2.0.0"}}), source) == "Because you ask for self 2.0.0 which depends on self 1.0.0, no set of versions fits.");
}

TEST_CASE("a namespace is part of the name") {
  MemorySource source;
  source.add(PackageName{.ns = "acme", .name = "a"}, {.version = version("1.0.0")});
  auto request = ask({{"a", "*"}});
  CHECK(solve(request, source).find("no registry has a package named a)") != std::string::npos);
  request.requirements[0].name.ns = "acme";
  CHECK(solve(request, source) == "acme/a 1.0.0");
}

TEST_CASE("an unknown package is a reason to go back, and a fact that says so") {
  MemorySource source;
  source.add("a", "1.0.0");
  source.add("a", "2.0.0", {{"gone", "*"}});
  CHECK(solve(ask({{"a", "*"}}), source) == "a 1.0.0");
  const auto outcome = resolver::resolve(ask({{"a", "^2"}}), source).value();
  const auto& none = std::get<NoSolution>(outcome);
  CHECK(none.lines == std::vector<std::string>{
                          "Because you ask for a ^2 which depends on gone (no registry has a package named gone), no set of versions fits."});
  REQUIRE(none.facts.size() == 2);
  CHECK((none.facts[0].unknown || none.facts[1].unknown));
}

TEST_CASE("not_found from the source is an unknown package, any other error ends the resolve") {
  MemorySource source;
  source.add("a", "1.0.0", {{"b", "*"}});
  source.failures.emplace(name("b"), make_error(Errc::not_found, "no b"));
  CHECK(solve(ask({{"a", "*"}}), source).find("no registry has a package named b") != std::string::npos);
  source.failures.at(name("b")) = make_error(Errc::network, "the line is dead");
  const auto outcome = resolver::resolve(ask({{"a", "*"}}), source);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == Errc::network);
  CHECK(outcome.error().context == std::vector<std::string>{"reading the versions of b"});
}

TEST_CASE("a version listed twice is refused") {
  MemorySource source;
  source.add("a", "1.0.0");
  source.add("a", "1.0.0");
  const auto outcome = resolver::resolve(ask({{"a", "*"}}), source);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == Errc::invalid);
  CHECK(outcome.error().message == "a 1.0.0 is listed twice by its registry");
}

TEST_CASE("each package is asked for once, and together with its brothers") {
  MemorySource source;
  source.add("a", "1.0.0", {{"b", "*"}, {"c", "*"}});
  source.add("a", "2.0.0", {{"b", "*"}, {"c", "^5"}});
  source.add("b", "1.0.0", {{"c", "*"}});
  source.add("c", "1.0.0");
  CHECK(solve(ask({{"a", "*"}, {"b", "*"}}), source) == "a 1.0.0, b 1.0.0, c 1.0.0");
  CHECK(source.asked == std::vector<PackageName>{name("a"), name("b"), name("c")});
  REQUIRE(source.prefetched.size() == 1);
  CHECK(source.prefetched[0] == std::vector<PackageName>{name("a"), name("b")});
}

TEST_CASE("a search that takes too long is given up with an error, not with a verdict") {
  MemorySource source;
  for (int i = 0; i < 10; ++i) source.add("p" + std::to_string(i), "1.0.0", {{"p" + std::to_string(i + 1), "*"}});
  auto request = ask({{"p0", "*"}});
  request.max_steps = 5;
  const auto outcome = resolver::resolve(request, source);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == Errc::no_solution);
  CHECK(outcome.error().message == "gave up looking for versions after 5 steps");
}

TEST_CASE("200 levels of 99 versions that all fail at the bottom end in one proof") {
  // Version v of each level needs version v of the next; the last level needs what no one has.
  MemorySource source;
  const int levels = 200;
  const int versions = 99;
  for (int l = 0; l < levels; ++l)
    for (int v = 1; v <= versions; ++v)
      source.add("level" + std::to_string(l), std::to_string(v) + ".0.0",
                 {{l + 1 < levels ? "level" + std::to_string(l + 1) : "bottom", std::to_string(v) + ".0.0"}});
  source.add("bottom", "100.0.0");
  auto outcome = resolver::resolve(ask({{"level0", "*"}}), source).value();
  const auto& none = std::get<NoSolution>(outcome);
  CHECK(none.lines.size() <= 40);
  CHECK(none.effort.decisions < 30'000);
  // With one way through, at the far end of the choices, it is found.
  source.add("bottom", "1.0.0");
  outcome = resolver::resolve(ask({{"level0", "*"}}), source).value();
  const auto& solution = std::get<Solution>(outcome);
  CHECK(solution.versions.size() == 201);
  CHECK(solution.versions.at(name("level199")) == version("1.0.0"));
}

TEST_CASE("200 levels of 99 versions, each free to choose, with the conflict between the first and the last") {
  // A solver without learning tries 99^199 combinations.
  MemorySource source;
  const int levels = 200;
  for (int l = 0; l < levels; ++l) {
    for (int v = 1; v <= 99; ++v) {
      std::vector<std::pair<std::string, std::string>> needs{{"level" + std::to_string(l + 1), "*"}};
      if (l == 0 && v > 1) needs.emplace_back("switch", "1.0.0");
      source.add("level" + std::to_string(l), std::to_string(v) + ".0.0", needs);
    }
  }
  for (int v = 1; v <= 99; ++v) source.add("level200", std::to_string(v) + ".0.0", {{"switch", "2.0.0"}});
  source.add("switch", "1.0.0");
  source.add("switch", "2.0.0");
  const auto outcome = resolver::resolve(ask({{"level0", "*"}}), source).value();
  const auto& solution = std::get<Solution>(outcome);
  CHECK(solution.versions.at(name("level0")) == version("1.0.0"));
  CHECK(solution.versions.at(name("switch")) == version("2.0.0"));
  CHECK(solution.effort.decisions < 2'000);
}
