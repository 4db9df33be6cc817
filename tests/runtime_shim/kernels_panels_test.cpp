// tests/runtime_shim/kernels_panels_test.cpp: packed weights, and the integer product: ref against formulas in double; every other table against ref,
// bit for bit.
#include <cmath>
#include <string>

#include "runtime_shim/quant/blocks.h"
#include "tests/runtime_shim/kernel_cases.h"

using namespace nano;
using namespace nano::test;

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
