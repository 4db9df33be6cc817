// tests/runtime_shim/find_test.cpp: answers to questions from scores, by hand.
#include "runtime_shim/tasks/find.h"

#include <cmath>

#include <catch2/catch.hpp>

using namespace nano;

namespace {

/// "[CLS] who [SEP] Anna Ka renina, wrote [SEP]"; logits of begin and end for each token.
struct Asked {
  std::string context = "Anna Karenina, wrote";
  tokenizer::Encoding e{};
  std::vector<float> logits = std::vector<float>(18, -4.0f);

  Asked() {
    e.ids = {2, 9, 3, 10, 11, 12, 13, 14, 3};
    e.words = {-1, 0, -1, 0, 1, 1, 1, 2, -1};
    e.offsets = {{0, 0}, {0, 3}, {3, 3}, {0, 4}, {5, 7}, {7, 13}, {13, 14}, {15, 20}, {20, 20}};
    e.second = 3;
  }
  void begin(std::size_t token, float v) { logits[2 * token] = v; }
  void end(std::size_t token, float v) { logits[2 * token + 1] = v; }
  [[nodiscard]] tasks::FoundAnswers find() const { return tasks::find_answers(context, e, logits); }
  [[nodiscard]] std::string text(const tasks::Span& s) const { return context.substr(s.begin, s.end - s.begin); }
};

}  // namespace

TEST_CASE("the best begin and end make the answer, in whole words, with the product of their probabilities") {
  Asked a;
  a.begin(3, 3.0f);
  a.end(4, 2.0f);  // in the middle of a word
  const auto found = a.find();
  REQUIRE(found.spans.size() >= 1);
  CHECK(a.text(found.spans[0]) == "Anna Karenina");
  CHECK(found.spans[0].char_begin == 0);
  CHECK(found.spans[0].char_end == 13);
  // Softmax over the first token and the five of the context.
  const double five = 5 * std::exp(-4.0);
  const double begins = std::exp(3.0) / (std::exp(3.0) + five), ends = std::exp(2.0) / (std::exp(2.0) + five);
  CHECK(found.spans[0].score == Approx(begins * ends));
  const double first = std::exp(-4.0);
  CHECK(found.no_answer == Approx(first / (std::exp(3.0) + five) * first / (std::exp(2.0) + five)));
}

TEST_CASE("no answer lies in the question, ends before it begins, or overlaps a better one") {
  Asked a;
  a.begin(1, 9.0f);  // the question
  a.end(1, 9.0f);
  a.begin(7, 3.0f);
  a.end(3, 3.0f);  // before it
  a.end(7, 2.5f);
  const auto found = a.find();
  REQUIRE(found.spans.size() > 1);
  CHECK(a.text(found.spans[0]) == "wrote");
  for (std::size_t i = 0; i < found.spans.size(); ++i) {
    CHECK(found.spans[i].begin < found.spans[i].end);
    for (std::size_t j = 0; j < i; ++j)
      CHECK((found.spans[i].end <= found.spans[j].begin || found.spans[i].begin >= found.spans[j].end));
  }
}

TEST_CASE("an answer is at most fifteen tokens long") {
  tokenizer::Encoding e;
  std::string context;
  std::vector<float> logits;
  const auto put = [&](int32_t word, std::size_t from, std::size_t to) {
    e.ids.push_back(7);
    e.words.push_back(word);
    e.offsets.push_back({from, to});
    logits.insert(logits.end(), {0.0f, 0.0f});
  };
  put(-1, 0, 0);
  put(-1, 0, 0);
  e.second = 2;
  for (int32_t i = 0; i < 30; ++i) {
    put(i, context.size(), context.size() + 1);
    context += "w ";
  }
  put(-1, context.size(), context.size());
  logits[2 * 2] = 9.0f;           // begins at the first
  logits[2 * (2 + 15) + 1] = 9.0f;  // ends at the sixteenth
  for (const auto& s : tasks::find_answers(context, e, logits).spans) CHECK((s.end - s.begin + 1) / 2 <= tasks::kMostAnswerTokens);
}

TEST_CASE("a context without a token has no answer") {
  tokenizer::Encoding e;
  e.ids = {2, 9, 3, 3};
  e.words = {-1, 0, -1, -1};
  e.offsets = {{0, 0}, {0, 3}, {3, 3}, {0, 0}};
  e.second = 3;
  CHECK(tasks::find_answers("", e, std::vector<float>(8, 0.0f)).spans.empty());
}
