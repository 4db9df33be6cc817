// tests/cli/program_test.cpp: the built programs from the outside: help, errors, documents, pipes, docs that match.
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A home of its own, so that nothing of the machine's is read or written.
struct Home {
  test::TempDir dir;
  std::map<std::string, std::string> env(const std::map<std::string, std::string>& more = {}) const {
    std::map<std::string, std::string> e = {
        {"NANO_HOME", dir.path().string()}, {"NANO_JSON", ""}, {"NANO_STORE", ""}, {"NANO_OFFLINE", ""}};
    for (const auto& [k, v] : more) e[k] = v;
    return e;
  }
  test::RunResult nano(std::vector<std::string> args, std::string_view in = {},
                       const std::map<std::string, std::string>& more = {}) const {
    args.insert(args.begin(), test::bin("nano"));
    return test::run(args, in, env(more));
  }
};

std::vector<std::string> commands_of(const std::string& manual, const std::string& program) {
  std::vector<std::string> out;
  for (const auto& line : split(manual, '\n')) {
    const std::string head = "### `" + program + " ";
    if (line.rfind(head, 0) != 0) continue;
    std::string name;
    for (const auto& w : split(line.substr(head.size()), ' ')) {
      if (w.empty() || w[0] == '[' || (w[0] >= 'A' && w[0] <= 'Z')) break;
      name += (name.empty() ? "" : " ") + w;
    }
    if (!name.empty() && name.back() == '`') name.pop_back();
    out.push_back(name);
  }
  return out;
}

std::string tiny_model() {
  return test::data("bert_tiny/bert_tiny.gguf").string();
}

}  // namespace

TEST_CASE("every command of both programs has help with an example and its exit codes") {
  const Home home;
  for (const std::string program : {"nano", "nano-registry"}) {
    const auto manual = test::run({test::bin(program), "help", "--markdown"}, {}, home.env());
    REQUIRE(manual.exit_code == 0);
    const auto commands = commands_of(manual.out, program);
    CHECK(commands.size() >= (program == "nano" ? 26U : 5U));
    for (const auto& c : commands) {
      std::vector<std::string> argv = {test::bin(program)};
      for (const auto& w : split(c, ' ')) argv.push_back(w);
      argv.push_back("--help");
      const auto help = test::run(argv, {}, home.env());
      INFO(program << " " << c);
      CHECK(help.exit_code == 0);
      CHECK(contains(help.out, "Usage: " + program + " " + c));
      CHECK(contains(help.out, "Example"));
      CHECK(contains(help.out, "Exit codes"));
      CHECK(contains(help.out, "\n  0     done"));
      CHECK(contains(help.out, "--offline"));
    }
  }
}

TEST_CASE("docs/COMMANDS.md and docs/EXIT_CODES.md are what the tables say") {
  const Home home;
  const auto nano = test::run({test::bin("nano"), "help", "--markdown"}, {}, home.env());
  const auto registry = test::run({test::bin("nano-registry"), "help", "--markdown"}, {}, home.env());
  const auto codes = test::run({test::bin("nano"), "help", "--exit-codes"}, {}, home.env());
  const std::filesystem::path docs = std::filesystem::path(test::env("NANO_SOURCE").value_or(".")) / "docs";
  const std::string commands = nano.out + "\n" + registry.out;
  if (test::env("NANO_ACCEPT")) {
    test::write(docs / "COMMANDS.md", commands);
    test::write(docs / "EXIT_CODES.md", codes.out);
  }
  INFO("NANO_ACCEPT=1 writes them anew");
  CHECK((test::read(docs / "COMMANDS.md") == commands));
  CHECK((test::read(docs / "EXIT_CODES.md") == codes.out));
}

TEST_CASE("a wrong command line exits with 2 and one clear error") {
  const Home home;
  const auto r = home.nano({"instal", "x"});
  CHECK(r.exit_code == 2);
  CHECK(r.out.empty());
  CHECK(r.err == "error: no command 'instal'; did you mean 'install'?\n");
  CHECK(home.nano({}).exit_code == 2);
  CHECK(home.nano({"run"}).exit_code == 2);
  CHECK(home.nano({"list", "--jsn"}).exit_code == 2);
}

TEST_CASE("with --json an error is one document on standard error") {
  const Home home;
  for (const auto& r : {home.nano({"--json", "instal"}), home.nano({"instal"}, {}, {{"NANO_JSON", "1"}})}) {
    CHECK(r.exit_code == 2);
    CHECK(r.out.empty());
    auto doc = parse_json(r.err);
    REQUIRE(doc);
    CHECK((*doc)["error"]["code"] == 2);
    CHECK((*doc)["error"]["kind"] == "usage");
  }
}

TEST_CASE("every command that only reads answers --json with its envelope") {
  const Home home;
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list"},
                                               {"history"},
                                               {"registry", "list"},
                                               {"config", "list"},
                                               {"version"},
                                               {"verify"},
                                               {"gc", "--dry-run"},
                                               {"config", "get", "offline"}}) {
    auto with = args;
    with.emplace_back("--json");
    const auto r = home.nano(with);
    INFO(args[0] << ": " << r.err);
    CHECK(r.exit_code == 0);
    auto doc = parse_json(r.out, {.allow_floats = true});
    REQUIRE(doc);
    std::string name = args[0];
    if (args.size() > 1 && args[1][0] != '-') name += "-" + args[1];
    CHECK((*doc)["schema"] == "nano." + name + "/1");
    CHECK(doc->contains("data"));
    CHECK((*doc)["warnings"].is_array());
  }
}

TEST_CASE("version is the same in both spellings") {
  const Home home;
  CHECK(home.nano({"version"}).out == home.nano({"--version"}).out);
  CHECK(home.nano({"version"}).out.rfind("nano ", 0) == 0);
}

TEST_CASE("a pipe that closes early is quiet, a full disk is error 9") {
  const Home home;
  const std::string nano = test::bin("nano");
  auto r = test::run(
      {"/bin/bash", "-c", "{ sleep 0.3; \"$0\" help --markdown; echo \"code $?\" >&2; } | true", nano}, {},
      home.env());
  CHECK(r.err == "code 0\n");
  if (!std::filesystem::exists("/dev/full")) return;
  r = test::run({"/bin/bash", "-c", "\"$0\" help > /dev/full", nano}, {}, home.env());
  CHECK(r.exit_code == 9);
  CHECK(contains(r.err, "cannot write to standard output"));
}

TEST_CASE("run answers a file's path: text, lines from a pipe, jsonl and json") {
  const Home home;
  const std::string model = tiny_model();
  auto r = home.nano({"run", model, "good film"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(split(trim(r.out), '\t').size() == 3);
  r = home.nano({"run", model}, "one\r\n\nthree");
  CHECK(r.exit_code == 0);
  CHECK(std::count(r.out.begin(), r.out.end(), '\n') == 3);
  r = home.nano({"run", model, "--jsonl", "first", "-"}, "second\n");
  REQUIRE(r.exit_code == 0);
  const auto lines = split(trim(r.out), '\n');
  REQUIRE(lines.size() == 2);
  CHECK((*parse_json(lines[1], {.allow_floats = true}))["input"] == "second");
  r = home.nano({"run", model, "--json", "a", "b"});
  REQUIRE(r.exit_code == 0);
  auto doc = parse_json(r.out, {.allow_floats = true});
  REQUIRE(doc);
  CHECK((*doc)["schema"] == "nano.run/1");
  const Json& data = (*doc)["data"];
  for (const char* key : {"model", "version", "variant", "results"}) CHECK(data.contains(key));
  REQUIRE(data["results"].size() == 2);
  double sum = 0;
  for (const auto& [label, p] : data["results"][0]["scores"].items()) sum += p.get<double>();
  CHECK(sum == Approx(1).margin(1e-4));
  CHECK(data["results"][0]["ms"].is_number());
}

TEST_CASE("empty, huge, broken and cheerful text are all answered") {
  const Home home;
  const std::string model = tiny_model();
  const std::string huge(1'000'000, 'a');
  const auto r = home.nano({"run", model, "--jsonl"},
                           "\n" + huge + " b\n\xFF\xFE\x80\n\xF0\x9F\x98\x80\xF0\x9F\x98\x80\n");
  INFO(r.err.substr(0, 500));
  REQUIRE(r.exit_code == 0);
  const auto lines = split(trim(r.out), '\n');
  REQUIRE(lines.size() == 4);
  for (const auto& l : lines) CHECK(parse_json(l, {.max_bytes = 8'000'000, .allow_floats = true}));
}

TEST_CASE("embed prints a vector a line, of unit length") {
  const Home home;
  const auto r = home.nano({"embed", tiny_model(), "good film"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  auto v = parse_json(trim(r.out), {.allow_floats = true});
  REQUIRE(v);
  double sum = 0;
  for (const auto& x : *v) sum += x.get<double>() * x.get<double>();
  CHECK(sum == Approx(1).margin(1e-3));
}

TEST_CASE("an interrupt ends a waiting run with 130") {
  const Home home;
  const auto r = test::run({"/bin/bash", "-c",
                            "mkfifo \"$NANO_HOME/in\"; \"$0\" run \"$1\" < \"$NANO_HOME/in\" & pid=$!; exec "
                            "3> \"$NANO_HOME/in\"; echo hello >&3; sleep 1; "
                            "kill -TERM $pid; wait $pid; echo \"code $?\"",
                            test::bin("nano"), tiny_model()},
                           {}, home.env());
  CHECK(contains(r.out, "hello"));
  CHECK(contains(r.out, "code 130"));
}

TEST_CASE("settings come from the flag, then the variable, then the file") {
  const Home home;
  CHECK(home.nano({"config", "set", "offline", "true"}).exit_code == 0);
  CHECK(home.nano({"config", "get", "offline"}).out == "true\n");
  auto row =
      parse_json(home.nano({"config", "get", "offline", "--json"}, {}, {{"NANO_OFFLINE", "false"}}).out);
  REQUIRE(row);
  CHECK((*row)["data"]["from"] == "environment");
  CHECK(home.nano({"config", "unset", "offline"}).exit_code == 0);
  CHECK(home.nano({"config", "get", "colour"}).exit_code == 2);
}

TEST_CASE("nano links nothing of the server, nor of httplib") {
  const auto r = test::run(
      {"/bin/bash", "-c", "nm -C \"$0\" 2>/dev/null | grep -c 'nano::server' || true", test::bin("nano")});
  CHECK(trim(r.out) == "0");
}
