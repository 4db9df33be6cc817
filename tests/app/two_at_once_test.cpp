// Two processes at once, of the same and of different packages.
#include <thread>

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace nano::test
