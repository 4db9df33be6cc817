// Foreign text, nearest names, human numbers.
#include "base/text.h"

#include <catch2/catch.hpp>

namespace nano {
namespace {

TEST_CASE("nothing a terminal would obey survives the sanitiser") {
  CHECK(sanitize("plain é 😀 text") == "plain é 😀 text");
  CHECK(sanitize("a\x1b[31mred") == "a\uFFFD[31mred");
  CHECK(sanitize("a\nb\tc") == "a\uFFFDb\uFFFDc");
  CHECK(sanitize("a\nb\tc\r", true) == "a\nb\tc\uFFFD");
  CHECK(sanitize("x\u202Eevil\u2066\u200F\u061C") == "x\uFFFDevil\uFFFD\uFFFD\uFFFD");
  CHECK(sanitize("\xC2\x9B"
                 "31m") == "\uFFFD31m");  // C1 CSI
  CHECK(sanitize("\xff\xfe") == "\uFFFD\uFFFD");
  CHECK(sanitize(std::string_view("\0\x7f", 2)) == "\uFFFD\uFFFD");
  for (uint32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string s;
    append_utf8(s, c);
    std::size_t at = 0;
    REQUIRE(decode_utf8(s, at) == c);
    REQUIRE(at == s.size());
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) REQUIRE(sanitize(s) == "\uFFFD");
  }
}

TEST_CASE("UTF-8 is RFC 3629") {
  CHECK(is_utf8("é😀"));
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\xC3", "a\xE2\x82"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("the nearest name is a slip away or none") {
  const std::vector<std::string> names = {"install", "uninstall", "info", "sentiment-50m"};
  CHECK(nearest("instal", names) == "install");
  CHECK(nearest("isntall", names) == "install");
  CHECK(nearest("sentimnet-50m", names) == "sentiment-50m");
  CHECK(nearest("sentiment-5m", names) == "sentiment-50m");
  CHECK_FALSE(nearest("banana", names));
  CHECK_FALSE(nearest("", {}));
}

TEST_CASE("sizes and durations read well") {
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1000) == "1.0 KB");
  CHECK(human_bytes(53100000) == "53.1 MB");
  CHECK(human_bytes(999999) == "1.0 MB");
  CHECK(human_duration(0.4) == "400 ms");
  CHECK(human_duration(80) == "1m 20s");
  CHECK(trim("  a b \n") == "a b");
  CHECK(split("a::b", ':') == std::vector<std::string>{"a", "", "b"});
}

}  // namespace
}  // namespace nano
