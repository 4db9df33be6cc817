// tests/schemas/version_test.cpp: SemVer against the examples of semver.org and its suggested test cases.
#include "schemas/version.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "schemas/decimal.h"

using namespace nano;
using namespace nano::schemas;

namespace {
Version v(const char* text) {
  auto r = Version::parse(text);
  REQUIRE(r);
  return r.value();
}
}  // namespace

TEST_CASE("versions stand in the order of semver.org's examples") {
  // semver.org items 11.2 to 11.4
  const std::vector<const char*> rising{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                                        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"};
  for (std::size_t i = 0; i < rising.size(); ++i)
    for (std::size_t j = 0; j < rising.size(); ++j) {
      CHECK((v(rising[i]) < v(rising[j])) == (i < j));
      CHECK((v(rising[i]) == v(rising[j])) == (i == j));
    }
}

TEST_CASE("valid versions of semver.org's list parse and print as written") {
  // the list behind semver.org's regular expression (regex101.com/r/vkijKf), those without build metadata
  for (const char* text :
       {"0.0.4", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-beta", "1.0.0-alpha.beta", "1.0.0-alpha.beta.1", "1.0.0-alpha.1", "1.0.0-alpha0.valid",
        "1.0.0-alpha.0valid", "1.0.0-alpha-a.b-c-somethinglong", "1.2.3-SNAPSHOT-123", "2.0.0-rc.1", "10.2.3-DEV-SNAPSHOT", "1.0.0-0A.is.legal", "1.0.0--a",
        "18446744073709551615.0.0", "1.2.3----RC-SNAPSHOT.12.9.1--.12", "1.0.0-99999999999999999999999"})
    CHECK(v(text).text() == text);
}

TEST_CASE("invalid versions of semver.org's list are refused") {
  for (const char* text :
       {"", "1", "1.2", "1.2.3-0123", "1.2.3-0123.0123", "1.1.2+.123", "+invalid", "-invalid", "alpha", "alpha.beta", "1.2.3.DEV", "1.2-SNAPSHOT", "01.1.1",
        "1.01.1", "1.1.01", "1.2.31.2.3----RC", "1.0.0-alpha_beta", "1.0.0-alpha..", "1.0.0-alpha..1", "1.0.0-", "-1.0.3-gamma", "v1.2.3", " 1.2.3", "1.2.3 ",
        "1.2.3\n", "18446744073709551616.0.0", "1.0.99999999999999999999999", "1..3", "1.2.3-\xc3\xa9", "1.2.3-a b"}) {
    INFO(text);
    const auto r = Version::parse(text);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
  CHECK_FALSE(Version::parse("1.0.0-" + std::string(200, 'a')));
}

TEST_CASE("build metadata is refused by name") {
  for (const char* text : {"1.0.0+20130313144700", "1.1.2-prerelease+meta", "1.0.0-beta+exp.sha.5114f85"})
    CHECK_THAT(Version::parse(text).error().message, Catch::Contains("build metadata"));
}

TEST_CASE("numeric pre-release identifiers compare by value at any length") {
  CHECK(v("1.0.0-9") < v("1.0.0-10"));
  CHECK(v("1.0.0-99999999999999999998") < v("1.0.0-99999999999999999999"));
  CHECK(v("1.0.0-99999999999999999999") < v("1.0.0-a"));
  CHECK(v("1.0.0-A") < v("1.0.0-a"));
}

TEST_CASE("nothing lies between a version and its successor") {
  CHECK(v("1.2.3").successor() == v("1.2.4-0"));
  CHECK(v("1.0.0-a").successor() == v("1.0.0-a.0"));
  CHECK(v("1.2.18446744073709551615").successor() == v("1.3.0-0"));
  CHECK(v("1.18446744073709551615.18446744073709551615").successor() == v("2.0.0-0"));
  CHECK_FALSE(v("18446744073709551615.18446744073709551615.18446744073709551615").successor());
  const std::vector<const char*> others{"1.2.3", "1.2.4-0", "1.2.4-0.0", "1.2.4-a", "1.2.4", "1.2.3-z", "1.2.4-00a", "1.2.4--"};
  for (const char* a : others)
    for (const char* b : others) CHECK((v(b) > v(a)) == (v(b) >= *v(a).successor()));
}

TEST_CASE("equal versions hash alike") {
  CHECK(std::hash<Version>()(v("1.2.3-a.1")) == std::hash<Version>()(v("1.2.3-a.1")));
  CHECK(std::hash<Version>()(v("1.2.3")) != std::hash<Version>()(v("1.3.2")));
}

TEST_CASE("decimals are digits with at most one point") {
  for (const char* text : {"0", "-0.5", "12", "0.8612", "1000000.000001", "0.50"}) CHECK(Decimal::parse(text)->text() == text);
  for (const char* text : {"", "-", ".5", "5.", "00", "01.5", "+1", "1e3", "0x1", "NaN", "inf", "1,5", " 1", "1 ", "1.2.3"}) CHECK_FALSE(Decimal::parse(text));
  CHECK_FALSE(Decimal::parse(std::string(41, '1')));
  CHECK(Decimal::of(0.86125, 4)->text() == "0.8612");  // 0.86125 is just below the tie in binary
  CHECK(Decimal::of(-0.00001, 2)->text() == "0.00");
  CHECK(Decimal::of(5, 0)->text() == "5");
  CHECK_FALSE(Decimal::of(std::numeric_limits<double>::quiet_NaN(), 2));
  CHECK_FALSE(Decimal::of(1e300, 2));
  CHECK(Decimal::parse("-12.25")->value() == -12.25);
}
