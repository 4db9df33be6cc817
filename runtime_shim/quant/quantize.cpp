// runtime_shim/quant/quantize.cpp: floats to blocks, the same bits as ggml's quantize_row_*_ref on every machine.
//
// Plain float arithmetic, one operation a statement where rounding matters, no fused multiply-add (-ffp-contract=off).
// source: ggml src/ggml-quants.c (quantize_row_q4_0_ref … quantize_row_q8_0_ref): the formulas, not the code.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/assert.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/float_convert.h"
#include "runtime_shim/quant/nano_blocks.h"

namespace nano::quant {
namespace {

/// The value of largest magnitude, with its sign; the first of equals.
float signed_extreme(const float* x) {
  float magnitude = 0.0f;
  float extreme = 0.0f;
  for (std::size_t j = 0; j < kBlock; ++j) {
    const float a = std::fabs(x[j]);
    if (magnitude < a) {
      magnitude = a;
      extreme = x[j];
    }
  }
  return extreme;
}

float inverse(float d) {
  return d != 0.0f ? 1.0f / d : 0.0f;
}

/// x / d shifted by `offset` (which holds the rounding half), cut towards zero, at most `top`. As ggml: the cut is a
/// conversion to int8, and x / d + offset lies in [0, 32.5], so it cannot overflow.
uint8_t level(float x, float id, float offset, int top) {
  const float scaled = x * id;
  const float shifted = scaled + offset;
  const int q = static_cast<int>(shifted);
  return static_cast<uint8_t>(q < top ? q : top);
}

/// Round half away from zero, as roundf. Written out so that no library's version matters.
int round_away(float x) {
  const float magnitude = std::fabs(x);
  int q = static_cast<int>(magnitude);
  if (magnitude - static_cast<float>(q) >= 0.5f) ++q;
  return x < 0 ? -q : q;
}

/// Where 1/d overflows (d is subnormal, far below what binary16 holds) the block is written as zeros.
bool usable(float d) {
  return d == 0.0f || std::isfinite(1.0f / d);
}

bool fits_half(float d) {
  return (f32_to_f16(d) & 0x7C00u) != 0x7C00u;
}

bool q8_0(const float* x, BlockQ8_0& out) {
  float d = std::fabs(signed_extreme(x)) / 127.0f;
  if (!usable(d)) d = 0.0f;
  const float id = inverse(d);
  out.d = f32_to_f16(d);
  for (std::size_t j = 0; j < kBlock; ++j) out.qs[j] = static_cast<int8_t>(round_away(x[j] * id));
  return fits_half(d);
}

/// The symmetric kinds: the extreme value maps to level 0 (q4: -8, q5: -16), so that d may be negative.
template <int kHalf>
bool symmetric(const float* x, uint16_t& d_out, uint8_t* levels) {
  float d = signed_extreme(x) / -static_cast<float>(kHalf);
  if (!usable(d)) d = 0.0f;
  const float id = inverse(d);
  d_out = f32_to_f16(d);
  for (std::size_t j = 0; j < kBlock; ++j)
    levels[j] = level(x[j], id, static_cast<float>(kHalf) + 0.5f, 2 * kHalf - 1);
  return fits_half(d);
}

/// The kinds with a minimum: level 0 is the least value, the top level the greatest.
template <int kTop>
bool with_minimum(const float* x, uint16_t& d_out, uint16_t& m_out, uint8_t* levels) {
  float low = std::numeric_limits<float>::max();
  float high = -std::numeric_limits<float>::max();
  for (std::size_t j = 0; j < kBlock; ++j) {
    if (x[j] < low) low = x[j];
    if (x[j] > high) high = x[j];
  }
  float d = (high - low) / static_cast<float>(kTop);
  if (!usable(d)) d = 0.0f;
  const float id = inverse(d);
  d_out = f32_to_f16(d);
  m_out = f32_to_f16(low);
  if (!std::isfinite(d) || !fits_half(d) || !fits_half(low)) return false;
  for (std::size_t j = 0; j < kBlock; ++j) levels[j] = level(x[j] - low, id, 0.5f, kTop);
  return true;
}

void pack_nibbles(const uint8_t* levels, uint8_t* qs) {
  for (std::size_t j = 0; j < kBlock / 2; ++j)
    qs[j] = static_cast<uint8_t>((levels[j] & 0x0F) | ((levels[j + kBlock / 2] & 0x0F) << 4));
}

void pack_fifth_bits(const uint8_t* levels, uint8_t* qh) {
  for (std::size_t j = 0; j < kBlock; ++j)
    qh[j / 8] = static_cast<uint8_t>(qh[j / 8] | (((levels[j] >> 4) & 1) << (j % 8)));
}

/// One block; false: a scale that binary16 cannot hold.
bool quantize_block(Type type, const float* x, std::byte* out) {
  uint8_t levels[kBlock] = {};
  switch (type) {
    case Type::q8_0: {
      BlockQ8_0 b;
      const bool ok = q8_0(x, b);
      std::memcpy(out, &b, sizeof b);
      return ok;
    }
    case Type::q4_0: {
      BlockQ4_0 b;
      const bool ok = symmetric<8>(x, b.d, levels);
      pack_nibbles(levels, b.qs);
      std::memcpy(out, &b, sizeof b);
      return ok;
    }
    case Type::q4_1: {
      BlockQ4_1 b;
      const bool ok = with_minimum<15>(x, b.d, b.m, levels);
      pack_nibbles(levels, b.qs);
      std::memcpy(out, &b, sizeof b);
      return ok;
    }
    case Type::q5_0: {
      BlockQ5_0 b;
      const bool ok = symmetric<16>(x, b.d, levels);
      pack_nibbles(levels, b.qs);
      pack_fifth_bits(levels, b.qh);
      std::memcpy(out, &b, sizeof b);
      return ok;
    }
    case Type::q5_1: {
      BlockQ5_1 b;
      const bool ok = with_minimum<31>(x, b.d, b.m, levels);
      pack_nibbles(levels, b.qs);
      pack_fifth_bits(levels, b.qh);
      std::memcpy(out, &b, sizeof b);
      return ok;
    }
    case Type::nano_q3:
    case Type::nano_q2: return quantize_nano_block(type, x, out);
    case Type::f32:
    case Type::f16:
    case Type::bf16: break;
  }
  return false;
}

}  // namespace

Status quantize_row(Type type, std::span<const float> values, std::span<std::byte> out) {
  const TypeInfo& t = info(type);
  NANO_ASSERT(row_bytes(t, values.size()) == out.size());
  const auto refuse = [&](std::size_t i, const char* why) {
    return make_error(Errc::invalid, "value " + std::to_string(i) + " " + why + " " + std::string(t.name));
  };
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return refuse(i, "is not finite; it cannot become");
  if (type == Type::f32) {
    if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
    return Unit{};
  }
  if (type == Type::f16 || type == Type::bf16) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const uint16_t h = type == Type::f16 ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
      const unsigned exponent = type == Type::f16 ? 0x7C00u : 0x7F80u;
      if ((h & exponent) == exponent) return refuse(i, "is too large for");
      std::memcpy(out.data() + 2 * i, &h, 2);
    }
    return Unit{};
  }
  for (std::size_t b = 0; b < values.size() / kBlock; ++b)
    if (!quantize_block(type, values.data() + b * kBlock, out.data() + b * t.bytes))
      return refuse(b * kBlock, "begins a block whose scale is too large for");
  return Unit{};
}

}  // namespace nano::quant
