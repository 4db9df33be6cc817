// tests/runtime_shim/kernels_attention_test.cpp: attention: ref against formulas in double; every other table against ref, bit for bit.
#include <cmath>

#include "tests/runtime_shim/kernel_cases.h"

using namespace nano;
using namespace nano::test;

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
