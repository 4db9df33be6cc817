// cli/program.cpp: from main to a command and back.
#include "cli/program.h"

#include <exception>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/bus_error.h"
#include "cli/help.h"
#include "cli/invocation.h"

namespace nano::cli {
namespace {

// Read by the signal handler only; set once before it is installed.
volatile sig_atomic_t g_json_errors = 0;
volatile sig_atomic_t g_err_is_terminal = 0;

extern "C" void on_interrupt(int) {
  static constexpr char kJson[] =
      R"({"error":{"code":130,"kind":"interrupted","message":"interrupted","hint":"","context":[]}})"
      "\n";
  static constexpr char kClear[] = "\r\x1b[K";
  if (g_err_is_terminal != 0) (void)!write(STDERR_FILENO, kClear, sizeof kClear - 1);
  if (g_json_errors != 0) (void)!write(STDERR_FILENO, kJson, sizeof kJson - 1);
  _exit(static_cast<int>(Errc::interrupted));
}

void install_handlers(bool json, bool err_is_terminal) {
  g_json_errors = json ? 1 : 0;
  g_err_is_terminal = err_is_terminal ? 1 : 0;
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  sigaction(SIGXFSZ, &ignore, nullptr);  // a limit on file sizes (ulimit -f) is then an error of the write
  for (const int sig : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    sigaction(sig, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;  // nohup, background jobs
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(sig, &action, nullptr);
  }
}

/// A closed standard descriptor would be taken by the next file that is opened, and prose would end up in it.
void keep_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) == -1) (void)!open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

std::string joined(const Program& program, const std::vector<std::string>& args) {
  std::string out(program.name);
  for (const auto& a : args) out += " " + a;
  return out;
}

Result<int> dispatch(const Program& program, const std::vector<std::string>& args, Session& session) {
  NANO_TRY_ASSIGN(Parsed parsed, parse_args(program, args));
  if (parsed.what == Parsed::What::help) {
    NANO_TRY_ASSIGN(const std::string text, topic_help(program, parsed.topic, session.out_terminal));
    session.out.put(text);
    return args.empty() ? static_cast<int>(Errc::usage) : 0;
  }
  if (parsed.what == Parsed::What::version) {
    session.out.line(std::string(program.name) + " " + std::string(program.version));
    return 0;
  }
  const GlobalFlags& g = parsed.globals;
  // A flag beats a variable, also one that makes no sense.
  const auto on = [](bool flag, const char* name) { return flag ? Result<bool>(true) : env_switch(name); };
  NANO_TRY_ASSIGN(const bool json, on(g.json, "NANO_JSON"));
  NANO_TRY_ASSIGN(const bool quiet, on(g.quiet, "NANO_QUIET"));
  NANO_TRY_ASSIGN(const bool verbose, on(g.verbose, "NANO_VERBOSE"));
  session.settle(json, quiet, verbose);
  const RunFunction run = parsed.command->run;
  Invocation invocation(program, std::move(parsed), session, joined(program, args));
  return run(invocation);
}

Result<int> guarded(const Program& program, const std::vector<std::string>& args, Session& session) {
  try {
    return dispatch(program, args, session);
  } catch (const std::bad_alloc&) {
    return make_error(Errc::internal, "out of memory",
                      "close other programs, or use a smaller model or variant");
  } catch (const std::system_error& e) {
    return make_error(Errc::store, std::string("the system refused: ") + e.what());
  } catch (const std::exception& e) {
    return make_error(Errc::internal, std::string("unexpected: ") + e.what(),
                      "this is a bug in nano; please report it with the command line");
  } catch (...) {
    return make_error(Errc::internal, "unexpected exception",
                      "this is a bug in nano; please report it with the command line");
  }
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  keep_standard_streams();
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const bool json = wants_json(args);
  Session session(STDOUT_FILENO, STDERR_FILENO);
  install_handlers(json, session.err_terminal.tty);
  install_bus_error_handler(json, session.err_terminal.tty);
  auto result = guarded(program, args, session);
  session.progress.finish();
  const Status flushed = session.out.flush();
  if (result && !flushed) result = flushed.error();
  if (result) return *result;
  session.status.clear();
  const std::string text = render_error(result.error(), json || session.json, session.err_terminal);
  (void)!write(STDERR_FILENO, text.data(), text.size());
  return static_cast<int>(result.error().code);
}

}  // namespace nano::cli
