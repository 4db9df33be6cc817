// tests/cli/output_test.cpp: documents, errors, tables, widths, progress, and an output that refuses.
#include "cli/output.h"

#include <cstdlib>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/progress.h"
#include "cli/text_table.h"

using namespace nano;
using namespace nano::cli;

namespace {
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A pseudo-terminal of 60 columns.
struct Pty {
  int master = -1;
  int slave = -1;
  Pty() {
    const winsize size{.ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
    if (openpty(&master, &slave, nullptr, nullptr, &size) != 0) master = -1;
  }
  ~Pty() {
    close(slave);
    close(master);
  }
  [[nodiscard]] std::string said() const {
    char buffer[1 << 14];
    fcntl(master, F_SETFL, O_NONBLOCK);
    const ssize_t n = read(master, buffer, sizeof buffer);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
  }
};
}  // namespace

TEST_CASE("a document has schema, data and warnings, in this order") {
  const std::string text = json_document("nano", "registry add", {{"z", 1}, {"a", "x"}}, {"careful"});
  auto doc = parse_json(text);
  REQUIRE(doc);
  CHECK((*doc)["schema"] == "nano.registry-add/1");
  CHECK((*doc)["data"]["z"] == 1);
  CHECK((*doc)["warnings"] == Json::array({"careful"}));
  CHECK(text.find("schema") < text.find("data"));
  CHECK(text.find("\"z\"") < text.find("\"a\""));
}

TEST_CASE("JSON keeps foreign text faithfully, and harmless to a terminal") {
  const std::string nasty = "a\x1b[31m\xC2\x9B b\xE2\x80\xAE c\x7F \xF0\x9F\x98\x80 \xFF";
  const std::string line = dump_safe({{"t", nasty}});
  CHECK(sanitize(line) == line);
  auto doc = parse_json(line);
  REQUIRE(doc);
  CHECK((*doc)["t"] == "a\x1b[31m\xC2\x9B b\xE2\x80\xAE c\x7F \xF0\x9F\x98\x80 \xEF\xBF\xBD");
  CHECK(contains(line, "\xF0\x9F\x98\x80"));
}

TEST_CASE("floats are printed with the digits that mean something") {
  CHECK(dump_safe(rounded(static_cast<double>(0.1F))) == "0.1");
  CHECK(dump_safe(rounded(0.99812345)) == "0.998123");
  CHECK(dump_safe(rounded(1e-12)) == "1e-12");
  CHECK(dump_safe(rounded(0.325877)) == "0.325877");  // nlohmann's own dump: 0.32587699999999997
  CHECK(dump_safe(rounded(0)) == "0.0");
  CHECK(dump_safe({{"a", {1.5, 2}}, {"b", OrderedJson::array()}, {"c", nullptr}, {"d", true}}, false) ==
        R"({"a":[1.5,2],"b":[],"c":null,"d":true})");
}

TEST_CASE("errors are prose for people and one document for programs") {
  const Error e =
      make_error(Errc::not_found, "no package 'x\x1b[2J'", "try `nano search x`").while_("installing x");
  const std::string prose = render_error(e, false, Terminal{});
  CHECK(prose == "error: no package 'x\xEF\xBF\xBD[2J'\n  while installing x\n  hint: try `nano search x`\n");
  auto doc = parse_json(render_error(e, true, Terminal{}));
  REQUIRE(doc);
  const Json& j = (*doc)["error"];
  CHECK(j["code"] == 3);
  CHECK(j["kind"] == "not_found");
  CHECK(j["hint"] == "try `nano search x`");
  CHECK(j["context"] == Json::array({"installing x"}));
}

TEST_CASE("a reader that goes away is no error") {
  signal(SIGPIPE, SIG_IGN);
  int p[2];
  REQUIRE(pipe(p) == 0);
  close(p[0]);
  Output out(p[1]);
  out.line("hello");
  CHECK(out.flush());
  CHECK(out.closed());
  out.put(std::string(200000, 'x'));
  CHECK(out.flush());
  close(p[1]);
}

TEST_CASE("a full disk behind standard output is a store error") {
  const int fd = open("/dev/full", O_WRONLY);
  if (fd < 0) {
    WARN("SKIPPED: no /dev/full here");
    return;
  }
  Output out(fd);
  out.line("hello");
  auto r = out.flush();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::store);
  out.line("more");
  CHECK_FALSE(out.flush());  // the failure is not forgotten
  close(fd);
}

TEST_CASE("widths count columns, not bytes") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("\xC3\xA9") == 1);          // é
  CHECK(display_width("e\xCC\x81") == 1);         // e + combining acute
  CHECK(display_width("\xE6\x97\xA5") == 2);      // 日
  CHECK(display_width("\xF0\x9F\x98\x80") == 2);  // an emoji
  CHECK(fit("abcdef", 4) == "abc…");
  CHECK(fit("\xE6\x97\xA5\xE6\x97\xA5", 3) == "\xE6\x97\xA5…");
  CHECK(pad("ab", 4) == "ab  ");
  CHECK(pad("ab", 4, true) == "  ab");
  CHECK(wrap("one two  three\nfour", 8) == std::vector<std::string>{"one two", "three", "four"});
}

TEST_CASE("tables align, and are cut to the terminal but never in a pipe") {
  TextTable table({{.title = "NAME"}, {.title = "N", .right = true}, {.title = "TEXT", .shrink = true}});
  table.row({"a", "1", std::string(100, 'x')});
  table.row({"longer\x1b", "22", "y"});
  const std::string in_pipe = table.render(Terminal{});
  CHECK(in_pipe.substr(0, in_pipe.find('\n')) == "NAME      N  TEXT");
  CHECK(contains(in_pipe, std::string(100, 'x')));
  CHECK_FALSE(contains(in_pipe, "\x1b"));
  const std::string on_terminal = table.render(Terminal{.tty = true, .colour = false, .width = 40});
  for (const auto& line : split(on_terminal, '\n')) CHECK(display_width(line) <= 40);
  CHECK(contains(on_terminal, "longer"));
}

TEST_CASE("progress shows part, bytes, rate and what is left") {
  const std::string text = progress_text("fetching", 25'000'000, 50'000'000, 2.5, 100);
  CHECK(contains(text, "fetching"));
  CHECK(contains(text, "50%"));
  CHECK(contains(text, "25.0 MB/50.0 MB"));
  CHECK(contains(text, "10.0 MB/s"));
  CHECK(contains(text, "2.5s left"));
  CHECK_FALSE(contains(progress_text("x", 10, 0, 1, 100), "%"));
}

TEST_CASE("progress is drawn on a terminal, cleared after it, and prose stands above it") {
  Pty pty;
  if (pty.master < 0) {
    WARN("SKIPPED: no pseudo-terminal here");
    return;
  }
  const Terminal t = look_at(pty.slave);
  CHECK(t.tty);
  CHECK(t.width == 60);
  StatusLine line(pty.slave, t);
  ConsoleLog log(line);
  TerminalProgress progress(line);
  progress.enable(true);
  progress.start("fetching", 1000);
  std::thread other([&] { progress.advance(500); });
  other.join();
  std::string said;
  for (int i = 0; i < 100 && !contains(said, "50%"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    said += pty.said();
  }
  CHECK(contains(said, "50%"));
  log.warn("look\x1b out");
  progress.finish();
  said += pty.said();
  CHECK(contains(said, "\r\x1b[K"));
  CHECK(contains(said, "look\xEF\xBF\xBD out"));
  CHECK(log.warnings().size() == 1);
}

TEST_CASE("progress that is not enabled says nothing") {
  int p[2];
  REQUIRE(pipe(p) == 0);
  {
    StatusLine line(p[1], Terminal{});
    TerminalProgress progress(line);
    progress.start("fetching", 10);
    progress.advance(10);
    progress.finish();
  }
  close(p[1]);
  char c = 0;
  CHECK(read(p[0], &c, 1) == 0);
  close(p[0]);
}

TEST_CASE("quiet says nothing, JSON keeps warnings for the document, verbose says all") {
  int p[2];
  REQUIRE(pipe(p) == 0);
  StatusLine line(p[1], Terminal{});
  ConsoleLog log(line);
  log.set(Verbosity::quiet, false);
  log.note("n1");
  log.warn("w1");
  log.set(Verbosity::normal, true);
  log.warn("w2");
  log.note("n2");
  log.set(Verbosity::verbose, false);
  log.detail("d3");
  close(p[1]);
  char buffer[256] = {};
  const ssize_t n = read(p[0], buffer, sizeof buffer - 1);
  close(p[0]);
  CHECK(std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0) == "d3\n");
  CHECK(log.warnings() == std::vector<std::string>{"w1", "w2"});
}
