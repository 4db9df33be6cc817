// tests/runtime_shim/tokenizer_pair_test.cpp: what stands around the pieces: words, pairs, and where a pair is cut.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/tokenizer/tokenizer.h"
#include "tests/runtime_shim/model_files.h"

using namespace nano;
using tokenizer::Encoding;
using tokenizer::Tokenizer;
using Ids = std::vector<int32_t>;

namespace {

struct Loaded {
  gguf::File file{};
  packed::Image image{};
  std::unique_ptr<Tokenizer> words{};
};

Loaded tiny() {
  Loaded l;
  auto file = gguf::File::open(test::bert_tiny());
  REQUIRE(file);
  l.file = std::move(*file);
  packed::Image measured;
  REQUIRE(Tokenizer::load_any(l.file, measured));
  l.image = packed::Image::to_fill(measured);
  auto words = Tokenizer::load_any(l.file, l.image);
  REQUIRE(words);
  l.words = std::move(*words);
  return l;
}

Ids ids_of(const Loaded& l, std::string_view text) {
  return l.words->encode(text, {.max_tokens = 0, .add_special = false}).ids;
}

}  // namespace

TEST_CASE("pieces know the word they belong to") {
  const Loaded l = tiny();
  const Encoding e = l.words->encode("unwatchable film!");
  // [CLS] un watch able film ! [SEP], however the pieces of the first word fall
  REQUIRE(e.words.size() == e.ids.size());
  CHECK(e.words.front() == tokenizer::kNoWord);
  CHECK(e.words.back() == tokenizer::kNoWord);
  const std::size_t n = ids_of(l, "unwatchable").size();
  REQUIRE(n > 1);
  for (std::size_t i = 1; i <= n; ++i) CHECK(e.words[i] == 0);
  CHECK(e.words[n + 1] == 1);
  CHECK(e.words[n + 2] == 2);
  // An unknown word is one, and so is one that is cut off.
  const Encoding unknown = l.words->encode("\xE2\x98\x83 film");
  CHECK(unknown.words == Ids{-1, 0, 1, -1});
  CHECK(l.words->encode("unwatchable film", {.max_tokens = 3, .add_special = true}).words == Ids{-1, 0, -1});
}

TEST_CASE("a pair is two texts with a separator after each, and types where the model has them") {
  const Loaded l = tiny();
  const Encoding e = l.words->encode_pair("the film", "it is good");
  Ids want{2};
  for (const int32_t id : ids_of(l, "the film")) want.push_back(id);
  want.push_back(3);
  CHECK(e.second == want.size());
  for (const int32_t id : ids_of(l, "it is good")) want.push_back(id);
  want.push_back(3);
  CHECK(e.ids == want);
  CHECK(e.types == Ids{0, 0, 0, 0, 1, 1, 1, 1});
  CHECK(e.words == Ids{-1, 0, 1, -1, 0, 1, 2, -1});
  CHECK(e.offsets[4].begin == 0);  // in its own text
  CHECK_FALSE(e.truncated);
  CHECK(l.words->encode_pair("", "").ids == Ids{2, 3, 3});
}

TEST_CASE("of a pair that is too long the longer text loses its end first") {
  const Loaded l = tiny();
  const std::string three = "the film is", nine = "it is good it is good it is good";
  const auto lengths = [&](std::string_view a, std::string_view b, std::size_t most) {
    const Encoding e = l.words->encode_pair(a, b, {.max_tokens = most, .add_special = true});
    CHECK(e.ids.size() <= most);
    CHECK(e.truncated == (most < 3 + ids_of(l, a).size() + ids_of(l, b).size()));
    return std::pair(e.second - 2, e.ids.size() - e.second - 1);
  };
  using Two = std::pair<std::size_t, std::size_t>;
  CHECK(lengths(three, nine, 15) == Two(3, 9));
  CHECK(lengths(three, nine, 14) == Two(3, 8));
  CHECK(lengths(nine, three, 10) == Two(4, 3));
  // Of two that are both too long each gets half, and the odd token goes to the second unless the first is longer.
  const std::string ten = nine + " it";
  CHECK(lengths(nine, nine, 10) == Two(3, 4));
  CHECK(lengths(nine, ten, 10) == Two(3, 4));
  CHECK(lengths(ten, nine, 10) == Two(4, 3));
  CHECK(lengths(three, nine, 4) == Two(0, 1));
  CHECK(lengths(nine, three, 4) == Two(1, 0));
  CHECK(l.words->encode_pair(nine, nine, {.max_tokens = 2, .add_special = true}).ids.size() == 2);
}

TEST_CASE("a tokenizer this build does not have is refused by its name") {
  gguf::Builder b;
  b.set_string("tokenizer.ggml.model", "rwkv");
  const auto bytes = b.bytes();
  REQUIRE(bytes);
  const auto file = gguf::File::parse(std::as_bytes(std::span(*bytes)), "vocabulary");
  REQUIRE(file);
  packed::Image image;
  const auto refused = Tokenizer::load_any(*file, image);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unsupported);
  CHECK(refused.error().message.find("rwkv") != std::string::npos);
}
