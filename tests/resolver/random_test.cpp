// tests/resolver/random_test.cpp: thousands of small graphs against a solver that tries everything, and what must always hold.
#include <catch2/catch.hpp>

#include <algorithm>
#include <variant>

#include "tests/resolver/check.h"
#include "tests/resolver/random_graph.h"

using namespace nano;
using namespace nano::test;
using resolver::NoSolution;
using resolver::Outcome;
using resolver::Solution;

namespace {

/// Dense enough that about half of them have no solution.
GraphShape shape_of(uint64_t seed) {
  const bool with_variants = seed % 3 == 0;
  if (seed % 10 == 0) return {.packages = 6, .versions = 2, .dependencies = 3, .with_variants = with_variants};
  return {.packages = 3 + static_cast<int>(seed % 2), .versions = 3, .dependencies = 2, .with_variants = with_variants};
}

std::string everything(const Outcome& outcome) {
  std::string out = outcome_text(outcome);
  if (const auto* none = std::get_if<NoSolution>(&outcome)) {
    for (const auto& fact : none->facts) out += "\n" + fact.text;
    for (const auto& step : none->proof) out += "\n" + step.text;
  }
  return out;
}

}  // namespace

TEST_CASE("20,000 random graphs: same verdict as trying everything, valid solutions, sound explanations") {
  int solved = 0;
  int unsolvable = 0;
  int clashes = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    std::mt19937_64 rng(seed);
    const GraphShape shape = shape_of(seed);
    MemorySource source;
    fill_random(rng, shape, source);
    const resolver::Request request = random_request(rng, shape);
    const auto outcome = resolver::resolve(request, source);
    INFO("seed " << seed << ": " << outcome_text(outcome));
    REQUIRE(outcome);
    const bool expected = has_solution(puzzle_of(request, source));
    if (const auto* solution = std::get_if<Solution>(&outcome.value())) {
      ++solved;
      if (!expected) FAIL("a solution where there is none");
      if (const std::string wrong = fault(request, source, *solution); !wrong.empty()) FAIL(wrong);
    } else {
      ++unsolvable;
      const auto& none = std::get<NoSolution>(outcome.value());
      if (expected) FAIL("no solution found, but there is one");
      if (none.lines.empty()) FAIL("nothing explained");
      clashes += std::any_of(none.facts.begin(), none.facts.end(), [](const auto& f) { return f.kind == resolver::Fact::Kind::variants; });
      if (has_solution(puzzle_of(none.facts, source))) FAIL("the facts of the explanation do not contradict each other");
    }
  }
  // Both kinds in numbers, or the comparison says little.
  CHECK(solved > 5'000);
  CHECK(unsolvable > 5'000);
  CHECK(clashes > 100);
}

TEST_CASE("the oracle itself tells a contradiction from a choice") {
  // Two packages of two versions: p0 is needed, p0@1 needs p1@2, p1@2 is forbidden.
  Puzzle puzzle{.states = {3, 3}, .rules = {{-1, 0, 0, 0b110}, {0, 0b010, 1, 0b100}, {1, 0b100, -1, 0}}};
  CHECK(has_solution(puzzle));  // p0@2
  puzzle.rules.push_back({0, 0b100, -1, 0});
  CHECK_FALSE(has_solution(puzzle));
}

TEST_CASE("same request and registry in another order, same outcome to the letter") {
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    std::mt19937_64 rng(seed);
    MemorySource source;
    fill_random(rng, shape_of(seed), source);
    resolver::Request request = random_request(rng, shape_of(seed));
    const std::string first = everything(resolver::resolve(request, source).value());
    REQUIRE(everything(resolver::resolve(request, source).value()) == first);
    std::reverse(request.requirements.begin(), request.requirements.end());
    for (auto& [package, versions] : source.packages()) {
      std::reverse(versions.begin(), versions.end());
      for (VersionInfo& v : versions)
        std::stable_sort(v.dependencies.begin(), v.dependencies.end(), [](const Dependency& a, const Dependency& b) { return b.name < a.name; });
    }
    INFO("seed " << seed);
    REQUIRE(everything(resolver::resolve(request, source).value()) == first);
  }
}

TEST_CASE("a package that nobody needs changes nothing") {
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    std::mt19937_64 rng(seed);
    MemorySource source;
    fill_random(rng, shape_of(seed), source);
    const resolver::Request request = random_request(rng, shape_of(seed));
    const std::string before = everything(resolver::resolve(request, source).value());
    source.add("a0", "1.0.0", {{"p0", "1.0.0"}, {"p1", "1.0.0"}});
    source.add("zz", "1.0.0", {{"p0", "2.0.0"}});
    INFO("seed " << seed);
    REQUIRE(everything(resolver::resolve(request, source).value()) == before);
  }
}

TEST_CASE("removing a dependency never makes it unsolvable") {
  int removed = 0;
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 rng(seed);
    MemorySource source;
    fill_random(rng, shape_of(seed), source);
    const resolver::Request request = random_request(rng, shape_of(seed));
    if (!std::holds_alternative<Solution>(resolver::resolve(request, source).value())) continue;
    for (auto& [package, versions] : source.packages()) {
      for (VersionInfo& v : versions) {
        if (v.dependencies.empty()) continue;
        v.dependencies.pop_back();
        ++removed;
        INFO("seed " << seed << ", " << package.text() << " " << v.version.text());
        REQUIRE(std::holds_alternative<Solution>(resolver::resolve(request, source).value()));
      }
    }
  }
  CHECK(removed > 1'000);
}

TEST_CASE("every step of a proof follows from two earlier ones, down to the facts") {
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 rng(seed);
    MemorySource source;
    fill_random(rng, shape_of(seed), source);
    const auto outcome = resolver::resolve(random_request(rng, shape_of(seed)), source);
    const auto* none = std::get_if<NoSolution>(&outcome.value());
    if (none == nullptr) continue;
    REQUIRE_FALSE(none->proof.empty());
    std::size_t facts = 0;
    for (std::size_t i = 0; i < none->proof.size(); ++i) {
      const resolver::Step& step = none->proof[i];
      REQUIRE_FALSE(step.text.empty());
      if (step.fact) {
        REQUIRE(none->facts[*step.fact].text == step.text);
        ++facts;
      } else {
        REQUIRE(step.left < i);
        REQUIRE(step.right < i);
      }
    }
    REQUIRE(facts == none->facts.size());
  }
}
