// tests/cli/environment_test.cpp: the page of environment variables against the sources, and what help says of it.
#include "cli/environment.h"

#include <filesystem>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/support.h"

using namespace nano;

namespace {

std::string source() {
  const auto folder = test::env("NANO_SOURCE");
  REQUIRE(folder);
  return *folder;
}

/// Names in quotes that are read as variables: arguments of the functions that read one, and every "NANO_…" and "XDG_…".
std::set<std::string> read_by_the_sources() {
  std::set<std::string> out;
  const std::regex literal("\"((?:NANO|XDG)_[A-Z_]+)\""), call("(?:getenv|value|value_of|env_flag|env_switch|env_bool)\\((?:getenv, )?\"([A-Za-z_]+)\"");
  for (const char* folder : {"app", "base", "cli", "registry", "resolver", "runtime_shim", "schemas", "server", "store", "verify"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source() + "/" + folder)) {
      const auto end = entry.path().extension();
      if ((end != ".cpp" && end != ".h") || entry.path().filename() == "environment.cpp") continue;
      const std::string text = test::read(entry.path());
      for (const auto& pattern : {literal, call})
        for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern); it != std::sregex_iterator(); ++it) {
          const std::string name = (*it)[1];
          // Options of the invocation are read by a function of that name too; a variable is in capitals.
          if (name != "NANO_VERSION" && name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos) out.insert(name);
        }
    }
  return out;
}

}  // namespace

TEST_CASE("docs/ENVIRONMENT.md is what the table says") {
  const auto r = test::run({test::bin("nano"), "help", "environment", "--markdown"});
  REQUIRE(r.exit_code == 0);
  CHECK(r.out == cli::environment_markdown());
  const std::string page = source() + "/docs/ENVIRONMENT.md";
  if (test::env("NANO_ACCEPT")) test::write(page, r.out);
  CHECK(test::read(page) == r.out);
}

TEST_CASE("every variable that the sources read stands in the table, and no other of ours does") {
  const auto read = read_by_the_sources();
  REQUIRE(read.count("NANO_HOME") == 1);
  REQUIRE(read.count("SOURCE_DATE_EPOCH") == 1);
  std::set<std::string> named;
  for (const auto& v : cli::variables()) named.emplace(v.name);
  for (const auto& name : read) {
    INFO(name);
    CHECK(named.count(name) == 1);
  }
  for (const auto& name : named) {
    if (name.rfind("NANO_", 0) != 0) continue;  // of the others some are read by libraries
    INFO(name);
    CHECK(read.count(name) == 1);
  }
}

TEST_CASE("help environment shows them, and a command's help those that matter to it") {
  const auto nano = [](std::vector<std::string> args, const std::string& program = "nano") {
    args.insert(args.begin(), test::bin(program));
    return test::run(args).out;
  };
  const auto page = nano({"help", "environment"});
  for (const char* name : {"NANO_HOME", "NANO_STORE_PATH", "NANO_THREADS", "http_proxy", "PAGER"}) CHECK(page.find(name) != std::string::npos);
  CHECK(page.find("SOURCE_DATE_EPOCH") == std::string::npos);  // nano-registry's
  for (std::size_t at = 0, end = 0; at < page.size(); at = end + 1) {
    end = page.find('\n', at);
    CHECK(end - at <= 80);
  }
  CHECK(nano({"help", "environment"}, "nano-registry").find("SOURCE_DATE_EPOCH") != std::string::npos);
  CHECK(nano({"help", "run"}).find("NANO_THREADS") != std::string::npos);
  CHECK(nano({"help", "install"}).find("NANO_CA_FILE") != std::string::npos);
  CHECK(nano({"help", "card"}).find("PAGER") != std::string::npos);
  CHECK(nano({"help", "version"}).find("Environment") == std::string::npos);
  CHECK(nano({"--help"}).find("help environment") != std::string::npos);
}

TEST_CASE("a switch in the environment that is neither yes nor no is an error for both programs, and a flag beats it") {
  for (const std::string program : {"nano", "nano-registry"})
    for (const char* name : {"NANO_JSON", "NANO_QUIET", "NANO_VERBOSE"}) {
      const auto r = test::run({test::bin(program), "version"}, {}, {{name, "2"}});
      INFO(program << " " << name);
      CHECK(r.exit_code == 2);
      CHECK(r.err.find(std::string(name) + " is '2'") != std::string::npos);
      CHECK(test::run({test::bin(program), "version"}, {}, {{name, "off"}}).exit_code == 0);
    }
  CHECK(test::run({test::bin("nano-registry"), "version", "--json"}, {}, {{"NANO_JSON", "2"}}).exit_code == 0);
}
