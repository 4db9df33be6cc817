// tests/verify/attacks_page_test.cpp: docs/ATTACKS.md names tests that exist.
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n';
}

/// `text` without white space behind `TEST_CASE(`, and with literals that were broken over two lines put together again.
void join_literals(const std::string& text, std::string& out) {
  constexpr std::string_view kCase = "TEST_CASE(";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool quote = text[i] == '"';
    const bool begins =
        i >= kCase.size() && std::string_view(text).substr(i - kCase.size(), kCase.size()) == kCase;
    std::size_t next = begins && is_space(text[i]) ? i : i + 1;
    if (quote || next == i)
      while (next < text.size() && is_space(text[next])) ++next;
    if (quote && next > i + 1 && next < text.size() && text[next] == '"')
      i = next;  // both quotes go
    else if (begins && next > i && is_space(text[i]))
      i = next - 1;
    else
      out += text[i];
  }
}

/// All sources of a folder of tests as one text.
std::string sources(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder))
    if (e.path().extension() == ".cpp") join_literals(test::read(e.path()), all);
  return all;
}

}  // namespace

TEST_CASE("every test that docs/ATTACKS.md names is there") {
  const std::filesystem::path root = test::env("NANO_SOURCE").value_or(".");
  std::map<std::string, std::string> texts;
  std::size_t named = 0;
  for (const std::string& line : split(test::read(root / "docs/ATTACKS.md"), '\n')) {
    const auto cells = split(line, '|');
    if (cells.size() != 5 || cells[3].find("tests/") == std::string::npos) continue;
    std::string there;
    for (const std::string& folder : split(cells[3], ',')) {
      auto& text = texts[folder];
      if (text.empty()) text = sources(root / std::string(trim(folder)));
      there += text;
    }
    const auto quoted = split(cells[2], '`');
    for (std::size_t i = 1; i < quoted.size(); i += 2) {
      INFO(line);
      CHECK(there.find("TEST_CASE(\"" + quoted[i] + "\"") != std::string::npos);
      ++named;
    }
  }
  CHECK(named > 90);
}
