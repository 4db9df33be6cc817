// tests/app/policy_test.cpp: a policy decides what is installed, and what is said of what is there.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

void policy(const World& w, const std::string& rule) {
  write(std::filesystem::path(w.environment().at("NANO_HOME")) / "config" / "policy.json",
        R"({"schema":"nano.policy/1","rules":[{"name":"ours",)" + rule + "}]}");
}

/// The key id of whoever signed `tiny`.
std::string signer(World& w) {
  return w.json(w.nano({"verify", "--json"}))["data"]["packages"][0]["signer"];
}

}  // namespace

TEST_CASE("what breaks an enforced rule is not installed: exit 7, the rule named") {
  World w;
  w.publish("tiny");
  w.use_registry();
  policy(w, R"("packages":["*"],"signers":{"keys":[")" + std::string(64, 'a') + R"("]})");
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "'ours'"));
  CHECK(has(r.err, "signers"));
  CHECK(w.installed().empty());
  policy(w, R"("packages":["other/*"],"signers":{"keys":[")" + std::string(64, 'a') + R"("]})");
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
}

TEST_CASE("a rule that only warns lets it in, and policy check exits with 15") {
  World w;
  w.publish("tiny");
  w.use_registry();
  policy(w, R"("packages":["tiny"],"mode":"warn","kinds":["dataset"])");
  const auto r = w.nano({"install", "tiny"});
  REQUIRE(r.exit_code == 0);
  CHECK(has(r.err, "'ours'"));
  const auto check = w.nano({"policy", "check", "--json"});
  CHECK(check.exit_code == 15);
  const auto doc = w.json(check);
  CHECK(doc["data"]["packages"][0]["name"] == "tiny");
  CHECK(doc["data"]["packages"][0]["decisions"][0]["holds"] == false);
  policy(w, R"("packages":["tiny"],"signers":{"keys":[")" + signer(w) + R"("]})");
  CHECK(w.nano({"policy", "check"}).exit_code == 0);
  CHECK(has(w.nano({"policy", "explain", "tiny"}).out, "signers"));
  CHECK(has(w.nano({"policy", "explain", "absent"}).out, "no rule speaks of it"));
}

TEST_CASE("without a policy everything is allowed; one that cannot be read allows nothing") {
  World w;
  w.publish("tiny");
  w.use_registry();
  CHECK(w.nano({"policy", "check"}).exit_code == 0);
  policy(w, R"("packages":["*"],"kind":["dataset"])");  // a slip: it must not mean "no rule"
  CHECK(w.nano({"install", "tiny"}).exit_code == 13);
  CHECK(w.nano({"policy", "check"}).exit_code == 13);
  CHECK(w.installed().empty());
}

}  // namespace nano::test
