// tests/cli/complete_test.cpp: names a shell offers, through bash itself; words of other programs; files for an editor.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

using Words = std::vector<std::string>;

Words complete(World& w, const std::string& what, const std::string& word = "") {
  const auto r = w.nano({"__complete", what, word});
  CHECK(r.exit_code == 0);
  CHECK(r.err.empty());
  Words out;
  for (const auto& line : split(r.out, '\n'))
    if (!line.empty()) out.push_back(line);
  return out;
}

bool in(const Words& words, const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); }

/// What bash offers for the last of `words` (as bash breaks them) after `nano`.
Words offered(World& w, const Words& words) {
  std::string script = "cd '" + w.path("") + "'; eval \"$(nano completions bash)\"; COMP_WORDS=(nano";
  for (const auto& word : words) script += " '" + word + "'";
  script += "); COMP_CWORD=" + std::to_string(words.size()) + "; _nano; printf '%s\\n' \"${COMPREPLY[@]}\"";
  auto env = w.environment();
  env["PATH"] = std::filesystem::path(bin("nano")).parent_path().string() + ":/usr/bin:/bin";
  const auto r = run({"/bin/bash", "--norc", "-c", script}, {}, env);
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(r.err.empty());
  return split(trim(r.out), '\n');
}

}  // namespace

TEST_CASE("names of packages, variants, registries and generations are completed from what is here, the network untouched") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"search"}).exit_code == 0);
  CHECK(complete(w, "installed") == Words{"tiny"});
  CHECK(complete(w, "packages") == Words{"other", "tiny"});
  CHECK(complete(w, "packages", "o") == Words{"other"});
  CHECK(complete(w, "packages", "other:") == Words{"other:f32"});
  CHECK(complete(w, "models", "tiny:") == Words{"tiny:f32"});
  CHECK(complete(w, "models", "absent:").empty());
  CHECK(complete(w, "registries") == Words{"work"});
  CHECK(in(complete(w, "tasks", "text-c"), "text-classification"));
  CHECK(in(complete(w, "languages"), "en"));
  CHECK(in(complete(w, "licences"), "Apache-2.0"));
  CHECK(complete(w, "generations") == Words{"1"});
  // The registry gone: its last index still answers.
  std::filesystem::rename(w.registry(), w.path("gone"));
  CHECK(complete(w, "installed") == Words{"tiny"});
}

TEST_CASE("completions complain of nothing: broken settings, no store, an unknown kind") {
  World w;
  CHECK(complete(w, "installed").empty());
  CHECK(complete(w, "packages").empty());
  write(w.path("home/config/config.json"), "{");
  CHECK(complete(w, "packages").empty());
  CHECK(w.nano({"__complete", "nonsense"}).exit_code == 2);
  CHECK_FALSE(has(w.nano({"--help"}).out, "__complete"));
}

TEST_CASE("bash offers packages, variants after a colon, registries, tasks, settings and files") {
  World w;
  if (run({"/bin/bash", "--version"}).exit_code != 0) {
    WARN("SKIPPED: no bash here");
    return;
  }
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"search"}).exit_code == 0);
  write(w.path("weights.gguf"), "");
  CHECK(offered(w, {"run", "ti"}) == Words{"tiny"});
  CHECK(offered(w, {"run", "tiny", ":", "f"}) == Words{"f32"});
  CHECK(offered(w, {"run", "tiny", ":"}) == Words{"f32"});
  CHECK(offered(w, {"run", "weig"}) == Words{"weights.gguf"});
  CHECK(offered(w, {"install", "t"}) == Words{"tiny"});
  CHECK(offered(w, {"install", "--task", "token-"}) == Words{"token-classification"});
  CHECK(offered(w, {"install", "--task", "x", "t"}) == Words{"tiny"});
  CHECK(offered(w, {"info", "ti"}) == Words{"tiny"});
  CHECK(offered(w, {"registry", "remove", ""}) == Words{"work"});
  CHECK(offered(w, {"--registry", "w"}) == Words{"work"});
  CHECK(offered(w, {"rollback", "--to", ""}) == Words{"1"});
  CHECK(offered(w, {"config", "get", "qu"}) == Words{"quiet"});
  CHECK(offered(w, {"quantize", "weig"}) == Words{"weights.gguf"});
  CHECK(in(offered(w, {"quantize", "a", "b", "--type", "q"}), "q3"));
}

TEST_CASE("other programs' words for a command are understood and answered with ours") {
  World w;
  for (const auto& [said, ours] : std::vector<std::pair<std::string, std::string>>{{"ls", "list"},         {"rm", "uninstall"}, {"pull", "install"},
                                                                                   {"update", "upgrade"},  {"show", "info"},    {"get", "install"},
                                                                                   {"delete", "uninstall"}, {"clean", "gc"},     {"publish", "pack"},
                                                                                   {"ci", "sync"},          {"serve", "run"},    {"repo", "registry list"}}) {
    const auto r = w.nano({said});
    INFO(r.err);
    CHECK(r.exit_code == 2);
    CHECK(has(r.err, "no command '" + said + "'; did you mean '" + ours + "'?"));
    CHECK(w.nano({"--quiet", said, "x"}).exit_code == 2);
    std::vector<std::string> help = {"help"};
    for (const auto& word : split(ours, ' ')) help.push_back(word);
    CHECK(w.nano(help).exit_code == 0);  // what is named is there
  }
  CHECK(has(w.nano({"registry", "ls"}).err, "did you mean 'registry list'?"));
  CHECK(has(w.nano({"registry", "rm", "x"}).err, "did you mean 'registry remove'?"));
  CHECK(has(w.nano({"help", "ls"}).err, "did you mean 'list'?"));
  CHECK(has(w.nano({"instal"}).err, "did you mean 'install'?"));
}

TEST_CASE("a file where a command belongs is for GNU nano, and nanom is named") {
  World w;
  write(w.path("notes.txt"), "text");
  write(w.path("bin/nano"), "#!/bin/sh\n");
  std::filesystem::permissions(w.path("bin/nano"), std::filesystem::perms::owner_all);
  for (const std::string& file : {std::string("/etc/hosts"), w.path("notes.txt"), w.path("new-file.txt")}) {
    const auto r = w.nano({file}, {}, {{"PATH", w.path("bin")}});
    INFO(r.err);
    CHECK(r.exit_code == 2);
    CHECK(has(r.err, "no editor"));
    CHECK(has(r.err, w.path("bin/nano") + " " + file));
    CHECK(has(r.err, "nanom"));
  }
  CHECK(has(w.nano({"-w", "/etc/hosts"}).err, "no editor"));
  CHECK(has(w.nano({w.path("m.gguf")}).err, "`nano run " + w.path("m.gguf") + "`"));
  CHECK(has(w.nano({w.path("m.nano")}).err, "`nano install " + w.path("m.nano") + "`"));
}

}  // namespace nano::test
