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

namespace {

struct Piece {
  std::string text{};
  int32_t word = 0;
  int tag = 0;
};

/// Tokens that lie in the text one behind the other (an empty one stands where the next begins), each tagged with
/// probability 0.8.
std::vector<Span> decode_pieces(std::string_view text, const std::vector<std::string>& labels, const std::vector<Piece>& pieces) {
  tokenizer::Encoding e;
  std::vector<float> scores;
  std::size_t at = 0;
  const auto put = [&](int32_t word, std::size_t begin, std::size_t end, int tag) {
    e.ids.push_back(7);
    e.words.push_back(word);
    e.offsets.push_back({begin, end});
    for (std::size_t l = 0; l < labels.size(); ++l)
      scores.push_back(static_cast<int>(l) == tag ? 0.8f : 0.2f / static_cast<float>(labels.size() - 1));
  };
  put(tokenizer::kNoWord, 0, 0, 0);
  for (const Piece& p : pieces) {
    const std::size_t begin = p.text.empty() ? at : text.find(p.text, at);
    REQUIRE(begin != std::string_view::npos);
    put(p.word, begin, begin + p.text.size(), p.tag);
    at = begin + p.text.size();
  }
  put(tokenizer::kNoWord, text.size(), text.size(), 0);
  return tasks::decode_spans(text, e, labels, scores);
}

const std::vector<std::string> kBio{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};

}  // namespace

TEST_CASE("in scripts without spaces each token has its own tag") {
  // XLM-R: one word between spaces, which begins with a mark of no text.
  std::string text = "王小明住在北京。";
  CHECK(shown(text, decode_pieces(text, kBio, {{"", 0, 0}, {"王", 0, 1}, {"小明", 0, 2}, {"住在", 0, 0}, {"北", 0, 3}, {"京", 0, 4}, {"。", 0, 0}})) == "PER:王小明;LOC:北京;");
  text = "東京タワーへ行く";
  CHECK(shown(text, decode_pieces(text, kBio, {{"", 0, 0}, {"東京", 0, 3}, {"タワー", 0, 4}, {"へ", 0, 0}, {"行く", 0, 0}})) == "LOC:東京タワー;");
  text = "ผมอยู่ที่กรุงเทพ";
  CHECK(shown(text, decode_pieces(text, kBio, {{"ผม", 0, 0}, {"อยู่", 0, 0}, {"ที่", 0, 0}, {"กรุง", 0, 3}, {"เทพ", 0, 4}})) == "LOC:กรุงเทพ;");
  text = "我爱Berlin和Rome";  // letters among them keep to themselves
  CHECK(shown(text, decode_pieces(text, kBio, {{"我", 0, 0}, {"爱", 0, 0}, {"Ber", 0, 3}, {"lin", 0, 0}, {"和", 0, 0}, {"Rome", 0, 3}})) == "LOC:Berlin;LOC:Rome;");
}

TEST_CASE("marks beside a word are no part of it, marks inside it are") {
  std::string text = "(Berlin), near O'Neill.";
  CHECK(shown(text, decode_pieces(text, kBio, {{"(", 0, 0}, {"Ber", 0, 3}, {"lin", 0, 0}, {"),", 0, 0}, {"near", 1, 0}, {"O", 2, 1}, {"'", 2, 0}, {"Neill", 2, 0}, {".", 2, 0}})) == "LOC:Berlin;PER:O'Neill;");
  text = "the U.S. won";  // unless they are tagged as such
  CHECK(shown(text, decode_pieces(text, kBio, {{"the", 0, 0}, {"U", 1, 3}, {".", 1, 0}, {"S", 1, 0}, {".", 1, 4}, {"won", 2, 0}})) == "LOC:U.S.;");
  text = "a ... b";
  CHECK(shown(text, decode_pieces(text, kBio, {{"a", 0, 0}, {"..", 1, 3}, {".", 1, 0}, {"b", 2, 0}})) == "LOC:...;");
}

TEST_CASE("a token's white space is no part of a span") {
  const std::string text = "in  Rome now";
  tokenizer::Encoding e;
  e.ids = {1, 2, 3};
  e.words = {0, 1, 2};
  e.offsets = {{0, 2}, {2, 8}, {8, 12}};
  const std::vector<std::string> labels{"O", "X"};
  const auto spans = tasks::decode_spans(text, e, labels, std::vector<float>{1, 0, 0, 1, 1, 0});
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].begin == 4);
  CHECK(spans[0].end == 8);
}

TEST_CASE("a label is a scheme's only where the other labels say so") {
  const std::string text = "a b c d";
  const std::vector<std::string> plain{"O", "E-mail", "S_Bahn", "B_cell", "LOC"};
  CHECK(shown(text, decode(text, plain, {1, 1, 0, 4})) == "E-mail:a b;LOC:d;");
  CHECK(shown(text, decode(text, plain, {2, 3, 3, 0})) == "S_Bahn:a;B_cell:b c;");
  const std::vector<std::string> under{"O", "B_X", "I_X", "E_X", "S_X"};
  CHECK(shown(text, decode(text, under, {1, 2, 3, 4})) == "X:a b c;X:d;");
  const std::vector<std::string> bilou{"O", "B-X", "I-X", "L-X", "U-X"};
  CHECK(shown(text, decode(text, bilou, {1, 3, 4, 4})) == "X:a b;X:c;X:d;");
  const std::vector<std::string> bmewo{"O", "B-X", "M-X", "E-X", "W-X"};
  CHECK(shown(text, decode(text, bmewo, {1, 2, 3, 4})) == "X:a b c;X:d;");
  const std::vector<std::string> none{"LOC", "PER"};  // every word is something
  CHECK(shown(text, decode(text, none, {0, 0, 1, 0})) == "LOC:a b;PER:c;LOC:d;");
}
