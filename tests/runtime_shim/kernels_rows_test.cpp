// tests/runtime_shim/kernels_rows_test.cpp: functions of rows, the float product, and the choice of a table: ref against formulas in double; every
// other table against ref, bit for bit.
#include <cmath>
#include <string>

#include "runtime_shim/quant/blocks.h"
#include "tests/runtime_shim/kernel_cases.h"

using namespace nano;
using namespace nano::test;

using kernels::WeightType;

namespace {

struct Matrix {
  std::vector<std::byte> bytes{};
  kernels::Weights weights{};
};

}  // namespace

TEST_CASE("quantized activations are within half a step of the values", "[kernels]") {
  std::mt19937 rng(2);
  const std::vector<float> x = floats(rng, 4 * 64, 3.0f);
  const Activations a = quantize(kernels::ref, x, 4, 64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    REQUIRE(a.u[i] >= 1);
    REQUIRE(std::fabs(a.scale[i / 64] * (static_cast<float>(a.u[i]) - 128.0f) - x[i]) <=
            a.scale[i / 64] * 0.50001f);
  }
}

TEST_CASE("the reference's elementary functions keep their stated errors", "[kernels]") {
  for (float x = -12.0f; x <= 12.0f; x += 0.003f) {
    float g = x, t = x;
    kernels::ref.gelu(&g, 1);
    kernels::ref.tanh(&t, 1);
    const double d = static_cast<double>(x);
    REQUIRE(std::fabs(static_cast<double>(g) - 0.5 * d * std::erfc(-d / std::sqrt(2.0))) < 2.5e-6);
    REQUIRE(std::fabs(static_cast<double>(t) - std::tanh(d)) < 2e-7);
  }
  std::mt19937 rng(3);
  for (const std::size_t n : {1u, 2u, 15u, 16u, 17u, 100u}) {
    std::vector<float> x = floats(rng, n, 2.0f), y = x, norm(n), gain = floats(rng, n), bias = floats(rng, n);
    const float scale = 0.125f;
    double total = 0.0, mean = 0.0, var = 0.0;
    for (const float v : x) total += std::exp(static_cast<double>(v * scale));
    kernels::ref.softmax(y.data(), n, scale);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(static_cast<double>(y[i]) ==
              Approx(std::exp(static_cast<double>(x[i] * scale)) / total).epsilon(2e-6));
    }
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(n);
    for (const float v : x)
      var += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(n);
    kernels::ref.layer_norm(x.data(), nullptr, n, gain.data(), bias.data(), 1e-5f, norm.data());
    for (std::size_t i = 0; i < n; ++i) {
      const double want =
          (static_cast<double>(x[i]) - mean) / std::sqrt(var + 1e-5) * static_cast<double>(gain[i]) +
          static_cast<double>(bias[i]);
      REQUIRE(static_cast<double>(norm[i]) == Approx(want).margin(1e-4));
    }
  }
}

TEST_CASE("every table quantizes activations to the bits of ref", "[kernels]") {
  std::mt19937 rng(4);
  for (const Table* table : others()) {
    for (const std::size_t k : {32u, 64u, 96u, 512u}) {
      std::vector<float> x = floats(rng, 6 * k);
      std::fill_n(x.begin(), k, 0.0f);                               // a row of zeros
      std::fill_n(x.begin() + static_cast<long>(k), k, 1e-38f);      // near the smallest numbers
      std::fill_n(x.begin() + static_cast<long>(2 * k), k, -3e38f);  // near the largest
      for (std::size_t i = 0; i < k; ++i)
        x[3 * k + i] = static_cast<float>(i % 255) - 127.0f + (i % 2 == 0 ? 0.5f : 0.0f);  // ties
      const Activations want = quantize(kernels::ref, x, 6, k), have = quantize(*table, x, 6, k);
      REQUIRE(have.u == want.u);
      REQUIRE(same_bits(have.scale, want.scale));
    }
  }
}

TEST_CASE("every table multiplies float weights to the bits of ref", "[kernels]") {
  std::mt19937 rng(7);
  for (const Table* table : others()) {
    for (const WeightType type : {WeightType::f32, WeightType::f16, WeightType::bf16}) {
      const quant::Type qt = static_cast<quant::Type>(type);
      for (const std::size_t n : {1u, 3u, 8u, 16u, 19u}) {
        for (const std::size_t k : {1u, 7u, 8u, 31u, 64u}) {
          const std::size_t rows = 1 + rng() % 10;
          Matrix w;
          w.bytes.resize(n * k * quant::info(qt).bytes + 1);
          std::vector<float> values =
              floats(rng, n * k, type == WeightType::f16 ? 1e-4f : 1.0f);  // subnormal halves too
          const auto at = std::span(w.bytes).subspan(1);                   // misaligned
          REQUIRE(quant::quantize_row(qt, values, at));
          w.weights = {at.data(), n, k, at.size() / n, type};
          const std::vector<float> x = floats(rng, rows * k), bias = floats(rng, n);
          std::vector<float> want(rows * n), have(rows * n);
          Aligned scratch(kernels::scratch_bytes(k));
          kernels::ref.matmul_float(&w.weights, x.data(), k, rows, 0, n, bias.data(), want.data(), n,
                                    scratch.get());
          table->matmul_float(&w.weights, x.data(), k, rows, 0, n, bias.data(), have.data(), n,
                              scratch.get());
          REQUIRE(same_bits(have, want));
        }
      }
    }
  }
}

TEST_CASE("every table's row functions give the bits of ref for every length", "[kernels]") {
  std::mt19937 rng(8);
  for (const Table* table : others()) {
    for (std::size_t n = 1; n <= 70; ++n) {
      INFO(table->name << " n " << n);
      const std::vector<float> x = floats(rng, n, 4.0f), r = floats(rng, n), gain = floats(rng, n),
                               bias = floats(rng, n);
      const auto both = [&](auto&& f) {
        std::vector<float> want = x, have = x;
        f(kernels::ref, want);
        f(*table, have);
        return same_bits(have, want);
      };
      REQUIRE(both([&](const Table& t, std::vector<float>& v) { t.gelu(v.data(), n); }));
      REQUIRE(both([&](const Table& t, std::vector<float>& v) { t.tanh(v.data(), n); }));
      REQUIRE(both([&](const Table& t, std::vector<float>& v) { t.add(v.data(), r.data(), n); }));
      REQUIRE(both([&](const Table& t, std::vector<float>& v) { t.softmax(v.data(), n, 0.3f); }));
      REQUIRE(both([&](const Table& t, std::vector<float>& v) {
        t.layer_norm(v.data(), r.data(), n, gain.data(), bias.data(), 1e-12f, v.data());
      }));
      REQUIRE(both([&](const Table& t, std::vector<float>& v) {
        t.layer_norm(v.data(), nullptr, n, gain.data(), bias.data(), 1e-12f, v.data());
      }));
    }
    std::vector<float> edge{0.0f, -0.0f, 90.0f, -90.0f, 1e30f, -1e30f, 1e-40f, -1e-40f}, want = edge,
                                                                                         have = edge;
    kernels::ref.gelu(want.data(), want.size());
    table->gelu(have.data(), have.size());
    REQUIRE(same_bits(have, want));
    want = have = edge;
    kernels::ref.tanh(want.data(), want.size());
    table->tanh(have.data(), have.size());
    REQUIRE(same_bits(have, want));
  }
}

TEST_CASE("kernels are chosen best first, by name, or refused", "[kernels]") {
  const auto best = kernels::choose("");
  REQUIRE(best);
  CHECK((*best)->usable());
  const auto named = kernels::choose("ref");
  REQUIRE(named);
  CHECK(*named == &kernels::ref);
  CHECK(std::string(kernels::compiled().back()->name) == "ref");
  const auto unknown = kernels::choose("avx3");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::usage);
  CHECK(unknown.error().hint.find("ref") != std::string::npos);
  for (const Table* t : kernels::compiled()) {
    const auto forced = kernels::choose(t->name);
    if (t->usable()) {
      REQUIRE(forced);
      CHECK(*forced == t);
    } else {
      REQUIRE_FALSE(forced);
      CHECK(forced.error().code == Errc::unsupported);
    }
  }
}
