// tests/cli/args_test.cpp: command lines, right and wrong.
#include "cli/args.h"

#include <catch2/catch.hpp>

#include "cli/help.h"
#include "tests/cli/sample.h"

using namespace nano;
using namespace nano::cli;
using Words = std::vector<std::string>;

namespace {
Result<Parsed> parse(const Words& args) {
  return parse_args(test::sample_program(), args);
}
std::string message(const Words& args) {
  auto r = parse(args);
  if (r) return "(no error)";
  CHECK(r.error().code == Errc::usage);
  return r.error().message + " / " + r.error().hint;
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("a command gets its arguments and options") {
  auto r = parse({"install", "a", "-n", "b"});
  REQUIRE(r);
  CHECK(r->command->name == "install");
  CHECK(r->positionals.at("PACKAGE") == Words{"a", "b"});
  CHECK(r->options.count("dry-run") == 1);
  CHECK_FALSE(r->globals.json);
}

TEST_CASE("global flags stand before or after the command") {
  for (const Words& args :
       {Words{"--json", "--store", "/s", "search", "x"}, Words{"search", "--json", "x", "--store=/s"},
        Words{"search", "x", "--store", "/s", "--json"}}) {
    auto r = parse(args);
    REQUIRE(r);
    CHECK(r->command->name == "search");
    CHECK(r->globals.json);
    CHECK(r->globals.store == "/s");
    CHECK(r->positionals.at("WORD") == Words{"x"});
  }
}

TEST_CASE("a global option's value is never taken for the command") {
  auto r = parse({"--registry", "install", "search"});
  REQUIRE(r);
  CHECK(r->command->name == "search");
  CHECK(r->globals.registry == "install");
}

TEST_CASE("commands of two words are found, flags between them too") {
  auto r = parse({"registry", "--json", "add", "a", "b"});
  REQUIRE(r);
  CHECK(r->command->name == "registry add");
  CHECK(r->positionals.at("NAME") == Words{"a"});
  CHECK(r->positionals.at("URL") == Words{"b"});
  CHECK(contains(message({"registry"}), "needs one of: add, list"));
  CHECK(contains(message({"registry", "ad"}), "no command 'registry ad'; did you mean 'registry add'?"));
}

TEST_CASE("texts reach the command as they were typed") {
  const Words odd = {"[a,b]", "{}", "-", "", "a=b", "a,b", "%%", "\xF0\x9F\x98\x80", "\xFF"};
  Words args = {"install"};
  args.insert(args.end(), odd.begin(), odd.end());
  auto r = parse(args);
  REQUIRE(r);
  CHECK(r->positionals.at("PACKAGE") == odd);
}

TEST_CASE("after two dashes nothing is an option, nor a help request") {
  auto r = parse({"install", "--", "-n", "--help", "--", "x"});
  REQUIRE(r);
  CHECK(r->what == Parsed::What::run);
  CHECK(r->positionals.at("PACKAGE") == Words{"-n", "--help", "--", "x"});
  CHECK(r->options.empty());
}

TEST_CASE("a misspelt command gets the nearest real one") {
  CHECK(contains(message({"instal", "x"}), "no command 'instal'; did you mean 'install'?"));
  CHECK(contains(message({"--json", "serach"}), "did you mean 'search'?"));
  CHECK(contains(message({"zzzzzz"}), "demo --help"));
}

TEST_CASE("a misspelt option gets the nearest real one") {
  CHECK(contains(message({"install", "x", "--dry-rn"}),
                 "no option '--dry-rn' for 'demo install'; did you mean '--dry-run'?"));
  CHECK(contains(message({"--jsn", "install", "x"}), "no option '--jsn'; did you mean '--json'?"));
  CHECK(contains(message({"install", "x", "--limit=3"}), "no option '--limit'"));
  CHECK(contains(message({"install", "-5", "x"}), "goes after `--`"));
}

TEST_CASE("values are checked where they are read") {
  CHECK(contains(message({"search", "--limit", "many"}), "'many' is no value for '--limit'"));
  CHECK(contains(message({"search", "--limit", "0"}), "from 1 up"));
  CHECK(contains(message({"search", "--limit", "99999999999999999999"}), "no value"));
  CHECK(contains(message({"search", "--limit"}), "needs a value"));
  CHECK(contains(message({"search", "--task", "clasify"}), "did you mean 'classify'?"));
  CHECK(contains(message({"shell", "csh"}), "'csh' is no value for SHELL; did you mean 'zsh'?"));
}

TEST_CASE("missing and surplus arguments show the usage") {
  CHECK(contains(message({"show"}), "needs NAME / usage: demo show NAME"));
  CHECK(contains(message({"show", "a", "b"}), "one argument too many: 'b'"));
  CHECK(contains(message({"install"}), "usage: demo install [OPTIONS] PACKAGE..."));
  CHECK(contains(message({"search", "--quiet", "--verbose"}), "exclude each other"));
}

TEST_CASE("lists may be joined by commas or given again, of other options the last holds") {
  auto r = parse({"search", "--key", "a,b", "--key=c", "--limit", "1", "-l", "2", "w"});
  REQUIRE(r);
  CHECK(r->options.at("key") == Words{"a", "b", "c"});
  CHECK(r->options.at("limit") == Words{"2"});
  CHECK(r->positionals.at("WORD") == Words{"w"});
}

TEST_CASE("help and version are seen anywhere before two dashes") {
  CHECK(parse({})->what == Parsed::What::help);
  CHECK(parse({"--version"})->what == Parsed::What::version);
  CHECK(parse({"-h"})->topic.empty());
  CHECK(parse({"install", "--help"})->topic == "install");
  CHECK(parse({"registry", "add", "-h"})->topic == "registry add");
  CHECK(parse({"registry", "--help"})->topic == "registry");
}

TEST_CASE("control characters in a wrong word do not reach the terminal") {
  CHECK_FALSE(contains(message({"\x1b[31mx"}), "\x1b"));
  CHECK_FALSE(contains(message({"install", "x", "--\x1b]0;x"}), "\x1b"));
}

TEST_CASE("help of a command has usage, options, global flags, an example and its exit codes") {
  const Terminal plain;
  const std::string text = topic_help(test::sample_program(), "install", plain).value();
  for (const char* part : {"Usage: demo install [OPTIONS] PACKAGE...", "-n, --dry-run", "--json", "--quiet",
                           "--verbose", "--offline", "--registry NAME", "--store DIR", "demo install x",
                           "installs x", "  0  ", "  2  ", "  3  ", "  9  ", "  130 "})
    CHECK(contains(text, part));
  CHECK_FALSE(contains(text, "secret"));
  CHECK_FALSE(contains(text, "\x1b"));
  CHECK(contains(topic_help(test::sample_program(), "", plain).value(), "registry add"));
  CHECK(contains(topic_help(test::sample_program(), "registry", plain).value(), "registry list"));
  CHECK(contains(topic_help(test::sample_program(), "instal", plain).error().message,
                 "did you mean 'install'"));
}

TEST_CASE("the manual names every command that is not hidden") {
  const std::string text = manual_markdown(test::sample_program());
  for (const auto& c : test::sample_program().commands)
    CHECK(contains(text, "### `demo " + std::string(c.name)));
  CHECK(contains(text, "Exit codes: 0, 2, 3, 9, 130."));
  CHECK_FALSE(contains(text, "secret"));
}
