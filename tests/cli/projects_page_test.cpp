// tests/cli/projects_page_test.cpp: what docs/PROJECTS.md shows is what the commands print, up to the numbers of the machine.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

struct Shown {
  std::string line{};  ///< after "$ "
  std::string output{};
};

/// The indented blocks of the page: each command with the lines that follow it. A remark stands behind three spaces.
std::vector<Shown> shown_on_the_page() {
  const auto source = test::env("NANO_SOURCE");
  REQUIRE(source);
  std::vector<Shown> out;
  bool open = false;
  for (const std::string& line : split(test::read(std::filesystem::path(*source) / "docs/PROJECTS.md"), '\n')) {
    if (line.rfind("    $ ", 0) == 0) {
      out.push_back({line.substr(6, line.find("   ", 6) - 6), ""});
      open = true;
    } else if (line.rfind("    ", 0) == 0 && open) {
      out.back().output += line.substr(4) + "\n";
    } else {
      open = false;
    }
  }
  return out;
}

/// The words, sorted, without numbers, and whichever variant this machine prefers: rows and reasons change places with it.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  const auto end = [&] {
    if (word == "q4" || word == "q8") word = "q";
    const bool number = std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!word.empty() && !number && word != "*") out.push_back(word);
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == ',' || c == ';')
      end();
    else
      word += c;
  }
  end();
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("what docs/PROJECTS.md shows is what the commands say") {
  const auto starter = std::filesystem::path(test::bin("nano")).parent_path().parent_path() / "share/nanom/starter";
  if (!std::filesystem::exists(starter / "registry.json")) {
    WARN("SKIPPED: the starter registry is not built (target starter)");
    return;
  }
  const test::TempDir dir;
  std::filesystem::create_directories(dir / "project");
  std::size_t run = 0;
  for (const auto& shown : shown_on_the_page()) {
    if (shown.output.empty()) continue;
    if (shown.line.find("tiny@") != std::string::npos) continue;  // wants a policy and an advisory: the resolver's scenarios have it
    const auto r = test::run({"/bin/sh", "-c", "cd '" + (dir / "project").string() + "' && " + shown.line + " 2>&1"}, {},
                             {{"PATH", std::filesystem::path(test::bin("nano")).parent_path().string() + ":/usr/bin:/bin"},
                              {"NANO_HOME", (dir / "home").string()},
                              {"NANO_STARTER", starter.string()}});
    INFO(shown.line << "\n" << r.out);
    CHECK(words(r.out) == words(shown.output));
    ++run;
  }
  CHECK(run >= 7);
}
