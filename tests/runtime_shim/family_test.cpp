// tests/runtime_shim/family_test.cpp: DistilBERT, RoBERTa, MiniLM and ModernBERT against PyTorch; bits that do not depend on
// the table, the batch, the threads or what is wanted.
#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/quant/quantize_file.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;
using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

namespace {

const char* const kModels[] = {"distilbert", "roberta", "minilm", "modernbert"};

struct Loaded {
  gguf::File file{};
  models::Encoder encoder{};
};

Loaded load(const std::filesystem::path& path, const models::Adapter* merge = nullptr) {
  Loaded l;
  auto file = gguf::File::open(path);
  REQUIRE(file);
  l.file = std::move(*file);
  auto encoder = models::Encoder::load(l.file, merge);
  INFO((encoder ? "" : encoder.error().message));
  REQUIRE(encoder);
  l.encoder = std::move(*encoder);
  return l;
}

Floats states(const models::Encoder& e, const kernels::Table& table, const std::vector<Ids>& sequences,
              unsigned threads = 1, models::Want want = models::Want::all,
              const models::PassOptions& options = {}) {
  Ids ids;
  std::vector<std::size_t> lengths;
  for (const auto& s : sequences) {
    ids.insert(ids.end(), s.begin(), s.end());
    lengths.push_back(s.size());
  }
  models::Scratch scratch;
  Team team(threads);
  REQUIRE(e.forward(table, ids, lengths, scratch, team, want, options));
  const std::size_t rows = want == models::Want::first ? sequences.size() : ids.size();
  const auto x = scratch.x.first(rows * e.shape().hidden);
  return {x.begin(), x.end()};
}

double furthest(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

std::vector<const kernels::Table*> tables() {
  std::vector<const kernels::Table*> out;
  for (const auto* t : kernels::compiled()) {
    if (t->usable()) out.push_back(t);
  }
  return out;
}

bool same(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// A model of the family as its blocks of `type`; f16 is the file itself.
std::filesystem::path of_type(const std::string& name, quant::Type type, const test::TempDir& dir) {
  if (type == quant::Type::f16) return test::family(name + ".gguf");
  const auto path = dir / (name + std::string(quant::info(type).name) + ".gguf");
  REQUIRE(quant::quantize_file(test::family(name + ".gguf"), path, type));
  return path;
}

}  // namespace

TEST_CASE("every architecture of the family passes forward as PyTorch does, on every table") {
  for (const std::string name : kModels) {
    const Loaded l = load(test::family(name + ".gguf"));
    const models::Head& head = l.encoder.head();
    const std::size_t h = l.encoder.shape().hidden;
    for (const auto* table : tables()) {
      for (const auto& c : test::family_golden(name)) {
        const Ids ids = c.at("ids"), types = c.value("types", Ids());
        INFO(name << " " << table->name << " " << ids.size() << " tokens");
        const models::PassOptions options{types, nullptr};
        const Floats x = states(l.encoder, *table, {ids}, 1, models::Want::all, options);
        CHECK(furthest(std::span(x).first(h), c.at("first").get<Floats>()) < 1e-4);
        CHECK(furthest(std::span(x).last(h), c.at("last").get<Floats>()) < 1e-4);
        models::Scratch scratch;
        if (c.contains("logits")) {
          Floats logits(head.outputs());
          REQUIRE(head.score(*table, x, ids.size(), logits, scratch));
          CHECK(furthest(logits, c.at("logits").get<Floats>()) < 1e-4);
          head.probabilities(*table, logits);
          CHECK(furthest(logits, c.at(head.multi_label() ? "sigmoid" : "softmax").get<Floats>()) < 1e-5);
        }
        if (!c.contains("mean")) continue;
        Floats mean(h), most(h);
        REQUIRE(head.embed(*table, x, ids.size(), mean, scratch));
        CHECK(furthest(mean, c.at("mean").get<Floats>()) < 1e-5);
        models::pool(models::Pooling::max, x, ids.size(), most);
        models::normalize(most);
        CHECK(furthest(most, c.at("max").get<Floats>()) < 1e-5);
      }
    }
  }
}

TEST_CASE("what the files say of the family is read: types, windows, rotation, heads") {
  const Loaded distil = load(test::family("distilbert.gguf")), roberta = load(test::family("roberta.gguf")),
               modern = load(test::family("modernbert.gguf"));
  CHECK(distil.encoder.shape().token_types == 0);
  CHECK(distil.encoder.head().multi_label());
  CHECK(distil.encoder.head().labels() == std::vector<std::string>{"fun", "sad", "long", "old"});
  CHECK(roberta.encoder.shape().token_types == 1);
  CHECK(roberta.encoder.shape().context == 40);
  CHECK(modern.encoder.shape().window == 4);
  CHECK(modern.encoder.shape().global_period == 3);
  CHECK(modern.encoder.head().pooling() == models::Pooling::mean);
  CHECK(modern.encoder.head().needs_all());
  // A type or a length the model does not have is refused, not read.
  models::Scratch scratch;
  Team team(1);
  const Ids ids{2, 3}, bad{0, 1}, negative{0, -1};
  const std::vector<std::size_t> lengths{2};
  for (const auto& types : {bad, negative, Ids{0}}) {
    const auto status = roberta.encoder.forward(kernels::ref, ids, lengths, scratch, team, models::Want::all,
                                                {types, nullptr});
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::usage);
  }
  const Ids long_ids(41, 2);
  CHECK_FALSE(roberta.encoder.forward(kernels::ref, long_ids, std::vector<std::size_t>{41}, scratch, team));
}

TEST_CASE("quantized, every architecture stays near to PyTorch and gives the same bits on every table") {
  const test::TempDir dir;
  for (const std::string name : kModels) {
    for (const auto type : {quant::Type::f16, quant::Type::q8_0, quant::Type::q4_0}) {
      const Loaded l = load(of_type(name, type, dir));
      const std::size_t h = l.encoder.shape().hidden;
      std::vector<Ids> sequences;
      std::vector<std::size_t> ends;
      Floats want;
      for (const auto& c : test::family_golden(name)) {
        if (c.contains("types")) continue;
        sequences.push_back(c.at("ids"));
        const Floats first = c.at("first");
        want.insert(want.end(), first.begin(), first.end());
      }
      const Floats all = states(l.encoder, kernels::ref, sequences);
      const Floats first = states(l.encoder, kernels::ref, sequences, 1, models::Want::first);
      INFO(name << " as " << quant::info(type).name);
      if (type == quant::Type::q8_0) CHECK(furthest(first, want) < 0.25);
      std::size_t row = 0;
      for (std::size_t i = 0; i < sequences.size(); row += sequences[i++].size()) {
        CHECK(std::memcmp(first.data() + i * h, all.data() + row * h, h * sizeof(float)) == 0);
        const Floats alone = states(l.encoder, kernels::ref, {sequences[i]});
        CHECK(std::memcmp(alone.data(), all.data() + row * h, alone.size() * sizeof(float)) == 0);
      }
      for (const auto* table : tables()) {
        INFO(table->name);
        for (const unsigned threads : {1u, 3u})
          CHECK(same(states(l.encoder, *table, sequences, threads), all));
        CHECK(same(states(l.encoder, *table, sequences, 2, models::Want::first), first));
      }
    }
  }
}

// Also for the thread sanitizer (CONTRIBUTING.md): workers that write each other's rows may still give the right bits.
TEST_CASE("whether workers share out tokens or columns, and however many they are, the bits are the same") {
  const test::TempDir dir;
  const auto lora = gguf::File::open(test::family("lora.gguf")),
             modern_lora = gguf::File::open(test::family("modern_lora.gguf"));
  REQUIRE(lora);
  REQUIRE(modern_lora);
  Ids many;
  for (int32_t i = 0; i < 36; ++i) many.push_back(1 + i);
  for (const std::string name : {"minilm", "modernbert"}) {
    const Loaded l = load(of_type(name, quant::Type::q8_0, dir));
    const auto adapter = models::Adapter::load(name == "minilm" ? *lora : *modern_lora, l.file);
    REQUIRE(adapter);
    const models::PassOptions with{{}, &*adapter};
    for (const auto& options : {models::PassOptions{}, with}) {
      // Of 45 tokens two, three and five workers take whole tokens each, eight take columns; of three all take columns.
      for (const std::vector<Ids>& sequences : {std::vector<Ids>{many, {2, 3, 4, 5, 6, 7, 8, 9, 10}}, {{2, 3, 4}}}) {
        const Floats want = states(l.encoder, kernels::ref, sequences, 1, models::Want::all, options);
        for (const unsigned threads : {1u, 2u, 3u, 5u, 8u}) {
          INFO(name << " " << threads);
          const auto* best = tables().front();
          CHECK(same(states(l.encoder, *best, sequences, threads, models::Want::all, options), want));
        }
      }
    }
  }
}

TEST_CASE(
    "an adapter of a fused and gated model adds what PyTorch adds, at run time and merged, on every table") {
  const test::TempDir dir;
  const auto adapter_file = gguf::File::open(test::family("modern_lora.gguf"));
  REQUIRE(adapter_file);
  for (const auto type : {quant::Type::f16, quant::Type::q8_0}) {
    const Loaded l = load(of_type("modernbert", type, dir));
    const auto adapter = models::Adapter::load(*adapter_file, l.file);
    REQUIRE(adapter);
    CHECK(adapter->count() == 3);
    const Loaded merged = load(of_type("modernbert", type, dir), &*adapter);
    const double near = type == quant::Type::f16 ? 1e-4 : 0.25;
    for (const auto& c : test::family_golden("modern_lora")) {
      const Ids ids = c.at("ids");
      const Floats want = c.at("first");
      const models::PassOptions with{{}, &*adapter};
      const Floats first = states(l.encoder, kernels::ref, {ids}, 1, models::Want::first, with);
      const Floats all = states(l.encoder, kernels::ref, {ids}, 1, models::Want::all, with);
      INFO(quant::info(type).name);
      CHECK(furthest(first, want) < near);
      CHECK(furthest(states(l.encoder, kernels::ref, {ids}, 1, models::Want::first), want) > 0.2);
      CHECK(furthest(states(merged.encoder, kernels::ref, {ids}, 1, models::Want::first), want) < near);
      CHECK(std::memcmp(first.data(), all.data(), first.size() * sizeof(float)) == 0);
      for (const auto* table : tables()) {
        INFO(table->name);
        CHECK(same(states(l.encoder, *table, {ids}, 2, models::Want::all, with), all));
      }
    }
  }
}
