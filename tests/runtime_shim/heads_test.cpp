// tests/runtime_shim/heads_test.cpp: a base with heads and an adapter, in one pass, against PyTorch; pairs; who fits whom.
#include <cmath>

#include <catch2/catch.hpp>

#include "runtime_shim/quant/quantize_file.h"
#include "runtime_shim/session.h"
#include "runtime_shim/session_parts.h"
#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/classify.h"
#include "runtime_shim/tasks/embed.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;
using Floats = std::vector<float>;

namespace {

std::string part(const char* name) {
  return test::family(name).string();
}

std::string all_heads() {
  return part("minilm.gguf") + "+" + part("head_classify.gguf") + "+" + part("head_tag.gguf") + "+" +
         part("head_embed.gguf");
}

OpenOptions plain() {
  OpenOptions o;
  o.threads = 1;
  o.getenv = [](const char*) { return static_cast<const char*>(nullptr); };
  return o;
}

std::unique_ptr<Model> opened(const std::string& name, bool merge = false) {
  OpenOptions options = plain();
  options.merge = merge;
  auto model = Model::open(name, options);
  INFO((model ? "" : model.error().message));
  REQUIRE(model);
  return std::move(*model);
}

tasks::Answered answer(const Model& model, std::string_view text) {
  const tasks::Input input{text, {}};
  const auto answers = tasks::answer(model, {&input, 1});
  REQUIRE(answers);
  return answers->front();
}

void near(std::span<const float> have, const Json& want, double most = 1e-4) {
  const Floats w = want;
  REQUIRE(have.size() == w.size());
  for (std::size_t i = 0; i < w.size(); ++i)
    CHECK(std::fabs(static_cast<double>(have[i]) - static_cast<double>(w[i])) < most);
}

Error refused(const std::string& name) {
  auto model = Model::open(name, plain());
  REQUIRE_FALSE(model);
  return model.error();
}

}  // namespace

TEST_CASE("three heads on one trunk answer as PyTorch does, without and with an adapter that is switched") {
  const auto model = opened(all_heads());
  REQUIRE(model->heads().size() == 3);
  CHECK(model->heads()[0].name == "head_classify");
  CHECK(model->heads()[0].labels == std::vector<std::string>{"low", "middle", "high"});
  CHECK(model->heads()[2].labels.empty());
  const auto index = model->load_adapter(part("lora.gguf"));
  REQUIRE(index);
  CHECK_FALSE(model->use_adapter(7));
  for (int round = 0; round < 2; ++round) {
    for (const auto& c : test::family_golden("heads")) {
      const bool adapted = c.at("adapter");
      REQUIRE(model->use_adapter(adapted ? std::optional(*index) : std::nullopt));
      const std::string text = c.at("text");
      INFO(text);
      CHECK(model->encode(text).ids == c.at("ids").get<std::vector<int32_t>>());
      const auto a = answer(*model, text);
      near(a.heads[0].scores, c.at("classify"));
      near(a.heads[2].vector, c.at("embed"));
      // Tags by hand from PyTorch's probabilities.
      const Floats tags = c.at("tag");
      const auto spans = tasks::decode_spans(text, model->encode(text), model->heads()[1].labels, tags);
      REQUIRE(a.heads[1].spans.size() == spans.size());
      for (std::size_t i = 0; i < spans.size(); ++i) {
        CHECK(a.heads[1].spans[i].label == spans[i].label);
        CHECK(a.heads[1].spans[i].begin == spans[i].begin);
        CHECK(a.heads[1].spans[i].end == spans[i].end);
        CHECK(std::fabs(a.heads[1].spans[i].score - spans[i].score) < 1e-4f);
      }
    }
  }
}

TEST_CASE("heads together give the bits they give alone, and the base embeds by itself") {
  const auto all = opened(all_heads());
  const std::string text = "a really boring movie, not fun at all!";
  const auto together = answer(*all, text);
  const char* const names[] = {"head_classify.gguf", "head_tag.gguf", "head_embed.gguf"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto one = opened(part("minilm.gguf") + "+" + part(names[i]));
    const auto alone = answer(*one, text);
    REQUIRE(alone.heads.size() == 1);
    CHECK(alone.heads[0].scores == together.heads[i].scores);
    CHECK(alone.heads[0].vector == together.heads[i].vector);
    CHECK(alone.heads[0].spans.size() == together.heads[i].spans.size());
  }
  const auto base = opened(part("minilm.gguf"));
  REQUIRE(base->heads().size() == 1);
  CHECK(base->heads()[0].head.task() == models::HeadTask::embed);
  for (const auto& c : test::family_golden("minilm")) {
    const std::string text_of = c.at("text"), second = c.value("pair", "");
    tasks::Input input{text_of, {}};
    if (c.contains("pair")) input.pair = second;
    const auto answers = tasks::answer(*base, {&input, 1});
    REQUIRE(answers);
    near(answers->front().heads[0].vector, c.at("mean"));
    if (c.contains("pair"))
      CHECK(base->encode_pair(text_of, second).types == c.at("types").get<std::vector<int32_t>>());
  }
  const std::string_view view = text;
  CHECK_FALSE(tasks::classify(*base, {&view, 1}));
  const auto vector = tasks::embed(*all, {&view, 1});
  REQUIRE(vector);
  CHECK(vector->front().vector.size() == 64);
}

TEST_CASE("pairs and single texts share a batch, and none changes another") {
  const auto model = opened(all_heads());
  const std::vector<tasks::Input> inputs{
      {"the film is good", {}}, {"the film is good", "it is not bad"}, {"never", {}}, {"", ""}};
  const auto batch = tasks::answer(*model, inputs);
  REQUIRE(batch);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto alone = tasks::answer(*model, {&inputs[i], 1});
    REQUIRE(alone);
    CHECK((*batch)[i].heads[0].scores == alone->front().heads[0].scores);
    CHECK((*batch)[i].heads[2].vector == alone->front().heads[2].vector);
  }
  CHECK((*batch)[0].heads[0].scores != (*batch)[1].heads[0].scores);
}

TEST_CASE("an adapter is in use from the start, at run time or merged, also over packed weights") {
  const test::TempDir dir;
  const auto packed = (dir / "base.gguf").string();
  REQUIRE(quant::quantize_file(part("minilm.gguf"), packed, quant::Type::q8_0));
  const std::string rest = "+" + part("head_classify.gguf") + "+" + part("lora.gguf");
  const auto run = opened(part("minilm.gguf") + rest), merged = opened(part("minilm.gguf") + rest, true);
  const auto packed_run = opened(packed + rest), packed_merged = opened(packed + rest, true);
  for (const auto& c : test::family_golden("heads")) {
    if (!c.at("adapter").get<bool>()) continue;
    const std::string text = c.at("text");
    near(answer(*run, text).heads[0].scores, c.at("classify"));
    near(answer(*merged, text).heads[0].scores, c.at("classify"));
    near(answer(*packed_run, text).heads[0].scores, c.at("classify"), 0.05);
    near(answer(*packed_merged, text).heads[0].scores, c.at("classify"), 0.05);
  }
  CHECK_FALSE(merged->load_adapter(part("lora.gguf")));
  REQUIRE(run->use_adapter(std::nullopt));
  const auto bare = opened(part("minilm.gguf") + "+" + part("head_classify.gguf"));
  CHECK(answer(*run, "never").heads[0].scores == answer(*bare, "never").heads[0].scores);
}

TEST_CASE("a head or adapter for another base is refused with what it asks for") {
  const test::TempDir dir;
  const std::string base = part("minilm.gguf") + "+", changed = (dir / "changed.gguf").string();
  const auto with = [&](const char* from, std::function<void(gguf::Builder&)> add) {
    test::write_changed({.from = test::family(from), .add = std::move(add)}, changed);
    return refused(base + changed);
  };
  auto e =
      with("head_classify.gguf", [](gguf::Builder& b) { b.set_string("nano.head.abi", "bert/64/other"); });
  CHECK(e.code == Errc::unsupported);
  CHECK(e.message.find("bert/64/other") != std::string::npos);
  CHECK(e.message.find("bert/64/family-test") != std::string::npos);
  e = with("head_classify.gguf", [](gguf::Builder& b) { b.set_string("nano.head.abi", ""); });
  CHECK(e.message.find("nano.head.abi") != std::string::npos);
  e = with("head_classify.gguf", [](gguf::Builder& b) { b.set_u32("bert.embedding_length", 96); });
  CHECK(e.message.find("96") != std::string::npos);
  e = with("head_classify.gguf",
           [](gguf::Builder& b) { b.set_string("general.architecture", "modern-bert"); });
  CHECK(e.message.find("modern-bert") != std::string::npos);
  e = with("head_classify.gguf", [](gguf::Builder& b) { b.remove("nano.head.abi"); });
  CHECK(e.message.find("nano.head.abi") != std::string::npos);
  CHECK(refused(part("distilbert.gguf") + "+" + part("head_classify.gguf")).message.find("promises none") !=
        std::string::npos);
  CHECK(refused(base + part("modern_lora.gguf")).message.find("modern-bert") != std::string::npos);
  CHECK(refused(base + part("distilbert.gguf")).message.find("general.type") != std::string::npos);
  CHECK(refused(part("head_tag.gguf")).message.find("general.type") != std::string::npos);
  CHECK(refused(base + part("lora.gguf") + "+" + part("lora.gguf")).code == Errc::usage);
  CHECK(refused(base).code == Errc::usage);
}

TEST_CASE("a '+' parts names, and not a path that exists") {
  using Names = std::vector<std::string>;
  CHECK(split_parts("base") == Names{"base"});
  CHECK(split_parts("base@^1:q8+ns/head+x.gguf") == Names{"base@^1:q8", "ns/head", "x.gguf"});
  CHECK(split_parts("base+") == Names{"base", ""});
  const test::TempDir dir;
  const std::string path = (dir / "a+b.gguf").string();
  test::write(path, "x");
  CHECK(split_parts(path) == Names{path});
}
