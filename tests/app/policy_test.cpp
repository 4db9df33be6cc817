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

TEST_CASE(
    "a rule holds for every way in: upgrade, sync, import of an export, a bundle, and audit sees what broke "
    "it") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"init", w.path("project")}).exit_code == 0);
  const auto in_project = [&](std::vector<std::string> args) {
    return w.nano(std::move(args), {}, {{"NANO_PROJECT", w.path("project")}});
  };
  w.publish("tiny", "1.1.0");
  CHECK(w.nano({"audit"}).exit_code == 0);
  // After the last publish: an export with older metadata than those seen here is a rollback, whatever the policy says.
  REQUIRE(w.nano({"export", "tiny", "-o", w.path("tiny.nano")}).exit_code == 0);
  policy(w, R"("packages":["*"],"signers":{"keys":[")" + std::string(64, 'a') + R"("]})");
  const auto refused = [](const RunResult& r) {
    INFO(r.err << r.out);
    CHECK(r.exit_code == 7);
    CHECK(has(r.err, "'ours'"));
  };
  // An upgrade takes the newest version that is allowed: here what is installed stays, and outdated says why.
  const auto upgrade = w.nano({"upgrade"});
  CHECK(upgrade.exit_code == 0);
  CHECK(w.installed() == std::vector<std::string>{"tiny 1.0.0 f32"});
  CHECK(has(w.json(w.nano({"outdated", "--json"}))["data"]["packages"][0]["blocked"].get<std::string>(), "'ours'"));
  refused(w.nano({"install", "tiny@1.1.0"}));
  refused(in_project({"add", "tiny"}));
  CHECK_FALSE(std::filesystem::exists(w.path("project/nano.lock")));
  const auto audit = w.nano({"audit", "--json"});
  CHECK(audit.exit_code == 15);
  CHECK(w.json(audit)["data"]["findings"][0]["kind"] == "policy");
  REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  refused(w.nano({"import", w.path("tiny.nano")}));
  CHECK(w.installed().empty());
  // A lock that was made while nothing forbade it is no way round.
  policy(w, R"("packages":["none"],"kinds":["dataset"])");
  REQUIRE(in_project({"add", "tiny"}).exit_code == 0);
  policy(w, R"("packages":["*"],"kinds":["dataset"])");
  for (const char* how : {"--locked", "--frozen"})
    refused(w.nano({"sync", how}, {},
                   {{"NANO_PROJECT", w.path("project")}, {"NANO_STORE", w.path("other-store")}}));
}

TEST_CASE("without a policy everything is allowed, one that cannot be read allows nothing") {
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
