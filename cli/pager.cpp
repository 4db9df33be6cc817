// cli/pager.cpp: starts the pager, feeds it, waits for it.
#include "cli/pager.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace nano::cli {
namespace {

constexpr int kNoSuchCommand = 127;  // of a shell

/// The command, or "" for none. less may be missing on a small machine: then the shell says so and the text is printed.
std::string pager_command() {
  const char* pager = std::getenv("PAGER");
  if (pager == nullptr) return "less";
  const std::string command = pager;
  return command == "cat" || command.find_first_not_of(' ') == std::string::npos ? "" : command;
}

/// As git sets it: end at once when one screen is enough, show colours, leave the text on the screen.
std::vector<std::string> pager_environment() {
  std::vector<std::string> out;
  bool less = false;
  for (char** e = environ; *e != nullptr; ++e) {
    out.emplace_back(*e);
    less = less || out.back().rfind("LESS=", 0) == 0;
  }
  if (!less) out.emplace_back("LESS=FRX");
  return out;
}

/// While a pager reads the keyboard its ^C and ^\ are not ours.
class LeaveKeys {
 public:
  LeaveKeys() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_);
    sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~LeaveKeys() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGQUIT, &quit_, nullptr);
  }
  LeaveKeys(const LeaveKeys&) = delete;
  LeaveKeys& operator=(const LeaveKeys&) = delete;

 private:
  struct sigaction interrupt_ {}, quit_{};
};

/// The pager's process with `in` as its standard input; -1: it cannot be started.
pid_t start(const std::string& command, int in) {
  std::vector<std::string> environment = pager_environment();
  std::vector<char*> env;
  for (auto& e : environment) env.push_back(e.data());
  env.push_back(nullptr);
  std::string shell = "/bin/sh", flag = "-c", line = command + " 2>/dev/null";
  char* argv[] = {shell.data(), flag.data(), line.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return -1;
  }
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  sigset_t ours;
  sigemptyset(&ours);
  for (const int sig : {SIGPIPE, SIGINT, SIGQUIT}) sigaddset(&ours, sig);
  posix_spawnattr_setsigdefault(&attributes, &ours);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int failed = posix_spawn(&child, shell.c_str(), &actions, &attributes, argv, env.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? child : -1;
}

/// Did a pager show it?
bool shown_by(const std::string& command, std::string_view text) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const LeaveKeys keys;
  const pid_t child = start(command, ends[0]);
  close(ends[0]);
  while (child != -1 && !text.empty()) {
    const ssize_t n = write(ends[1], text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;  // the reader has seen enough
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  close(ends[1]);
  if (child == -1) return false;
  int status = 0;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return !(WIFEXITED(status) && (WEXITSTATUS(status) == kNoSuchCommand || WEXITSTATUS(status) == kNoSuchCommand - 1));
}

}  // namespace

Status page(Output& out, const Terminal& terminal, std::string_view text) {
  const std::string command = terminal.tty && isatty(STDIN_FILENO) != 0 ? pager_command() : "";
  NANO_TRY(out.flush());  // what was said before comes before
  if (command.empty() || !shown_by(command, text)) out.put(text);
  return Unit{};
}

}  // namespace nano::cli
