#include "tests/support/support.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace nano::test {
namespace fs = std::filesystem;

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "nano-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(path_, fs::directory_options::skip_permission_denied, ec);
       !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored))
      fs::permissions(it->path(), fs::perms::owner_all, ignored);
  }
  fs::remove_all(path_, ec);
}

std::string read(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const fs::path& p, std::string_view bytes) {
  if (p.has_parent_path()) fs::create_directories(p.parent_path());
  std::ofstream out(p, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + p.string());
}

std::optional<std::string> env(const char* name) {
  const char* v = std::getenv(name);
  if (v == nullptr || *v == '\0') return std::nullopt;
  return std::string(v);
}

fs::path data(std::string_view rel) {
  return fs::path(env("NANO_TEST_DATA").value_or("tests/data")) / rel;
}

std::optional<fs::path> shared(std::string_view rel) {
  const fs::path p = fs::path(env("NANO_SHARED").value_or("../shared")) / rel;
  std::error_code ec;
  if (!fs::exists(p, ec)) return std::nullopt;
  return p;
}

std::string bin(std::string_view program) {
  return (fs::path(env("NANO_BIN").value_or("build/release/bin")) / program).string();
}

RunResult run(const std::vector<std::string>& argv, std::string_view stdin_bytes,
              const std::map<std::string, std::string>& extra_env) {
  std::map<std::string, std::string> vars;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view kv(*e);
    const auto eq = kv.find('=');
    if (eq != std::string_view::npos) vars[std::string(kv.substr(0, eq))] = std::string(kv.substr(eq + 1));
  }
  for (const auto& [k, v] : extra_env) {
    if (v.empty()) {
      vars.erase(k);
    } else {
      vars[k] = v;
    }
  }
  std::vector<std::string> env_strings;
  for (const auto& [k, v] : vars) env_strings.push_back(k + "=" + v);
  std::vector<char*> envp;
  for (auto& s : env_strings) envp.push_back(s.data());
  envp.push_back(nullptr);
  std::vector<std::string> args = argv;
  std::vector<char*> argp;
  for (auto& s : args) argp.push_back(s.data());
  argp.push_back(nullptr);

  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    throw std::runtime_error("pipe failed");
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    execve(argp[0], argp.data(), envp.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  RunResult r;
  std::size_t sent = 0;
  bool in_open = true, out_open = true, err_open = true;
  if (stdin_bytes.empty()) {
    close(in[1]);
    in_open = false;
  }
  char buf[65536];
  while (out_open || err_open || in_open) {
    pollfd fds[3] = {{out_open ? out[0] : -1, POLLIN, 0},
                     {err_open ? err[0] : -1, POLLIN, 0},
                     {in_open ? in[1] : -1, POLLOUT, 0}};
    if (poll(fds, 3, -1) < 0) continue;
    if (fds[0].revents != 0) {
      const ssize_t n = ::read(out[0], buf, sizeof buf);
      if (n > 0)
        r.out.append(buf, static_cast<std::size_t>(n));
      else
        out_open = false;
    }
    if (fds[1].revents != 0) {
      const ssize_t n = ::read(err[0], buf, sizeof buf);
      if (n > 0)
        r.err.append(buf, static_cast<std::size_t>(n));
      else
        err_open = false;
    }
    if (fds[2].revents != 0) {
      const ssize_t n = ::write(in[1], stdin_bytes.data() + sent, stdin_bytes.size() - sent);
      if (n > 0) sent += static_cast<std::size_t>(n);
      if (sent == stdin_bytes.size() || (n < 0 && errno != EAGAIN)) {
        close(in[1]);
        in_open = false;
      }
    }
    if (!out_open && !err_open && in_open) {
      close(in[1]);
      in_open = false;
    }
  }
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  sigaction(SIGPIPE, &before, nullptr);
  r.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return r;
}

}  // namespace nano::test
