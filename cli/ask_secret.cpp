// cli/ask_secret.cpp: a question whose answer is not shown. The terminal is given back as it was found, whatever comes first: the
// answer, ^C, ^\, TERM, HUP, or ^Z (and the question is asked again after `fg`).
//
// Signals are blocked but for the moment of waiting, so none can slip in between a look and a read; the handler only notes which
// one came. The terminal is restored first, and the signal is sent again afterwards, to whatever handled it before the question.
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/terminal.h"

namespace nano::cli {
namespace {

constexpr std::array<int, 5> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
constexpr std::size_t kMaxAnswer = 1024;  ///< bytes; the rest of the line is passed over

// Written by the handler, which runs only while ask_once() waits in ppoll.
volatile sig_atomic_t g_arrived = 0;

extern "C" void note_signal(int sig) { g_arrived = sig; }

/// The signals blocked and handled by note_signal; put back as they were by give_back().
class SignalGuard {
 public:
  SignalGuard() {
    sigset_t block;
    sigemptyset(&block);
    for (const int sig : kSignals) sigaddset(&block, sig);
    pthread_sigmask(SIG_BLOCK, &block, &mask_);
    struct sigaction note {};
    note.sa_handler = note_signal;
    sigfillset(&note.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) continue;  // nohup, background jobs: it stays ignored
      sigaction(kSignals[i], &note, nullptr);
    }
    waiting_ = mask_;
    for (const int sig : kSignals) sigdelset(&waiting_, sig);
  }
  ~SignalGuard() { give_back(); }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  void give_back() {
    if (given_back_) return;
    given_back_ = true;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  [[nodiscard]] const sigset_t& waiting() const { return waiting_; }

 private:
  std::array<struct sigaction, kSignals.size()> before_{};
  sigset_t mask_{};
  sigset_t waiting_{};
  bool given_back_ = false;
};

/// The terminal without echo; as it was, from restore() on.
class HiddenEcho {
 public:
  HiddenEcho() : can_(tcgetattr(STDIN_FILENO, &shown_) == 0) {
    if (!can_) return;
    termios hidden = shown_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    set(hidden, TCSAFLUSH);
  }
  ~HiddenEcho() { restore(); }
  HiddenEcho(const HiddenEcho&) = delete;
  HiddenEcho& operator=(const HiddenEcho&) = delete;

  void restore() {
    if (can_) set(shown_, TCSADRAIN);  // what was typed ahead is the next reader's
    can_ = false;
  }

 private:
  static void set(const termios& to, int when) {
    while (tcsetattr(STDIN_FILENO, when, &to) != 0 && errno == EINTR) {
    }
  }
  termios shown_{};
  bool can_ = false;
};

struct Asked {
  std::string answer{};
  int signal = 0;  ///< the answer was not waited for: this came
};

Asked ask_once(std::string_view question) {
  Asked out;
  SignalGuard signals;
  g_arrived = 0;
  HiddenEcho hidden;
  const std::string text = sanitize(question, true);
  (void)!write(STDERR_FILENO, text.data(), text.size());
  while (true) {
    pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ppoll(&in, 1, nullptr, &signals.waiting());
    if (g_arrived != 0) break;
    if (ready < 0 && errno == EINTR) continue;
    char c = '\0';
    if (ready < 0 || read(STDIN_FILENO, &c, 1) != 1 || c == '\n') break;
    if (out.answer.size() < kMaxAnswer) out.answer.push_back(c);
  }
  out.signal = g_arrived;
  hidden.restore();
  (void)!write(STDERR_FILENO, "\n", 1);  // the line that was not echoed
  signals.give_back();
  return out;
}

}  // namespace

std::string ask_secret(std::string_view question) {
  std::fflush(stderr);
  while (true) {
    Asked asked = ask_once(question);
    if (asked.signal == 0) return std::move(asked.answer);
    explicit_bzero(asked.answer.data(), asked.answer.size());
    // As if it came now: the handler, the end, or a stop. Whoever goes on after a stop is asked anew.
    (void)raise(asked.signal);
  }
}

}  // namespace nano::cli
