// tests/runtime_shim/encoder_test.cpp: the forward pass against PyTorch, on every table; batches; files that lie.
#include "runtime_shim/models/encoder.h"

#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "bench/random_bert.h"
#include "runtime_shim/kernels/dispatch.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;
using models::Encoder;
using models::Scratch;

namespace {

double furthest(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

std::vector<float> states(const Encoder& encoder, const kernels::Table& table,
                          const std::vector<std::vector<int32_t>>& sequences, unsigned threads = 1) {
  std::vector<int32_t> ids;
  std::vector<std::size_t> lengths;
  for (const auto& s : sequences) {
    ids.insert(ids.end(), s.begin(), s.end());
    lengths.push_back(s.size());
  }
  Scratch scratch;
  Team team(threads);
  REQUIRE(encoder.forward(table, ids, lengths, scratch, team));
  const auto x = scratch.x.first(ids.size() * encoder.shape().hidden);
  return {x.begin(), x.end()};
}

std::vector<const kernels::Table*> usable_tables() {
  std::vector<const kernels::Table*> out;
  for (const auto* t : kernels::compiled()) {
    if (t->usable()) out.push_back(t);
  }
  return out;
}

// The reference, counting: products of integers, and pairs of a query and a key.
struct Work {
  std::size_t products = 0, pairs = 0;
};
Work g_work;
kernels::Table counting() {
  kernels::Table table = kernels::ref;
  table.matmul = [](const kernels::Packed* w, const kernels::QuantRows* x, std::size_t begin, std::size_t end,
                    kernels::Then then, float* out, std::size_t ldo, void* scratch) {
    g_work.products += (end - begin) * kernels::kLanes * x->rows * x->k;
    kernels::ref.matmul(w, x, begin, end, then, out, ldo, scratch);
  };
  table.attend = [](const kernels::Head* head, float* scratch) {
    g_work.pairs += head->queries * head->length;
    kernels::ref.attend(head, scratch);
  };
  return table;
}

// What loading the changed golden model fails with.
Error load_error(const test::Changes& changes) {
  const test::TempDir dir;
  test::write_changed(changes, dir / "changed.gguf");
  const auto file = gguf::File::open(dir / "changed.gguf");
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE_FALSE(encoder);
  return encoder.error();
}

bool names(const Error& error, std::string_view what) {
  return error.message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("the forward pass is PyTorch's within 1e-4 on every kernel table") {
  const auto file = gguf::File::open(test::bert_tiny());
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE(encoder);
  CHECK(encoder->shape().hidden == 64);
  CHECK(encoder->shape().layers == 2);
  CHECK(encoder->shape().labels == 3);
  const std::size_t h = encoder->shape().hidden;
  for (const auto* table : usable_tables()) {
    for (const test::Golden& g : test::golden_cases()) {
      INFO(table->name << ": " << g.text);
      const std::vector<float> x = states(*encoder, *table, {g.ids});
      CHECK(furthest(std::span(x).first(h), g.first) < 1e-4);
      CHECK(furthest(std::span(x).last(h), g.last) < 1e-4);
      std::vector<float> logits(3), mean(h);
      Scratch scratch;
      REQUIRE(encoder->head().score(*table, std::span(x).first(h), 1, logits, scratch));
      CHECK(furthest(logits, g.logits) < 1e-4);
      models::pool(encoder->shape().pooling, x, g.ids.size(), mean);
      models::normalize(mean);
      CHECK(furthest(mean, g.mean) < 1e-4);
    }
  }
}

TEST_CASE("a sequence gives the same bits alone, in a batch, and on several threads") {
  const auto file = gguf::File::open(test::bert_tiny());
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE(encoder);
  std::vector<std::vector<int32_t>> sequences;
  for (const auto& g : test::golden_cases()) sequences.push_back(g.ids);
  for (const auto* table : usable_tables()) {
    std::vector<float> alone;
    for (const auto& s : sequences) {
      const auto x = states(*encoder, *table, {s});
      alone.insert(alone.end(), x.begin(), x.end());
    }
    for (const unsigned threads : {1u, 2u, 5u}) CHECK(states(*encoder, *table, sequences, threads) == alone);
  }
}

TEST_CASE("a batch of mixed lengths costs what its sequences cost one by one: nothing is padded") {
  const test::TempDir dir;
  REQUIRE(bench::write_random_bert({.vocabulary = 50, .context = 60, .hidden = 96, .layers = 2, .heads = 3}, dir / "m.gguf"));
  const auto file = gguf::File::open(dir / "m.gguf");
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE(encoder);
  const kernels::Table table = counting();
  const std::vector<std::vector<int32_t>> sequences{std::vector<int32_t>(50, 4), {1}, {7, 8, 9}, std::vector<int32_t>(17, 5)};
  Work alone;
  for (const auto& s : sequences) {
    g_work = {};
    (void)states(*encoder, table, {s});
    CHECK(g_work.pairs == 2 * 3 * s.size() * s.size());  // layers, heads
    alone.products += g_work.products;
    alone.pairs += g_work.pairs;
  }
  g_work = {};
  (void)states(*encoder, table, sequences);
  CHECK(g_work.products == alone.products);
  CHECK(g_work.pairs == alone.pairs);
  CHECK(g_work.products % (50 + 1 + 3 + 17) == 0);
}

TEST_CASE("the first states alone are the first of all states, on every table and thread count") {
  const test::TempDir dir;
  for (const auto type : {quant::Type::q8_0, quant::Type::q4_0, quant::Type::f32}) {
    const auto path = dir / (std::string(quant::info(type).name) + ".gguf");
    REQUIRE(bench::write_random_bert(
        {.vocabulary = 50, .context = 40, .hidden = 96, .layers = 2, .heads = 6, .type = type}, path));
    const auto file = gguf::File::open(path);
    REQUIRE(file);
    const auto encoder = Encoder::load(*file);
    REQUIRE(encoder);
    const std::vector<std::vector<int32_t>> sequences{{2, 3, 4, 5}, {1}, {7, 8, 9, 10, 11, 12, 13}};
    const std::vector<int32_t> ids{2, 3, 4, 5, 1, 7, 8, 9, 10, 11, 12, 13};
    const std::vector<std::size_t> lengths{4, 1, 7}, rows{0, 4, 5};
    for (const auto* table : usable_tables()) {
      const auto all = states(*encoder, *table, sequences);
      for (const unsigned threads : {1u, 2u, 5u}) {
        Scratch scratch;
        Team team(threads);
        REQUIRE(encoder->forward(*table, ids, lengths, scratch, team, models::Want::first));
        for (std::size_t i = 0; i < 3; ++i) {
          CHECK(std::memcmp(scratch.x.data() + i * 96, all.data() + rows[i] * 96, 96 * sizeof(float)) == 0);
        }
      }
    }
  }
}

TEST_CASE("an image of packed weights loads to the same bits, and one of another shape is refused") {
  const test::TempDir dir;
  REQUIRE(bench::write_random_bert({.vocabulary = 50, .hidden = 96, .heads = 6, .type = quant::Type::q4_0},
                                   dir / "a.gguf"));
  REQUIRE(bench::write_random_bert(
      {.vocabulary = 50, .hidden = 96, .layers = 3, .heads = 6, .type = quant::Type::q4_0}, dir / "b.gguf"));
  const auto a = gguf::File::open(dir / "a.gguf"), b = gguf::File::open(dir / "b.gguf");
  REQUIRE(a);
  REQUIRE(b);
  std::vector<int> bits;
  packed::Image measured;
  REQUIRE(Encoder::load(*a, measured, bits));
  packed::Image filled = packed::Image::to_fill(measured);
  const auto packed = Encoder::load(*a, filled, bits);
  REQUIRE(packed);
  CHECK(filled.used() == measured.used());
  packed::Image read(filled.bytes());
  const auto again = Encoder::load(*a, read, bits);
  REQUIRE(again);
  CHECK(read.used() == filled.used());
  const auto plain = Encoder::load(*a);
  REQUIRE(plain);
  for (const auto* table : usable_tables()) {
    const auto want = states(*plain, *table, {{1, 2, 3}});
    CHECK(states(*packed, *table, {{1, 2, 3}}) == want);
    CHECK(states(*again, *table, {{1, 2, 3}}) == want);
  }
  packed::Image other(filled.bytes());
  const auto larger = Encoder::load(*b, other, bits);
  REQUIRE_FALSE(larger);
  CHECK(larger.error().code == Errc::store);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{64}, filled.bytes().size() - 64}) {
    packed::Image cut(filled.bytes().first(bytes));
    CHECK_FALSE(Encoder::load(*a, cut, bits));
  }
}

TEST_CASE("all tables give the same bits for every weight type and for odd shapes") {
  const test::TempDir dir;
  int made = 0;
  for (const auto type : {quant::Type::q8_0, quant::Type::q4_0, quant::Type::q4_1, quant::Type::q5_0,
                          quant::Type::q5_1, quant::Type::f16, quant::Type::bf16, quant::Type::f32}) {
    for (const uint32_t hidden : {96u, 60u}) {
      const bench::RandomBert shape{.vocabulary = 50,
                                    .context = 100,
                                    .hidden = hidden,
                                    .layers = 2,
                                    .heads = 3,
                                    .feed_forward = 160,
                                    .labels = 5,
                                    .type = type,
                                    .seed = 3};
      const auto path = dir / ("m" + std::to_string(made++) + ".gguf");
      REQUIRE(bench::write_random_bert(shape, path));
      const auto file = gguf::File::open(path);
      REQUIRE(file);
      const auto encoder = Encoder::load(*file);
      REQUIRE(encoder);
      std::vector<std::vector<int32_t>> sequences{{2, 3}, {1}, {}, {7, 8, 9, 10, 11}};
      for (int i = 0; i < 40; ++i) sequences[2].push_back(i);
      sequences.emplace_back(90, 4);  // long enough for attention in integers
      const auto want = states(*encoder, kernels::ref, sequences);
      for (const auto* table : usable_tables()) {
        INFO(table->name << " " << quant::info(type).name << " hidden " << hidden);
        const auto have = states(*encoder, *table, sequences);
        REQUIRE(std::memcmp(have.data(), want.data(), want.size() * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("8-bit weights stay near the float model, 4-bit weights less near") {
  const test::TempDir dir;
  const auto logits_of = [&dir](quant::Type type) {
    const auto path = dir / (std::string(quant::info(type).name) + ".gguf");
    REQUIRE(bench::write_random_bert({.hidden = 64, .type = type, .seed = 9}, path));
    const auto file = gguf::File::open(path);
    REQUIRE(file);
    const auto encoder = Encoder::load(*file);
    REQUIRE(encoder);
    return states(*encoder, kernels::ref, {{2, 10, 20, 30, 40, 3}});
  };
  const auto f32 = logits_of(quant::Type::f32);
  CHECK(furthest(logits_of(quant::Type::q8_0), f32) < 0.1);  // hidden states are of size 1
  CHECK(furthest(logits_of(quant::Type::q5_1), f32) < 0.5);
  CHECK(furthest(logits_of(quant::Type::q4_0), f32) < 1.0);
}

TEST_CASE("sequences that do not fit and ids that do not exist are refused") {
  const auto file = gguf::File::open(test::bert_tiny());
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE(encoder);
  Scratch scratch;
  Team team(1);
  const auto run = [&](const std::vector<int32_t>& ids, const std::vector<std::size_t>& lengths) {
    const Status status = encoder->forward(kernels::ref, ids, lengths, scratch, team);
    return status ? Errc::ok : status.error().code;
  };
  const std::size_t longest = encoder->shape().context;
  CHECK(run(std::vector<int32_t>(longest, 2), {longest}) == Errc::ok);
  CHECK(run(std::vector<int32_t>(longest + 1, 2), {longest + 1}) == Errc::usage);
  CHECK(run({}, {0}) == Errc::usage);
  CHECK(run({2, 3}, {1}) == Errc::usage);
  CHECK(run({-1}, {1}) == Errc::usage);
  CHECK(run({static_cast<int32_t>(encoder->shape().vocabulary)}, {1}) == Errc::usage);
}

TEST_CASE("a model file that lies is refused, and what lies is named") {
  Error e = load_error({.without = {"blk.1.ffn_up.weight"}});
  CHECK(e.code == Errc::invalid);
  CHECK(names(e, "blk.1.ffn_up.weight"));
  e = load_error({.without = {"bert.block_count"}});
  CHECK(e.code == Errc::invalid);
  CHECK(names(e, "bert.block_count"));
  e = load_error({.poisoned = "blk.0.attn_q.weight"});
  CHECK(e.code == Errc::invalid);
  CHECK(names(e, "blk.0.attn_q.weight"));
  e = load_error({.poisoned = "blk.1.layer_output_norm.bias"});
  CHECK(names(e, "blk.1.layer_output_norm.bias"));
  const auto with = [](auto&& add) { return load_error({.add = add}); };
  e = with([](gguf::Builder& b) { b.set_string("general.architecture", "llama"); });
  CHECK(e.code == Errc::unsupported);
  CHECK(names(e, "llama"));
  e = with([](gguf::Builder& b) { b.set_u32("bert.embedding_length", 128); });
  CHECK(e.code == Errc::invalid);
  CHECK(names(e, "token_embd.weight"));
  e = with([](gguf::Builder& b) { b.set_u32("bert.attention.head_count", 5); });
  CHECK(e.code == Errc::invalid);
  e = with([](gguf::Builder& b) { b.set_u32("bert.attention.head_count", 0); });
  CHECK(e.code == Errc::invalid);
  e = with([](gguf::Builder& b) { b.set_u32("bert.block_count", 3); });
  CHECK(names(e, "blk.2."));
  e = with([](gguf::Builder& b) { b.set_u32("bert.block_count", 0xFFFFFFFF); });
  CHECK(e.code == Errc::unsupported);
  e = with([](gguf::Builder& b) { b.set_u32("bert.context_length", 49); });
  CHECK(names(e, "position_embd.weight"));
  e = with([](gguf::Builder& b) { b.set_u32("bert.feed_forward_length", 64); });
  CHECK(names(e, "ffn_up"));
  e = with([](gguf::Builder& b) { b.set_bool("bert.attention.causal", true); });
  CHECK(e.code == Errc::unsupported);
  e = with([](gguf::Builder& b) { b.set_u32("bert.pooling_type", 9); });
  CHECK(e.code == Errc::unsupported);
}

TEST_CASE("finite weights that make infinite values end in an error, not in numbers") {
  const test::TempDir dir;
  const std::vector<float> huge(64, 3e38f);
  test::write_changed(
      {.without = {"token_embd_norm.weight"},
       .add = [&](gguf::Builder& b) { REQUIRE(b.add_f32("token_embd_norm.weight", {64}, huge)); }},
      dir / "huge.gguf");
  const auto file = gguf::File::open(dir / "huge.gguf");
  REQUIRE(file);
  const auto encoder = Encoder::load(*file);
  REQUIRE(encoder);
  for (const auto* table : usable_tables()) {
    Scratch scratch;
    Team team(1);
    const std::vector<int32_t> ids{2, 10, 3};
    const std::vector<std::size_t> lengths{3};
    const Status status = encoder->forward(*table, ids, lengths, scratch, team);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::invalid);
  }
}
