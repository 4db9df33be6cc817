// tests/verify/policy/policy_test.cpp: which rules speak of a package, and what each demand says of a release.
#include "verify/policy/policy.h"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace nano;
using namespace nano::verify;
using schemas::PackageName;
using schemas::PolicyMode;
using schemas::PolicyRule;

namespace {

const std::string kAnn(64, 'a');
const std::string kBob(64, 'b');
const std::string kEve(64, 'e');
constexpr UnixTime kNow = 1'800'000'000;
constexpr UnixTime kDay = 86'400;

PackageName name(const char* text) {
  auto n = PackageName::parse(text);
  REQUIRE(n);
  return *n;
}

ReleaseFacts facts() {
  ReleaseFacts f;
  f.name = name("acme/tiny");
  f.version = *schemas::Version::parse("1.0.0");
  f.license = "MIT";
  f.signers = {kAnn};
  f.public_since = kNow - 10 * kDay;
  return f;
}

PolicyRule rule() {
  return {.name = "r", .packages = {"*"}};
}

/// "holds", "breaks", or "silent" (no demand was made).
std::string verdict(const PolicyRule& r, const ReleaseFacts& f = facts()) {
  const auto exact = [](const std::string& licence, const std::vector<std::string>& allowed) {
    return std::find(allowed.begin(), allowed.end(), licence) != allowed.end();
  };
  const auto found = judge({{"policy.json", {.rules = {r}}}}, f, kNow, exact);
  if (found.empty()) return "silent";
  CHECK_FALSE(found.front().reason.empty());
  CHECK(found.front().where == "policy.json");
  return std::all_of(found.begin(), found.end(), [](const auto& d) { return d.holds; }) ? "holds" : "breaks";
}

}  // namespace

TEST_CASE("globs: every package, a namespace, the root namespace, and no crossing of the slash") {
  const auto matches = [](const char* glob, const char* package) {
    return schemas::glob_matches(glob, name(package));
  };
  CHECK(matches("*", "tiny"));
  CHECK(matches("*", "acme/tiny"));
  CHECK(matches("acme/*", "acme/tiny"));
  CHECK_FALSE(matches("acme/*", "acme2/tiny"));
  CHECK_FALSE(matches("acme/*", "tiny"));
  CHECK(matches("_/*", "tiny"));
  CHECK_FALSE(matches("_/*", "acme/tiny"));
  CHECK(matches("tiny", "tiny"));
  CHECK_FALSE(matches("tiny", "acme/tiny"));
  CHECK_FALSE(matches("tiny", "tiny2"));
  CHECK(matches("t*y", "tiny"));
  CHECK(matches("t?ny", "tiny"));
  CHECK_FALSE(matches("t?y", "tiny"));
  CHECK_FALSE(matches("a*y", "acme/tiny"));  // the root namespace's packages only
  CHECK(matches("*/tiny", "acme/tiny"));
  CHECK(matches("*/*", "acme/tiny"));
  CHECK(matches("a*/t*y", "acme/tiny"));
  CHECK_FALSE(matches("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
  for (const char* bad : {"", "/", "a/", "/a", "a/b/c", "A", "../x", "a b", "__/x"})
    CHECK_FALSE(schemas::is_package_glob(bad));
  CHECK_FALSE(schemas::is_package_glob(std::string(200, 'a')));
}

TEST_CASE("a rule speaks of its packages less the excepted, and not at all when it is off") {
  PolicyRule r = rule();
  r.licenses = {"GPL-3.0-only"};
  CHECK(verdict(r) == "breaks");
  r.except = {"acme/t*"};
  CHECK(verdict(r) == "silent");
  r.except = {"other/*"};
  CHECK(verdict(r) == "breaks");
  r.packages = {"other/*"};
  CHECK(verdict(r) == "silent");
  r.packages = {"other/*", "acme/*"};
  CHECK(verdict(r) == "breaks");
  r.mode = PolicyMode::off;
  CHECK(verdict(r) == "silent");
  CHECK(verdict(rule()) == "silent");  // a rule that asks for nothing
}

TEST_CASE("signers: so many distinct ones of the keys named") {
  PolicyRule r = rule();
  r.signers = {.keys = {kAnn, kBob}, .threshold = 1};
  CHECK(verdict(r) == "holds");
  r.signers.threshold = 2;
  CHECK(verdict(r) == "breaks");
  ReleaseFacts f = facts();
  f.signers = {kAnn, kAnn};  // one key twice is one
  CHECK(verdict(r, f) == "breaks");
  f.signers = {kAnn, kEve};
  CHECK(verdict(r, f) == "breaks");
  f.signers = {kEve, kBob, kAnn};
  CHECK(verdict(r, f) == "holds");
  f.signers = {};
  r.signers.threshold = 1;
  CHECK(verdict(r, f) == "breaks");
  r.signers.threshold = 0;  // no document says this; it must not mean "anybody"
  CHECK(verdict(r, f) == "breaks");
}

TEST_CASE("an age is counted from the day it is known to be public, not known is too young") {
  PolicyRule r = rule();
  r.min_release_age = "10d";
  CHECK(verdict(r) == "holds");
  r.min_release_age = "241h";
  CHECK(verdict(r) == "breaks");
  ReleaseFacts f = facts();
  f.public_since = kNow + kDay;  // dated in the future
  r.min_release_age = "1s";
  CHECK(verdict(r, f) == "breaks");
  f.public_since = std::nullopt;
  CHECK(verdict(r, f) == "breaks");
  CHECK(schemas::age_seconds("7d") == 7 * kDay);
  CHECK(schemas::age_seconds("2h") == 7'200);
  CHECK(schemas::age_seconds("3m") == 180);
  CHECK(schemas::age_seconds("4s") == 4);
  CHECK(schemas::age_seconds("week") == 0);
}

TEST_CASE("licences and kinds") {
  PolicyRule r = rule();
  r.licenses = {"MIT", "BSD-3-Clause"};
  CHECK(verdict(r) == "holds");
  ReleaseFacts f = facts();
  f.license = "";
  CHECK(verdict(r, f) == "breaks");
  r = rule();
  r.kinds = {schemas::Kind::dataset, schemas::Kind::base};
  CHECK(verdict(r) == "breaks");
  r.kinds.push_back(schemas::Kind::model);
  CHECK(verdict(r) == "holds");
}

TEST_CASE("every rule of a file counts, not only the first that speaks of a package") {
  PolicyRule first = rule();
  first.kinds = {schemas::Kind::model};
  PolicyRule second = rule();
  second.name = "second";
  second.signers = {.keys = {kBob}};
  const auto found = judge({{"policy.json", {.rules = {first, second}}}}, facts(), kNow,
                           [](const std::string&, const std::vector<std::string>&) { return false; });
  REQUIRE(found.size() == 2);
  CHECK(found[0].holds);
  CHECK(found[1].rule == "second");
  CHECK_FALSE(found[1].holds);
}

TEST_CASE("every rule of every source counts, so that a second policy can only ask for more") {
  PolicyRule strict = rule();
  strict.licenses = {"GPL-3.0-only"};
  PolicyRule lax = rule();
  lax.licenses = {"MIT"};
  lax.mode = PolicyMode::warn;
  const auto exact = [](const std::string& licence, const std::vector<std::string>& allowed) {
    return licence == allowed.front();
  };
  const auto found =
      judge({{"system", {.rules = {strict}}}, {"user", {.rules = {lax}}}}, facts(), kNow, exact);
  REQUIRE(found.size() == 2);
  CHECK_FALSE(found[0].holds);
  CHECK(found[0].mode == PolicyMode::enforce);
  CHECK(found[1].holds);
  CHECK(found[1].where == "user");
}
