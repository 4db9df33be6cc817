// tests/runtime_shim/family_hostile_test.cpp: files of the family, heads and adapters that lie, refused by what is wrong.
#include <limits>

#include <catch2/catch.hpp>

#include "runtime_shim/models/encoder.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

using Add = std::function<void(gguf::Builder&)>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

gguf::File changed(const test::TempDir& dir, const test::Changes& changes) {
  test::write_changed(changes, dir / "changed.gguf");
  auto file = gguf::File::open(dir / "changed.gguf");
  REQUIRE(file);
  return std::move(*file);
}

// What loading the changed ModernBERT fails with.
std::string model_fault(test::Changes changes) {
  const test::TempDir dir;
  if (changes.from.empty()) changes.from = test::family("modernbert.gguf");
  const auto file = changed(dir, changes);
  const auto encoder = models::Encoder::load(file);
  REQUIRE_FALSE(encoder);
  CHECK((encoder.error().code == Errc::invalid || encoder.error().code == Errc::unsupported));
  return encoder.error().message;
}

std::string adapter_fault(test::Changes changes) {
  const test::TempDir dir;
  changes.from = test::family("lora.gguf");
  const auto file = changed(dir, changes), base = gguf::File::open(test::family("minilm.gguf")).value();
  const auto adapter = models::Adapter::load(file, base);
  REQUIRE_FALSE(adapter);
  CHECK((adapter.error().code == Errc::invalid || adapter.error().code == Errc::unsupported));
  return adapter.error().message;
}

bool says(const std::string& message, std::string_view what) {
  INFO(message);
  CHECK(message.find(what) != std::string::npos);
  return message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("keys of the family out of their range are refused by name") {
  const auto with = [](Add add) { return model_fault({.add = std::move(add)}); };
  using B = gguf::Builder;
  CHECK(
      says(with([](B& b) { b.set_u32("modern-bert.attention.sliding_window", 0); }), "sliding_window is 0"));
  CHECK(
      says(with([](B& b) { b.set_u32("modern-bert.attention.sliding_window", 1); }), "sliding_window is 1"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.attention.sliding_window", 1u << 30); }),
             "sliding_window"));
  CHECK(says(with([](B& b) { b.set_i32("modern-bert.attention.sliding_window", -8); }), "sliding_window"));
  CHECK(
      says(with([](B& b) { b.set_u32("modern-bert.attention.sliding_window_pattern", 0); }), "pattern is 0"));
  CHECK(says(with([](B& b) { b.set_f32("modern-bert.rope.freq_base", kInfinity); }), "rope.freq_base"));
  CHECK(says(with([](B& b) { b.set_f32("modern-bert.rope.freq_base_swa", 0.0f); }), "rope.freq_base_swa"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.rope.dimension_count", 16); }), "rope.dimension_count"));
  CHECK(says(with([](B& b) { b.set_string("modern-bert.rope.scaling.type", "yarn"); }), "yarn"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.attention.head_count", 64); }), "turned in pairs"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.attention.head_count_kv", 1); }), "head_count_kv"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.feed_forward_length", 96); }), "ffn_up.weight"));
  CHECK(says(with([](B& b) { b.set_u32("modern-bert.pooling_type", 9); }), "pooling_type"));
  CHECK(says(with([](B& b) { b.set_string("nano.pooling", "sum"); }), "nano.pooling"));
  CHECK(says(with([](B& b) { b.set_u32("nano.pooling", 1); }), "nano.pooling"));
  CHECK(says(with([](B& b) { b.set_string("nano.task", "chess"); }), "nano.task"));
  CHECK(says(with([](B& b) { b.set_string("nano.classifier.problem", "none"); }), "nano.classifier.problem"));
  CHECK(says(with([](B& b) { b.set_string("nano.classifier.activation", "sine"); }),
             "nano.classifier.activation"));
  const std::vector<std::string> two{"a", "b"};
  CHECK(
      says(with([&](B& b) { b.set_string_array("modern-bert.classifier.output_labels", two); }), "2 labels"));
  CHECK(says(with([](B& b) { b.set_string("general.type", "adapter"); }), "general.type"));
}

TEST_CASE("tensors of the family that are missing, misshapen or not finite are refused by name") {
  for (const char* name : {"blk.1.attn_norm.weight", "output_norm.weight", "blk.0.ffn_norm.weight",
                           "token_embd_norm.weight", "blk.2.ffn_up.weight", "blk.3.attn_output.weight"}) {
    CHECK(says(model_fault({.without = {name}}), name));
  }
  CHECK(says(model_fault({.without = {"blk.1.attn_qkv.weight"}}), "blk.1.attn_q.weight"));
  CHECK(
      says(model_fault({.without = {"cls.output.weight"},
                        .add = [](gguf::Builder& b) { b.set_string("nano.task", "token-classification"); }}),
           "cls.output.weight"));
  for (const char* name : {"blk.1.attn_qkv.weight", "blk.0.ffn_up.weight", "cls.norm.weight",
                           "output_norm.weight", "token_embd.weight"}) {
    CHECK(says(model_fault({.poisoned = name}), name));
  }
  const std::vector<float> small(32, 1.0f);
  CHECK(
      says(model_fault(
               {.without = {"blk.1.attn_norm.weight"},
                .add = [&](gguf::Builder& b) { REQUIRE(b.add_f32("blk.1.attn_norm.weight", {32}, small)); }}),
           "blk.1.attn_norm.weight"));
}

TEST_CASE("adapters that lie are refused by the tensor's name") {
  using B = gguf::Builder;
  const auto with = [](Add add) { return adapter_fault({.add = std::move(add)}); };
  CHECK(says(with([](B& b) { b.set_string("general.type", "model"); }), "general.type"));
  CHECK(says(with([](B& b) { b.set_string("adapter.type", "dora"); }), "dora"));
  CHECK(says(with([](B& b) { b.set_f32("adapter.lora.alpha", kInfinity); }), "adapter.lora.alpha"));
  const auto file = gguf::File::open(test::family("lora.gguf")),
             base = gguf::File::open(test::family("minilm.gguf"));
  REQUIRE(file);
  REQUIRE(base);
  const auto huge = models::Adapter::load(*file, *base, 3e38f),
             no_number = models::Adapter::load(*file, *base, kInfinity);
  REQUIRE_FALSE(huge);
  CHECK(says(huge.error().message, "adapter.lora.alpha"));
  REQUIRE_FALSE(no_number);
  CHECK(no_number.error().code == Errc::usage);
  CHECK(says(adapter_fault({.without = {"blk.0.attn_q.weight.lora_a"}}), "blk.0.attn_q.weight.lora_a"));
  CHECK(says(adapter_fault({.without = {"blk.1.ffn_up.weight.lora_b"}}), "blk.1.ffn_up.weight.lora_b"));
  CHECK(says(adapter_fault({.poisoned = "blk.1.ffn_up.weight.lora_b"}), "blk.1.ffn_up.weight.lora_b"));
  const std::vector<float> values(64 * 4, 0.5f);
  const auto tensor = [&](const char* name, uint64_t k, uint64_t n) {
    return with([&, name, k, n](B& b) {
      REQUIRE(b.add_f32(std::string(name) + ".lora_a", {k, n}, std::span(values).first(k * n)));
      REQUIRE(b.add_f32(std::string(name) + ".lora_b", {n, k}, std::span(values).first(k * n)));
    });
  };
  CHECK(says(tensor("blk.0.attn_k.weight", 32, 4), "blk.0.attn_k.weight.lora_a"));
  const std::vector<float> wide(64 * 65, 0.5f);
  CHECK(says(with([&](B& b) {
               REQUIRE(b.add_f32("blk.0.attn_k.weight.lora_a", {64, 65}, wide));
               REQUIRE(b.add_f32("blk.0.attn_k.weight.lora_b", {65, 64}, wide));
             }),
             "has rank 65"));
  CHECK(says(tensor("blk.7.attn_k.weight", 64, 4), "blk.7.attn_k.weight.lora_a"));
  CHECK(says(tensor("blk.99999999999999999999.attn_k.weight", 64, 4), "lora_a"));
  CHECK(says(tensor("blk.-1.attn_k.weight", 64, 4), "blk.-1.attn_k.weight.lora_a"));
  CHECK(says(tensor("blk.18446744073709551616.attn_k.weight", 64, 4), "lora_a"));
  CHECK(says(tensor("token_embd.weight", 64, 4), "token_embd.weight.lora_a"));
  CHECK(says(with([&](B& b) { REQUIRE(b.add_f32("stray", {4}, std::span(values).first(4))); }), "stray"));
}

TEST_CASE("an adapter of a tensor that the base holds but does not use is refused") {
  // Beside blk.0.attn_qkv.weight nobody reads blk.0.attn_q.weight, so nobody has checked its shape.
  const test::TempDir dir;
  const std::vector<float> wide(4 * 4096, 0.5f), a(4096, 0.5f), b(4, 0.5f);
  const auto with = [&](const std::filesystem::path& from, const char* to, const Add& add) {
    test::write_changed({.from = from, .add = add}, dir / to);
    return gguf::File::open(dir / to);
  };
  const auto base = with(test::family("modernbert.gguf"), "base.gguf", [&](gguf::Builder& g) {
    REQUIRE(g.add_f32("blk.0.attn_q.weight", {4096, 4}, wide));
  });
  const auto file = with(test::family("modern_lora.gguf"), "lora.gguf", [&](gguf::Builder& g) {
    REQUIRE(g.add_f32("blk.0.attn_q.weight.lora_a", {4096, 1}, a));
    REQUIRE(g.add_f32("blk.0.attn_q.weight.lora_b", {1, 4}, b));
  });
  REQUIRE(base);
  REQUIRE(file);
  const auto encoder = models::Encoder::load(*base);  // the base itself is refused, and an adapter of it no less
  REQUIRE_FALSE(encoder);
  CHECK(says(encoder.error().message, "'blk.0.attn_q.weight' is one that nothing here uses"));
  const auto adapter = models::Adapter::load(*file, *base);
  REQUIRE_FALSE(adapter);
  CHECK(adapter.error().code == Errc::invalid);
  CHECK(says(adapter.error().message, "blk.0.attn_q.weight.lora_a"));
}

TEST_CASE("heads that lie are refused by the tensor's or key's name") {
  const auto base = gguf::File::open(test::family("minilm.gguf"));
  REQUIRE(base);
  const auto encoder = models::Encoder::load(*base);
  REQUIRE(encoder);
  const auto fault = [&](const char* from, test::Changes changes) {
    const test::TempDir dir;
    changes.from = test::family(from);
    const auto file = changed(dir, changes);
    packed::Image image;
    std::vector<int> bits;
    models::Tensors tensors(file, image, bits);
    const auto head = models::Head::load(tensors, encoder->shape());
    REQUIRE_FALSE(head);
    return head.error().message;
  };
  CHECK(says(fault("head_classify.gguf", {.without = {"cls.output.weight"}}), "cls.output.weight"));
  CHECK(says(fault("head_classify.gguf", {.poisoned = "cls.weight"}), "cls.weight"));
  CHECK(says(fault("head_tag.gguf", {.poisoned = "cls.output.bias"}), "cls.output.bias"));
  const std::vector<std::string> none, one{"x"};
  for (const auto& labels : {none, one}) {
    CHECK(says(
        fault(
            "head_tag.gguf",
            {.add = [&](gguf::Builder& b) { b.set_string_array("bert.classifier.output_labels", labels); }}),
        "bert.classifier.output_labels"));
  }
  CHECK(says(fault("head_tag.gguf", {.add = [](gguf::Builder& b) { b.set_string("nano.task", ""); }}),
             "nano.task"));
  const std::vector<float> wrong(5 * 32, 0.1f);
  CHECK(says(fault("head_tag.gguf", {.without = {"cls.output.weight"},
                                     .add =
                                         [&](gguf::Builder& b) {
                                           REQUIRE(b.add_f32("cls.output.weight", {32, 5}, wrong));
                                         }}),
             "cls.output.weight"));
}
