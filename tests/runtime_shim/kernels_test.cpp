// tests/runtime_shim/kernels_test.cpp: ref against formulas in double; every other table against ref, bit for bit.
#include "runtime_shim/kernels/table.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/quant/blocks.h"

using namespace nano;
using kernels::Table;
using kernels::WeightType;

namespace {

std::vector<const Table*> others() {
  std::vector<const Table*> out;
  for (const Table* t : kernels::compiled()) {
    if (t != &kernels::ref && t->usable()) out.push_back(t);
  }
  if (out.empty()) WARN("SKIPPED: this CPU has no table but ref");
  return out;
}

// The same bits? (All values here are finite, so that is equality with the sign of zero.)
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// Floats of all sizes a network makes, with zeros of both signs and some outliers.
std::vector<float> floats(std::mt19937& rng, std::size_t n, float scale = 1.0f) {
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> v(n);
  for (float& x : v) {
    const auto kind = rng() % 20;
    x = kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind == 2 ? normal(rng) * 30.0f : normal(rng);
  }
  return v;
}

// 64-byte aligned scratch.
struct Aligned {
  explicit Aligned(std::size_t bytes) : memory(bytes + 64) {}
  void* get() {
    auto at = reinterpret_cast<std::uintptr_t>(memory.data());
    return reinterpret_cast<void*>((at + 63) / 64 * 64);
  }
  std::vector<unsigned char> memory;
};

const WeightType kBlockTypes[] = {WeightType::q8_0, WeightType::q4_0, WeightType::q4_1, WeightType::q5_0, WeightType::q5_1};

struct Matrix {
  std::vector<std::byte> bytes{};
  kernels::Weights weights{};
};

// Any bytes are weights, as a hostile file would have them, but for the scales, which load refuses when not finite.
Matrix random_blocks(std::mt19937& rng, WeightType type, std::size_t n, std::size_t k) {
  const quant::TypeInfo& info = quant::info(static_cast<quant::Type>(type));
  Matrix m;
  const std::size_t row = k / info.block * info.bytes;
  m.bytes.resize(n * row);
  for (auto& b : m.bytes) b = static_cast<std::byte>(rng());
  const bool has_m = type == WeightType::q4_1 || type == WeightType::q5_1;
  for (std::size_t at = 0; at < m.bytes.size(); at += info.bytes) {
    for (std::size_t half = 0; half < (has_m ? 2u : 1u); ++half) {
      auto& high = m.bytes[at + 2 * half + 1];
      if ((static_cast<unsigned>(high) & 0x7C) == 0x7C) high &= std::byte{0xBB};  // no infinity, no NaN
    }
  }
  m.weights = {m.bytes.data(), n, k, row, type};
  return m;
}

struct Activations {
  std::vector<int8_t> q{};
  std::vector<float> scale{};
  std::vector<int32_t> sum{};
  kernels::QuantRows rows{};
};

Activations quantize(const Table& table, const std::vector<float>& x, std::size_t rows, std::size_t k) {
  Activations a;
  a.q.resize(rows * k);
  a.scale.resize(rows * k / 32);
  a.sum.resize(rows * k / 32);
  table.quantize_rows(x.data(), k, rows, k, a.q.data(), a.scale.data(), a.sum.data());
  a.rows = {a.q.data(), a.scale.data(), a.sum.data(), rows, k};
  return a;
}

std::vector<float> multiply(const Table& table, const Matrix& w, const Activations& x, const float* bias) {
  std::vector<float> out(x.rows.rows * w.weights.n, 7.0f);
  Aligned scratch(kernels::scratch_bytes(w.weights.k));
  table.matmul_quant(&w.weights, &x.rows, 0, w.weights.n, bias, out.data(), w.weights.n, scratch.get());
  return out;
}

}  // namespace

TEST_CASE("the reference multiplies blocks as their values say") {
  std::mt19937 rng(1);
  for (const WeightType type : kBlockTypes) {
    const std::size_t n = 5, k = 96, rows = 3;
    const std::vector<float> x = floats(rng, rows * k);
    const Activations a = quantize(kernels::ref, x, rows, k);
    const quant::Type qt = static_cast<quant::Type>(type);
    Matrix w;
    w.bytes.resize(n * k / 32 * quant::info(qt).bytes);
    std::vector<float> values = floats(rng, n * k, 0.1f);
    REQUIRE(quant::quantize_row(qt, values, w.bytes));
    quant::dequantize_row(qt, w.bytes, values);
    w.weights = {w.bytes.data(), n, k, w.bytes.size() / n, type};
    const std::vector<float> bias = floats(rng, n);
    const auto out = multiply(kernels::ref, w, a, bias.data());
    for (std::size_t t = 0; t < rows; ++t) {
      for (std::size_t j = 0; j < n; ++j) {
        double want = static_cast<double>(bias[j]), size = std::fabs(want);
        for (std::size_t i = 0; i < k; ++i) {
          const double term = static_cast<double>(values[j * k + i]) * static_cast<double>(a.scale[(t * k + i) / 32]) *
                              static_cast<double>(a.q[t * k + i]);
          want += term;
          size += std::fabs(term);
        }
        REQUIRE(static_cast<double>(out[t * n + j]) == Approx(want).margin(size * 1e-5));
      }
    }
  }
}

TEST_CASE("quantized activations are within half a step of the values") {
  std::mt19937 rng(2);
  const std::vector<float> x = floats(rng, 4 * 64, 3.0f);
  const Activations a = quantize(kernels::ref, x, 4, 64);
  for (std::size_t b = 0; b < 8; ++b) {
    int32_t sum = 0;
    for (std::size_t i = 32 * b; i < 32 * b + 32; ++i) {
      REQUIRE(a.q[i] >= -127);
      REQUIRE(std::fabs(a.scale[b] * static_cast<float>(a.q[i]) - x[i]) <= a.scale[b] * 0.50001f);
      sum += a.q[i];
    }
    REQUIRE(a.sum[b] == sum);
  }
}

TEST_CASE("the reference's elementary functions keep their stated errors") {
  for (float x = -12.0f; x <= 12.0f; x += 0.003f) {
    float g = x, t = x;
    kernels::ref.gelu(&g, 1);
    kernels::ref.tanh(&t, 1);
    const double d = static_cast<double>(x);
    REQUIRE(std::fabs(static_cast<double>(g) - 0.5 * d * std::erfc(-d / std::sqrt(2.0))) < 1e-6);
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
      REQUIRE(static_cast<double>(y[i]) == Approx(std::exp(static_cast<double>(x[i] * scale)) / total).epsilon(2e-6));
    }
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(n);
    for (const float v : x) var += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(n);
    kernels::ref.layer_norm(x.data(), nullptr, n, gain.data(), bias.data(), 1e-5f, norm.data());
    for (std::size_t i = 0; i < n; ++i) {
      const double want = (static_cast<double>(x[i]) - mean) / std::sqrt(var + 1e-5) * static_cast<double>(gain[i]) +
                          static_cast<double>(bias[i]);
      REQUIRE(static_cast<double>(norm[i]) == Approx(want).margin(1e-4));
    }
  }
}

TEST_CASE("every table quantizes activations to the bits of ref") {
  std::mt19937 rng(4);
  for (const Table* table : others()) {
    for (const std::size_t k : {32u, 64u, 96u, 512u}) {
      std::vector<float> x = floats(rng, 5 * k);
      std::fill_n(x.begin(), 32, 0.0f);                              // a block of zeros
      std::fill_n(x.begin() + static_cast<long>(k), 32, 1e-38f);     // near the smallest numbers
      std::fill_n(x.begin() + static_cast<long>(2 * k), 32, -3e38f); // near the largest
      for (std::size_t i = 0; i < 32; ++i) x[3 * k + i] = static_cast<float>(i) - 15.5f;  // ties
      const Activations want = quantize(kernels::ref, x, 5, k), have = quantize(*table, x, 5, k);
      REQUIRE(have.q == want.q);
      REQUIRE(have.sum == want.sum);
      REQUIRE(same_bits(have.scale, want.scale));
    }
  }
}

TEST_CASE("every table multiplies blocks to the bits of ref, for odd sizes and any bytes") {
  std::mt19937 rng(5);
  for (const Table* table : others()) {
    for (const WeightType type : kBlockTypes) {
      for (const std::size_t n : {1u, 2u, 7u, 8u, 9u, 16u, 17u, 33u}) {
        for (const std::size_t rows : {1u, 2u, 3u, 4u, 7u, 8u, 13u}) {
          const std::size_t k = 32 * (1 + rng() % 5);
          const Matrix w = random_blocks(rng, type, n, k);
          const Activations x = quantize(kernels::ref, floats(rng, rows * k), rows, k);
          const std::vector<float> bias = floats(rng, n);
          const float* b = rng() % 2 == 0 ? bias.data() : nullptr;
          INFO(table->name << " type " << static_cast<int>(type) << " n " << n << " rows " << rows << " k " << k);
          REQUIRE(same_bits(multiply(*table, w, x, b), multiply(kernels::ref, w, x, b)));
        }
      }
    }
  }
}

TEST_CASE("no table saturates on the most extreme weights and activations") {
  for (const Table* table : others()) {
    for (const WeightType type : kBlockTypes) {
      for (const int pattern : {0x80, 0x7F, 0xFF, 0x00}) {
        std::mt19937 rng(6);
        Matrix w = random_blocks(rng, type, 16, 64);
        const std::size_t block = quant::info(static_cast<quant::Type>(type)).bytes;
        const bool has_m = type == WeightType::q4_1 || type == WeightType::q5_1;
        for (std::size_t i = 0; i < w.bytes.size(); ++i) {
          if (i % block >= (has_m ? 4u : 2u)) w.bytes[i] = static_cast<std::byte>(pattern);
        }
        for (const float top : {127.0f, -127.0f}) {
          const Activations x = quantize(kernels::ref, std::vector<float>(4 * 64, top), 4, 64);
          REQUIRE(x.q.front() == static_cast<int8_t>(top));
          REQUIRE(same_bits(multiply(*table, w, x, nullptr), multiply(kernels::ref, w, x, nullptr)));
        }
      }
    }
  }
}

TEST_CASE("every table multiplies float weights to the bits of ref") {
  std::mt19937 rng(7);
  for (const Table* table : others()) {
    for (const WeightType type : {WeightType::f32, WeightType::f16, WeightType::bf16}) {
      const quant::Type qt = static_cast<quant::Type>(type);
      for (const std::size_t n : {1u, 3u, 8u, 16u, 19u}) {
        for (const std::size_t k : {1u, 7u, 8u, 31u, 64u}) {
          const std::size_t rows = 1 + rng() % 10;
          Matrix w;
          w.bytes.resize(n * k * quant::info(qt).bytes + 1);
          std::vector<float> values = floats(rng, n * k, type == WeightType::f16 ? 1e-4f : 1.0f);  // subnormal halves too
          const auto at = std::span(w.bytes).subspan(1);  // misaligned
          REQUIRE(quant::quantize_row(qt, values, at));
          w.weights = {at.data(), n, k, at.size() / n, type};
          const std::vector<float> x = floats(rng, rows * k), bias = floats(rng, n);
          std::vector<float> want(rows * n), have(rows * n);
          Aligned scratch(kernels::scratch_bytes(k));
          kernels::ref.matmul_float(&w.weights, x.data(), k, rows, 0, n, bias.data(), want.data(), n, scratch.get());
          table->matmul_float(&w.weights, x.data(), k, rows, 0, n, bias.data(), have.data(), n, scratch.get());
          REQUIRE(same_bits(have, want));
        }
      }
    }
  }
}

TEST_CASE("every table's row functions give the bits of ref for every length") {
  std::mt19937 rng(8);
  for (const Table* table : others()) {
    for (std::size_t n = 1; n <= 70; ++n) {
      INFO(table->name << " n " << n);
      const std::vector<float> x = floats(rng, n, 4.0f), r = floats(rng, n), gain = floats(rng, n), bias = floats(rng, n);
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
    std::vector<float> edge{0.0f, -0.0f, 90.0f, -90.0f, 1e30f, -1e30f, 1e-40f, -1e-40f}, want = edge, have = edge;
    kernels::ref.gelu(want.data(), want.size());
    table->gelu(have.data(), have.size());
    REQUIRE(same_bits(have, want));
    want = have = edge;
    kernels::ref.tanh(want.data(), want.size());
    table->tanh(have.data(), have.size());
    REQUIRE(same_bits(have, want));
  }
}

TEST_CASE("every table's small products give the bits of ref, and write nothing beside them") {
  std::mt19937 rng(9);
  for (const Table* table : others()) {
    for (int round = 0; round < 200; ++round) {
      const std::size_t rows = 1 + rng() % 17, k = 1 + rng() % 40, n = 1 + rng() % 40;
      const std::size_t lda = k + rng() % 3, ldb = n + rng() % 3, ldc = n + rng() % 3;
      const std::vector<float> a = floats(rng, rows * lda), b = floats(rng, k * ldb);
      std::vector<float> want(rows * ldc, 5.0f), have = want;
      kernels::ref.gemm(a.data(), lda, rows, b.data(), ldb, k, n, want.data(), ldc);
      table->gemm(a.data(), lda, rows, b.data(), ldb, k, n, have.data(), ldc);
      REQUIRE(same_bits(have, want));
    }
  }
}

TEST_CASE("kernels are chosen best first, by name, or refused") {
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
