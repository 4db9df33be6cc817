// tests/resolver/testsolv_test.cpp: Debian's testsolv (package libsolv-tools), another solver altogether, as oracle.
#include <catch2/catch.hpp>

#include <filesystem>
#include <system_error>
#include <variant>

#include "tests/resolver/check.h"
#include "tests/resolver/random_graph.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::test;

namespace {

/// Ranges that rpm can say: "", "= 2", ">= 2", "<= 2"; first rpm's, then ours.
std::pair<std::string, std::string> random_relation(std::mt19937_64& rng, int versions) {
  const std::string v = std::to_string(1 + below(rng, versions));
  switch (below(rng, 4)) {
    case 0: return {"", "*"};
    case 1: return {" >= " + v, ">=" + v + ".0.0"};
    case 2: return {" <= " + v, "<=" + v + ".0.0"};
    default: return {" = " + v, v + ".0.0"};
  }
}

std::string package_header(const std::string& package, int v) {
  const std::string evr = std::to_string(v);
  return "=Pkg: " + package + " " + evr + " 1 noarch\n=Prv: " + package + " = " + evr + "-1\n";
}

/// The program's path, "" when PATH has none.
std::string on_path(const std::string& program) {
  const std::string path = env("PATH").value_or("") + ":";
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t to = path.find(':', from);
    const auto candidate = std::filesystem::path(path.substr(from, to - from)) / program;
    std::error_code ignored;
    if (to > from && std::filesystem::is_regular_file(candidate, ignored)) return candidate.string();
    from = to + 1;
  }
  return {};
}

}  // namespace

TEST_CASE("libsolv's testsolv comes to the same verdict on 150 random graphs") {
  const std::string testsolv = on_path("testsolv");
  if (testsolv.empty()) {
    WARN("SKIPPED: no testsolv on PATH (Debian package libsolv-tools)");
    return;
  }
  TempDir dir;
  test::write(dir / "case.t", "repo available 0 testtags graph.repo\nsystem x86_64 rpm\njob install name root\n");
  int solved = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    std::mt19937_64 rng(seed);
    const int packages = 4 + below(rng, 8);
    const int versions = 4;
    MemorySource source;
    std::string repo = "=Ver: 3.0\n" + package_header("root", 1);
    std::vector<std::pair<std::string, std::string>> wanted;
    for (int i = 0; i < 2; ++i) {
      const std::string to = "p" + std::to_string(below(rng, packages));
      const auto [theirs, ours] = random_relation(rng, versions);
      repo += "=Req: " + to + theirs + "\n";
      wanted.emplace_back(to, ours);
    }
    for (int p = 0; p < packages; ++p) {
      const std::string package = "p" + std::to_string(p);
      for (int v = 1; v <= versions; ++v) {
        repo += package_header(package, v);
        std::vector<std::pair<std::string, std::string>> needs;
        for (int d = below(rng, 6); d > 0; --d) {
          // rpm lets a package provide what it needs itself; so do we, but it is tested elsewhere.
          const int other = below(rng, packages);
          if (other == p) continue;
          const std::string to = "p" + std::to_string(other);
          const auto [theirs, ours] = random_relation(rng, versions);
          repo += "=Req: " + to + theirs + "\n";
          needs.emplace_back(to, ours);
        }
        source.add(package, std::to_string(v) + ".0.0", needs);
      }
    }
    test::write(dir / "graph.repo", repo);
    const auto theirs = run({testsolv, "-r", (dir / "case.t").string()});
    REQUIRE(theirs.exit_code == 0);
    REQUIRE((theirs.out.find("install root-1-1.noarch") != std::string::npos || theirs.out.find("problem ") != std::string::npos));
    const bool they_solve = theirs.out.find("problem ") == std::string::npos;
    const auto request = ask(wanted);
    const auto outcome = resolver::resolve(request, source);
    INFO("seed " << seed << "\n" << repo << theirs.out << outcome_text(outcome));
    REQUIRE(outcome);
    const auto* solution = std::get_if<resolver::Solution>(&outcome.value());
    REQUIRE((solution != nullptr) == they_solve);
    if (solution == nullptr) continue;
    ++solved;
    REQUIRE(fault(request, source, *solution) == "");
  }
  CHECK(solved > 20);
  CHECK(solved < 130);
}
