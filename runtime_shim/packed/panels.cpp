// runtime_shim/packed/panels.cpp: sixteen rows at a time: decode, find the scale, round, interleave.
#include "runtime_shim/packed/panels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/float_convert.h"

namespace nano::packed {
namespace {

using kernels::kBlock;
using kernels::kGroup;
using kernels::kLanes;

constexpr float kZero = 0x1p-100f;  // a scale below it would not have a finite inverse

// The whole number nearest to |v| < 2^22, ties to even: adding 1.5 * 2^23 leaves no bits for the rest. (Without SSE 4.1
// std::nearbyint is a call.)
float nearest(float v) {
  return (v + 12582912.0f) - 12582912.0f;
}

std::span<const std::byte> row_bytes(const Source& s, std::size_t row) {
  const quant::TypeInfo& info = quant::info(s.type);
  const std::size_t bytes = s.k / info.block * info.bytes;
  return s.bytes.subspan(row * bytes, bytes);
}

// A q4_0 block: its scale, and its 32 values as they lie.
struct Nibbles {
  float d = 0.0f;
  const uint8_t* q = nullptr;
};
Nibbles nibbles_at(std::span<const std::byte> row, std::size_t block) {
  const auto* p = reinterpret_cast<const uint8_t*>(row.data()) + block * sizeof(quant::BlockQ4_0);
  return {quant::f16_to_f32(static_cast<uint16_t>(p[0] | (p[1] << 8))), p + 2};
}

float greatest_scale(std::span<const std::byte> row, std::size_t blocks) {
  float most = 0.0f;
  for (std::size_t b = 0; b < blocks; ++b) most = std::max(most, std::fabs(nibbles_at(row, b).d));
  return most;
}

void pack_row8(const Source& s, std::size_t row, std::size_t lane, std::vector<float>& values, uint8_t* panel,
               float& scale, int32_t& sum) {
  quant::dequantize_row(s.type, row_bytes(s, row), values);
  float most = 0.0f;
  for (const float v : values) most = std::max(most, std::fabs(v));
  if (!(most >= kZero) || !std::isfinite(most)) return;
  const float up = 127.0f / most;
  int32_t total = 0;
  for (std::size_t i = 0; i < s.k; i += kGroup) {
    int8_t four[kGroup];
    for (std::size_t j = 0; j < kGroup; ++j) {
      const auto w = static_cast<int32_t>(nearest(std::min(127.0f, std::max(-127.0f, values[i + j] * up))));
      total += w;
      four[j] = static_cast<int8_t>(w);
    }
    std::memcpy(panel + i * kLanes + lane * kGroup, four, kGroup);
  }
  scale = most / 127.0f;
  sum = total * 128;
}

void pack_row4(const Source& s, std::size_t row, std::size_t lane, uint8_t* panel, float& scale,
               int32_t& sum) {
  const auto bytes = row_bytes(s, row);
  const std::size_t blocks = s.k / kBlock;
  const float most = greatest_scale(bytes, blocks);
  if (!(most >= kZero) || !std::isfinite(most)) return;
  const float up = 15.0f / most;
  uint8_t* factors = panel + blocks * 256;
  int32_t total = 0;
  for (std::size_t b = 0; b < blocks; ++b, panel += 256, factors += 32) {
    const Nibbles n = nibbles_at(bytes, b);
    const bool turned = n.d < 0.0f;  // d (q - 8) = |d| ((15 - q) - 7)
    const auto f = static_cast<int32_t>(nearest(std::fabs(n.d) * up));
    const int32_t off = (turned ? 7 : 8) * f;
    factors[lane] = static_cast<uint8_t>(f);
    factors[kLanes + lane] = static_cast<uint8_t>(off);
    int32_t values = 0;
    for (std::size_t i = 0; i < kBlock / 2; ++i) {
      const auto both = static_cast<uint8_t>(turned ? ~n.q[i] : n.q[i]);
      values += (both & 15) + (both >> 4);
      panel[i / kGroup * (kLanes * kGroup) + lane * kGroup + i % kGroup] = both;
    }
    total += values * f - static_cast<int32_t>(kBlock) * off;
  }
  scale = most / 15.0f;
  sum = total * 128;
}

}  // namespace

bool packable(quant::Type type, std::size_t k) noexcept {
  return quant::info(type).block == kBlock && k % kBlock == 0 && k <= kernels::kMaxPackedK;
}

int bits_of(quant::Type type) noexcept {
  return type == quant::Type::q4_0 ? 4 : 8;
}

std::size_t panel_bytes(std::size_t k, int bits) noexcept {
  if (bits == 8) return k * kLanes;
  return (k / kBlock * (256 + 32) + 63) / 64 * 64;
}

float factor_error(const Source& source) {
  double off = 0.0, all = 0.0;
  const std::size_t blocks = source.k / kBlock;
  for (std::size_t row = 0; row < source.rows; ++row) {
    const auto bytes = row_bytes(source, row);
    const float most = greatest_scale(bytes, blocks);
    if (!(most >= kZero) || !std::isfinite(most)) continue;
    for (std::size_t b = 0; b < blocks; ++b) {
      const float d = std::fabs(nibbles_at(bytes, b).d),
                  miss = d - nearest(d * (15.0f / most)) * (most / 15.0f);
      off += static_cast<double>(miss) * static_cast<double>(miss);
      all += static_cast<double>(d) * static_cast<double>(d);
    }
  }
  return all > 0.0 ? static_cast<float>(std::sqrt(off / all)) : 0.0f;
}

void pack_panel(const Source& source, std::size_t first, int bits, uint8_t* panel, float* scale,
                int32_t* sum) {
  std::memset(panel, 0, panel_bytes(source.k, bits));
  std::vector<float> values(source.k);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    scale[lane] = 0.0f;
    sum[lane] = 0;
    if (first + lane >= source.rows) continue;
    if (bits == 4) {
      pack_row4(source, first + lane, lane, panel, scale[lane], sum[lane]);
    } else {
      pack_row8(source, first + lane, lane, values, panel, scale[lane], sum[lane]);
    }
  }
}

}  // namespace nano::packed
