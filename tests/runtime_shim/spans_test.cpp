// tests/runtime_shim/spans_test.cpp: tags to spans, by hand.
#include "runtime_shim/tasks/spans.h"

#include <catch2/catch.hpp>

using namespace nano;
using tasks::Span;

namespace {

// One token a word, between [CLS] and [SEP], tagged as said with probability 0.8.
std::vector<Span> decode(std::string_view text, const std::vector<std::string>& labels,
                         const std::vector<int>& tags) {
  tokenizer::Encoding e;
  const auto put = [&](int32_t word, std::size_t begin, std::size_t end) {
    e.ids.push_back(7);
    e.words.push_back(word);
    e.offsets.push_back({begin, end});
  };
  put(tokenizer::kNoWord, 0, 0);
  std::size_t at = 0;
  for (int32_t word = 0; at < text.size(); ++word) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    put(word, at, end);
    at = end + 1;
  }
  put(tokenizer::kNoWord, text.size(), text.size());
  REQUIRE(e.ids.size() == tags.size() + 2);
  std::vector<float> scores(e.ids.size() * labels.size(), 0.2f / static_cast<float>(labels.size() - 1));
  for (std::size_t i = 0; i < tags.size(); ++i)
    scores[(i + 1) * labels.size() + static_cast<std::size_t>(tags[i])] = 0.8f;
  return tasks::decode_spans(text, e, labels, scores);
}

std::string shown(std::string_view text, const std::vector<Span>& spans) {
  std::string out;
  for (const Span& s : spans) out += s.label + ":" + std::string(text.substr(s.begin, s.end - s.begin)) + ";";
  return out;
}

}  // namespace

TEST_CASE("BIO tags become spans") {
  const std::vector<std::string> bio{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
  const std::string text = "Anna Karenina met Leo in Saint Petersburg";
  CHECK(shown(text, decode(text, bio, {1, 2, 0, 1, 0, 3, 4})) ==
        "PER:Anna Karenina;PER:Leo;LOC:Saint Petersburg;");
  CHECK(shown(text, decode(text, bio, {1, 1, 0, 0, 0, 0, 0})) == "PER:Anna;PER:Karenina;");
  CHECK(shown(text, decode(text, bio, {2, 2, 0, 0, 0, 0, 0})) ==
        "PER:Anna Karenina;");  // begins without a B-
  CHECK(shown(text, decode(text, bio, {1, 4, 0, 0, 0, 0, 0})) == "PER:Anna;LOC:Karenina;");
  CHECK(shown(text, decode(text, bio, {1, 0, 2, 0, 0, 0, 0})) == "PER:Anna;PER:met;");
  CHECK(decode(text, bio, {0, 0, 0, 0, 0, 0, 0}).empty());
  CHECK(decode(text, bio, {1, 2, 0, 0, 0, 0, 0}).front().score == Approx(0.8));
}

TEST_CASE("tags of other schemes become spans") {
  const std::vector<std::string> bioes{"O", "B-X", "I-X", "E-X", "S-X"}, io{"O", "X", "Y"};
  const std::string text = "a b c d e f";
  CHECK(shown(text, decode(text, bioes, {1, 2, 3, 4, 4, 0})) == "X:a b c;X:d;X:e;");
  CHECK(shown(text, decode(text, bioes, {1, 3, 2, 0, 0, 0})) == "X:a b;X:c;");
  CHECK(shown(text, decode(text, io, {1, 1, 2, 0, 1, 0})) == "X:a b;Y:c;X:e;");
}

TEST_CASE("offsets are given in bytes and in characters") {
  const std::vector<std::string> io{"O", "X"};
  const std::string text = "na\xC3\xAFve \xF0\x9F\x98\x80 caf\xC3\xA9 \xFF\xFE end";
  const auto spans = decode(text, io, {0, 1, 0, 1, 1});
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].begin == 7);
  CHECK(spans[0].end == 11);
  CHECK(spans[0].char_begin == 6);
  CHECK(spans[0].char_end == 7);
  CHECK(spans[1].begin == 18);
  CHECK(spans[1].end == text.size());
  CHECK(spans[1].char_begin == 13);
  CHECK(spans[1].char_end == 19);
}

TEST_CASE("a word has the tag of its first token") {
  tokenizer::Encoding e;
  e.ids = {2, 5, 6, 7, 3};
  e.words = {-1, 0, 0, 1, -1};
  e.offsets = {{0, 0}, {0, 3}, {3, 6}, {7, 9}, {9, 9}};
  const std::vector<std::string> labels{"O", "B-X"};
  const std::vector<float> scores{1, 0, 0.4f, 0.6f, 1, 0, 0.9f, 0.1f, 1, 0};
  const auto spans = tasks::decode_spans("abcdef gh", e, labels, scores);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].begin == 0);
  CHECK(spans[0].end == 6);
  CHECK(spans[0].score == Approx(0.6));
}
