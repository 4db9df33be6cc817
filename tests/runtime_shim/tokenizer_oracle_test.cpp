// tests/runtime_shim/tokenizer_oracle_test.cpp: byte-level BPE and SentencePiece against recorded ids of llama.cpp and SentencePiece.
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/tokenizer/byte_pairs.h"
#include "runtime_shim/tokenizer/sentencepiece.h"
#include "runtime_shim/tokenizer/split.h"
#include "tests/runtime_shim/recorded_ids.h"
#include "tests/support/support.h"

using namespace nano;
using test::check_recorded;
using test::check_shape;
using tokenizer::BytePairs;
using tokenizer::SentencePiece;
using Ids = std::vector<int32_t>;

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = tokenizer::gpt2_word_end(text, at);
    REQUIRE(end > at);
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

/// A byte-level vocabulary of all bytes and these merges, with the file its views point into.
struct Made {
  std::string bytes{};
  gguf::File file{};
  BytePairs pairs{};
};
Result<Made> make(const std::vector<std::string>& merges, const std::vector<std::string>& user = {},
                  std::string_view pre = "gpt-2", const std::vector<std::string>& unmade = {}) {
  std::vector<std::string> pieces = {"<s>", "</s>", "<unk>"};
  std::vector<int32_t> types = {3, 3, 2};
  for (int b = 0; b < 256; ++b) {
    pieces.emplace_back();
    append_utf8(pieces.back(), tokenizer::byte_to_code_point(static_cast<uint8_t>(b)));
  }
  for (std::string m : merges) {
    const std::size_t space = m.find(' ', 1);
    if (space != std::string::npos) m.erase(space, 1);
    if (std::find(unmade.begin(), unmade.end(), m) == unmade.end()) pieces.push_back(m);
  }
  types.resize(pieces.size(), 1);
  for (const auto& u : user) {
    pieces.push_back(u);
    types.push_back(4);
  }
  gguf::Builder b;
  b.set_string("tokenizer.ggml.model", "gpt2");
  b.set_string("tokenizer.ggml.pre", pre);
  b.set_string_array("tokenizer.ggml.tokens", pieces);
  b.set_i32_array("tokenizer.ggml.token_type", types);
  b.set_string_array("tokenizer.ggml.merges", merges);
  b.set_u32("tokenizer.ggml.bos_token_id", 0);
  b.set_u32("tokenizer.ggml.eos_token_id", 1);
  Made m;
  NANO_TRY_ASSIGN(m.bytes, b.bytes());
  NANO_TRY_ASSIGN(m.file, gguf::File::parse(std::as_bytes(std::span(m.bytes)), "vocabulary"));
  NANO_TRY_ASSIGN(m.pairs, BytePairs::load(m.file));
  return m;
}

std::vector<std::string> pieces_of(const tokenizer::Tokenizer& t, std::string_view text) {
  std::vector<std::string> out;
  for (const int32_t id : test::plain_ids(t, text)) out.emplace_back(t.id_to_piece(id));
  return out;
}

}  // namespace

TEST_CASE("every case of llama.cpp's gpt-2 vocabulary gives its recorded ids") {
  const auto path = test::shared("tokenizers/ggml-vocab-gpt-2.gguf");
  if (!path) {
    WARN("SKIPPED: no shared/tokenizers");
    return;
  }
  const auto file = gguf::File::open(*path);
  REQUIRE(file);
  const auto t = BytePairs::load(*file);
  REQUIRE(t);
  CHECK(t->size() == 50257);
  CHECK(check_recorded(*t, *path) == 46);
}

TEST_CASE("every case of llama.cpp's phi-3 vocabulary gives its recorded ids") {
  const auto path = test::shared("tokenizers/ggml-vocab-phi-3.gguf");
  if (!path) {
    WARN("SKIPPED: no shared/tokenizers");
    return;
  }
  const auto file = gguf::File::open(*path);
  REQUIRE(file);
  const auto t = SentencePiece::load(*file);
  REQUIRE(t);
  CHECK(t->size() == 32064);
  CHECK(check_recorded(*t, *path) == 46);
}

TEST_CASE("SentencePiece's own ids, of both kinds, normalisation and byte fallback included") {
  const auto doc = parse_json(test::read(test::data("tokenizers/golden.json")));
  REQUIRE(doc);
  for (const char* name : {"unigram", "pairs"}) {
    const auto file = gguf::File::open(test::data(std::string("tokenizers/") + name + ".gguf"));
    REQUIRE(file);
    const auto t = SentencePiece::load(*file);
    REQUIRE(t);
    const auto& cases = doc->at(name);
    CHECK(cases.size() == 24);
    for (const auto& c : cases) {
      const std::string text = c.at("text");
      INFO(name << ": '" << text << "'");
      CHECK(test::plain_ids(*t, text) == c.at("ids").get<Ids>());
      check_shape(t->encode(text), text);
    }
  }
}

TEST_CASE("words fall as GPT-2's regular expression cuts them") {
  using W = std::vector<std::string>;
  CHECK(words_of("Hello, y'all!") == W{"Hello", ",", " y", "'", "all", "!"});
  CHECK(words_of("I've he'll 'S") == W{"I", "'ve", " he", "'ll", " '", "S"});
  CHECK(words_of("a  b") == W{"a", " ", " b"});
  CHECK(words_of("a\n\nb") == W{"a", "\n", "\n", "b"});
  CHECK(words_of("a \n ") == W{"a", " \n "});
  CHECK(words_of("x12 3\xC2\xBD") == W{"x", "12", " 3\xC2\xBD"});
  CHECK(words_of("\xE3\x80\x80z") == W{"\xE3\x80\x80", "z"});
  CHECK(words_of("\xFF\xFE a") == W{"\xFF\xFE", " a"});
}

TEST_CASE("merges go by rank, not by place, and never over a word") {
  const auto m = make({"b c", "a b", "Ġ a", "Ġa bc"});
  REQUIRE(m);
  using W = std::vector<std::string>;
  CHECK(pieces_of(m->pairs, "abc") == W{"a", "bc"});
  CHECK(pieces_of(m->pairs, " abc") == W{"Ġabc"});
  CHECK(pieces_of(m->pairs, "ab1bc") == W{"ab", "1", "bc"});
  const auto e = m->pairs.encode("x abc");
  CHECK(e.offsets[2].begin == 2);  // the space is not part of what the token came from
  CHECK(e.words == Ids{-1, 0, 1, -1});
}

TEST_CASE("ModernBERT's text is composed first, and its offsets are of the text as it was given") {
  const std::vector<std::string> merges{"Ã ©", "Ġ c", "Ġc a", "f Ã©"};  // the bytes of é
  const auto composing = make(merges, {}, "modern-bert"), plain = make(merges);
  REQUIRE(composing);
  REQUIRE(plain);
  const std::string given = "a cafe\xCC\x81!", composed = "a caf\xC3\xA9!";
  CHECK(plain->pairs.encode(given).ids != plain->pairs.encode(composed).ids);
  const auto have = composing->pairs.encode(given), want = plain->pairs.encode(composed);
  CHECK(have.ids == want.ids);
  CHECK(composing->pairs.encode(composed).ids == want.ids);
  // [CLS] a, ca, fé, !
  REQUIRE(have.offsets.size() == 6);
  CHECK(given.substr(have.offsets[2].begin, have.offsets[2].end - have.offsets[2].begin) == "ca");
  CHECK(given.substr(have.offsets[3].begin, have.offsets[3].end - have.offsets[3].begin) == "fe\xCC\x81");
  CHECK(given.substr(have.offsets[4].begin, have.offsets[4].end - have.offsets[4].begin) == "!");
}

TEST_CASE("user-defined pieces are never cut, the longest first, and special names in a text are text") {
  const auto m = make({"a b"}, {"  ", "   ", "<x>"});
  REQUIRE(m);
  using W = std::vector<std::string>;
  CHECK(pieces_of(m->pairs, "ab   ab<x>b") == W{"ab", "   ", "ab", "<x>", "b"});
  CHECK(pieces_of(m->pairs, "<s>") == W{"<", "s", ">"});
}

TEST_CASE("the length limit cuts tokens off and says so") {
  const auto m = make({});
  REQUIRE(m);
  for (std::size_t limit = 2; limit < 9; ++limit) {
    const auto e = m->pairs.encode("abc def", {.max_tokens = limit, .add_special = true});
    CHECK(e.ids.size() == limit);
    CHECK(e.truncated);
  }
  CHECK_FALSE(m->pairs.encode("abc def", {.max_tokens = 9, .add_special = true}).truncated);
}

TEST_CASE("a byte-level vocabulary that does not hold together is refused") {
  const auto message = [](const Result<Made>& r) {
    REQUIRE_FALSE(r);
    return r.error().message;
  };
  CHECK(message(make({"a b"}, {}, "gpt-2", {"ab"})).find("'a b', joins what is no piece") !=
        std::string::npos);
  CHECK(message(make({"ab"})).find("is not two pieces") != std::string::npos);
  CHECK(message(make({}, {}, "llama-bpe")).find("tokenizer.ggml.pre is 'llama-bpe'") != std::string::npos);
  CHECK(message(make({}, {std::string(300, 'u')})).find("300 bytes long") != std::string::npos);
}

TEST_CASE("any bytes at all may be encoded, with both SentencePiece kinds and byte-level BPE") {
  std::mt19937 rng(11);
  const auto made = make({"a b", "Ġ a"}, {"  "});
  REQUIRE(made);
  std::vector<gguf::File> files;
  std::vector<SentencePiece> sp;
  for (const char* name : {"unigram", "pairs"}) {
    auto file = gguf::File::open(test::data(std::string("tokenizers/") + name + ".gguf"));
    REQUIRE(file);
    files.push_back(std::move(*file));
  }
  for (const auto& f : files) {
    auto t = SentencePiece::load(f);
    REQUIRE(t);
    sp.push_back(std::move(*t));
  }
  for (int i = 0; i < 200; ++i) {
    std::string text(rng() % 60, '\0');
    for (char& c : text) c = rng() % 3 == 0 ? " ab\xE2\x96\x81"[rng() % 6] : static_cast<char>(rng() % 256);
    INFO("round " << i);
    check_shape(made->pairs.encode(text), text);
    for (const auto& t : sp) check_shape(t.encode(text), text);
    // Nothing is lost by byte-level BPE: the offsets of its tokens, white space aside, cover the text.
    std::size_t bytes = 0;
    for (const auto& p : pieces_of(made->pairs, text)) {
      for (std::size_t at = 0; at < p.size(); ++bytes) (void)decode_utf8(p, at);
    }
    CHECK(bytes == text.size());
  }
}
