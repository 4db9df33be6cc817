// Two and more processes at the same store.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/gc.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

std::vector<int> all_children(const std::vector<std::function<int()>>& bodies) {
  std::vector<pid_t> pids;
  for (const auto& body : bodies) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      int code = 99;
      try {
        code = body();
      } catch (...) {
      }
      _exit(code);
    }
    pids.push_back(pid);
  }
  std::vector<int> codes;
  for (const pid_t pid : pids) {
    int status = 0;
    waitpid(pid, &status, 0);
    codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  return codes;
}

TEST_CASE("processes that install the same package at once all succeed") {
  for (int round = 0; round < 5; ++round) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    const Package p = make_package("a", "1.0.0", 1, 100'000);
    const auto one = [&] { return install(store, p) ? 0 : 1; };
    CHECK(all_children({one, one, one, one}) == std::vector<int>{0, 0, 0, 0});
    CHECK(installed_text(store) == "a@1.0.0:q8");
    CHECK(read_current(store.primary())->number == 1);
    CHECK(findings(store).empty());
  }
}

TEST_CASE("processes that install different packages at once all succeed, and none is lost") {
  for (int round = 0; round < 5; ++round) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    std::vector<std::function<int()>> bodies;
    for (unsigned i = 0; i < 5; ++i) {
      bodies.push_back([&store, i] {
        const std::string name(1, static_cast<char>('a' + i));
        return install(store, make_package(name, "1.0.0", i, 50'000)) ? 0 : 1;
      });
    }
    CHECK(all_children(bodies) == std::vector<int>(5, 0));
    CHECK(installed_text(store) == "a@1.0.0:q8 b@1.0.0:q8 c@1.0.0:q8 d@1.0.0:q8 e@1.0.0:q8");
    CHECK(findings(store).empty());
  }
}

TEST_CASE("a reader beside writers always sees a whole generation") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 0)));
  const auto writer = [&] {
    for (unsigned i = 1; i < 15; ++i) {
      if (!install(store, make_package("a", "1.0." + std::to_string(i), i))) return 1;
      auto lock = store.lock("gc");
      if (!lock) return 2;
      const auto plan = plan_gc(store, *lock, {.keep_generations = 1, .pins = {}, .now = now() + 3600});
      if (!plan || !run_gc(*lock, *plan)) return 3;
    }
    return 0;
  };
  const auto reader = [&] {
    for (int i = 0; i < 3000; ++i) {
      const auto g = read_current(store.primary());
      if (!g || g->entries.size() != 1) return 1;
    }
    return 0;
  };
  CHECK(all_children({writer, reader, reader}) == std::vector<int>{0, 0, 0});
  CHECK(findings(store).empty());
}

TEST_CASE("a writer that waits in vain is told who holds the lock") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const auto lock = store.lock("nano install big-model");
  REQUIRE(lock);
  const auto second = store.lock("nano gc", std::chrono::milliseconds(40));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::store);
  CHECK(second.error().message.find("nano install big-model") != std::string::npos);
  CHECK(second.error().message.find("pid " + std::to_string(getpid())) != std::string::npos);
  CHECK_FALSE(second.error().hint.empty());
}

TEST_CASE("threads that add the same bytes all succeed") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const std::string bytes(300'000, 'z');
  std::vector<std::thread> threads;
  std::vector<int> ok(6, 0);
  for (std::size_t i = 0; i < ok.size(); ++i) threads.emplace_back([&, i] { ok[i] = add_blob_bytes(store, bytes) ? 1 : 0; });
  for (auto& t : threads) t.join();
  CHECK(ok == std::vector<int>(6, 1));
  CHECK(findings(store).empty());
}

}  // namespace
}  // namespace nano::store
