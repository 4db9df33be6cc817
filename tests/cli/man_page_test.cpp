// tests/cli/man_page_test.cpp: manual pages from the table: what is on them, and that roff takes no word for a request.
#include "cli/man_page.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "tests/cli/sample.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::cli;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each command that is not hidden has a manual page of its own, and the program has one that lists them") {
  const Program& program = test::sample_program();
  const auto pages = man_pages(program, "demom");
  std::size_t shown = 0;
  for (const auto& c : program.commands) shown += c.hidden ? 0 : 1;
  REQUIRE(pages.size() == shown + 1);
  CHECK(pages[0].file == "demom.1");
  CHECK(has(pages[0].text, "\\fBdemom\\-registry\\-add\\fR(1)"));
  CHECK(has(pages[0].text, ".SH EXIT STATUS"));
  bool found = false;
  for (const auto& p : pages) {
    CHECK(has(p.text, ".TH \""));
    CHECK(has(p.text, ".SH NAME\n"));
    found = found || p.file == "demom-registry-add.1";
  }
  CHECK(found);
}

TEST_CASE("no text of a manual page is taken for a request of roff") {
  const Program odd{.name = "odd",
                    .version = "1",
                    .summary = "a program",
                    .also_called = {},
                    .groups = {"All"},
                    .commands = {{.name = "x",
                                  .group = "All",
                                  .summary = "does it",
                                  .description = ".so /etc/passwd\n'quoted at the start\n\nback\\slash and `code-word`",
                                  .examples = {{.line = "odd x ^1.2 ~/file"}}}}};
  const std::string text = man_pages(odd, "odd").at(1).text;
  CHECK(has(text, "\\&.so /etc/passwd"));
  CHECK(has(text, "\\&'quoted at the start"));
  CHECK(has(text, "back\\eslash and \\fBcode\\-word\\fR"));
  CHECK(has(text, "odd x \\(ha1.2 \\(ti/file"));
}

TEST_CASE("the pages that the programs write are taken by groff without a warning") {
  test::TempDir dir;
  for (const char* program : {"nano", "nano-registry"})
    REQUIRE(test::run({test::bin(program), "help", "--man-pages", dir.path().string()}).exit_code == 0);
  CHECK(std::filesystem::exists(dir / "nanom-install.1"));
  CHECK(std::filesystem::exists(dir / "nano-registry-add.1"));
  if (test::run({"/bin/sh", "-c", "command -v groff"}).exit_code != 0) {
    WARN("SKIPPED: there is no groff here");
    return;
  }
  const auto r = test::run({"/bin/sh", "-c", "for f in '" + dir.path().string() + "'/*.1; do groff -K utf8 -man -ww -z -Tutf8 \"$f\" 2>&1; done"});
  CHECK(r.exit_code == 0);
  CHECK(r.out == "");
}
