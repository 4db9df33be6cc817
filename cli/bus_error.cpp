// cli/bus_error.cpp: what a signal handler may do: write and end.
#include "cli/bus_error.h"

#include <csignal>
#include <string_view>

#include <unistd.h>

#include "base/result.h"

namespace nano::cli {
namespace {

volatile sig_atomic_t g_bus_json = 0;
volatile sig_atomic_t g_bus_terminal = 0;

constexpr std::string_view kBusLines =
    "error: a file became shorter while it was read, or its disk failed (SIGBUS)\n"
    "  hint: replace model files by renaming, never by writing over them; `nano verify` checks what is installed\n";
constexpr std::string_view kBusJson =
    R"j({"error":{"code":9,"kind":"store","message":"a file became shorter while it was read, or its disk failed (SIGBUS)",)j"
    R"j("hint":"replace model files by renaming, never by writing over them; `nano verify` checks what is installed","context":[]}})j"
    "\n";

extern "C" void on_bus_error(int, siginfo_t* info, void*) {
  if (info->si_code != BUS_ADRERR) {  // no file's: the access is made again, and ends the program as ever
    signal(SIGBUS, SIG_DFL);
    return;
  }
  constexpr std::string_view kClear = "\r\x1b[K";
  const std::string_view text = g_bus_json != 0 ? kBusJson : kBusLines;
  if (g_bus_terminal != 0) (void)!write(STDERR_FILENO, kClear.data(), kClear.size());
  (void)!write(STDERR_FILENO, text.data(), text.size());
  _exit(static_cast<int>(Errc::store));
}

}  // namespace

void install_bus_error_handler(bool json, bool err_is_terminal) {
  g_bus_json = json ? 1 : 0;
  g_bus_terminal = err_is_terminal ? 1 : 0;
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace nano::cli
