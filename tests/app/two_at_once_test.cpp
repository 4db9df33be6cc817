// Two processes at once, of the same and of different packages.
#include <thread>

#include <catch2/catch.hpp>

#include "app/sightings.h"
#include "base/hash.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("two installs of the same package at once both succeed") {
  World w;
  w.publish("tiny");
  w.use_registry();
  for (int round = 0; round < 5; ++round) {
    RunResult a, b;
    std::thread other([&] { a = w.nano({"install", "tiny"}); });
    b = w.nano({"install", "tiny"});
    other.join();
    INFO(a.err << b.err);
    CHECK(a.exit_code == 0);
    CHECK(b.exit_code == 0);
    CHECK(w.installed().size() == 1);
    CHECK(w.nano({"verify"}).exit_code == 0);
    REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  }
}

TEST_CASE("installs of different packages at once all arrive") {
  World w;
  for (const char* n : {"one", "two", "three", "four"}) w.publish(n);
  w.use_registry();
  std::vector<RunResult> results(4);
  std::vector<std::thread> threads;
  const char* names[] = {"one", "two", "three", "four"};
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] { results[i] = w.nano({"install", names[i]}); });
  for (auto& t : threads) t.join();
  for (const auto& r : results) {
    INFO(r.err);
    CHECK(r.exit_code == 0);
  }
  CHECK(w.installed().size() == 4);
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("first-seen times that are noted at once are all kept, each with the earliest time") {
  const TempDir dir;
  const auto release = [](int i) { return sha256("release " + std::to_string(i)); };
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        NullLog log;
        auto seen = app::Sightings::load(dir.path());
        seen.saw(release(t * 5 + i), 1'700'000'000 + t);
        seen.saw(release(1000), 1'700'000'000 + t);
        seen.saw_date(1'600'000'000 + t * 5 + i);
        seen.save(log);
      }
    });
  for (auto& t : threads) t.join();
  const auto seen = app::Sightings::load(dir.path());
  for (int i = 0; i < 30; ++i) CHECK(seen.first(release(i)).has_value());
  CHECK(seen.first(release(1000)) == 1'700'000'000);
  CHECK(seen.newest() == 1'600'000'029);
}

/// Runs commands at once, each in a process of its own. How many ended with 0; the others' words go to `said`.
std::size_t at_once(World& w, const std::vector<std::vector<std::string>>& commands, std::string& said,
                    const std::map<std::string, std::string>& env = {}) {
  std::vector<RunResult> results(commands.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < commands.size(); ++i)
    threads.emplace_back([&, i] { results[i] = w.nano(commands[i], {}, env); });
  for (auto& t : threads) t.join();
  std::size_t good = 0;
  for (const auto& r : results) {
    good += r.exit_code == 0 ? 1 : 0;
    if (r.exit_code != 0) said += r.err;
  }
  return good;
}

TEST_CASE("registries added and removed at once are all added and removed, and the namespaces stay with one owner") {
  World w;
  std::vector<std::vector<std::string>> add, remove, same;
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    add.push_back({"registry", "add", "r" + n, w.registry(), "--namespaces", "n" + n, "--root", w.root()});
    remove.push_back({"registry", "remove", "r" + n});
    same.push_back({"registry", "add", "s" + n, w.registry(), "--namespaces", "one", "--root", w.root()});
  }
  std::string said;
  const auto rows = [&] { return w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"].size(); };
  for (int round = 0; round < 2; ++round) {
    CHECK(at_once(w, add, said) == 6);
    CHECK(rows() == 6);
    CHECK(at_once(w, remove, said) == 6);
    CHECK(rows() == 0);
  }
  // What the file said when they began was free for all of them.
  CHECK(at_once(w, same, said) == 1);
  CHECK(rows() == 1);
  INFO(said);
  CHECK(has(said, "one"));
}

TEST_CASE("settings of different kinds that are written at once are all there") {
  World w;
  REQUIRE(w.nano({"config", "set", "quiet", "true"}).exit_code == 0);
  std::string said;
  CHECK(at_once(w,
                {{"config", "set", "verbose", "true"}, {"config", "set", "offline", "true"}, {"config", "set", "store", w.path("s")},
                 {"config", "unset", "quiet"}, {"registry", "add", "a", w.registry(), "--namespaces", "a", "--root", w.root()}},
                said) == 5);
  INFO(said);
  const Json c = parse_json(read(w.path("home/config/config.json"))).value();
  CHECK(c["verbose"] == true);
  CHECK(c["offline"] == true);
  CHECK(c["store"] == w.path("s"));
  CHECK_FALSE(c.contains("quiet"));
  CHECK(c["registries"].size() == 1);
}

TEST_CASE("packages added to one project, removed from it and pinned in it at once are all there, in nano.json and nano.lock") {
  World w;
  for (const char* n : {"one", "two", "three", "four"}) w.publish(n);
  w.use_registry();
  const std::string project = w.path("project");
  REQUIRE(w.nano({"init", project}).exit_code == 0);
  const std::map<std::string, std::string> env{{"NANO_PROJECT", project}};
  std::string said;
  REQUIRE(w.nano({"add", "four"}, {}, env).exit_code == 0);
  CHECK(at_once(w, {{"add", "one"}, {"add", "two"}, {"add", "three"}, {"remove", "four"}}, said, env) == 4);
  INFO(said);
  const auto names = [&](const char* file, const char* list) {
    std::vector<std::string> out;
    const Json doc = parse_json(read(project + "/" + file)).value();
    if (doc.contains(list))
      for (const auto& d : doc[list]) out.push_back(d["name"]);
    return out;
  };
  CHECK(names("nano.json", "dependencies") == std::vector<std::string>{"one", "three", "two"});
  CHECK(names("nano.lock", "packages") == std::vector<std::string>{"one", "three", "two"});
  CHECK(w.nano({"sync", "--locked"}, {}, env).exit_code == 0);
  CHECK(at_once(w, {{"pin", "one"}, {"pin", "two"}, {"pin", "three"}, {"lock"}}, said, env) == 4);
  for (const char* n : {"one", "two", "three"}) CHECK(w.nano({"unpin", n}, {}, env).exit_code == 0);
}

}  // namespace
}  // namespace nano::test
