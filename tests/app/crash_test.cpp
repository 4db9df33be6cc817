// kill -9 at random moments of an install: the store is always whole and the next install always succeeds.
#include <chrono>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/app/world.h"

extern char** environ;

namespace nano::test {
namespace {

/// Start `nano args`, kill it after `delay`; true if it was still running.
bool killed_after(World& w, const std::vector<std::string>& args, std::chrono::microseconds delay) {
  std::vector<std::string> argv_text = args;
  argv_text.insert(argv_text.begin(), bin("nano"));
  std::vector<char*> argv;
  for (auto& a : argv_text) argv.push_back(a.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    for (const auto& [k, v] : w.environment())
      v.empty() ? unsetenv(k.c_str()) : setenv(k.c_str(), v.c_str(), 1);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
  std::this_thread::sleep_for(delay);
  kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status);
}

TEST_CASE("an install killed at 50 random moments leaves a store that verifies and installs") {
  World w;
  w.publish("keep");
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "keep"}).exit_code == 0);
  const double start = monotonic_ms();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  double whole_us = (monotonic_ms() - start) * 1000;
  REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  std::mt19937 rng(20261120);
  std::uniform_real_distribution<double> moment(0.02, 1.0);
  int killed = 0;
  for (int i = 0; killed < 50 && i < 250; ++i) {  // those that had ended already do not count
    // Every other time without the blobs, so that the fetch is hit as well as the switch.
    if (i % 2 == 0) {
      std::filesystem::remove_all(w.path("home/store/v1/blobs"));
      std::filesystem::remove_all(w.path("home/store/v1/pkgs/_/tiny"));
    }
    const auto delay = std::chrono::microseconds(static_cast<int64_t>(whole_us * moment(rng)));
    if (killed_after(w, {"install", "tiny", "--force"}, delay)) {
      ++killed;
    } else {
      whole_us *= 0.9;  // it was done already: the machine is quicker now than when it was timed
    }
    const auto verify = w.nano({"verify", "keep"});
    INFO("kill " << i << ": " << verify.out << verify.err);
    REQUIRE(verify.exit_code == 0);
    const auto install = w.nano({"install", "tiny"});
    INFO(install.err);
    REQUIRE(install.exit_code == 0);
    const auto all = w.nano({"verify"});
    INFO(all.out << all.err);
    REQUIRE(all.exit_code == 0);
    REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  }
  CHECK(killed == 50);
}

}  // namespace
}  // namespace nano::test
