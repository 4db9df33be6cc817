// tests/runtime_shim/tokenizer_unicode_test.cpp: the generated tables: known characters, and what holds for all of them.
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "runtime_shim/tokenizer/nfc.h"
#include "runtime_shim/tokenizer/piece_table.h"
#include "runtime_shim/tokenizer/unicode.h"
#include "tests/support/support.h"

using namespace nano::tokenizer;

namespace {

std::vector<uint32_t> parts(uint32_t c) {
  const Decomposed d = decompose(c);
  return {d.points.begin(), d.points.begin() + static_cast<std::ptrdiff_t>(d.count)};
}

}  // namespace

TEST_CASE("known characters have their Unicode category") {
  CHECK(category('A') == Category::lu);
  CHECK(category('z') == Category::ll);
  CHECK(category('7') == Category::nd);
  CHECK(category(0) == Category::cc);
  CHECK(category(0x300) == Category::mn);
  CHECK(category(0x36F) == Category::mn);
  CHECK(category(0x370) == Category::lu);
  CHECK(category(0x200D) == Category::cf);
  CHECK(category(0xFE0F) == Category::mn);
  CHECK(category(0x1F999) == Category::so);
  CHECK(category(0x4E00) == Category::lo);
  CHECK(category(0x9FFF) == Category::lo);
  CHECK(category(0xD800) == Category::cs);
  CHECK(category(0xE000) == Category::co);
  CHECK(category(0x10FFFF) == Category::cn);
  CHECK(category(0xFFFFFFFF) == Category::cn);
  for (const char c : {'!', '"', '#', '%', '&', '\'', '(',  ')', '*', ',', '-', '.',
                       '/', ':', ';', '?', '@', '[',  '\\', ']', '_', '{', '}'})
    CHECK(is_punctuation(category(static_cast<uint32_t>(c))));
  for (const char c : {'$', '+', '<', '=', '>', '^', '`', '|', '~'})
    CHECK(is_symbol(category(static_cast<uint32_t>(c))));
}

TEST_CASE("White_Space has its 25 characters") {
  std::vector<uint32_t> found;
  for (uint32_t c = 0; c < 0x110000; ++c)
    if (is_white_space(c)) found.push_back(c);
  // source: Unicode 15.0 PropList.txt
  CHECK(found == std::vector<uint32_t>{9,      10,     11,     12,     13,     32,     0x85,   0xA0,   0x1680,
                                       0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
                                       0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000});
}

TEST_CASE("lower case is simple, and does nothing twice") {
  CHECK(to_lower('Q') == 'q');
  CHECK(to_lower(0xC9) == 0xE9);    // É
  CHECK(to_lower(0x130) == 0x69);   // İ
  CHECK(to_lower(0x178) == 0xFF);   // Ÿ
  CHECK(to_lower(0x3A3) == 0x3C3);  // Σ
  CHECK(to_lower(0x411) == 0x431);  // Б
  CHECK(to_lower(0x1E9E) == 0xDF);  // ẞ
  CHECK(to_lower(0x10400) == 0x10428);
  CHECK(to_lower(0x101) == 0x101);  // between two upper case letters of a stride
  uint32_t changed = 0;
  for (uint32_t c = 0; c < 0x110000; ++c) {
    const uint32_t l = to_lower(c);
    changed += l != c ? 1 : 0;
    REQUIRE(to_lower(l) == l);
  }
  CHECK(changed == 1433);  // the entries of UnicodeData.txt 15.0 that have a lower case mapping
}

TEST_CASE("decomposition is full, and its parts fall no further") {
  CHECK(parts('a') == std::vector<uint32_t>{'a'});
  CHECK(parts(0xE9) == std::vector<uint32_t>{'e', 0x301});
  CHECK(parts(0x1EC7) == std::vector<uint32_t>{'e', 0x323, 0x302});           // ệ, two steps
  CHECK(parts(0x1F82) == std::vector<uint32_t>{0x3B1, 0x313, 0x300, 0x345});  // four long
  CHECK(parts(0x212B) == std::vector<uint32_t>{'A', 0x30A});                  // the angstrom sign
  CHECK(parts(0xFB01) == std::vector<uint32_t>{0xFB01});                      // compatibility only: stays
  CHECK(parts(0xAC00) == std::vector<uint32_t>{0x1100, 0x1161});
  CHECK(parts(0xD7A3) == std::vector<uint32_t>{0x1112, 0x1175, 0x11C2});
  CHECK(parts(0x2FA1D) == std::vector<uint32_t>{0x2A600});
  uint32_t changed = 0;
  for (uint32_t c = 0; c < 0x110000; ++c) {
    const auto d = parts(c);
    REQUIRE(!d.empty());
    changed += d != std::vector<uint32_t>{c} ? 1 : 0;
    for (const uint32_t p : d) REQUIRE(parts(p) == std::vector<uint32_t>{p});
  }
  CHECK(changed == 2061 + 11172);  // canonical entries of UnicodeData.txt 15.0, and Hangul
}

TEST_CASE("texts compose as Python's unicodedata composes them, and each byte knows where it came from") {
  const auto cases = nano::parse_json(nano::test::read(nano::test::data("tokenizers/nfc.json")));
  REQUIRE(cases);
  CHECK(cases->size() > 600);
  std::size_t changed = 0;
  for (const auto& c : *cases) {
    const std::string text = c.at("text"), want = c.at("nfc");
    const Composed have = to_nfc(text);
    REQUIRE(have.text == want);
    REQUIRE(to_nfc(want).text == want);
    if (!may_compose(text)) REQUIRE(text == want);
    changed += text != want ? 1 : 0;
    REQUIRE(have.from.size() == want.size());
    std::vector<bool> used(text.size());
    for (const auto& from : have.from) {
      REQUIRE(from.begin < from.end);
      REQUIRE(from.end <= text.size());
      for (std::size_t i = from.begin; i < from.end; ++i) used[i] = true;
    }
    for (const bool u : used) REQUIRE(u);  // nothing is lost
  }
  CHECK(changed > 200);
  // Bytes that are no UTF-8 stay, and hold apart what would compose.
  const std::string broken = "e\xFF\xCC\x81\xE1\x84 e\xCC\x81";
  const Composed have = to_nfc(broken);
  CHECK(have.text == "e\xFF\xCC\x81\xE1\x84 \xC3\xA9");
  CHECK(have.from.back().begin == broken.size() - 3);
  CHECK(have.from.back().end == broken.size());
}

TEST_CASE("what two characters compose to falls apart into them") {
  CHECK(compose('e', 0x301) == 0xE9);
  CHECK(compose(0x1112, 0x1175) == 0xD788);
  CHECK(compose(0xD788, 0x11C2) == 0xD7A3);
  CHECK(compose(0xD7A3, 0x11C2) == 0);
  CHECK(compose(0x1100, 0x11A8) == 0);
  CHECK(compose(0x915, 0x93C) == 0);  // excluded: stays two
  CHECK(compose(0xFFFFFFFF, 0x301) == 0);
  CHECK(combining_class(0x300) == 230);
  CHECK(combining_class(0x327) == 202);
  CHECK(combining_class('a') == 0);
  CHECK(combining_class(0x10FFFF) == 0);
  CHECK(combining_class(0xFFFFFFFF) == 0);
}

TEST_CASE("the piece table finds what was put in, the last of equals, and nothing else") {
  const auto hash = [](std::string_view s) {
    uint64_t h = kHashStart;
    for (const char c : s) h = hash_byte(h, c);
    return h;
  };
  CHECK(hash("") == 0xCBF29CE484222325ull);
  CHECK(hash("a") == 0xAF63DC4C8601EC8Cull);  // source: the FNV draft's test vectors
  CHECK(hash("foobar") == 0x85944171F73967E8ull);
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (int i = 0; i < 5000; ++i) {
    const std::string word = "w" + std::to_string(i * 7919);
    places.emplace_back(text.size(), word.size());
    text += word;
  }
  const auto word = [&](std::size_t i) {
    return std::string_view(text).substr(places[i].first, places[i].second);
  };
  CHECK(PieceTable().find("a", hash("a")) == -1);
  std::vector<PieceTable::Slot> slots(PieceTable::slots_for(places.size()));
  for (std::size_t i = 0; i < places.size(); ++i)
    REQUIRE(PieceTable::insert(slots, text, word(i), static_cast<int32_t>(i)));
  REQUIRE(PieceTable::insert(slots, text, word(3), 77));
  const PieceTable table(slots, 9, text);
  for (std::size_t i = 0; i < places.size(); ++i)
    REQUIRE(table.find(word(i), hash(word(i))) == (i == 3 ? 77 : static_cast<int32_t>(i)));
  for (int i = 0; i < 5000; ++i) {
    const std::string absent = "x" + std::to_string(i);
    REQUIRE(table.find(absent, hash(absent)) == -1);
  }
  CHECK(table.longest() == 9);
}

TEST_CASE("a piece table of any bytes finds nothing outside its text and comes to an end") {
  std::mt19937 rng(5);
  const std::string text = "some text of a file";
  std::vector<PieceTable::Slot> slots(64);
  for (int round = 0; round < 2000; ++round) {
    for (auto& slot : slots) {
      slot = {static_cast<uint32_t>(rng() % 3 == 0 ? rng() : rng() % 24), static_cast<int32_t>(1 + rng() % 9),
              static_cast<uint16_t>(rng() % 24), static_cast<uint16_t>(rng())};
    }
    const PieceTable table(slots, 24, text);
    for (std::size_t n = 0; n <= text.size(); ++n) {
      uint64_t h = kHashStart;
      for (const char c : text.substr(0, n)) h = hash_byte(h, c);
      const int32_t id = table.find(text.substr(0, n), h);
      REQUIRE((id >= -1 && id < 9));
    }
  }
}
