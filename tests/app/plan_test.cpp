// tests/app/plan_test.cpp: what --dry-run says with --json is a plan by schemas/v1/plan.schema.json, for every command that has it.
#include <catch2/catch.hpp>

#include "tests/app/world.h"
#include "tests/schemas/json_schema.h"

namespace nano::test {
namespace {

/// Runs commands dry, holds what they print to the schema, and sees that nothing has changed.
struct Planner {
  World w{};
  JsonSchema schema{"plan"};

  Json plan(std::vector<std::string> args, World* of = nullptr) {
    World& world = of != nullptr ? *of : w;
    const auto before = world.installed();
    const std::string words = args.front();
    args.insert(args.end(), {"--dry-run", "--json"});
    const RunResult r = world.nano(args);
    INFO(words << ": " << r.out << r.err);
    REQUIRE(r.exit_code == 0);
    Json data = world.json(r)["data"];
    CHECK(schema.fault(data) == "");
    CHECK(data["dry_run"] == true);
    CHECK(world.installed() == before);
    return data;
  }
  std::string action(const Json& data) { return data["items"].at(0)["action"]; }
};

}  // namespace

TEST_CASE("every plan is one by its schema: install, upgrade, pin, rollback, uninstall, gc") {
  Planner p;
  for (const char* v : {"1.0.0", "1.1.0"}) p.w.publish("tiny", v);
  p.w.use_registry();
  CHECK(p.action(p.plan({"install", "tiny"})) == "install");
  REQUIRE(p.w.nano({"install", "tiny@1.0.0"}).exit_code == 0);
  CHECK(p.action(p.plan({"install", "tiny@1.0.0"})) == "keep");
  CHECK(p.plan({"upgrade"})["items"].empty());  // 1.0.0 is what was asked for
  REQUIRE(p.w.nano({"install", "tiny@*"}).exit_code == 0);
  CHECK(p.action(p.plan({"upgrade"})) == "upgrade");
  CHECK(p.plan({"pin", "tiny"})["changed"] == true);
  REQUIRE(p.w.nano({"pin", "tiny"}).exit_code == 0);
  CHECK(p.plan({"unpin", "tiny"})["version"] == "1.0.0");
  REQUIRE(p.w.nano({"unpin", "tiny"}).exit_code == 0);
  REQUIRE(p.w.nano({"upgrade"}).exit_code == 0);
  CHECK(p.action(p.plan({"rollback", "--to", "1"})) == "downgrade");
  CHECK(p.action(p.plan({"uninstall", "tiny"})) == "remove");
  REQUIRE(p.w.nano({"uninstall", "tiny"}).exit_code == 0);

  const Json dry = p.plan({"gc", "--keep", "0"});
  CHECK(dry["freed_bytes"].get<uint64_t>() > 0);  // the package folders; blobs this young stay
  CHECK(dry["packages"].get<uint64_t>() == 2);
  // What it would do is what it then does.
  Json done = p.w.json(p.w.nano({"gc", "--keep", "0", "--json"}))["data"];
  CHECK(p.schema.fault(done) == "");
  CHECK(done["dry_run"] == false);
  done["dry_run"] = true;
  CHECK(done == dry);
}

TEST_CASE("the plan of an import is one by its schema, and what the import then does") {
  Planner p;
  p.w.publish("tiny");
  p.w.use_registry();
  REQUIRE(p.w.nano({"install", "tiny"}).exit_code == 0);
  const std::string file = p.w.path("x.nano");
  REQUIRE(p.w.nano({"export", "tiny", "-o", file}).exit_code == 0);
  World far;
  REQUIRE(far.nano({"registry", "add", "work", "https://registry.invalid", "--root", p.w.root(), "--root-namespace"}).exit_code == 0);
  const Json dry = p.plan({"import", file}, &far);
  REQUIRE(dry["items"].size() == 1);
  CHECK(p.action(dry) == "install");
  CHECK(dry["items"][0]["name"] == "tiny");
  CHECK(dry["items"][0]["registry"] == "bundle");
  CHECK(dry["items"][0]["unsigned"] == false);
  const Json done = far.json(far.nano({"import", file, "--json"}))["data"];
  CHECK(p.schema.fault(done) == "");
  CHECK(done["items"] == dry["items"]);
  CHECK(far.installed() == std::vector<std::string>{"tiny 1.0.0 f32"});
}

TEST_CASE("the plans of a project are by their schema: add, remove, lock, sync, upgrade") {
  Planner p;
  for (const char* v : {"1.0.0", "1.1.0"}) p.w.publish("tiny", v);
  p.w.use_registry();
  REQUIRE(p.w.nano({"init", p.w.path("project")}).exit_code == 0);
  const auto in_project = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--dry-run", "--json"});
    const RunResult r = p.w.nano(args, {}, {{"NANO_PROJECT", p.w.path("project")}});
    INFO(args.front() << ": " << r.out << r.err);
    REQUIRE(r.exit_code == 0);
    Json data = p.w.json(r)["data"];
    CHECK(p.schema.fault(data) == "");
    CHECK(data["dry_run"] == true);
    return data;
  };
  CHECK(in_project({"add", "tiny@1.0.0"})["changes"].at(0)["after"] == "1.0.0 f32");
  REQUIRE(p.w.nano({"add", "tiny@1.0.0"}, {}, {{"NANO_PROJECT", p.w.path("project")}}).exit_code == 0);
  REQUIRE(p.w.nano({"add", "tiny@^1"}, {}, {{"NANO_PROJECT", p.w.path("project")}}).exit_code == 0);
  CHECK(in_project({"upgrade"})["changes"].at(0)["after"] == "1.1.0 f32");
  CHECK(in_project({"lock"})["items"].empty());
  CHECK(in_project({"sync"})["items"].empty());
  CHECK(in_project({"remove", "tiny"})["changes"].at(0)["after"] == "");
}

TEST_CASE("the schema of plans refuses what is none") {
  const JsonSchema schema("plan");
  const Json item = {{"action", "install"}, {"name", "tiny"},      {"version", "1.0.0"}, {"variant", "q8"},        {"registry", "work"},
                     {"why", "requested"},  {"requested", true}, {"bytes", 10},        {"download_bytes", 10}, {"unsigned", false}};
  const Json plan = {{"items", Json::array({item})}, {"dry_run", true}};
  REQUIRE(schema.fault(plan) == "");
  for (const auto& [key, value] : item.items()) {
    INFO(key);
    Json less = plan;
    less["items"][0].erase(key);
    CHECK(schema.fault(less) != "");
    Json other = plan;
    other["items"][0][key] = nullptr;
    CHECK(schema.fault(other) != "");
  }
  const Json faults = {{"action", "explode"}, {"name", "Tiny"}, {"version", "1"}, {"bytes", -1}, {"colour", "red"}};
  for (const auto& [key, value] : faults.items()) {
    INFO(key);
    Json other = plan;
    other["items"][0][key] = value;
    CHECK(schema.fault(other) != "");
  }
  CHECK(schema.fault({{"items", Json::array()}}) != "");
  CHECK(schema.fault({{"dry_run", true}}) != "");
}

}  // namespace nano::test
