// runtime_shim/quant/dequantize.cpp: blocks to floats, and the check that their scales are finite.
// source: ggml src/ggml-quants.c (dequantize_row_*): the formulas, not the code.
#include <cstring>

#include "base/assert.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/float_convert.h"

namespace nano::quant {
namespace {

template <class Block>
Block load(const std::byte* p) {
  Block b;
  std::memcpy(&b, p, sizeof b);
  return b;
}

uint16_t load_u16(const std::byte* p) {
  return load<uint16_t>(p);
}

int nibble(const uint8_t* qs, std::size_t j) {
  return j < 16 ? qs[j] & 0x0F : qs[j - 16] >> 4;
}
int fifth(const uint8_t* qh, std::size_t j) {
  return ((qh[j / 8] >> (j % 8)) & 1) << 4;
}

int two_bits(const uint8_t* low, std::size_t j) {
  return (low[j % 8] >> (2 * (j / 8))) & 3;
}

void dequantize_block(Type type, const std::byte* p, float* out) {
  switch (type) {
    case Type::q8_0: {
      const auto b = load<BlockQ8_0>(p);
      const float d = f16_to_f32(b.d);
      for (std::size_t j = 0; j < kBlock; ++j) out[j] = static_cast<float>(b.qs[j]) * d;
      return;
    }
    case Type::q4_0: {
      const auto b = load<BlockQ4_0>(p);
      const float d = f16_to_f32(b.d);
      for (std::size_t j = 0; j < kBlock; ++j) out[j] = static_cast<float>(nibble(b.qs, j) - 8) * d;
      return;
    }
    case Type::q4_1: {
      const auto b = load<BlockQ4_1>(p);
      const float d = f16_to_f32(b.d), m = f16_to_f32(b.m);
      for (std::size_t j = 0; j < kBlock; ++j) out[j] = static_cast<float>(nibble(b.qs, j)) * d + m;
      return;
    }
    case Type::q5_0: {
      const auto b = load<BlockQ5_0>(p);
      const float d = f16_to_f32(b.d);
      for (std::size_t j = 0; j < kBlock; ++j)
        out[j] = static_cast<float>((nibble(b.qs, j) | fifth(b.qh, j)) - 16) * d;
      return;
    }
    case Type::q5_1: {
      const auto b = load<BlockQ5_1>(p);
      const float d = f16_to_f32(b.d), m = f16_to_f32(b.m);
      for (std::size_t j = 0; j < kBlock; ++j)
        out[j] = static_cast<float>(nibble(b.qs, j) | fifth(b.qh, j)) * d + m;
      return;
    }
    case Type::nano_q3: {
      const auto b = load<BlockNanoQ3>(p);
      const float s = nano_scale(b.scale);
      for (std::size_t j = 0; j < kBlock; ++j) {
        const int bits = two_bits(b.low, j) | (((b.high[j / 8] >> (j % 8)) & 1) << 2);
        out[j] = static_cast<float>(kLevels3[bits]) * s;
      }
      return;
    }
    case Type::nano_q2: {
      const auto b = load<BlockNanoQ2>(p);
      const float s = nano_scale(b.scale);
      for (std::size_t j = 0; j < kBlock; ++j) out[j] = static_cast<float>(kLevels2[two_bits(b.low, j)]) * s;
      return;
    }
    case Type::f32:
    case Type::f16:
    case Type::bf16: return;
  }
}

bool finite_half(uint16_t h) {
  return (h & 0x7C00u) != 0x7C00u;
}

}  // namespace

float nano_scale(uint8_t byte) noexcept {
  if (byte == 0) return 0.0f;
  constexpr float kLeast = 0x1p-28f;
  return kSteps[byte % 8] * (kLeast * static_cast<float>(uint64_t{1} << (byte / 8)));
}

void dequantize_row(Type type, std::span<const std::byte> bytes, std::span<float> out) {
  const TypeInfo& t = info(type);
  NANO_ASSERT(row_bytes(t, out.size()) == bytes.size());
  if (out.empty()) return;
  if (type == Type::f32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return;
  }
  if (type == Type::f16 || type == Type::bf16) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const uint16_t h = load_u16(bytes.data() + 2 * i);
      out[i] = type == Type::f16 ? f16_to_f32(h) : bf16_to_f32(h);
    }
    return;
  }
  for (std::size_t b = 0; b < out.size() / kBlock; ++b)
    dequantize_block(type, bytes.data() + b * t.bytes, out.data() + b * kBlock);
}

int64_t first_non_finite(Type type, std::span<const std::byte> bytes) noexcept {
  if (type == Type::nano_q3 || type == Type::nano_q2) return -1;  // every byte is a finite scale
  const TypeInfo& t = info(type);
  const std::size_t blocks = bytes.size() / t.bytes;
  const bool has_minimum = type == Type::q4_1 || type == Type::q5_1;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::byte* p = bytes.data() + b * t.bytes;
    bool ok = true;
    if (type == Type::f32)
      ok = (load<uint32_t>(p) & 0x7F800000u) != 0x7F800000u;
    else if (type == Type::bf16)
      ok = (load_u16(p) & 0x7F80u) != 0x7F80u;
    else
      ok = finite_half(load_u16(p)) && (!has_minimum || finite_half(load_u16(p + 2)));
    if (!ok) return static_cast<int64_t>(b * t.block);
  }
  return -1;
}

}  // namespace nano::quant
