// tests/resolver/check.h: oracles that share nothing with the solver: is a solution right, is there one at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/resolver/memory_source.h"

namespace nano::test {

/// "" if `solution` meets the request and every dependency and holds nothing that is not needed; else what is wrong.
[[nodiscard]] std::string fault(const resolver::Request& request, const MemorySource& source, const resolver::Solution& solution);

/// "If package `when` is one of `when_states`, package `then` is one of `then_states`". A package is state 0 when absent,
/// i + 1 as its i-th version. `when` < 0: always. `then` < 0: never.
struct Rule {
  int when = -1;
  uint64_t when_states = 0;
  int then = -1;
  uint64_t then_states = 0;
};

/// Rules over packages with so many states each.
struct Puzzle {
  std::vector<int> states{};
  std::vector<Rule> rules{};
};

/// Tries every combination.
[[nodiscard]] bool has_solution(const Puzzle& puzzle);

/// The whole registry and request as rules. Supports what random graphs use: no ABI, root or overrides.
[[nodiscard]] Puzzle puzzle_of(const resolver::Request& request, const MemorySource& source);
/// Only what the facts say, over the same packages and versions.
[[nodiscard]] Puzzle puzzle_of(const std::vector<resolver::Fact>& facts, const MemorySource& source);

}  // namespace nano::test
