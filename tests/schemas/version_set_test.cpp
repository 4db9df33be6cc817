// tests/schemas/version_set_test.cpp: set algebra against a membership oracle over a dense sample of versions.
#include "schemas/version_set.h"

#include <catch2/catch.hpp>
#include <random>

#include "schemas/range.h"

using namespace nano;
using namespace nano::schemas;

namespace {

/// Every x.y.z and some pre-releases of each over a small cube: denser than the bounds the random sets use.
const std::vector<Version>& sample() {
  static const std::vector<Version> all = [] {
    std::vector<Version> out;
    for (uint64_t a = 0; a < 3; ++a)
      for (uint64_t b = 0; b < 3; ++b)
        for (uint64_t c = 0; c < 4; ++c)
          for (const std::vector<std::string>& pre : std::vector<std::vector<std::string>>{{}, {"0"}, {"0", "0"}, {"1"}, {"a"}, {"a", "0"}, {"a", "1"}, {"b"}})
            out.push_back({.major = a, .minor = b, .patch = c, .pre = pre});
    return out;
  }();
  return all;
}

using Oracle = std::vector<bool>;  // membership of each sample version

struct Both {
  VersionSet set{};
  Oracle in{};
};

class Maker {
 public:
  explicit Maker(unsigned seed) : rng_(seed) {}
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(rng_); }
  Both interval() {
    const Version low = sample()[pick(sample().size())];
    std::optional<Version> high;
    if (pick(5) != 0) high = sample()[pick(sample().size())];
    Both b{VersionSet::between(low, high), Oracle(sample().size())};
    for (std::size_t i = 0; i < sample().size(); ++i) b.in[i] = sample()[i] >= low && (!high || sample()[i] < *high);
    return b;
  }
  Both random(int depth) {
    if (depth == 0) return interval();
    const Both a = random(depth - 1);
    const Both b = random(depth - 1);
    Both out{{}, Oracle(sample().size())};
    const std::size_t op = pick(3);
    out.set = op == 0 ? a.set.unite(b.set) : op == 1 ? a.set.intersect(b.set) : a.set.complement();
    for (std::size_t i = 0; i < sample().size(); ++i) out.in[i] = op == 0 ? a.in[i] || b.in[i] : op == 1 ? a.in[i] && b.in[i] : !a.in[i];
    return out;
  }

 private:
  std::mt19937 rng_;
};

void check_form(const VersionSet& s) {
  const auto& list = s.intervals();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].high) CHECK(list[i].low < *list[i].high);
    if (i + 1 < list.size()) {
      REQUIRE(list[i].high);
      CHECK(*list[i].high < list[i + 1].low);
    }
  }
}

}  // namespace

TEST_CASE("union, intersection and complement agree with membership, version by version") {
  Maker make(20261120);
  for (int round = 0; round < 400; ++round) {
    const Both b = make.random(1 + round % 4);
    check_form(b.set);
    bool same = true;
    for (std::size_t i = 0; i < sample().size(); ++i) same = same && b.set.contains(sample()[i]) == b.in[i];
    CHECK(same);
    CHECK(b.set.complement().complement() == b.set);
    CHECK(b.set.intersect(b.set.complement()).is_empty());
    CHECK(b.set.unite(b.set.complement()).is_all());
  }
}

TEST_CASE("the laws of sets hold exactly, not only on the sample") {
  Maker make(7);
  for (int round = 0; round < 300; ++round) {
    const VersionSet a = make.random(2).set;
    const VersionSet b = make.random(2).set;
    CHECK(a.unite(b) == b.unite(a));
    CHECK(a.intersect(b) == b.intersect(a));
    CHECK(a.unite(b).complement() == a.complement().intersect(b.complement()));
    CHECK(a.minus(b).unite(a.intersect(b)) == a);
    CHECK(a.contains_all(a.intersect(b)));
    CHECK(a.unite(b).contains_all(a));
  }
}

TEST_CASE("a set's text parses back to the same set") {
  Maker make(99);
  int parsed = 0;
  for (int round = 0; round < 600; ++round) {
    const VersionSet s = make.random(round % 4).set;
    if (s.is_empty()) {
      CHECK(s.to_text() == "none");
      continue;
    }
    const std::string text = s.to_text();
    if (text.size() > kMaxRangeBytes) continue;
    INFO(text);
    const auto back = Range::parse(text);
    REQUIRE(back);
    CHECK(back->set() == s);
    ++parsed;
  }
  CHECK(parsed > 400);
}

TEST_CASE("sets print as people write them") {
  const auto printed = [](const char* text) { return Range::parse(text)->set().to_text(); };
  CHECK(printed("^1.2") == "^1.2.0");
  CHECK(printed(">=1.2.0 <2") == "^1.2.0");
  CHECK(printed("1.2.x") == "~1.2.0");
  CHECK(printed("=1.2.3") == "1.2.3");
  CHECK(printed("*") == "*");
  CHECK(printed(">=1 <3") == ">=1.0.0 <3.0.0");
  CHECK(printed(">1.2.3") == ">1.2.3");
  CHECK(printed("<=1.2.3") == "<=1.2.3");
  CHECK(printed("1.2.3 || ^2") == "1.2.3 || ^2.0.0");
  CHECK(printed("<2.0.0") == "<2.0.0");
}

TEST_CASE("a set of one version knows it") {
  const Version v = Version::parse("1.2.3").value();
  CHECK(VersionSet::exactly(v).single() == v);
  CHECK_FALSE(VersionSet::all().single());
  CHECK_FALSE(VersionSet().single());
  const Version top = Version::parse("18446744073709551615.18446744073709551615.18446744073709551615").value();
  CHECK(VersionSet::exactly(top).single() == top);
}
