// tests/runtime_shim/tokenizer_wordpiece_test.cpp: WordPiece against llama.cpp's recorded ids, and what must hold for any bytes.
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/tokenizer/wordpiece.h"
#include "tests/runtime_shim/recorded_ids.h"
#include "tests/support/support.h"

using namespace nano;
using test::check_recorded;
using test::check_shape;
using tokenizer::WordPiece;

namespace {

/// A vocabulary in memory, with the file its views point into.
struct Vocabulary {
  std::string bytes{};
  gguf::File file{};
  WordPiece pieces{};
};

Result<Vocabulary> make(const std::vector<std::string>& pieces, const std::vector<int32_t>& types = {},
                        std::string_view model = "bert") {
  gguf::Builder b;
  b.set_string("tokenizer.ggml.model", model);
  b.set_string_array("tokenizer.ggml.tokens", pieces);
  if (!types.empty()) b.set_i32_array("tokenizer.ggml.token_type", types);
  Vocabulary v;
  NANO_TRY_ASSIGN(v.bytes, b.bytes());
  v.bytes.reserve(64);  // not in the string's own buffer: the views survive a move
  NANO_TRY_ASSIGN(v.file, gguf::File::parse(std::as_bytes(std::span(v.bytes)), "vocabulary"));
  NANO_TRY_ASSIGN(v.pieces, WordPiece::load(v.file));
  return v;
}

const std::vector<std::string> kSmall = {"[PAD]", "[UNK]",  "[CLS]", "[SEP]", "▁un", "aff",
                                         "able",  "▁hello", "▁!",    "▁a",    "a",   "▁e",
                                         "▁我",   "▁ᄀ",    "ᅡ",    "ᆨ",    "▁,",  "b"};

}  // namespace

TEST_CASE("every case of llama.cpp's bert-bge vocabulary gives its recorded ids") {
  const auto path = test::shared("tokenizers/ggml-vocab-bert-bge.gguf");
  if (!path) {
    WARN("SKIPPED: no shared/tokenizers");
    return;
  }
  const auto file = gguf::File::open(*path);
  REQUIRE(file);
  CHECK(file->metadata().size() == 20);
  const auto wordpiece = WordPiece::load(*file);
  REQUIRE(wordpiece);
  CHECK(wordpiece->size() == 30522);
  CHECK(wordpiece->special().cls == 101);
  CHECK(wordpiece->special().mask == 103);
  CHECK(check_recorded(*wordpiece, *path) == 46);
}

TEST_CASE("words fall into their longest pieces, and a word with a gap is unknown") {
  const auto v = make(kSmall);
  REQUIRE(v);
  CHECK(test::plain_ids(v->pieces, "unaffable") == std::vector<int32_t>{4, 5, 6});
  CHECK(test::plain_ids(v->pieces, "UnAffAble!") == std::vector<int32_t>{4, 5, 6, 8});
  CHECK(test::plain_ids(v->pieces, "unaffx hello") == std::vector<int32_t>{1, 7});
  CHECK(test::plain_ids(v->pieces, "aff") == std::vector<int32_t>{1});  // known only inside a word
  CHECK(test::plain_ids(v->pieces, "hello[CLS]") == std::vector<int32_t>{7, 1, 1, 1});
  CHECK(test::plain_ids(v->pieces, "").empty());
  CHECK(test::plain_ids(v->pieces, " \t\r\n\u3000").empty());
  CHECK(v->pieces.encode("hello").ids == std::vector<int32_t>{2, 7, 3});
  CHECK(v->pieces.id_to_piece(5) == "aff");
  CHECK(v->pieces.id_to_piece(-1).empty());
  CHECK(v->pieces.id_to_piece(99).empty());
}

TEST_CASE("the ## form of a vocabulary gives the same ids as the ▁ form") {
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < kSmall.size(); ++i) {
    const std::string& p = kSmall[i];
    if (i < 4)
      hashes.push_back(p);
    else if (p.rfind("▁", 0) == 0)
      hashes.push_back(p.substr(3));
    else
      hashes.push_back("##" + p);
  }
  const auto one = make(kSmall), other = make(hashes);
  REQUIRE(one);
  REQUIRE(other);
  for (const char* text : {"unaffable", "Hello, hello!", "a aa ab xa", "각 가", "我我a"})
    CHECK(test::plain_ids(one->pieces, text) == test::plain_ids(other->pieces, text));
}

TEST_CASE("normalisation folds case, accents, controls and Hangul, and sets CJK apart") {
  const auto v = make(kSmall);
  REQUIRE(v);
  CHECK(test::plain_ids(v->pieces, "é") == std::vector<int32_t>{11});        // composed
  CHECK(test::plain_ids(v->pieces, "e\u0301") == std::vector<int32_t>{11});  // decomposed
  CHECK(test::plain_ids(v->pieces, "É\u200D") == std::vector<int32_t>{11});  // a joiner is a format control
  CHECK(test::plain_ids(v->pieces, "a我a") == std::vector<int32_t>{9, 12, 9});
  CHECK(test::plain_ids(v->pieces, "각") == std::vector<int32_t>{13, 14, 15});
  CHECK(test::plain_ids(v->pieces, "가") == std::vector<int32_t>{13, 14});
  const std::string nul("hel\0lo", 6);
  CHECK(test::plain_ids(v->pieces, nul) == std::vector<int32_t>{7});
  CHECK(test::plain_ids(v->pieces, "hel\xFFlo\xC3") == std::vector<int32_t>{7});  // invalid bytes are dropped
}

TEST_CASE("offsets name the bytes of the original text") {
  const auto v = make(kSmall);
  REQUIRE(v);
  const std::string text = "  ÉA\u0301, hello";
  const auto e = v->pieces.encode("  unaffABLE, hello");
  REQUIRE(e.ids == std::vector<int32_t>{2, 4, 5, 6, 16, 7, 3});
  const std::vector<std::pair<std::size_t, std::size_t>> want{{0, 0},   {2, 4},   {4, 7},  {7, 11},
                                                              {11, 12}, {13, 18}, {18, 18}};
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(e.offsets[i].begin == want[i].first);
    CHECK(e.offsets[i].end == want[i].second);
  }
  const auto accents = v->pieces.encode(text, {.max_tokens = 0, .add_special = false});
  REQUIRE(accents.ids == std::vector<int32_t>{11, 10, 16, 7});
  CHECK(text.substr(accents.offsets[0].begin, accents.offsets[0].end - accents.offsets[0].begin) == "É");
  CHECK(accents.offsets[3].end == text.size());
}

TEST_CASE("max_tokens keeps room for the special tokens and says what was cut") {
  const auto v = make(kSmall);
  REQUIRE(v);
  const auto limited = [&](std::string_view text, std::size_t max, bool special) {
    return v->pieces.encode(text, {max, special});
  };
  CHECK(limited("unaffable", 5, true).ids == std::vector<int32_t>{2, 4, 5, 6, 3});
  CHECK_FALSE(limited("unaffable", 5, true).truncated);
  CHECK(limited("unaffable", 4, true).ids == std::vector<int32_t>{2, 4, 5, 3});
  CHECK(limited("unaffable", 4, true).truncated);
  CHECK(limited("unaffable", 2, true).ids == std::vector<int32_t>{2, 3});
  CHECK(limited("unaffable", 2, true).truncated);
  CHECK_FALSE(limited("  ", 2, true).truncated);
  CHECK(limited("unaffable", 1, true).ids == std::vector<int32_t>{2});
  CHECK(limited("unaffable", 1, false).ids == std::vector<int32_t>{4});
  CHECK(limited("unaffable", 3, false).ids == std::vector<int32_t>{4, 5, 6});
  CHECK_FALSE(limited("unaffable   ", 3, false).truncated);
}

TEST_CASE("a word of more than a hundred characters is one unknown token") {
  const auto v = make(kSmall);
  REQUIRE(v);
  CHECK(test::plain_ids(v->pieces, std::string(100, 'a')).size() == 100);
  CHECK(test::plain_ids(v->pieces, std::string(101, 'a')) == std::vector<int32_t>{1});
  const std::string text = "hello " + std::string(1'000'000, 'a') + " hello";
  const auto e = v->pieces.encode(text);
  CHECK(e.ids == std::vector<int32_t>{2, 7, 1, 7, 3});
  CHECK(e.offsets[2].begin == 6);
  CHECK(e.offsets[2].end == 1'000'006);
}

TEST_CASE("control tokens of the vocabulary are never found in text") {
  auto pieces = kSmall;
  pieces.push_back("▁secret");
  std::vector<int32_t> types(pieces.size(), 1);
  CHECK(test::plain_ids(make(pieces, types)->pieces, "secret") == std::vector<int32_t>{18});
  types.back() = 3;
  CHECK(test::plain_ids(make(pieces, types)->pieces, "secret") == std::vector<int32_t>{1});
}

TEST_CASE("random bytes and random code points never crash, and words join by spaces") {
  const auto v = make(kSmall);
  REQUIRE(v);
  std::mt19937 rng(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text, other;
    for (auto n = rng() % 60; n > 0; --n) text += static_cast<char>(rng());
    for (auto n = rng() % 30; n > 0; --n)
      append_utf8(other, static_cast<uint32_t>(rng() % (rng() % 2 != 0 ? 0x3000 : 0x11000)));
    for (const std::string& t : {text, other}) check_shape(v->pieces.encode(t), t);
    const std::string joined = text + " " + other;
    auto want = test::plain_ids(v->pieces, text);
    // a cut sequence at the end of `text` is dropped either way: the space ends it
    for (const int32_t id : test::plain_ids(v->pieces, other)) want.push_back(id);
    CHECK(test::plain_ids(v->pieces, joined) == want);
    const std::size_t limit = rng() % 8 + 1;
    const auto cut = v->pieces.encode(joined, {limit, false});
    CHECK(cut.truncated == (want.size() > limit));
    want.resize(std::min(want.size(), limit));
    CHECK(cut.ids == want);
  }
}

TEST_CASE("a vocabulary that cannot be used is refused with its reason") {
  CHECK(make({}).error().code == Errc::invalid);
  CHECK(make({"a", "b"}).error().message.find("[UNK]") != std::string::npos);
  CHECK(make(kSmall, {1, 2}).error().message.find("token_type") != std::string::npos);
  CHECK(make(kSmall, {}, "gpt2").error().code == Errc::unsupported);
  gguf::Builder b;
  b.set_string("tokenizer.ggml.model", "bert");
  b.set_string_array("tokenizer.ggml.tokens", kSmall);
  b.set_u32("tokenizer.ggml.cls_token_id", 18);
  const std::string bytes = *b.bytes();
  const auto file = gguf::File::parse(std::as_bytes(std::span(bytes)), "x");
  REQUIRE(file);
  const auto refused = WordPiece::load(*file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("cls_token_id' is 18; the vocabulary has 18") != std::string::npos);
}
