// tests/runtime_shim/kernels_test.cpp: ref against formulas in double; every other table against ref, bit for bit.
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/packed/panels.h"
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
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
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
  void* get() const {
    auto at = reinterpret_cast<std::uintptr_t>(memory.data());
    return reinterpret_cast<void*>((at + 63) / 64 * 64);
  }
  std::vector<unsigned char> memory;  // moving it keeps its place
};

struct Matrix {
  std::vector<std::byte> bytes{};
  kernels::Weights weights{};
};

// An integer matrix in panels, and the memory it points into.
struct Panels {
  explicit Panels(std::size_t bytes, std::size_t rows)
      : values(bytes), scale(rows * 4), sum(rows * 4), bias(rows * 4) {}
  Aligned values, scale, sum, bias;
  kernels::Packed packed{};
};

Panels empty_panels(std::size_t n, std::size_t k, int bits) {
  const std::size_t panels = (n + 15) / 16, bytes = packed::panel_bytes(k, bits);
  Panels p(panels * bytes, panels * 16);
  p.packed = {static_cast<uint8_t*>(p.values.get()),
              static_cast<float*>(p.scale.get()),
              static_cast<int32_t*>(p.sum.get()),
              static_cast<float*>(p.bias.get()),
              panels * 16,
              k,
              bytes,
              bits};
  return p;
}

Panels pack(const packed::Source& source, int bits, const std::vector<float>& bias) {
  Panels p = empty_panels(source.rows, source.k, bits);
  for (std::size_t i = 0; i < p.packed.n / 16; ++i) {
    packed::pack_panel(source, 16 * i, bits, static_cast<uint8_t*>(p.values.get()) + i * p.packed.panel_bytes,
                       static_cast<float*>(p.scale.get()) + 16 * i,
                       static_cast<int32_t*>(p.sum.get()) + 16 * i);
  }
  std::copy(bias.begin(), bias.end(), static_cast<float*>(p.bias.get()));
  return p;
}

// Any bytes as panels: what a damaged file under derived/ may hold.
Panels random_panels(std::mt19937& rng, std::size_t n, std::size_t k, int bits) {
  Panels p = empty_panels(n, k, bits);
  auto* at = static_cast<uint8_t*>(p.values.get());
  for (std::size_t i = 0; i < p.packed.n / 16 * p.packed.panel_bytes; ++i)
    at[i] = static_cast<uint8_t>(rng());
  auto* sum = static_cast<int32_t*>(p.sum.get());
  for (std::size_t j = 0; j < p.packed.n; ++j) {
    uint8_t* panel = at + j / 16 * p.packed.panel_bytes;
    for (std::size_t b = 0; bits == 4 && b < k / 32; ++b) {
      uint8_t* factors = panel + k / 32 * 256 + b * 32;
      factors[j % 16] &= 15;
      factors[16 + j % 16] = static_cast<uint8_t>(factors[j % 16] * (7 + rng() % 2));
    }
    sum[j] = 0;
    for (std::size_t i = 0; i < k; ++i) {
      const uint8_t both = panel[i / 32 * 256 + i % 16 / 4 * 64 + j % 16 * 4 + i % 4];
      const uint8_t* factors = panel + k / 32 * 256 + i / 32 * 32;
      const int four = (i % 32 < 16 ? both & 15 : both >> 4) * factors[j % 16] - factors[16 + j % 16];
      sum[j] += 128 * (bits == 4 ? four : static_cast<int8_t>(panel[i / 4 * 64 + j % 16 * 4 + i % 4]));
    }
    static_cast<float*>(p.scale.get())[j] = static_cast<float>(rng() % 1000) * 1e-5f;
    static_cast<float*>(p.bias.get())[j] = static_cast<float>(rng() % 1000) * 1e-3f - 0.5f;
  }
  return p;
}

struct Activations {
  std::vector<uint8_t> u{};
  std::vector<float> scale{};
  kernels::QuantRows rows{};
};

Activations quantize(const Table& table, const std::vector<float>& x, std::size_t rows, std::size_t k) {
  Activations a;
  a.u.resize(rows * k);
  a.scale.resize(rows);
  table.quantize(x.data(), k, rows, k, a.u.data(), a.scale.data());
  a.rows = {a.u.data(), a.scale.data(), rows, k};
  return a;
}

std::vector<float> multiply(const Table& table, const Panels& w, const Activations& x,
                            kernels::Then then = kernels::Then::nothing) {
  std::vector<float> out(x.rows.rows * (w.packed.n + 3), 7.0f);
  Aligned scratch(kernels::scratch_bytes(w.packed.k));
  table.matmul(&w.packed, &x.rows, 0, w.packed.n / 16, then, out.data(), w.packed.n + 3, scratch.get());
  return out;
}

}  // namespace

TEST_CASE("packed weights are near the values they came from, and the reference multiplies them as they say",
          "[kernels]") {
  std::mt19937 rng(1);
  for (const quant::Type type :
       {quant::Type::q8_0, quant::Type::q4_0, quant::Type::q4_1, quant::Type::q5_0, quant::Type::q5_1}) {
    const int bits = packed::bits_of(type);
    CHECK(bits == (type == quant::Type::q4_0 ? 4 : 8));
    const std::size_t n = 21, k = 96, rows = 3;
    const Activations x = quantize(kernels::ref, floats(rng, rows * k), rows, k);
    std::normal_distribution<float> normal(0.0f, 0.1f);
    std::vector<float> values(n * k), bias = floats(rng, n);
    for (float& v : values) v = normal(rng);
    std::vector<std::byte> bytes(n * k / 32 * quant::info(type).bytes);
    REQUIRE(quant::quantize_row(type, values, bytes));
    quant::dequantize_row(type, bytes, values);
    const Panels w = pack({bytes, n, k, type}, bits, bias);
    const auto out = multiply(kernels::ref, w, x);
    double miss = 0.0, all = 0.0;
    for (std::size_t t = 0; t < rows; ++t) {
      for (std::size_t j = 0; j < n; ++j) {
        double want = static_cast<double>(bias[j]), size = 0.0;
        for (std::size_t i = 0; i < k; ++i) {
          const double term = static_cast<double>(values[j * k + i]) * static_cast<double>(x.scale[t]) *
                              (static_cast<double>(x.u[t * k + i]) - 128.0);
          want += term;
          size += term * term;
        }
        const double d = static_cast<double>(out[t * (w.packed.n + 3) + j]) - want;
        miss += d * d;
        all += size;
      }
    }
    INFO(quant::info(type).name << " " << std::sqrt(miss / all));
    CHECK(std::sqrt(miss / all) < (bits == 8 ? 0.01 : 0.06));
  }
}

TEST_CASE("a row packs to 8 bits within half a step, and to 4 bits exactly where its blocks share a scale",
          "[kernels]") {
  std::mt19937 rng(11);
  const std::size_t k = 64;
  std::vector<float> values = floats(rng, k);
  std::vector<std::byte> bytes(k / 32 * 34);
  REQUIRE(quant::quantize_row(quant::Type::q8_0, values, bytes));
  quant::dequantize_row(quant::Type::q8_0, bytes, values);
  const Panels w = pack({bytes, 1, k, quant::Type::q8_0}, 8, {0.0f});
  for (std::size_t i = 0; i < k; ++i) {
    const float q = static_cast<float>(static_cast<int8_t>(w.packed.panels[i / 4 * 64 + i % 4]));
    CHECK(std::fabs(q * w.packed.scale[0] - values[i]) <= w.packed.scale[0] * 0.50001f);
  }
  // d = 0.5 in one block and -0.5 in the other: both factors are 15, and nothing is lost.
  std::vector<std::byte> four(2 * 18);
  for (std::size_t i = 0; i < four.size(); ++i) four[i] = static_cast<std::byte>(rng());
  four[0] = four[18] = std::byte{0};
  four[1] = std::byte{0x38};
  four[19] = std::byte{0xB8};
  quant::dequantize_row(quant::Type::q4_0, four, values);
  const packed::Source source{four, 1, k, quant::Type::q4_0};
  CHECK(packed::factor_error(source) == 0.0f);
  const Panels p = pack(source, 4, {0.0f});
  for (std::size_t i = 0; i < k; ++i) {
    std::vector<float> one(k, 0.0f);
    one[i] = 127.0f;
    CHECK(multiply(kernels::ref, p, quantize(kernels::ref, one, 1, k))[0] ==
          Approx(values[i] * 127.0f).margin(1e-4));
  }
}

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

TEST_CASE("every table multiplies panels to the bits of ref, for odd sizes and any bytes", "[kernels]") {
  std::mt19937 rng(5);
  for (const Table* table : others()) {
    for (const int bits : {8, 4}) {
      for (const std::size_t n : {1u, 16u, 17u, 48u, 60u, 80u, 150u}) {
        for (const std::size_t rows : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 12u, 13u, 25u}) {
          const std::size_t k = 32 * (1 + rng() % 5);
          const Panels w = random_panels(rng, n, k, bits);
          const Activations x = quantize(kernels::ref, floats(rng, rows * k), rows, k);
          const auto then = rng() % 2 == 0 ? kernels::Then::gelu : kernels::Then::nothing;
          INFO(table->name << " bits " << bits << " n " << n << " rows " << rows << " k " << k);
          REQUIRE(same_bits(multiply(*table, w, x, then), multiply(kernels::ref, w, x, then)));
        }
      }
    }
  }
}

TEST_CASE("a part of the panels writes its columns and no others", "[kernels]") {
  std::mt19937 rng(15);
  const Panels w = random_panels(rng, 160, 64, 8);
  const Activations x = quantize(kernels::ref, floats(rng, 7 * 64), 7, 64);
  const auto all = multiply(kernels::ref, w, x);
  Aligned scratch(kernels::scratch_bytes(64));
  for (const Table* table : kernels::compiled()) {
    if (!table->usable()) continue;
    std::vector<float> out(all.size(), 7.0f);
    table->matmul(&w.packed, &x.rows, 2, 9, kernels::Then::nothing, out.data(), w.packed.n + 3,
                  scratch.get());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t column = i % (w.packed.n + 3);
      REQUIRE(out[i] == (column >= 32 && column < 144 ? all[i] : 7.0f));
    }
  }
}

TEST_CASE("no table saturates on the most extreme weights and activations, in the longest rows",
          "[kernels]") {
  for (const Table* table : others()) {
    for (const std::size_t k : {std::size_t{64}, kernels::kMaxPackedK}) {
      for (const int w : {-127, 127, -128}) {
        Panels p = empty_panels(16, k, 8);
        std::memset(p.values.get(), w, p.packed.panel_bytes);
        for (std::size_t j = 0; j < 16; ++j) {
          static_cast<int32_t*>(p.sum.get())[j] = 128 * w * static_cast<int32_t>(k);
          static_cast<float*>(p.scale.get())[j] = 1.0f;
        }
        for (const int u : {1, 255}) {
          Activations x;
          x.u.assign(2 * k, static_cast<uint8_t>(u));
          x.scale = {1.0f, 0.5f};
          x.rows = {x.u.data(), x.scale.data(), 2, k};
          const auto out = multiply(*table, p, x);
          REQUIRE(out[0] == static_cast<float>(w * (u - 128)) * static_cast<float>(k));
          REQUIRE(same_bits(out, multiply(kernels::ref, p, x)));
        }
      }
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

TEST_CASE("the reference attends as the formula says", "[kernels]") {
  std::mt19937 rng(19);
  const std::size_t length = 9, width = 12, stride = 40;
  const std::vector<float> qkv = floats(rng, length * stride);
  std::vector<float> out(length * width);
  const kernels::Head head{
      qkv.data(), qkv.data() + 13, qkv.data() + 26, stride, length, length, width, 0.3f, out.data(), width};
  Aligned scratch(kernels::attend_floats(length, width) * sizeof(float));
  kernels::ref.attend(&head, static_cast<float*>(scratch.get()));
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<double> e(length), want(width);
    double total = 0.0;
    for (std::size_t j = 0; j < length; ++j) {
      double score = 0.0;
      for (std::size_t d = 0; d < width; ++d)
        score += static_cast<double>(head.q[i * stride + d]) * static_cast<double>(head.k[j * stride + d]);
      total += e[j] = std::exp(0.3 * score);
    }
    for (std::size_t d = 0; d < width; ++d) {
      for (std::size_t j = 0; j < length; ++j)
        want[d] += e[j] / total * static_cast<double>(head.v[j * stride + d]);
      REQUIRE(static_cast<double>(out[i * width + d]) == Approx(want[d]).margin(1e-4));
    }
  }
}

TEST_CASE("every table attends to the bits of ref, and writes nothing beside its rows", "[kernels]") {
  std::mt19937 rng(9);
  for (const Table* table : others()) {
    for (int round = 0; round < 200; ++round) {
      const std::size_t length = 1 + rng() % 70, width = 1 + rng() % 70,
                        queries = round % 3 == 0 ? 1 : length;
      const std::size_t stride = 3 * width + rng() % 3, out_stride = width + rng() % 3;
      const std::vector<float> qkv = floats(rng, length * stride);
      std::vector<float> want(queries * out_stride, 5.0f), have = want;
      Aligned scratch(kernels::attend_floats(length, width) * sizeof(float));
      kernels::Head head{
          qkv.data(),  qkv.data() + width, qkv.data() + 2 * width, stride, queries, length, width, 0.2f,
          want.data(), out_stride};
      kernels::ref.attend(&head, static_cast<float*>(scratch.get()));
      head.out = have.data();
      table->attend(&head, static_cast<float*>(scratch.get()));
      INFO(table->name << " length " << length << " width " << width << " queries " << queries);
      REQUIRE(same_bits(have, want));
    }
  }
}

TEST_CASE("the reference attends in integers near to what it attends in floats", "[kernels]") {
  std::mt19937 rng(23);
  for (const std::size_t length : {1u, 64u, 300u, 700u}) {
    const std::size_t width = 32, stride = 100;
    std::normal_distribution<float> normal(0.0f, 1.0f);
    std::vector<float> qkv(length * stride), want(length * width), have(length * width);
    for (float& v : qkv) v = normal(rng);
    Aligned scratch(kernels::attend_floats(length, width) * sizeof(float));
    kernels::Head head{qkv.data(), qkv.data() + 32, qkv.data() + 64, stride,      length,
                       length,     width,           0.177f,          want.data(), width};
    kernels::ref.attend(&head, static_cast<float*>(scratch.get()));
    head.out = have.data();
    kernels::ref.attend_quant(&head, static_cast<float*>(scratch.get()));
    for (std::size_t i = 0; i < have.size(); ++i) REQUIRE(have[i] == Approx(want[i]).margin(0.03));
  }
}

TEST_CASE("every table attends in integers to the bits of ref", "[kernels]") {
  std::mt19937 rng(29);
  for (const Table* table : others()) {
    for (int round = 0; round < 60; ++round) {
      const std::size_t length = round < 3 ? 513 + rng() % 100 : 1 + rng() % 150,
                        width = 32 * (1 + rng() % 4);
      const std::size_t queries = round % 3 == 0 ? 1 : length, stride = 3 * width + rng() % 3,
                        out_stride = width + rng() % 3;
      std::vector<float> qkv = floats(rng, length * stride);
      if (round % 5 == 0)
        std::fill_n(qkv.begin() + static_cast<long>(2 * width), width, 0.0f);  // a value of zeros
      if (round == 7) std::fill(qkv.begin(), qkv.end(), 0.0f);
      std::vector<float> want(queries * out_stride, 5.0f), have = want;
      Aligned scratch(kernels::attend_floats(length, width) * sizeof(float));
      kernels::Head head{
          qkv.data(),  qkv.data() + width, qkv.data() + 2 * width, stride, queries, length, width, 0.2f,
          want.data(), out_stride};
      kernels::ref.attend_quant(&head, static_cast<float*>(scratch.get()));
      head.out = have.data();
      table->attend_quant(&head, static_cast<float*>(scratch.get()));
      INFO(table->name << " length " << length << " width " << width << " queries " << queries);
      REQUIRE(same_bits(have, want));
    }
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
