// tests/schemas/range_test.cpp: ranges: what each form means, and when a pre-release is taken.
#include "schemas/range.h"

#include <catch2/catch.hpp>

#include "base/text.h"

using namespace nano;
using namespace nano::schemas;

namespace {

Version v(const std::string& text) {
  auto r = Version::parse(text);
  REQUIRE(r);
  return r.value();
}
Range range(const std::string& text) {
  auto r = Range::parse(text);
  INFO(text);
  REQUIRE(r);
  return r.value();
}
std::string selected(const std::string& text, const std::vector<std::string>& from) {
  std::vector<Version> versions;
  for (const auto& f : from) versions.push_back(v(f));
  const auto i = range(text).select(versions);
  return i ? from[*i] : "none";
}

struct Case {
  const char* range;
  const char* in;
  const char* out;
};

}  // namespace

TEST_CASE("each form of range holds what its definition says") {
  // npm's documentation of semver ranges (docs.npmjs.com/cli/v6/using-npm/semver) and Cargo's of carets
  const std::vector<Case> cases{
      {"1.2.3", "1.2.3", "1.2.4 1.2.2 1.2.3-a"},
      {"=1.2.3", "1.2.3", "1.2.4"},
      {"= 1.2.3", "1.2.3", "1.2.4"},
      {"1.2", "1.2.0 1.2.99", "1.3.0 1.1.9 1.2.0-a 1.3.0-a"},
      {"1.2.x", "1.2.0 1.2.99", "1.3.0"},
      {"1.2.*", "1.2.0 1.2.99", "1.3.0"},
      {"1", "1.0.0 1.9.9", "2.0.0 0.9.9"},
      {"1.x", "1.0.0 1.9.9", "2.0.0"},
      {"1.x.x", "1.0.0 1.9.9", "2.0.0"},
      {"*", "0.0.0 9.9.9 0.0.0-0", ""},
      {"x", "0.0.0 9.9.9", ""},
      {"^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2 2.0.0-rc.1 1.2.3-a"},
      {"^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 0.3.0-a"},
      {"^0.0.3", "0.0.3", "0.0.4 0.0.2 0.0.4-a"},
      {"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.3.0", "1.2.3-beta.1 2.0.0"},
      {"^0.0.3-beta", "0.0.3-beta 0.0.3-pr.2 0.0.3", "0.0.4"},
      {"^1.2", "1.2.0 1.9.9", "2.0.0 1.1.9"},
      {"^1", "1.0.0 1.9.9", "2.0.0"},
      {"^0.1", "0.1.0 0.1.9", "0.2.0"},
      {"^0.0", "0.0.0 0.0.9", "0.1.0"},
      {"^0", "0.0.0 0.9.9", "1.0.0"},
      {"^0.0.0", "0.0.0", "0.0.1"},
      {"^1.x", "1.0.0 1.9.9", "2.0.0"},
      {"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2 1.3.0-a"},
      {"~1.2", "1.2.0 1.2.9", "1.3.0"},
      {"~1", "1.0.0 1.9.9", "2.0.0"},
      {"~0.2.3", "0.2.3 0.2.9", "0.3.0"},
      {"~1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.9", "1.3.0 1.2.3-beta.1"},
      {">1.2.3", "1.2.4 9.0.0", "1.2.3 1.2.3-a"},
      {">=1.2.3", "1.2.3 9.0.0", "1.2.2 1.2.3-a"},
      {"<1.2.3", "1.2.2 0.0.0", "1.2.3 1.2.3-a"},
      {"<=1.2.3", "1.2.3 1.2.3-a 0.0.0", "1.2.4 1.2.4-a"},
      {">1.2", "1.3.0", "1.2.9 1.2.0"},
      {"<=1.2", "1.2.9 1.0.0", "1.3.0 1.3.0-a"},
      {"<1.2", "1.1.9", "1.2.0 1.2.0-a"},
      {">=1.2", "1.2.0 3.0.0", "1.1.9"},
      {"1.2.3 - 2.3.4", "1.2.3 2.3.4", "2.3.5 1.2.2"},
      {"1.2 - 2.3", "1.2.0 2.3.9", "2.4.0 2.4.0-a 1.1.9"},
      {"1.2.3 - 2", "1.2.3 2.9.9", "3.0.0"},
      {">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.0"},
      {">=1.2, <2", "1.2.0 1.9.9", "2.0.0 1.1.0"},
      {">= 1.2.0 < 2.0.0", "1.2.0 1.9.9", "2.0.0"},
      {"^1.2||^3", "1.2.0 3.9.9", "2.0.0 4.0.0"},
      {"1.2.3 || >=2 <2.5 || 9.x", "1.2.3 2.4.9 9.1.0", "1.2.4 2.5.0 8.0.0"},
      {">=2.0.0-alpha <2.0.0", "2.0.0-alpha 2.0.0-rc.1", "2.0.0 1.9.9"},
      {">=1.0.0 <2.0.0", "1.9.9", "2.0.0-alpha 2.0.0"},
      {"<2.0.0-rc", "2.0.0-beta 1.0.0", "2.0.0-rc 2.0.0"},
      {"^18446744073709551615", "18446744073709551615.1.0", "1.0.0"},
  };
  for (const Case& c : cases) {
    const Range r = range(c.range);
    for (const auto& text : split(c.in, ' ')) {
      INFO(c.range << " holds " << text);
      CHECK(r.contains(v(text)));
    }
    for (const auto& text : split(c.out, ' ')) {
      if (text.empty()) continue;
      INFO(c.range << " does not hold " << text);
      CHECK_FALSE(r.contains(v(text)));
    }
  }
}

TEST_CASE("what is not a range is a usage error") {
  for (const char* text : {"", " ", "||", "1.2 ||", "|| 1", "^", ">", "1.2.3.4", "v1.2", "^v1", "1.x.3", "x.1", "1.2-beta", "1.2.3+build", "latest", "01.2", "^^1",
                           "=> 1", "1.2.3 -", "- 1.2.3", ">=1 <", "1.2.3-", "1 |2", "<0.0.0", ">*", "<*", ">18446744073709551615.18446744073709551615.18446744073709551615",
                           ">2 <1", "1.2.3 1.2.4", "99999999999999999999"}) {
    INFO(text);
    const auto r = Range::parse(text);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
  CHECK_FALSE(Range::parse(std::string(1025, '1')));
  CHECK_FALSE(Range::parse(std::string("1\0", 2)));
}

TEST_CASE("a faulty version in a range is shown as it was written") {
  for (const auto& [range, shown] : {std::pair{"foo", "'foo'"}, {"^01", "'01'"}, {"1.02", "'1.02'"}, {"1.02.0", "'1.02.0'"}}) {
    const auto r = Range::parse(range);
    REQUIRE_FALSE(r);
    INFO(r.error().message);
    CHECK(r.error().message.find(std::string("the version ") + shown + " has") == 0);
  }
}

TEST_CASE("a pre-release is taken only when no release fits or the range names one") {
  CHECK(selected("^1", {"1.0.0", "1.1.0-beta", "1.0.5"}) == "1.0.5");
  CHECK(selected("^1", {"1.1.0-beta", "1.2.0-alpha", "2.0.0"}) == "1.2.0-alpha");
  CHECK(selected("^1.1.0-alpha", {"1.0.0", "1.1.0-beta"}) == "1.1.0-beta");
  CHECK(selected(">=1.1.0-alpha", {"1.0.9", "1.1.0-beta", "1.1.0-rc", "2.0.0-beta"}) == "1.1.0-rc");
  CHECK(selected(">=1.1.0-alpha", {"1.1.0-rc", "1.1.0", "2.0.0-beta"}) == "1.1.0");
  CHECK(selected("1.1.0-beta", {"1.1.0-beta", "1.1.0"}) == "1.1.0-beta");
  CHECK(selected("^1 || ^2.0.0-rc.0", {"1.6.0", "2.0.0-rc.1"}) == "2.0.0-rc.1");
  CHECK(selected(">=1.5.0 <=2.0.0-rc.1", {"1.6.0", "2.0.0-rc.1"}) == "1.6.0");  // an upper bound names none
  CHECK(selected("1.6.0 || 2.0.0-rc.1", {"1.6.0", "2.0.0-rc.1"}) == "2.0.0-rc.1");
  CHECK(selected("*", {"0.1.0-a"}) == "0.1.0-a");
  CHECK(selected("*", {"0.1.0-a", "0.0.1"}) == "0.0.1");
  CHECK(selected("^3", {"1.0.0", "2.0.0"}) == "none");
  CHECK(selected("^1", {}) == "none");
}

TEST_CASE("candidates come best first") {
  const std::vector<Version> versions{v("1.0.0"), v("2.0.0-a"), v("1.5.0"), v("0.9.0"), v("1.6.0-b")};
  CHECK(range(">=1").candidates(versions) == std::vector<std::size_t>{2, 0, 1, 4});
}
