// cli/markdown.cpp: the child process, its limits, and making sure of what it answers.
#include "cli/markdown.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#if defined(__SANITIZE_ADDRESS__)
#define NANO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NANO_ASAN 1
#endif
#endif

namespace nano::cli {
namespace {

void limit(__rlimit_resource what, rlim_t value) {
  const rlimit l{.rlim_cur = value, .rlim_max = value};
  (void)setrlimit(what, &l);
}

[[noreturn]] void child(int out, std::string_view markdown, std::size_t width) {
  for (const int sig : {SIGINT, SIGTERM, SIGPIPE, SIGSEGV, SIGABRT}) signal(sig, SIG_DFL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, kRenderCpuSeconds);
  limit(RLIMIT_FSIZE, 0);  // it writes to a pipe only
#ifndef NANO_ASAN          // the sanitizer's shadow memory alone is far over any limit
  limit(RLIMIT_AS, kRenderMemory);
#endif
  (void)close(STDERR_FILENO);  // a crash has no business on the user's terminal
  try {
    const std::string text = render_marked(markdown, width);
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t n = write(out, rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) _exit(1);
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

/// All the child says, or nothing if it died, was too slow or said too much.
bool collect(int in, pid_t pid, std::string& text) {
  const double until = monotonic_ms() + kRenderWallMs;
  bool good = true;
  char buffer[1 << 14];
  while (true) {
    pollfd p{.fd = in, .events = POLLIN, .revents = 0};
    const int left = static_cast<int>(until - monotonic_ms());
    const int ready = left > 0 ? poll(&p, 1, left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) good = false;
    const ssize_t n = good ? read(in, buffer, sizeof buffer) : 0;
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMaxRenderedBytes) good = false;
    if (!good) break;
  }
  if (!good) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Marks become our SGR sequences (or nothing); everything between them is sanitised once more.
std::string trusted(std::string_view marked, bool colour) {
  std::string out;
  std::size_t at = 0;
  while (at < marked.size()) {
    const auto mark = std::min(marked.find(kMark, at), marked.size());
    out += sanitize(marked.substr(at, mark - at), true);
    if (mark + 1 >= marked.size()) break;
    if (colour) {
      switch (marked[mark + 1]) {
        case 'b': out += sgr(Style::bold); break;
        case 'd': out += sgr(Style::dim); break;
        case 'i': out += sgr(Style::italic); break;
        case 'u': out += sgr(Style::underline); break;
        case 's': out += sgr(Style::strike); break;
        case 'c': out += sgr(Style::cyan); break;
        default: out += kReset; break;
      }
    }
    at = mark + 2;
  }
  return out;
}

std::string plain(std::string_view markdown) {
  std::string out = sanitize(markdown, true);
  if (out.empty() || out.back() != '\n') out += '\n';
  return out;
}

}  // namespace

std::string_view without_front_matter(std::string_view md) {
  if (md.substr(0, 3) == "\xEF\xBB\xBF") md.remove_prefix(3);
  const auto first = md.substr(0, md.find('\n'));
  if (first != "---" && first != "---\r") return md;
  std::size_t at = first.size() + 1;
  while (at < md.size()) {
    const auto end = std::min(md.find('\n', at), md.size());
    auto line = md.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    at = end + 1;
    if (line == "---" || line == "...") {
      md.remove_prefix(std::min(at, md.size()));
      return md.substr(std::min(md.find_first_not_of("\r\n"), md.size()));
    }
  }
  return md;
}

RenderedCard render_card(std::string_view markdown, const Terminal& terminal) {
  RenderedCard out;
  if (markdown.size() > kMaxCardBytes) {
    markdown = markdown.substr(0, kMaxCardBytes);
    out.note = "the card is longer than " + human_bytes(kMaxCardBytes) + "; only its beginning is shown";
  }
  const std::string clean = sanitize(without_front_matter(markdown), true);
  int pipe_fds[2] = {-1, -1};
  if (pipe(pipe_fds) != 0)
    return {.text = plain(clean), .note = "the card is shown as it is written: no pipe"};
  const pid_t pid = fork();
  if (pid == 0) {
    (void)close(pipe_fds[0]);
    child(pipe_fds[1], clean, std::min<std::size_t>(terminal.width, 100));
  }
  (void)close(pipe_fds[1]);
  std::string marked;
  const bool good = pid > 0 && collect(pipe_fds[0], pid, marked);
  (void)close(pipe_fds[0]);
  if (!good)
    return {.text = plain(clean),
            .note = "the card is shown as it is written: rendering it took too much time or memory"};
  out.text = trusted(marked, terminal.colour);
  return out;
}

}  // namespace nano::cli
