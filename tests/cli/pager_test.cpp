// tests/cli/pager_test.cpp: the card through a pager on a terminal, and as it is everywhere else.
#include <cerrno>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/support.h"

using namespace nano;

namespace {

/// What a program writes to a terminal of its own until it ends; its exit code goes to `code`.
std::string on_terminal(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env, int& code) {
  int master = -1;
  const pid_t child = forkpty(&master, nullptr, nullptr, nullptr);
  REQUIRE(child != -1);
  if (child == 0) {
    for (const auto& [k, v] : env) setenv(k.c_str(), v.c_str(), 1);
    std::vector<char*> args;
    for (const auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    execv(args[0], args.data());
    _exit(127);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(master, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR);)
    if (n > 0) out.append(buffer, static_cast<std::size_t>(n));
  close(master);
  int status = 0;
  waitpid(child, &status, 0);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return out;
}

struct Folder {
  test::TempDir dir;
  Folder() {
    const auto r = test::run({test::bin("nano"), "new", path(), "--from", test::data("bert_tiny/bert_tiny.gguf").string()});
    REQUIRE(r.exit_code == 0);
    test::write(dir / "m/README.md", "# Card\n\nWhat it says.\n");
  }
  [[nodiscard]] std::string path() const { return (dir / "m").string(); }
  std::string card(const std::string& pager, std::vector<std::string> more = {}) const {
    std::vector<std::string> argv{test::bin("nano"), "card", path() + "/"};
    argv.insert(argv.end(), more.begin(), more.end());
    int code = -1;
    std::string out = on_terminal(argv, {{"PAGER", pager}, {"TERM", "dumb"}, {"NANO_HOME", (dir / "home").string()}}, code);
    CHECK(code == 0);
    return out;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a card on a terminal goes through the pager, with options and less's usual ones") {
  const Folder f;
  const std::string out = f.card("sed 's/^/> /'; echo LESS=$LESS");
  CHECK(has(out, "> "));
  CHECK(has(out, "What it says."));
  CHECK(has(out, "LESS=FRX"));
}

TEST_CASE("no pager is started for --no-pager, --head, --json, an empty PAGER or cat") {
  const Folder f;
  const std::string pager = "sed 's/^/> /'";
  for (const auto& args : std::vector<std::vector<std::string>>{{"--no-pager"}, {"--head", "3"}, {"--json"}}) {
    const std::string out = f.card(pager, args);
    CHECK_FALSE(has(out, "> "));
    CHECK(has(out, "Card"));
  }
  CHECK(has(f.card(""), "What it says."));
  CHECK(has(f.card("cat"), "What it says."));
}

TEST_CASE("a pager that is not there leaves the card to be read, one that ends early is fine") {
  const Folder f;
  CHECK(has(f.card("no-such-pager-anywhere"), "What it says."));
  test::write(f.dir / "m/README.md", "# Card\n\n" + std::string(200000, 'x') + "\n");
  CHECK_FALSE(has(f.card("true"), "xxx"));
  CHECK_FALSE(has(f.card("false"), "xxx"));
}

TEST_CASE("in a pipe a card is printed, whatever PAGER says") {
  const Folder f;
  const auto r = test::run({test::bin("nano"), "card", f.path() + "/"}, {}, {{"PAGER", "sed 's/^/> /'"}});
  CHECK(r.exit_code == 0);
  CHECK(has(r.out, "What it says."));
  CHECK_FALSE(has(r.out, "> "));
}
