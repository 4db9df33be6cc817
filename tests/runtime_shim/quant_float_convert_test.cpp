// tests/runtime_shim/quant_float_convert_test.cpp: half floats against the compiler's own and against nearest-value search.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "runtime_shim/quant/float_convert.h"

using namespace nano::quant;

namespace {

// The oracle for one half: the formula of IEEE 754, in double.
double half_value(uint16_t h) {
  const int exponent = (h >> 10) & 31;
  const double fraction = h & 1023;
  const double sign = (h & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024.0 + fraction, exponent - 25);
}

// Nearest half by scanning the neighbours of a binary search over the 31744 finite positive halves; ties to even.
uint16_t nearest_half(float x) {
  const uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const double a = std::fabs(static_cast<double>(x));
  if (a >= 65520.0) return static_cast<uint16_t>(sign | 0x7C00);
  uint16_t lo = 0, hi = 0x7BFF;
  while (lo + 1 < hi) {
    const auto mid = static_cast<uint16_t>((lo + hi) / 2);
    (half_value(mid) <= a ? lo : hi) = mid;
  }
  const double below = a - half_value(lo), above = half_value(hi) - a;
  const uint16_t pick = below < above   ? lo
                        : above < below ? hi
                                        : static_cast<uint16_t>((lo & 1) == 0 ? lo : hi);
  return static_cast<uint16_t>(sign | pick);
}

}  // namespace

TEST_CASE("every one of the 65,536 halves converts to its value and back to itself") {
  for (uint32_t i = 0; i <= 0xFFFF; ++i) {
    const auto h = static_cast<uint16_t>(i);
    const float f = f16_to_f32(h);
    const double want = half_value(h);
    if (std::isnan(want)) {
      REQUIRE(std::isnan(f));
      REQUIRE(std::isnan(f16_to_f32(f32_to_f16(f))));
      continue;
    }
    REQUIRE(static_cast<double>(f) == want);
    REQUIRE(std::signbit(f) == std::signbit(want));
    REQUIRE(f32_to_f16(f) == h);
  }
}

TEST_CASE("a float rounds to the nearest half, ties to even") {
  std::mt19937 rng(7);
  for (int i = 0; i < 200000; ++i) {
    // exponents around the half's range, so that subnormals and overflow are hit as well
    const auto bits = static_cast<uint32_t>(rng());
    const uint32_t exponent = 95 + static_cast<uint32_t>(rng() % 55);
    const float x = std::bit_cast<float>((bits & 0x807FFFFFu) | (exponent << 23));
    REQUIRE(f32_to_f16(x) == nearest_half(x));
  }
  for (uint16_t h = 0; h < 0x7BFF; ++h) {  // exact midpoints of neighbours
    const auto mid = static_cast<float>((half_value(h) + half_value(static_cast<uint16_t>(h + 1))) / 2);
    REQUIRE(f32_to_f16(mid) == ((h & 1) == 0 ? h : h + 1));
  }
  CHECK(f32_to_f16(65519.996f) == 0x7BFF);
  CHECK(f32_to_f16(65520.0f) == 0x7C00);
  CHECK(f32_to_f16(std::ldexp(1.0f, -25)) == 0);
  CHECK(f32_to_f16(std::nextafter(std::ldexp(1.0f, -25), 1.0f)) == 1);
  CHECK(f32_to_f16(-std::numeric_limits<float>::infinity()) == 0xFC00);
}

#if defined(__FLT16_MANT_DIG__) && defined(__SSE2__) && !defined(__clang__)
TEST_CASE("halves agree with the compiler's _Float16") {
  std::mt19937 rng(11);
  for (int i = 0; i < 300000; ++i) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(rng()));
    if (std::isnan(x)) continue;
    __extension__ typedef _Float16 Half;
    REQUIRE(f32_to_f16(x) == std::bit_cast<uint16_t>(static_cast<Half>(x)));
  }
}
#endif

TEST_CASE("every bfloat16 converts back to itself and floats round to the nearest one") {
  for (uint32_t i = 0; i <= 0xFFFF; ++i) {
    const auto b = static_cast<uint16_t>(i);
    const float f = bf16_to_f32(b);
    if (std::isnan(f)) {
      REQUIRE(std::isnan(bf16_to_f32(f32_to_bf16(f))));
    } else {
      REQUIRE(f32_to_bf16(f) == b);
    }
  }
  CHECK(f32_to_bf16(1.0f) == 0x3F80);
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F808000u)) == 0x3F80);  // tie, even below
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F818000u)) == 0x3F82);  // tie, even above
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F808001u)) == 0x3F81);
  CHECK(f32_to_bf16(std::numeric_limits<float>::max()) == 0x7F80);  // rounds to infinity, as nearest demands
}
