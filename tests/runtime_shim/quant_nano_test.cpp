// tests/runtime_shim/quant_nano_test.cpp: nano_q3 and nano_q2: their bytes by the format's description, and the best scale.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/packed/panels.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/quantize_file.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::quant;

namespace {

/// The oracle for reading: docs/FORMATS.md's table in double.
double value_of(bool three, const std::vector<unsigned char>& b, std::size_t j) {
  if (b[0] == 0) return 0.0;
  const double scale = std::exp2(b[0] % 8 / 8.0) * std::exp2(b[0] / 8 - 28);
  const int low = b[1 + j % 8] / (1 << (2 * (j / 8))) % 4;
  if (!three) return scale * std::vector<int>{-10, -3, 3, 10}[static_cast<std::size_t>(low)];
  const int bits = low + 4 * (b[9 + j / 8] / (1 << (j % 8)) % 2);
  return scale * std::vector<int>{-34, -21, -12, -4, 4, 12, 21, 34}[static_cast<std::size_t>(bits)];
}

double error_of(Type type, const std::vector<float>& x) {
  std::vector<std::byte> bytes(*row_bytes(info(type), x.size()));
  REQUIRE(quantize_row(type, x, bytes));
  std::vector<float> back(x.size());
  dequantize_row(type, bytes, back);
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(static_cast<double>(back[i]) - static_cast<double>(x[i]), 2);
    all += std::pow(static_cast<double>(x[i]), 2);
  }
  return std::sqrt(sum / all);
}

std::vector<float> normal(std::size_t n, unsigned seed, float scale = 1.0f) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0.0f, scale);
  std::vector<float> x(n);
  for (float& v : x) v = d(rng);
  return x;
}

}  // namespace

TEST_CASE("the low types' blocks read as their description says, for any bytes") {
  std::mt19937 rng(3);
  for (const bool three : {true, false}) {
    const Type type = three ? Type::nano_q3 : Type::nano_q2;
    CHECK(info(type).bytes == (three ? 13u : 9u));
    for (int round = 0; round < 300; ++round) {
      std::vector<unsigned char> b(info(type).bytes);
      for (auto& v : b) v = static_cast<unsigned char>(rng());
      if (round < 2) b[0] = round == 0 ? 0 : 255;
      std::vector<float> have(32);
      dequantize_row(type, std::as_bytes(std::span(b)), have);
      CHECK(first_non_finite(type, std::as_bytes(std::span(b))) == -1);
      for (std::size_t j = 0; j < 32; ++j) {
        const double want = value_of(three, b, j);
        REQUIRE(std::fabs(static_cast<double>(have[j]) - want) <= 1e-6 * std::fabs(want));
      }
    }
  }
}

TEST_CASE("normal values lose what the best levels lose, and no other scale does better") {
  // Without blocks, Lloyd and Max's levels have relative errors of 0.186 and 0.343; a scale of its own lowers them.
  const auto x = normal(32 * 400, 8, 0.05f);
  CHECK(error_of(Type::nano_q3, x) < 0.186);
  CHECK(error_of(Type::nano_q2, x) < 0.343);
  CHECK(error_of(Type::nano_q3, x) > 0.12);
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto block = normal(32, seed);
    const double have = error_of(Type::nano_q2, block);
    double all = 0;
    for (const float v : block) all += std::pow(static_cast<double>(v), 2);
    for (int scale = 1; scale < 256; ++scale) {  // every scale there is, every value at its nearest level
      double sum = 0;
      for (const float v : block) {
        double least = 1e300;
        for (const int level : kLevels2)
          least = std::min(least,
                           std::fabs(static_cast<double>(v) -
                                     static_cast<double>(nano_scale(static_cast<uint8_t>(scale))) * level));
        sum += least * least;
      }
      CHECK(have <= std::sqrt(sum / all) * (1 + 1e-6));
    }
  }
}

TEST_CASE("zeros stay zeros, one value alone stays near, and what is too large is refused") {
  for (const Type type : {Type::nano_q3, Type::nano_q2}) {
    std::vector<std::byte> bytes(info(type).bytes);
    std::vector<float> x(32, 0.0f), back(32, 1.0f);
    REQUIRE(quantize_row(type, x, bytes));
    dequantize_row(type, bytes, back);
    CHECK(back == x);
    x.assign(32, 1e6f);
    CHECK_FALSE(quantize_row(type, x, bytes));
    x.assign(32, -0.25f);
    REQUIRE(quantize_row(type, x, bytes));
    dequantize_row(type, bytes, back);
    for (const float v : back) CHECK(std::fabs(v + 0.25f) < 0.25f * 0.05f);
    x.assign(32, 1e-30f);  // below every scale: zeros are nearest
    REQUIRE(quantize_row(type, x, bytes));
    dequantize_row(type, bytes, back);
    CHECK(back[0] == 0.0f);
  }
}

TEST_CASE("widths of 288, 384 and 576 need no other type, and the executor packs them") {
  for (const std::size_t width : {288u, 384u, 576u}) {
    for (const Type type : {Type::nano_q3, Type::nano_q2}) {
      CHECK(row_bytes(info(type), width).has_value());
      CHECK(packed::packable(type, width));
      CHECK(packed::bits_of(type) == 8);
    }
  }
}

TEST_CASE("which weights get a wider type is as documented") {
  const test::TempDir dir;
  for (const Type type : {Type::nano_q3, Type::nano_q2}) {
    const auto made = quantize_file(test::data("bert_tiny/bert_tiny.gguf"), dir / "out.gguf", type);
    REQUIRE(made);
    const auto to = [&](std::string_view name) {
      for (const auto& t : made->tensors)
        if (t.name == name) return t.to;
      FAIL("no tensor " << name);
      return Type::f32;
    };
    CHECK(to("token_embd.weight") == Type::nano_q3);
    CHECK(to("blk.0.ffn_down.weight") == Type::q4_0);  // of two layers both are at an edge
    CHECK(to("blk.1.attn_v.weight") == Type::q4_0);
    CHECK(to("blk.0.attn_q.weight") == type);
    CHECK(to("blk.1.ffn_up.weight") == type);
    CHECK(to("cls.output.weight") == Type::f32);
    const auto even = quantize_file(test::data("bert_tiny/bert_tiny.gguf"), dir / "even.gguf", type,
                                    {.uniform = true, .keep_f32 = {}});
    REQUIRE(even);
    for (const auto& t : even->tensors) CHECK((t.to == Type::f32 || t.to == type));
    CHECK(even->bytes_after < made->bytes_after);
    const auto file = gguf::File::open(dir / "out.gguf");
    REQUIRE(file);
    CHECK(models::Encoder::load(*file));
    CHECK(*file->get_u32("general.file_type") == static_cast<uint32_t>(type));
  }
}
