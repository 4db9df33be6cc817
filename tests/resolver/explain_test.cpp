// tests/resolver/explain_test.cpp: explanations, to the letter.
#include <catch2/catch.hpp>

#include <algorithm>
#include <variant>

#include "tests/resolver/memory_source.h"

using namespace nano;
using namespace nano::test;
using resolver::Fact;
using resolver::NoSolution;

namespace {

NoSolution fail(const resolver::Request& request, MemorySource& source) {
  auto outcome = resolver::resolve(request, source);
  REQUIRE(outcome);
  REQUIRE(std::holds_alternative<NoSolution>(outcome.value()));
  return std::get<NoSolution>(outcome.value());
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a package that does not exist is one sentence and one fact") {
  MemorySource source;
  const NoSolution none = fail(ask({{"sentimant-50m", "^1"}}), source);
  CHECK(none.lines == Lines{"Because you ask for sentimant-50m ^1 (no registry has a package named sentimant-50m), no set of versions fits."});
  REQUIRE(none.facts.size() == 1);
  CHECK(none.facts[0].kind == Fact::Kind::requirement);
  CHECK(none.facts[0].unknown);
  CHECK(none.facts[0].dependency == name("sentimant-50m"));
}

TEST_CASE("a range that no version is in names the newest there is") {
  MemorySource source;
  source.add("foo", "2.0.0");
  source.add("foo", "2.1.3");
  const NoSolution none = fail(ask({{"foo", ">=1.0.0 <2.0.0"}}), source);
  CHECK(none.lines ==
        Lines{"Because you ask for foo >=1.0.0 <2.0.0 (no version of foo is in that range; the newest is 2.1.3), no set of versions fits."});
  CHECK_FALSE(none.facts[0].unknown);
}

TEST_CASE("a chain is told as a chain") {
  MemorySource source;
  source.add("angular", "0.9.10", {{"di", "^0.0.32 || ^0.0.37"}});
  source.add("angular", "0.10.0", {{"di", "^0.0.32 || ^0.0.37"}});
  source.add("di", "0.0.37", {{"analyzer", "~0.13"}});
  source.add("analyzer", "0.12.2");
  CHECK(fail(ask({{"angular", "*"}}), source).lines ==
        Lines{"Because every version of angular depends on di ^0.0.32 || ^0.0.37 which depends on analyzer ~0.13 (no version of analyzer is in "
              "that range; the newest is 0.12.2), no version of angular can be used.",
              "So, because you ask for angular, no set of versions fits."});
}

TEST_CASE("two that disagree on a third") {
  MemorySource source;
  source.add("foo", "1.0.0", {{"shared", "<=2.0.0"}});
  source.add("bar", "1.0.0", {{"shared", ">3.0.0"}});
  source.add("shared", "2.0.0");
  source.add("shared", "4.0.0");
  CHECK(fail(ask({{"foo", "1.0.0"}, {"bar", "1.0.0"}}), source).lines ==
        Lines{"Because foo 1.0.0 depends on shared <=2.0.0 and bar 1.0.0 depends on shared >3.0.0, bar 1.0.0 and foo 1.0.0 cannot be used together.",
              "So, because you ask for both bar 1.0.0 and foo 1.0.0, no set of versions fits."});
}

TEST_CASE("two arguments that meet: the first is numbered, and set apart") {
  MemorySource source;
  source.add("foo", "1.0.0", {{"a", "^1.0.0"}, {"b", "^1.0.0"}});
  source.add("foo", "1.1.0", {{"x", "^1.0.0"}, {"y", "^1.0.0"}});
  source.add("a", "1.0.0", {{"b", "^2.0.0"}});
  source.add("b", "1.0.0");
  source.add("b", "2.0.0");
  source.add("x", "1.0.0", {{"y", "^2.0.0"}});
  source.add("y", "1.0.0");
  source.add("y", "2.0.0");
  CHECK(fail(ask({{"foo", "^1.0.0"}}), source).lines ==
        Lines{"Because foo 1.0.0 depends on a ^1.0.0 which depends on b ^2.0.0, foo 1.0.0 needs b 2.0.0.",
              "And because foo 1.0.0 depends on b ^1.0.0, foo 1.0.0 cannot be used (1).", "",
              "Because foo 1.1.0 depends on x ^1.0.0 which depends on y ^2.0.0, foo 1.1.0 needs y 2.0.0.",
              "And because foo 1.1.0 depends on y ^1.0.0, foo 1.1.0 cannot be used.",
              "And because foo 1.0.0 cannot be used (1), no version of foo can be used.",
              "So, because you ask for foo ^1.0.0, no set of versions fits."});
}

TEST_CASE("versions that need the same are told together, as a range over those that exist") {
  MemorySource source;
  for (const char* v : {"1.0.0", "1.1.0", "1.2.0"}) source.add("head", v, {{"base", "^1"}});
  for (const char* v : {"2.0.0", "2.1.0"}) source.add("head", v, {{"base", "^2"}});
  source.add("base", "3.0.0");
  const NoSolution none = fail(ask({{"head", "*"}}), source);
  CHECK(none.lines ==
        Lines{"Because head <=1.2.0 depends on base ^1 (no version of base is in that range; the newest is 3.0.0) and head >=2.0.0 depends on base "
              "^2 (no version of base is in that range; the newest is 3.0.0), no version of head can be used.",
              "So, because you ask for head, no set of versions fits."});
  CHECK(none.facts.size() == 3);
}

TEST_CASE("filters and yanks stand in the argument beside dependencies, those of one reason together") {
  MemorySource source;
  source.add("base", "1.0.0").filtered = "has the licence cc-by-nc-4.0 (--license permissive)";
  source.add("base", "1.1.0").filtered = "has the licence cc-by-nc-4.0 (--license permissive)";
  source.add("base", "1.2.0").yanked = "";
  source.add("head", "1.0.0", {{"base", "^1"}});
  auto request = ask({{"head", "*"}});
  request.requirements[0].asker = "the project requires";
  const NoSolution none = fail(request, source);
  CHECK(none.lines == Lines{"Because base <=1.1.0 has the licence cc-by-nc-4.0 (--license permissive) and base 1.2.0 was yanked, no version of base can be used.",
                            "So, because the project requires head which depends on base ^1, no set of versions fits."});
  const auto is = [](Fact::Kind kind) { return [kind](const Fact& f) { return f.kind == kind; }; };
  const auto unusable = std::find_if(none.facts.begin(), none.facts.end(), is(Fact::Kind::unusable));
  REQUIRE(unusable != none.facts.end());
  CHECK(unusable->versions == std::vector<Version>{version("1.0.0"), version("1.1.0")});
  CHECK(unusable->reason == "has the licence cc-by-nc-4.0 (--license permissive)");
  CHECK(std::count_if(none.facts.begin(), none.facts.end(), is(Fact::Kind::yanked)) == 1);
}

TEST_CASE("an argument of more than 40 lines becomes a list of facts, what was asked for first") {
  MemorySource source;
  for (int l = 0; l < 60; ++l)
    for (int v = 1; v <= 3; ++v)
      source.add("p" + std::to_string(l), std::to_string(v) + ".0.0", {{"p" + std::to_string(l + 1), std::to_string(v) + ".0.0"}});
  source.add("p60", "9.0.0");
  const NoSolution none = fail(ask({{"p0", "*"}}), source);
  REQUIRE(none.lines.size() == 26);
  CHECK(none.lines[0] == "No set of versions fits; the argument is long. It stands on 181 facts:");
  CHECK(none.lines[1] == "  you ask for p0");
  CHECK(none.lines[25] == "  and 157 more");
}
