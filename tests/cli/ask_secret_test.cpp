// tests/cli/ask_secret_test.cpp: the program at a terminal of its own, stopped and ended while it asks for a passphrase.
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "tests/support/support.h"

using namespace nano;

namespace {

using std::chrono::milliseconds;

/// `nano-registry key new FOLDER a` in a session of its own, on a pseudo-terminal whose other end we hold.
struct Terminal {
  int master = -1;
  int slave = -1;
  pid_t child = -1;
  std::string seen{};

  explicit Terminal(const std::string& folder, bool ignore_hangup = false) {
    REQUIRE(openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (ignore_hangup) signal(SIGHUP, SIG_IGN);
      unsetenv("NANO_KEY_PASSPHRASE");
      unsetenv("NANO_OFFLINE_KEY_PASSPHRASE");
      unsetenv("NANO_JSON");
      if (login_tty(slave) != 0) _exit(99);
      const std::string program = test::bin("nano-registry");
      execl(program.c_str(), "nano-registry", "key", "new", folder.c_str(), "a", nullptr);
      _exit(98);
    }
  }
  ~Terminal() {
    if (child > 0) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    close(master);
    close(slave);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] bool echoes() const {
    termios t{};
    REQUIRE(tcgetattr(slave, &t) == 0);
    return (t.c_lflag & ECHO) != 0;
  }
  /// Waits until `text` was printed and the echo is off.
  [[nodiscard]] bool asks(const std::string& text = "passphrase") {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
      pollfd p{.fd = master, .events = POLLIN, .revents = 0};
      char buffer[1024];
      if (poll(&p, 1, 50) > 0) {
        const ssize_t n = read(master, buffer, sizeof buffer);
        if (n <= 0) return false;
        seen.append(buffer, static_cast<std::size_t>(n));
      }
      if (seen.find(text) != std::string::npos && !echoes()) return true;
    }
    return false;
  }
  void type(const std::string& text) const { REQUIRE(write(master, text.data(), text.size()) == static_cast<ssize_t>(text.size())); }
  /// What waitpid says, once the child has ended or (with WUNTRACED) stopped.
  int wait(int options = 0) {
    int how = 0;
    REQUIRE(waitpid(child, &how, options) == child);
    if (!WIFSTOPPED(how)) child = -1;
    return how;
  }
};

bool wait_for_echo(const Terminal& t, bool on) {
  for (int i = 0; i < 600 && t.echoes() != on; ++i) std::this_thread::sleep_for(milliseconds(50));
  return t.echoes() == on;
}

}  // namespace

TEST_CASE("whatever ends a question for a passphrase, the terminal echoes again") {
  struct End {
    const char* name;
    std::function<void(Terminal&)> act;
    int exit_code;  ///< -1: ended by a signal
  };
  const std::vector<End> ends{
      {"^C", [](Terminal& t) { t.type("\x03"); }, 130},
      {"SIGINT", [](Terminal& t) { kill(t.child, SIGINT); }, 130},
      {"SIGTERM", [](Terminal& t) { kill(t.child, SIGTERM); }, 130},
      {"SIGHUP", [](Terminal& t) { kill(t.child, SIGHUP); }, -1},
      {"^\\", [](Terminal& t) { t.type("\x1c"); }, -1},
      {"SIGQUIT", [](Terminal& t) { kill(t.child, SIGQUIT); }, -1},
      {"half a line and ^C", [](Terminal& t) { t.type("secr\x03"); }, 130},
      {"end of input", [](Terminal& t) { t.type("\x04"); }, 0},
  };
  for (const End& end : ends) {
    INFO(end.name);
    const test::TempDir dir;
    Terminal t((dir / "keys").string());
    REQUIRE(t.asks());
    end.act(t);
    const int how = t.wait();
    CHECK((WIFEXITED(how) ? WEXITSTATUS(how) : -1) == end.exit_code);
    CHECK(t.echoes());
    if (end.exit_code != 0) CHECK_FALSE(std::filesystem::exists(dir / "keys/a.pem"));
  }
}

TEST_CASE("at the second question of a passphrase the terminal is given back too") {
  const test::TempDir dir;
  Terminal t((dir / "keys").string());
  REQUIRE(t.asks());
  t.type("secret\n");
  REQUIRE(t.asks("once more"));
  t.type("\x03");
  t.wait();
  CHECK(t.echoes());
}

TEST_CASE("a question that is stopped with ^Z leaves the terminal as it was, and is asked again after fg") {
  const test::TempDir dir;
  Terminal t((dir / "keys").string());
  REQUIRE(t.asks());
  // A process of a session without a shell is no job: TSTP would be ignored by the kernel's rule for orphans, STOP is not.
  kill(t.child, SIGTSTP);
  std::this_thread::sleep_for(milliseconds(300));
  t.seen.clear();
  kill(t.child, SIGCONT);
  CHECK(t.asks());
  t.type("secret\n");
  REQUIRE(t.asks("once more"));
  t.type("secret\n");
  const int how = t.wait();
  CHECK(WIFEXITED(how));
  CHECK(WEXITSTATUS(how) == 0);
  CHECK(t.echoes());
  CHECK(test::read(dir / "keys/a.pem").find("ENCRYPTED") != std::string::npos);
}

TEST_CASE("a signal that was ignored before the question stays ignored: nohup") {
  const test::TempDir dir;
  Terminal t((dir / "keys").string(), true);
  REQUIRE(t.asks());
  kill(t.child, SIGHUP);
  std::this_thread::sleep_for(milliseconds(200));
  CHECK_FALSE(t.echoes());
  t.type("secret\n");
  REQUIRE(t.asks("once more"));
  CHECK(wait_for_echo(t, false));
  t.type("secret\n");
  CHECK(WEXITSTATUS(t.wait()) == 0);
  CHECK(t.echoes());
}
