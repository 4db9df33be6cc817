// tests/runtime_shim/capi_test.cpp: libnano through its installed headers alone.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "nano.hpp"

namespace {

std::string tiny() {
  const char* folder = std::getenv("NANO_TEST_DATA");
  return std::string(folder != nullptr ? folder : "tests/data") + "/bert_tiny/bert_tiny.gguf";
}

std::string family(const std::string& name) {
  const char* folder = std::getenv("NANO_TEST_DATA");
  return std::string(folder != nullptr ? folder : "tests/data") + "/family/" + name;
}

nano_model* open_tiny() {
  nano_model* model = nullptr;
  REQUIRE(nano_open(tiny().c_str(), nullptr, &model) == NANO_OK);
  return model;
}

}  // namespace

TEST_CASE("the C functions classify, embed, tokenize and describe") {
  nano_model* model = open_tiny();
  nano_info info = NANO_INFO_INIT;
  REQUIRE(nano_model_info(model, &info) == NANO_OK);
  CHECK(std::string(info.name) == "bert-tiny");
  CHECK(info.label_count == 3);
  CHECK(info.context_length == 48);
  CHECK(info.parameters == 86595);
  CHECK(std::string(nano_label(model, 2)) == "positive");
  CHECK(nano_label(model, 3) == nullptr);

  float scores[3] = {};
  nano_result result = NANO_RESULT_INIT;
  REQUIRE(nano_classify(model, "the film is good", NANO_NUL_TERMINATED, scores, 3, &result) == NANO_OK);
  CHECK(result.best == 1);
  CHECK(result.tokens == 6);
  CHECK(result.truncated == 0);
  CHECK(scores[1] == Approx(0.4100905).margin(1e-4));
  float again[3] = {};
  REQUIRE(nano_classify(model, "the film is good, they say", 16, again, 3, nullptr) ==
          NANO_OK);  // a length cuts
  CHECK(again[0] == scores[0]);

  std::vector<float> vector(info.embedding_length);
  REQUIRE(nano_embed(model, "never", NANO_NUL_TERMINATED, vector.data(), vector.size(), &result) == NANO_OK);
  std::size_t count = 0;
  REQUIRE(nano_tokenize(model, "the film", NANO_NUL_TERMINATED, nullptr, 0, &count) == NANO_OK);
  CHECK(count == 4);
  nano_token tokens[4] = {};
  REQUIRE(nano_tokenize(model, "the film", NANO_NUL_TERMINATED, tokens, 4, &count) == NANO_OK);
  CHECK(tokens[2].begin == 4);
  CHECK(tokens[2].end == 8);
  CHECK(nano_tokenize(model, "the film", NANO_NUL_TERMINATED, tokens, 3, &count) == NANO_USAGE);
  CHECK(count == 4);
  nano_close(model);
}

TEST_CASE("a batch gives what single calls give") {
  nano_model* model = open_tiny();
  const nano_text texts[] = {{"good", NANO_NUL_TERMINATED}, {"bad film", 3}, {nullptr, 0}};
  float scores[9] = {}, one[3] = {};
  nano_result results[3] = {NANO_RESULT_INIT, NANO_RESULT_INIT, NANO_RESULT_INIT};
  REQUIRE(nano_classify_batch(model, texts, 3, scores, 9, results) == NANO_OK);
  const char* same[] = {"good", "bad", ""};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(nano_classify(model, same[i], NANO_NUL_TERMINATED, one, 3, nullptr) == NANO_OK);
    for (int j = 0; j < 3; ++j) CHECK(one[j] == scores[3 * i + j]);
  }
  CHECK(results[1].tokens == 3);
  REQUIRE(nano_classify_batch(model, nullptr, 0, nullptr, 0, nullptr) == NANO_OK);
  nano_close(model);
}

TEST_CASE("every misuse of the C functions is an error, never a crash") {
  nano_model* model = reinterpret_cast<nano_model*>(1);
  CHECK(nano_open(nullptr, nullptr, &model) == NANO_USAGE);
  CHECK(model == nullptr);
  CHECK(nano_open("x.gguf", nullptr, nullptr) == NANO_USAGE);
  CHECK(nano_open("/nonexistent/x.gguf", nullptr, &model) == NANO_NOT_FOUND);
  CHECK(std::string(nano_last_error()).find("/nonexistent/x.gguf") != std::string::npos);
  CHECK(nano_open((tiny() + "/../golden.json.gguf").c_str(), nullptr, &model) == NANO_NOT_FOUND);
  nano_options options = NANO_OPTIONS_INIT;
  options.size = 3;
  CHECK(nano_open(tiny().c_str(), &options, &model) == NANO_USAGE);
  options = NANO_OPTIONS_INIT;
  options.threads = 1000;
  CHECK(nano_open(tiny().c_str(), &options, &model) == NANO_USAGE);
  options = NANO_OPTIONS_INIT;
  options.kernels = "abacus";
  CHECK(nano_open(tiny().c_str(), &options, &model) == NANO_USAGE);
  struct Later {
    nano_options known;
    std::size_t more;
  } later = {NANO_OPTIONS_INIT, 0};
  later.known.size = sizeof(later);
  REQUIRE(nano_open(tiny().c_str(), &later.known, &model) == NANO_OK);
  nano_model* second = nullptr;
  later.more = 1;
  CHECK(nano_open(tiny().c_str(), &later.known, &second) == NANO_UNSUPPORTED);

  float scores[3] = {};
  CHECK(nano_classify(nullptr, "x", 1, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_classify(model, nullptr, 1, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_classify(model, "x", 1, nullptr, 3, nullptr) == NANO_USAGE);
  CHECK(nano_classify(model, "x", 1, scores, 2, nullptr) == NANO_USAGE);
  CHECK(nano_embed(model, "x", 1, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_model_info(model, nullptr) == NANO_USAGE);
  CHECK(nano_tokenize(model, "x", 1, nullptr, 4, nullptr) == NANO_USAGE);
  nano_result unset = {};
  CHECK(nano_classify(model, "x", 1, scores, 3, &unset) == NANO_USAGE);
  CHECK(nano_label(nullptr, 0) == nullptr);
  nano_close(model);
  nano_close(nullptr);
}

TEST_CASE("errors are kept for each thread") {
  nano_model* model = nullptr;
  CHECK(nano_open("/nonexistent/one.gguf", nullptr, &model) == NANO_NOT_FOUND);
  std::thread([] {
    nano_model* other = nullptr;
    (void)nano_open("/nonexistent/two.gguf", nullptr, &other);
  }).join();
  CHECK(std::string(nano_last_error()).find("one.gguf") != std::string::npos);
}

TEST_CASE("versions and statuses have words") {
  CHECK(nano_abi_version() == NANO_ABI_VERSION);
  CHECK(nano_abi_check(NANO_ABI_VERSION) == NANO_OK);
  CHECK(nano_abi_check(NANO_ABI_VERSION + 1) == NANO_UNSUPPORTED);
  CHECK(std::string(nano_status_string(NANO_NOT_FOUND)) == "not found");
  CHECK(std::string(nano_status_string(static_cast<nano_status>(99))) == "unknown status");
  CHECK(std::string(nano_version()).find('.') != std::string::npos);
}

TEST_CASE("the C++ header opens, answers and throws") {
  nano::model model(tiny());
  CHECK(model.labels().size() == 3);
  const auto answer = model.classify("the film is good");
  CHECK(answer.label() == "neutral");
  CHECK(answer.score() == Approx(0.4100905).margin(1e-4));
  CHECK(model.classify(std::vector<std::string_view>{"good", "bad"}).size() == 2);
  CHECK(model.embed("good").size() == 64);
  CHECK(model.embed(std::vector<std::string_view>{"good", "bad"})[0] == model.embed("good"));
  CHECK(model.tokenize("the film").size() == 4);
  nano::model moved = std::move(model);
  CHECK(moved.classify("").scores.size() == 3);
  try {
    nano::model missing("/nonexistent/x.gguf");
    FAIL("opened");
  } catch (const nano::error& e) {
    CHECK(e.status() == NANO_NOT_FOUND);
  }
}

TEST_CASE("heads and adapters through C: one pass, three answers, an adapter switched") {
  const std::string name = family("minilm.gguf") + "+" + family("head_classify.gguf") + "+" + family("head_tag.gguf") + "+" +
                           family("head_embed.gguf");
  nano_model* model = nullptr;
  REQUIRE(nano_open(name.c_str(), nullptr, &model) == NANO_OK);
  REQUIRE(nano_head_count(model) == 3);
  nano_head_info info = NANO_HEAD_INFO_INIT;
  REQUIRE(nano_head(model, 1, &info) == NANO_OK);
  CHECK(std::string(info.name) == "head_tag");
  CHECK(info.task == NANO_TAG);
  CHECK(info.label_count == 5);
  CHECK(std::string(nano_head_label(model, 1, 1)) == "B-PER");
  CHECK(nano_head_label(model, 1, 5) == nullptr);
  CHECK(nano_head_label(model, 3, 0) == nullptr);
  CHECK(nano_head(model, 3, &info) == NANO_USAGE);

  const auto floats = [&](std::size_t head) {
    nano_answer* answer = nullptr;
    REQUIRE(nano_run(model, "the film is good", NANO_NUL_TERMINATED, nullptr, 0, &answer, nullptr) == NANO_OK);
    std::size_t count = 0, spans = 0;
    const float* at = nano_answer_floats(answer, head, &count);
    std::vector<float> out(at, at + count);
    CHECK(nano_answer_floats(answer, 1, &count) == nullptr);
    CHECK(count == 0);
    (void)nano_answer_spans(answer, 1, &spans);
    CHECK(nano_answer_spans(answer, 0, &spans) == nullptr);
    CHECK(nano_answer_floats(answer, 9, &count) == nullptr);
    nano_answer_free(answer);
    return out;
  };
  const auto plain = floats(0);
  CHECK(plain.size() == 3);
  CHECK(floats(2).size() == 32);
  std::size_t index = 9;
  REQUIRE(nano_load_adapter(model, family("lora.gguf").c_str(), 1.0f, &index) == NANO_OK);
  CHECK(index == 0);
  CHECK(floats(0) == plain);  // loaded, not in use
  REQUIRE(nano_use_adapter(model, index) == NANO_OK);
  CHECK(floats(0) != plain);
  REQUIRE(nano_use_adapter(model, NANO_NO_ADAPTER) == NANO_OK);
  CHECK(floats(0) == plain);
  CHECK(nano_use_adapter(model, 1) == NANO_USAGE);
  CHECK(nano_load_adapter(model, family("modern_lora.gguf").c_str(), 1.0f, &index) == NANO_INVALID);
  CHECK(nano_load_adapter(model, nullptr, 1.0f, &index) == NANO_USAGE);
  nano_answer* answer = nullptr;
  CHECK(nano_run(nullptr, "a", 1, nullptr, 0, &answer, nullptr) == NANO_USAGE);
  CHECK(nano_run(model, "a", 1, nullptr, 0, nullptr, nullptr) == NANO_USAGE);
  nano_answer_free(nullptr);
  nano_close(model);
}

TEST_CASE("the C++ face runs heads, pairs and adapters") {
  nano::model model(family("minilm.gguf") + "+" + family("head_classify.gguf") + "+" + family("head_embed.gguf"));
  const auto answers = model.run("the film is good");
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].head == "head_classify");
  CHECK(answers[0].scores.at(2).label == "high");
  CHECK(answers[1].vector.size() == 32);
  const auto pair = model.run("the film is good", "it is bad");
  CHECK(pair[1].vector != answers[1].vector);
  model.use_adapter(model.load_adapter(family("lora.gguf")));
  CHECK(model.run("the film is good")[1].vector != answers[1].vector);
  CHECK_THROWS_AS(model.use_adapter(5), nano::error);
}

TEST_CASE("logits are what softmax has not seen yet, for texts and for pairs") {
  nano_model* model = open_tiny();
  const nano_text texts[] = {{"the film is good", NANO_NUL_TERMINATED}, {"bad", 3}};
  float logits[6] = {}, scores[6] = {};
  nano_result results[2] = {NANO_RESULT_INIT, NANO_RESULT_INIT};
  REQUIRE(nano_classify_logits(model, texts, 2, logits, 6, results) == NANO_OK);
  REQUIRE(nano_classify_batch(model, texts, 2, scores, 6, nullptr) == NANO_OK);
  for (int t = 0; t < 2; ++t) {
    double total = 0.0;
    for (int i = 0; i < 3; ++i) total += std::exp(static_cast<double>(logits[3 * t + i]));
    for (int i = 0; i < 3; ++i)
      CHECK(scores[3 * t + i] == Approx(std::exp(static_cast<double>(logits[3 * t + i])) / total).margin(1e-5));
  }
  CHECK(results[0].best == 1);
  CHECK(nano_classify_logits(model, texts, 2, logits, 5, nullptr) == NANO_USAGE);
  CHECK(nano_classify_logits(nullptr, texts, 2, logits, 6, nullptr) == NANO_USAGE);
  nano_answer* answer = nullptr;
  REQUIRE(nano_run(model, texts[0].bytes, texts[0].length, nullptr, 0, &answer, nullptr) == NANO_OK);
  std::size_t count = 0;
  const float* same = nano_answer_logits(answer, 0, &count);
  REQUIRE(count == 3);
  CHECK(std::equal(same, same + 3, logits));
  CHECK(nano_answer_logits(answer, 1, &count) == nullptr);
  CHECK(count == 0);
  CHECK(nano_answer_logits(nullptr, 0, nullptr) == nullptr);
  nano_answer_free(answer);
  nano_span span = {};
  CHECK(nano_find_answer(model, "q", 1, "c", 1, &span, nullptr) == NANO_UNSUPPORTED);
  CHECK(nano_find_answer(model, "q", 1, "c", 1, nullptr, nullptr) == NANO_USAGE);
  nano_close(model);
  nano::model again(tiny());
  CHECK(again.logits({"the film is good"})[0] == std::vector<float>(logits, logits + 3));
  CHECK(again.run("the film is good")[0].logits == std::vector<float>(logits, logits + 3));
}

TEST_CASE("what was added to the ABI is told by a number") {
  CHECK(nano_abi_minor() == NANO_ABI_MINOR);
  CHECK(NANO_ABI_MINOR >= 1);
  // A program built before nano_head_info grew.
  nano_model* model = open_tiny();
  nano_head_info info = NANO_HEAD_INFO_INIT;
  info.size = offsetof(nano_head_info, regression);
  info.regression = 77;
  REQUIRE(nano_head(model, 0, &info) == NANO_OK);
  CHECK(info.label_count == 3);
  CHECK(info.regression == 77);
  nano_close(model);
}
