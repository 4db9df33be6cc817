// Strict JSON: RFC 8259 without what makes two readers disagree.
#include "base/json.h"

#include <catch2/catch.hpp>

namespace nano {
namespace {

Errc code_of(std::string_view text, const JsonLimits& limits = {}) {
  auto r = parse_json(text, limits);
  return r ? Errc::ok : r.error().code;
}

TEST_CASE("valid documents parse to the same document") {
  const auto doc =
      parse_json(R"({"b":[1,-2,{"x":null}],"a":"é\u00e9\ud83d\ude00","t":true,"big":18446744073709551615})");
  REQUIRE(doc);
  CHECK((*doc)["b"][2]["x"].is_null());
  CHECK((*doc)["a"] == "éé😀");
  CHECK((*doc)["big"].get<uint64_t>() == 18446744073709551615ULL);
  CHECK(dump_line(*doc) == R"({"a":"éé😀","b":[1,-2,{"x":null}],"big":18446744073709551615,"t":true})");
  CHECK(parse_json(dump_pretty(*doc)).value() == *doc);
  CHECK(parse_json("7").value() == 7);
}

TEST_CASE("a key that stands twice is refused and named, at any depth") {
  const auto r = parse_json(R"({"a":{"x":1,"y":2,"x":3}})");
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find("'x'") != std::string::npos);
  CHECK(code_of(R"([{"x":1},{"x":1}])") == Errc::ok);
  CHECK(code_of(R"({"a":1,"\u0061":2})") == Errc::invalid);
}

TEST_CASE("depth, size and floats have limits") {
  const std::string deep64 = std::string(64, '[') + std::string(64, ']');
  CHECK(code_of(deep64) == Errc::ok);
  CHECK(code_of("[" + deep64 + "]") == Errc::invalid);
  CHECK(code_of(std::string(1000000, '[')) == Errc::invalid);
  JsonLimits small;
  small.max_bytes = 4;
  CHECK(code_of("[12]", small) == Errc::ok);
  CHECK(code_of("[123]", small) == Errc::invalid);
  CHECK(code_of("1.5") == Errc::invalid);
  CHECK(code_of("1e2") == Errc::invalid);
  CHECK(code_of("18446744073709551616") == Errc::invalid);
  JsonLimits floats;
  floats.allow_floats = true;
  CHECK(parse_json("1.5", floats).value() == 1.5);
}

TEST_CASE("broken text is refused with the place") {
  for (const char* bad :
       {"", " ", "{", "[1,]", "{\"a\":}", "{a:1}", "'x'", "[1] x", "nul", "01", "\"\\ud800\"", "\"\xff\"",
        "\"\xed\xa0\x80\"", "\xEF\xBB\xBF{}", "\"a\nb\"", "NaN", "Infinity", "/*c*/1"})
    CHECK(code_of(bad) == Errc::invalid);
  for (const std::string_view after_nul : {std::string_view("{}\0", 3), std::string_view("{}\0{}", 5)})
    CHECK(code_of(after_nul) == Errc::invalid);
  CHECK(parse_json("[1,\n 2,\n x]").error().message.find("line 3") != std::string::npos);
}

TEST_CASE("what a hostile document says is sanitised in the message") {
  const auto r = parse_json("{\"\\u001b[31m\":1,\"\\u001b[31m\":2}");
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("a key that stands twice, a float and too deep a list are told with their line") {
  const auto message = [](const char* text, JsonLimits limits = {}) { return parse_json(text, limits).error().message; };
  CHECK(message("{\n\"a\": 1,\n\"a\": 2}") == "the key 'a' stands twice in one object (line 3)");
  CHECK(message("{\n\"a\":\n1.5\n}") == "the number 1.5 is not a 64-bit integer (line 3)");
  CHECK(message("[\n[\n[]]]", {.max_depth = 2}) == "nested deeper than 2 levels (line 3)");
  CHECK(message("{\"a\": 1, \"a\": 2}") == "the key 'a' stands twice in one object (line 1)");
}

}  // namespace
}  // namespace nano
