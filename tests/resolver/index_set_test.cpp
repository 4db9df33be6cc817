// tests/resolver/index_set_test.cpp: the sets of bits against std::set, at and around the edges of words.
#include "resolver/index_set.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

using nano::resolver::IndexSet;

namespace {

std::set<std::size_t> elements(const IndexSet& s) {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < s.size(); ++i)
    if (s.test(i)) out.insert(i);
  return out;
}

}  // namespace

TEST_CASE("index sets do what sets do, whatever their size") {
  std::mt19937_64 rng(7);
  for (const std::size_t size : {1U, 2U, 63U, 64U, 65U, 127U, 128U, 129U, 1000U}) {
    CHECK(IndexSet(size).is_empty());
    CHECK(IndexSet::full(size).is_full());
    CHECK(IndexSet::full(size).count() == size);
    CHECK(IndexSet::full(size).complement().is_empty());
    for (int round = 0; round < 20; ++round) {
      IndexSet a(size);
      IndexSet b(size);
      for (std::size_t i = 0; i < size; ++i) {
        if (rng() % 3 == 0) a.set(i);
        if (rng() % 3 != 0) b.set(i);
      }
      const auto ea = elements(a);
      const auto eb = elements(b);
      std::set<std::size_t> both;
      std::set<std::size_t> any = ea;
      for (const std::size_t i : eb) (ea.count(i) > 0 ? both : any).insert(i);
      any.insert(eb.begin(), eb.end());
      REQUIRE(elements(a & b) == both);
      REQUIRE(elements(a | b) == any);
      REQUIRE(a.count() == ea.size());
      REQUIRE(a.is_subset_of(b) == std::includes(eb.begin(), eb.end(), ea.begin(), ea.end()));
      REQUIRE(a.is_disjoint_from(b) == both.empty());
      REQUIRE((a & b).is_subset_of(a));
      REQUIRE(a.is_disjoint_from(a.complement()));
      REQUIRE((a | a.complement()).is_full());
      REQUIRE(a.complement().complement() == a);
    }
  }
}
