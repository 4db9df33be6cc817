// tests/cli/markdown_test.cpp: cards on the terminal, also those written to do harm.
#include "cli/markdown.h"

#include <catch2/catch.hpp>

#include "base/text.h"

using namespace nano;
using namespace nano::cli;

namespace {
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
std::string plain(std::string_view md, std::size_t width = 60) {
  const RenderedCard card = render_card(md, Terminal{.tty = true, .colour = false, .width = width});
  CHECK(card.note.empty());
  return card.text;
}
}  // namespace

TEST_CASE("headings, paragraphs and lists are laid out") {
  CHECK(plain("# Title\n\nSome *soft* and **strong** `code`.\n") == "Title\n\nSome soft and strong code.\n");
  CHECK(plain("- one\n- two\n  - inner\n\n1. a\n2. b\n") == "• one\n• two\n  • inner\n\n1. a\n2. b\n");
  CHECK(plain("> quoted\n> text\n") == "│ quoted text\n");
  CHECK(plain("```\nx = 1\n  y\n```\n") == "    x = 1\n      y\n");
  CHECK(plain("- [x] done\n- [ ] open\n") == "• [x] done\n• [ ] open\n");
}

TEST_CASE("long paragraphs are wrapped to the terminal") {
  std::string md;
  for (int i = 0; i < 100; ++i) md += "word" + std::to_string(i) + " ";
  for (const auto& line : split(plain(md, 40), '\n')) CHECK(display_width(line) <= 40);
}

TEST_CASE("tables are aligned") {
  CHECK(plain("| metric | value |\n|---|---:|\n| accuracy | 0.86 |\n| size | 53 MB |\n") ==
        "metric    value\n────────  ─────\naccuracy   0.86\nsize      53 MB\n");
  for (const auto& line : split(
           plain("| a | b |\n|---|---|\n| " + std::string(30, 'x') + " y y y y y y y y y y y y | z |\n", 30),
           '\n'))
    CHECK(display_width(line) <= 34);
}

TEST_CASE("links show where they lead") {
  CHECK(plain("see [the paper](https://example.org/p)\n") == "see the paper (https://example.org/p)\n");
  CHECK(plain("see <https://example.org>\n") == "see https://example.org\n");
  CHECK(plain("![a chart](x.png)\n") == "[image: a chart]\n");
}

TEST_CASE("front matter is left out") {
  CHECK(plain("---\nlicense: mit\n---\n\n# T\n") == "T\n");
  CHECK(without_front_matter("---\r\na: b\r\n---\r\nx") == "x");
  CHECK(without_front_matter("--- not\nx") == "--- not\nx");
  CHECK(without_front_matter("---\nnever closed") == "---\nnever closed");
  CHECK(without_front_matter("---\na: b\n---") == "");
  CHECK(plain("") == "");
}

TEST_CASE("colour comes from us alone: escapes in the card, spelt out or as entities, do nothing") {
  const std::string md =
      "# A\x1b[31m\n\n&#27;[2J &#x9b;31m &#x202e;x \x0e\x62 `\x1b]0;t\x07`\n\n[l](<http://x/&#27;[1m>)\n";
  CHECK(sanitize(plain(md), true) == plain(md));
  const std::string coloured = render_card(md, Terminal{.tty = true, .colour = true, .width = 60}).text;
  std::string without = coloured;
  for (const char* ours : {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[3m", "\x1b[4m", "\x1b[36m"})
    for (auto at = without.find(ours); at != std::string::npos; at = without.find(ours))
      without.erase(at, std::string(ours).size());
  CHECK_FALSE(contains(without, "\x1b"));
  CHECK(contains(coloured, "\x1b[1m"));
}

TEST_CASE("a wide table of 32 KB, quadratic when completed, harms nobody") {
  std::string md = "|";
  for (int i = 0; i < 5400; ++i) md += "a|";
  md += "\n|";
  for (int i = 0; i < 5400; ++i) md += "-|";
  md += "\n";
  while (md.size() < 32 * 1024) md += "|x\n";
  const RenderedCard card = render_card(md, Terminal{.tty = true, .colour = false, .width = 80});
  CHECK(!card.text.empty());
  CHECK(sanitize(card.text, true) == card.text);
  CHECK(card.text.size() < kMaxRenderedBytes + kMaxCardBytes);
}

TEST_CASE("nesting without end kills the child only, the card is shown as it is written") {
  const std::string md(200'000, '>');
  const RenderedCard card = render_card(md, Terminal{});
  CHECK(!card.text.empty());
  std::string lists;
  for (std::size_t i = 0; i < 600; ++i) lists += std::string(2 * i, ' ') + "- x\n";
  CHECK(!render_card(lists, Terminal{}).text.empty());
}

TEST_CASE("a card that is too long is cut, and says so") {
  const RenderedCard card = render_card(std::string(kMaxCardBytes + 10, 'a'), Terminal{});
  CHECK(contains(card.note, "only its beginning"));
}

TEST_CASE("bytes that are not text become replacement characters") {
  CHECK(contains(plain("caf\xE9 and \xF0\x9F\x98\x80\n"), "caf\xEF\xBF\xBD and \xF0\x9F\x98\x80"));
}
