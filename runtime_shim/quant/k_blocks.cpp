// runtime_shim/quant/k_blocks.cpp: see the header.
#include "runtime_shim/quant/k_blocks.h"

#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/float_convert.h"

namespace nano::quant {
namespace {

constexpr std::size_t kValues = 256;  // of a block
constexpr uint32_t kQ2 = 10, kQ3 = 11, kQ4 = 12, kQ5 = 13, kQ6 = 14;

float half_at(const uint8_t* p) {
  uint16_t h = 0;
  std::memcpy(&h, p, sizeof h);
  return f16_to_f32(h);
}

// Scale and minimum i of the 8 and 8 that lie in 12 bytes.
struct ScaleMin {
  float scale, minimum;
};
ScaleMin scale_min(const uint8_t* s, std::size_t i) {
  if (i < 4) return {static_cast<float>(s[i] & 63), static_cast<float>(s[i + 4] & 63)};
  return {static_cast<float>((s[i + 4] & 15) | ((s[i - 4] >> 6) << 4)), static_cast<float>((s[i + 4] >> 4) | ((s[i] >> 6) << 4))};
}

// q4_K and q5_K: groups of 32, two of them in the halves of the same 32 bytes.
void read_4_5(const uint8_t* p, bool five, float* out) {
  const float d = half_at(p), dmin = half_at(p + 2);
  const uint8_t *scales = p + 4, *high = p + 16, *low = p + (five ? 48 : 16);
  for (std::size_t group = 0; group < 8; ++group) {
    const ScaleMin s = scale_min(scales, group);
    const float scale = d * s.scale, minimum = dmin * s.minimum;
    for (std::size_t l = 0; l < 32; ++l) {
      int q = low[group / 2 * 32 + l];
      q = group % 2 == 0 ? q & 15 : q >> 4;
      if (five) q += ((high[l] >> group) & 1) * 16;
      out[group * 32 + l] = scale * static_cast<float>(q) - minimum;
    }
  }
}

void read_2(const uint8_t* p, float* out) {
  const float d = half_at(p + 80), dmin = half_at(p + 82);
  const uint8_t* q = p + 16;
  for (std::size_t group = 0; group < 16; ++group) {  // of 16 values
    const float scale = d * static_cast<float>(p[group] & 15), minimum = dmin * static_cast<float>(p[group] >> 4);
    const std::size_t half = group / 8, shift = group % 8 / 2 * 2, first = half * 32 + group % 2 * 16;
    for (std::size_t l = 0; l < 16; ++l)
      out[group * 16 + l] = scale * static_cast<float>((q[first + l] >> shift) & 3) - minimum;
  }
}

void read_3(const uint8_t* p, float* out) {
  const uint8_t *high = p, *q = p + 32, *s = p + 96;
  const float d = half_at(p + 108);
  for (std::size_t group = 0; group < 16; ++group) {
    const int low4 = group < 8 ? s[group] & 15 : s[group - 8] >> 4;
    const int high2 = (s[8 + group % 4] >> (group / 4 * 2)) & 3;
    const float scale = d * static_cast<float>((low4 | (high2 << 4)) - 32);
    const std::size_t half = group / 8, shift = group % 8 / 2 * 2, first = group % 2 * 16, bit = group / 2;
    for (std::size_t l = 0; l < 16; ++l) {
      const int value = ((q[half * 32 + first + l] >> shift) & 3) - (((high[first + l] >> bit) & 1) != 0 ? 0 : 4);
      out[group * 16 + l] = scale * static_cast<float>(value);
    }
  }
}

void read_6(const uint8_t* p, float* out) {
  const float d = half_at(p + 208);
  for (std::size_t half = 0; half < 2; ++half) {
    const uint8_t *low = p + half * 64, *high = p + 128 + half * 32;
    for (std::size_t part = 0; part < 4; ++part) {  // of 32 values
      for (std::size_t l = 0; l < 32; ++l) {
        const int nibble = part < 2 ? low[part % 2 * 32 + l] & 15 : low[part % 2 * 32 + l] >> 4;
        const int value = (nibble | (((high[l] >> (part * 2)) & 3) << 4)) - 32;
        int8_t scale = 0;
        std::memcpy(&scale, p + 192 + half * 8 + part * 2 + l / 16, 1);
        out[half * 128 + part * 32 + l] = d * static_cast<float>(scale) * static_cast<float>(value);
      }
    }
  }
}

bool is_k(Type type) {
  const auto id = static_cast<uint32_t>(type);
  return id >= kQ2 && id <= kQ6;
}

}  // namespace

bool is_readable(Type type) noexcept {
  return info(type).computable || is_k(type);
}

void read_row(Type type, std::span<const std::byte> bytes, std::span<float> out) {
  if (!is_k(type)) {
    dequantize_row(type, bytes, out);
    return;
  }
  const TypeInfo& t = info(type);
  NANO_ASSERT(row_bytes(t, out.size()) == bytes.size());
  for (std::size_t b = 0; b < out.size() / kValues; ++b) {
    const auto* p = reinterpret_cast<const uint8_t*>(bytes.data()) + b * t.bytes;
    float* to = out.data() + b * kValues;
    switch (static_cast<uint32_t>(type)) {
      case kQ2: read_2(p, to); break;
      case kQ3: read_3(p, to); break;
      case kQ4: read_4_5(p, false, to); break;
      case kQ5: read_4_5(p, true, to); break;
      default: read_6(p, to); break;
    }
  }
}

}  // namespace nano::quant
