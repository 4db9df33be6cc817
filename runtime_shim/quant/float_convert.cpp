// runtime_shim/quant/float_convert.cpp: integer arithmetic on the bits, so that no CPU flag (F16C, flush-to-zero) matters.
#include "runtime_shim/quant/float_convert.h"

#include <bit>

namespace nano::quant {

float f16_to_f32(uint16_t bits) noexcept {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  uint32_t fraction = bits & 0x3FFu;
  if (exponent == 31) {  // infinity or NaN
    const uint32_t quiet = fraction != 0 ? 0x00400000u : 0u;
    return std::bit_cast<float>(sign | 0x7F800000u | quiet | (fraction << 13));
  }
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  if (fraction == 0) return std::bit_cast<float>(sign);
  uint32_t e = 113;  // a subnormal half is a normal float: shift its leading one into place
  while ((fraction & 0x400u) == 0) {
    fraction <<= 1;
    --e;
  }
  return std::bit_cast<float>(sign | (e << 23) | ((fraction & 0x3FFu) << 13));
}

uint16_t f32_to_f16(float value) noexcept {
  const uint32_t x = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((x >> 16) & 0x8000u);
  const uint32_t magnitude = x & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {  // NaN: keep the payload's top bits, and the quiet bit set
    return static_cast<uint16_t>(sign | 0x7E00u | ((magnitude >> 13) & 0x1FFu));
  }
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);  // >= 65520, rounds past 65504
  if (magnitude < 0x33000000u) return sign;                                    // < 2^-25, rounds to zero
  const uint32_t exponent = magnitude >> 23;
  uint32_t fraction = magnitude & 0x7FFFFFu;
  uint32_t shift = 13;
  uint32_t base = 0;
  if (exponent >= 113) {
    base = (exponent - 112) << 10;
  } else {  // subnormal half: the implicit one becomes explicit and shifts out with the rest
    fraction |= 0x800000u;
    shift = 126 - exponent;
  }
  const uint32_t kept = fraction >> shift;
  const uint32_t rest = fraction & ((1u << shift) - 1);
  const uint32_t half = 1u << (shift - 1);
  const uint32_t up = (rest > half || (rest == half && (kept & 1u) != 0)) ? 1u : 0u;
  return static_cast<uint16_t>(sign | (base + kept + up));  // a carry runs into the exponent, as it should
}

float bf16_to_f32(uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t f32_to_bf16(float value) noexcept {
  const uint32_t x = std::bit_cast<uint32_t>(value);
  if ((x & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((x >> 16) | 0x40u);
  return static_cast<uint16_t>((x + 0x7FFFu + ((x >> 16) & 1u)) >> 16);
}

}  // namespace nano::quant
