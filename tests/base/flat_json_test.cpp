// One reader of JSON against the other: what is taken, what it says, and how it is written.
#include "base/flat_json.h"

#include <random>

#include <catch2/catch.hpp>

namespace nano {
namespace {

/// The same verdict, the same words, the same document.
void same(const std::string& text, const JsonLimits& limits = {}) {
  INFO(text.substr(0, 400));
  const auto tree = parse_json(text, limits);
  const auto flat = FlatJson::parse(text, limits);
  if (tree.has_value() != flat.has_value()) FAIL((tree ? flat.error().message : tree.error().message));
  if (!tree) {
    if (tree.error().code != flat.error().code || tree.error().message != flat.error().message) FAIL(flat.error().message);
    return;
  }
  if (flat->root().to_json() != *tree) FAIL(dump_line(flat->root().to_json()));
  std::string dumped;
  flat->root().dump(dumped);
  if (dumped != dump_line(*tree)) FAIL(dumped);
  std::string from_tree;
  FlatJson::of(*tree).root().dump(from_tree);
  if (from_tree != dumped) FAIL(from_tree);
}

TEST_CASE("both readers of JSON take and refuse the same, in the same words") {
  for (const char* text :
       {"", " ", "{", "}", "[1,]", "[,1]", "{\"a\":}", "{\"a\"}", "{\"a\":1,}", "{,}", "{a:1}", "'x'", "[1] x", "nul", "nulll", "true", "truefalse",
        "01", "-", "-0", "[-0]", "-01", "--1", "+1", "1.", "1.5", "1e2", "1E+2", ".5", "0x1", "00", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999", "-9223372036854775808", "-9223372036854775809", "9223372036854775808",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"", "\"\\u00e9\\u0000\\u001f\"", "\"\\u12\"",
        "\"\\x\"", "\"\\", "\"abc", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\x7f\"", "\"a\nb\"",
        "\xEF\xBB\xBF{}", "\xEF\xBB\xBF", "NaN", "Infinity", "/*c*/1", "[1 2]", "[1}", "{\"a\":1]", "[\"a\" \"b\"]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[}", "{]",
        " \t\r\n[ \t\r\n1 , 2\n]\t", "\v1", "\f1", "{}", "[]", "[[],{},[{}]]", "{\"\":0}", "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2,\"b\":3}",
        "{\"a\":1,\"\\u0061\":2}", "{\"z\":{\"y\":1,\"x\":[{\"b\":1,\"a\":{\"d\":4,\"c\":3}}]},\"a\":[]}", "{\"\xc3\xa9\":1,\"z\":2,\"\xf0\x9f\x98\x80\":3}",
        "{\"a\":{\"k\":1,\"j\":2,\"k\":3},\"b\":1}"})
    same(text);
  same(std::string("\"a\0b\"", 5));
  same(std::string("\0", 1));
  same(std::string("{}\0", 3));
  same(std::string("[1]\0x", 5));
  same("[12]", {.max_bytes = 4});
  same("[123]", {.max_bytes = 4});
  for (const std::size_t depth : {1U, 63U, 64U, 65U, 100'000U}) {
    same(std::string(depth, '[') + std::string(depth, ']'));
    std::string objects;
    for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
    same(objects + "1" + std::string(depth, '}'));
  }
}

/// A random document, with keys in any order, sometimes twice, spaces and escapes anywhere.
class Maker {
 public:
  explicit Maker(uint64_t seed) : rng_(seed) {}
  std::string document() {
    out_.clear();
    value(0);
    return out_;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(rng_() % n); }

 private:
  void space() {
    if (below(6) == 0) out_ += " \n\t\r"[below(4)];
  }
  void text(bool as_key) {
    static const char* const pieces[] = {"a", "b", "key", "\xc3\xa9", "\xf0\x9f\x98\x80", "\\u00e9", "\\ud83d\\ude00", "\\n", "\\\"", "\\\\", "\\u0000", "/", "\x7f", "zz"};
    out_ += '"';
    for (std::size_t n = below(as_key ? 3 : 5); n > 0; --n) out_ += pieces[below(std::size(pieces))];
    if (as_key) out_ += std::to_string(below(40));
    out_ += '"';
  }
  void value(int depth) {
    space();
    const std::size_t kind = below(depth > 5 ? 5 : 8);
    if (kind == 0) out_ += below(2) == 0 ? "null" : below(2) == 0 ? "true" : "false";
    else if (kind == 1) out_ += std::to_string(rng_() >> below(64));
    else if (kind == 2) out_ += "-" + std::to_string((rng_() >> 1) >> below(63));
    else if (kind < 5) text(false);
    else {
      const bool object = kind < 7;
      out_ += object ? '{' : '[';
      const std::size_t n = below(6);
      for (std::size_t i = 0; i < n; ++i) {
        if (i > 0) out_ += ',';
        space();
        if (object) {
          text(true);
          space();
          out_ += ':';
        }
        value(depth + 1);
      }
      space();
      out_ += object ? '}' : ']';
    }
    space();
  }
  std::mt19937_64 rng_;
  std::string out_{};
};

TEST_CASE("both readers of JSON agree on random documents and on broken ones") {
  Maker make(20261121);
  static const char marks[] = "{}[],:\"\\0123456789-.eEtfnu \n\0\x01\x80\xc3\xff";
  for (int i = 0; i < 1500; ++i) {
    std::string text = make.document();
    same(text);
    for (int m = 0; m < 4 && !text.empty(); ++m) {
      const std::size_t at = make.below(text.size());
      switch (make.below(4)) {
        case 0: text.erase(at, 1 + make.below(3)); break;
        case 1: text.insert(at, 1, marks[make.below(sizeof marks - 1)]); break;
        case 2: text[at] = marks[make.below(sizeof marks - 1)]; break;
        default: text.resize(at);
      }
      same(text);
    }
  }
}

TEST_CASE("a flat document is read by key, in order, and outlives a move") {
  const std::string text = R"({"b":[1,"x\n",false],"a":{"\u0064":-5,"c":null}})";
  auto parsed = FlatJson::parse(text);
  REQUIRE(parsed);
  const FlatJson doc = std::move(*parsed);
  CHECK(doc.root().is_object());
  CHECK(doc.root().size() == 2);
  CHECK_FALSE(doc.root().find("x"));
  const auto a = doc.root().find("a");
  REQUIRE(a);
  CHECK(*a == *doc.root().find("a"));
  REQUIRE(a->find("d"));  // it was written as an escape
  CHECK_FALSE(a->find("d")->whole());
  CHECK(a->find("d")->to_json() == -5);
  CHECK(a->find("c")->is_null());
  std::string keys;
  doc.root().members([&](std::string_view key, FlatJson::Value) {
    keys += key;
    return true;
  });
  CHECK(keys == "ab");
  const auto b = doc.root().find("b");
  REQUIRE(b);
  int seen = 0;
  CHECK_FALSE(b->elements([&](FlatJson::Value v) {
    if (++seen == 1) CHECK(v.whole() == 1U);
    if (seen == 2) CHECK(v.text() == "x\n");
    return seen < 2;
  }));
  CHECK(seen == 2);
  CHECK_FALSE(b->find("x"));
  std::string canonical;
  REQUIRE(doc.root().canonical(canonical).has_value());
  CHECK(canonical == "{\"a\":{\"c\":null,\"d\":-5},\"b\":[1,\"x\n\",false]}");
}

TEST_CASE("numbers from 0 on are whole, of whatever type a tree has them, and a key is found whole") {
  CHECK(FlatJson::parse("-0")->root().whole() == 0U);
  CHECK(FlatJson::parse("18446744073709551615")->root().whole() == UINT64_MAX);
  CHECK(FlatJson::of(Json(5)).root().whole() == 5U);
  CHECK(FlatJson::of(Json(5U)).root().whole() == 5U);
  CHECK_FALSE(FlatJson::of(Json(-5)).root().whole());
  const auto doc = FlatJson::parse(R"({"ab":2,"aa":1})");
  CHECK(doc->root().find("ab")->whole() == 2U);
  CHECK_FALSE(doc->root().find("a"));
}

TEST_CASE("only a tree made in memory holds what has no canonical form") {
  std::string out;
  const auto canonical = [&out](const Json& doc) {
    CHECK(FlatJson::of(doc).root().to_json() == doc);
    out.clear();
    FlatJson::of(doc).root().dump(out);
    CHECK(out == dump_line(doc));
    const auto done = FlatJson::of(doc).root().canonical(out);
    return done ? "" : done.error().message;
  };
  CHECK(canonical(1.5) == "canonical JSON holds integers only");
  CHECK(canonical({{"a", {1, 2.5}}}) == "canonical JSON holds integers only");
  CHECK(canonical("\xff") == "canonical JSON: a string is not valid UTF-8");
  CHECK(canonical({{"\xff", 1}}) == "canonical JSON: a string is not valid UTF-8");
  CHECK(canonical({1, "\"", nullptr}) == "");
}

}  // namespace
}  // namespace nano
