// tests/base/json_place_test.cpp: lines of pointers, in texts as people write them.
#include "base/json_place.h"

#include <catch2/catch.hpp>

using nano::json_line;

TEST_CASE("a pointer's line is that of its key or element") {
  const std::string text =
      "{\n"
      "  \"a\": 1,\n"
      "  \"list\": [\n"
      "    {\"x\": \"}],{\"},\n"
      "    {\n"
      "      \"y \\\"/~\": [1,\n"
      "        2]\n"
      "    }\n"
      "  ]\n"
      "}\n";
  CHECK(json_line(text, "") == 1);
  CHECK(json_line(text, "/a") == 2);
  CHECK(json_line(text, "/list") == 3);
  CHECK(json_line(text, "/list/0") == 4);
  CHECK(json_line(text, "/list/0/x") == 4);
  CHECK(json_line(text, "/list/1") == 5);
  CHECK(json_line(text, "/list/1/y \"~1~0") == 6);
  CHECK(json_line(text, "/list/1/y \"~1~0/1") == 7);
}

TEST_CASE("what is not there stands where the last part of its pointer does that is") {
  const std::string text = "{\n\"a\": {\n\"b\": 1},\n\"c\": \"text\"}";
  CHECK(json_line(text, "/a/zz") == 2);
  CHECK(json_line(text, "/a/b/deeper") == 3);
  CHECK(json_line(text, "/none") == 1);
  CHECK(json_line(text, "/c/0") == 4);
  for (const char* broken : {"", "{", "[1,", "{\"a", "{\"a\":", "nonsense", "{\"a\": \"x"}) CHECK(json_line(broken, "/a/0/b") == 1);
}
