// tests/cli/completions_test.cpp: the scripts, in the shells themselves where they are installed.
#include "cli/completions.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "tests/cli/sample.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::cli;
using Words = std::vector<std::string>;

namespace {

std::optional<std::string> shell(const std::string& name) {
  for (const char* dir : {"/bin/", "/usr/bin/", "/usr/local/bin/"})
    if (std::filesystem::exists(dir + name)) return dir + name;
  return std::nullopt;
}

/// What bash offers for the last of `line`'s words. `demo __complete installed` answers alpha, beta.
Words offered(const Words& line) {
  const test::TempDir dir;
  test::write(dir / "completions", bash_completions(test::sample_program()));
  test::write(dir / "demo", "#!/bin/sh\n[ \"$1 $2\" = '__complete installed' ] && printf 'alpha\\nbeta\\n'\n");
  std::filesystem::permissions(dir / "demo", std::filesystem::perms::owner_all);
  std::filesystem::create_directory(dir / "folder");
  test::write(dir / "file.nano", "");
  std::string script = "cd '" + dir.path().string() + "'; PATH=.:$PATH; . ./completions; COMP_WORDS=(demo";
  for (const auto& w : line) script += " '" + w + "'";
  script += "); COMP_CWORD=" + std::to_string(line.size()) + "; _demo; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const auto r = test::run({shell("bash").value(), "--norc", "-c", script});
  CHECK(r.exit_code == 0);
  CHECK(r.err.empty());
  Words out = split(trim(r.out), '\n');
  return out;
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("bash completes commands, options, choices, files and installed names") {
  if (!shell("bash")) {
    WARN("SKIPPED: no bash here");
    return;
  }
  CHECK(offered({"ins"}) == Words{"install"});
  CHECK(has(offered({""}), "registry"));
  CHECK(offered({"show", ""}) == Words{"alpha", "beta"});
  CHECK(offered({"--json", "show", "al"}) == Words{"alpha"});
  CHECK(offered({"show", "alpha", ""}) == Words{""});
  CHECK(offered({"shell", "z"}) == Words{"zsh"});
  CHECK(offered({"registry", "l"}) == Words{"list"});
  CHECK(offered({"registry", "add", "name", "f"}) == Words{"folder"});
  CHECK(has(offered({"install", ""}), "file.nano"));
  CHECK(offered({"install", "--dr"}) == Words{"--dry-run"});
  CHECK(offered({"search", "--task", "em"}) == Words{"embed"});
  CHECK(has(offered({"--"}), "--version"));
  CHECK_FALSE(has(offered({"install", "--"}), "--secret"));
  CHECK(offered({"--store", "f"}) == Words{"folder"});
}

TEST_CASE("the zsh and fish scripts are free of syntax errors") {
  const test::TempDir dir;
  test::write(dir / "z", zsh_completions(test::sample_program()));
  test::write(dir / "f", fish_completions(test::sample_program()));
  CHECK(test::read(dir / "z").rfind("#compdef demo demom", 0) == 0);
  CHECK(test::read(dir / "f").find("complete -c demom") != std::string::npos);
  if (!shell("zsh") || !shell("fish")) {
    WARN("SKIPPED: no zsh or no fish here");
    return;
  }
  CHECK(test::run({*shell("zsh"), "-n", (dir / "z").string()}).exit_code == 0);
  CHECK(test::run({*shell("fish"), "-n", (dir / "f").string()}).exit_code == 0);
}
