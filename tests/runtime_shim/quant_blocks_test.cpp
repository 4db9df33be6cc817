// tests/runtime_shim/quant_blocks_test.cpp: the quantizers against golden blocks made by numpy, and their error bounds.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/float_convert.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::quant;

namespace {

const Type kBlockTypes[] = {Type::q4_0, Type::q4_1, Type::q5_0, Type::q5_1, Type::q8_0};

std::vector<std::byte> quantized(Type type, const std::vector<float>& x) {
  std::vector<std::byte> out(*row_bytes(info(type), x.size()));
  REQUIRE(quantize_row(type, x, out));
  return out;
}

std::vector<float> restored(Type type, const std::vector<std::byte>& bytes, std::size_t n) {
  std::vector<float> out(n);
  dequantize_row(type, bytes, out);
  return out;
}

/// The oracle for reading: value j of a block, from the format's description, in double.
double value_of(Type type, const std::byte* block, std::size_t j) {
  const auto* b = reinterpret_cast<const unsigned char*>(block);
  const auto half = [&](std::size_t at) {
    return static_cast<double>(f16_to_f32(static_cast<uint16_t>(b[at] | b[at + 1] << 8)));
  };
  const auto four = [&](std::size_t qs) { return j < 16 ? b[qs + j] % 16 : b[qs + j - 16] / 16; };
  const auto five = [&](std::size_t qh) { return four(qh + 4) + 16 * ((b[qh + j / 8] >> (j % 8)) & 1); };
  switch (type) {
    case Type::q8_0: return half(0) * static_cast<signed char>(b[2 + j]);
    case Type::q4_0: return half(0) * (four(2) - 8);
    case Type::q4_1: return half(0) * four(4) + half(2);
    case Type::q5_0: return half(0) * (five(2) - 16);
    default: return half(0) * five(4) + half(2);
  }
}

}  // namespace

TEST_CASE("every type's blocks are byte for byte numpy's") {
  const std::string raw = test::read(test::data("quant/values.f32"));
  REQUIRE(raw.size() == 64 * 32 * 4);
  std::vector<float> values(raw.size() / 4);
  std::memcpy(values.data(), raw.data(), raw.size());
  for (const Type type :
       {Type::f16, Type::bf16, Type::q4_0, Type::q4_1, Type::q5_0, Type::q5_1, Type::q8_0}) {
    const std::string name(info(type).name);
    const std::string golden = test::read(test::data("quant/" + name + ".bin"));
    const auto ours = quantized(type, values);
    REQUIRE(golden.size() == ours.size());
    const std::size_t per = golden.size() / 64;
    for (std::size_t b = 0; b < 64; ++b) {
      INFO(name << ", block " << b);
      CHECK(std::memcmp(golden.data() + b * per, ours.data() + b * per, per) == 0);
    }
  }
}

TEST_CASE("dequantizing follows the formats' description for any bytes") {
  std::mt19937 rng(5);
  for (const Type type : kBlockTypes) {
    const std::size_t size = info(type).bytes;
    for (int round = 0; round < 500; ++round) {
      std::vector<std::byte> block(size);
      for (auto& b : block) b = static_cast<std::byte>(rng());
      const bool finite = first_non_finite(type, block) < 0;
      const auto values = restored(type, block, 32);
      for (std::size_t j = 0; j < 32; ++j) {
        const double want = value_of(type, block.data(), j);
        if (!finite) continue;
        REQUIRE(std::fabs(static_cast<double>(values[j]) - want) <= std::fabs(want) * 1e-6 + 1e-6 * 65504);
        if (type == Type::q8_0 || type == Type::q4_0 || type == Type::q5_0)
          REQUIRE(static_cast<double>(values[j]) == want);
      }
    }
  }
}

TEST_CASE("no value is further from its own than half a step, and the rounding of the scale") {
  std::mt19937 rng(6);
  std::normal_distribution<float> normal(0.0f, 1.0f);
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> x(32);
    const float scale = std::pow(10.0f, static_cast<float>(round % 7) - 3);
    for (float& v : x) v = normal(rng) * scale;
    double low = x[0], high = x[0], extreme = 0;
    for (const float v : x) {
      low = std::min(low, static_cast<double>(v));
      high = std::max(high, static_cast<double>(v));
      extreme = std::max(extreme, std::fabs(static_cast<double>(v)));
    }
    for (const Type type : kBlockTypes) {
      const auto back = restored(type, quantized(type, x), 32);
      // One step, and the highest level's distance from zero (its share of the half scale's error of 2^-11).
      double step = 0, reach = 0;
      switch (type) {
        case Type::q8_0: step = extreme / 127, reach = extreme; break;
        case Type::q4_0: step = extreme / 8, reach = extreme; break;
        case Type::q5_0: step = extreme / 16, reach = extreme; break;
        case Type::q4_1: step = (high - low) / 15, reach = high - low + std::fabs(low); break;
        default: step = (high - low) / 31, reach = high - low + std::fabs(low); break;
      }
      // The symmetric kinds have no level for the far end's mirror image: a value there may be a whole step off.
      const double steps = type == Type::q4_0 || type == Type::q5_0 ? 1.0 : 0.5;
      for (std::size_t j = 0; j < 32; ++j) {
        INFO(info(type).name << " value " << j << ": " << x[j] << " became " << back[j]);
        REQUIRE(std::fabs(static_cast<double>(back[j]) - static_cast<double>(x[j])) <=
                step * steps * 1.0001 + reach / 1024 + 6e-8 * 128);
      }
    }
  }
}

TEST_CASE("blocks that hold exact multiples of a half scale survive q8_0 unchanged") {
  std::mt19937 rng(8);
  for (int round = 0; round < 500; ++round) {
    const float d = f16_to_f32(static_cast<uint16_t>(0x1000 + rng() % 0x5000));
    std::vector<float> x(32);
    for (float& v : x) v = d * static_cast<float>(static_cast<int>(rng() % 255) - 127);
    x[rng() % 32] = d * 127.0f;
    const auto bytes = quantized(Type::q8_0, x);
    const auto back = restored(Type::q8_0, bytes, 32);
    CHECK(back == x);
    CHECK(quantized(Type::q8_0, back) == bytes);
  }
}

TEST_CASE("known blocks: zeros, all equal, and the two extremes") {
  const auto first = [](Type type, float v) {
    return restored(type, quantized(type, std::vector<float>(32, v)), 32)[0];
  };
  for (const Type type : kBlockTypes) {
    CHECK(first(type, 0.0f) == 0.0f);
    CHECK(first(type, 4.0f) == Approx(4.0f).epsilon(0.0005));
    CHECK(first(type, -4.0f) == Approx(-4.0f).epsilon(0.0005));
  }
  CHECK(first(Type::q4_0, 1.0f) == 1.0f);
  CHECK(first(Type::q4_1, 0.75f) == 0.75f);
  CHECK(first(Type::q5_0, -1.0f) == -1.0f);
  std::vector<float> ends(32, 1.0f);
  for (std::size_t j = 0; j < 32; j += 2) ends[j] = -1.0f;
  const auto q4 = restored(Type::q4_0, quantized(Type::q4_0, ends), 32);
  CHECK(q4[0] == -1.0f);   // the extreme, level 0
  CHECK(q4[1] == 0.875f);  // its mirror image is level 16, cut to 15
  CHECK(restored(Type::q4_1, quantized(Type::q4_1, ends), 32)[0] == -1.0f);
}

TEST_CASE("what a type cannot hold is refused") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto refused = [](Type type, float v) {
    std::vector<float> x(64, 1.0f);
    x[40] = v;
    std::vector<std::byte> out(*row_bytes(info(type), 64));
    const auto r = quantize_row(type, x, out);
    return !r && r.error().code == Errc::invalid;
  };
  for (const Type type :
       {Type::f32, Type::f16, Type::bf16, Type::q4_0, Type::q4_1, Type::q5_0, Type::q5_1, Type::q8_0}) {
    INFO(info(type).name);
    CHECK(refused(type, inf));
    CHECK(refused(type, -inf));
    CHECK(refused(type, nan));
    CHECK_FALSE(refused(type, -60000.0f));
    CHECK(refused(type, 3e38f) == (type != Type::f32 && type != Type::bf16));
  }
  CHECK_FALSE(refused(Type::q8_0, 127.0f * 65504.0f));
  CHECK_FALSE(refused(Type::q8_0, 1e-44f));  // 1 / d would overflow
}

TEST_CASE("scales that are not finite are found, and where") {
  for (const Type type : kBlockTypes) {
    std::vector<std::byte> bytes = quantized(type, std::vector<float>(96, 0.5f));
    CHECK(first_non_finite(type, bytes) == -1);
    bytes[info(type).bytes + 1] = std::byte{0x7C};
    bytes[info(type).bytes] = std::byte{0};
    CHECK(first_non_finite(type, bytes) == 32);
    if (type != Type::q4_1 && type != Type::q5_1) continue;
    bytes = quantized(type, std::vector<float>(96, 0.5f));
    bytes[2 * info(type).bytes + 3] = std::byte{0xFF};
    CHECK(first_non_finite(type, bytes) == 64);
  }
  const std::vector<float> f{1.0f, 2.0f, std::numeric_limits<float>::quiet_NaN()};
  CHECK(first_non_finite(Type::f32, std::as_bytes(std::span(f))) == 2);
  const std::vector<uint16_t> h{0x3C00, 0xFC00};
  CHECK(first_non_finite(Type::f16, std::as_bytes(std::span(h))) == 1);
  CHECK(first_non_finite(Type::bf16, std::as_bytes(std::span(h))) == -1);
  CHECK(first_non_finite(Type::f32, {}) == -1);
}

TEST_CASE("type names are found in any case and short form, unknown ones are not") {
  CHECK(parse_type("q8") == Type::q8_0);
  CHECK(parse_type("Q4_0") == Type::q4_0);
  CHECK(parse_type("q5_1") == Type::q5_1);
  CHECK(parse_type("F16") == Type::f16);
  CHECK_FALSE(parse_type("q4_K"));  // known, not computed
  CHECK_FALSE(parse_type(""));
  for (const TypeInfo& t : all_types()) CHECK(find_type(static_cast<uint32_t>(t.type)) == &t);
  CHECK(find_type(4) == nullptr);
  CHECK(find_type(999) == nullptr);
  CHECK(find_type(1002) == nullptr);
  CHECK(parse_type("q3") == Type::nano_q3);
  CHECK(parse_type("Q2") == Type::nano_q2);
  CHECK_FALSE(row_bytes(info(Type::q8_0), 33));
  CHECK_FALSE(row_bytes(info(Type::f32), 1ull << 62));
}
