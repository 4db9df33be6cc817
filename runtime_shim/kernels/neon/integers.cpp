// runtime_shim/kernels/neon/integers.cpp: what both integer products need, and attention by way of them.
#include "runtime_shim/kernels/neon/lanes.h"
#include "runtime_shim/kernels/neon/parts.h"

namespace nano::kernels::neon_parts {
namespace {

// A head's keys and values as integers, in the scratch.
struct Quantized {
  uint8_t* keys = nullptr;     // panels of sixteen keys, as 8-bit weights
  int16_t* values = nullptr;   // (lanes, width)
  float* key_scale = nullptr;  // (lanes), as the next two
  float* zeros = nullptr;
  float* value_scale = nullptr;
  float* rest = nullptr;
};

Quantized quantize_head(const Head* h, std::size_t lanes, float* scratch) {
  const std::size_t width = h->width;
  Quantized s;
  s.keys = reinterpret_cast<uint8_t*>(scratch);
  s.values = reinterpret_cast<int16_t*>(scratch + lanes * width / 4);
  s.key_scale = scratch + lanes * width / 4 + lanes * width / 2;
  s.zeros = s.key_scale + lanes;
  s.value_scale = s.zeros + lanes;
  s.rest = s.value_scale + lanes;
  auto* row = reinterpret_cast<uint8_t*>(s.rest);  // one row on its way
  for (std::size_t j = 0; j < lanes; ++j) {
    const bool there = j < h->length;
    s.zeros[j] = s.key_scale[j] = s.value_scale[j] = 0.0f;
    if (there) quantize(h->k + j * h->stride, h->stride, 1, width, row, s.key_scale + j);
    uint8_t* panel = s.keys + j / 16 * 16 * width + j % 16 * 4;
    for (std::size_t d = 0; d < width; ++d)
      panel[d / 4 * 64 + d % 4] = there ? static_cast<uint8_t>(row[d] ^ 0x80) : uint8_t{0};
    if (there) quantize(h->v + j * h->stride, h->stride, 1, width, row, s.value_scale + j);
    int16_t* value = s.values + j * width;
    for (std::size_t d = 0; d < width; ++d)
      value[d] = there ? static_cast<int16_t>(row[d] - 128) : int16_t{0};
  }
  return s;
}

// x, which has one row's exponentials, times the values' scales, as whole numbers; returns m / top.
float whole_weights(float* x, const float* value_scale, std::size_t length, std::size_t lanes, float most,
                    int16_t* weights) {
  for (std::size_t j = length; j < lanes; ++j) x[j] = 0.0f;
  float32x4_t top = all(0.0f);
  for (std::size_t j = 0; j < lanes; j += 4) {
    const float32x4_t p = vmulq_f32(vld1q_f32(x + j), vld1q_f32(value_scale + j));
    vst1q_f32(x + j, p);
    top = vmaxq_f32(p, top);
  }
  const float m = vmaxvq_f32(top);
  const float32x4_t up = all(m < 0x1p-100f ? 0.0f : most / m);
  for (std::size_t j = 0; j < lanes; j += 4)
    vst1_s16(weights + j, vmovn_s32(vcvtnq_s32_f32(vmulq_f32(vld1q_f32(x + j), up))));
  return m / most;
}

// out[d .. d + 32) = float(sum over keys of weights and values) * by
void sum_values(const int16_t* weights, const int16_t* values, std::size_t lanes, std::size_t width, float by,
                float* out) {
  int32x4_t total[8];
  NANO_UNROLL
  for (int c = 0; c < 8; ++c) total[c] = vdupq_n_s32(0);
  for (std::size_t j = 0; j < lanes; ++j, values += width) {
    const int16x4_t p = vdup_n_s16(weights[j]);
    NANO_UNROLL
    for (int c = 0; c < 8; ++c) total[c] = vmlal_s16(total[c], p, vld1_s16(values + 4 * c));
  }
  NANO_UNROLL
  for (int c = 0; c < 8; ++c) vst1q_f32(out + 4 * c, vmulq_f32(vcvtq_f32_s32(total[c]), all(by)));
}

}  // namespace

// A factor of at most 15 makes at most 225 of a p of at most 15: one byte is enough for the product.
void widen_panel(const uint8_t* panel, std::size_t k, uint8_t* to) {
  const uint8_t* factors = panel + k / kBlock * 256;
  const uint8x16_t low = vdupq_n_u8(15);
  for (std::size_t b = 0; b < k / kBlock; ++b, panel += 256, factors += 32, to += 512) {
    const uint8x16_t f = vld1q_u8(factors), o = vld1q_u8(factors + 16);
    for (std::size_t part = 0; part < 4;
         ++part) {  // four rows, whose factors are repeated for their four inputs
      const uint8_t r = static_cast<uint8_t>(4 * part), s = static_cast<uint8_t>(r + 1),
                    t = static_cast<uint8_t>(r + 2), v = static_cast<uint8_t>(r + 3);
      const uint8_t order[16] = {r, r, r, r, s, s, s, s, t, t, t, t, v, v, v, v};
      const uint8x16_t by = vqtbl1q_u8(f, vld1q_u8(order)), off = vqtbl1q_u8(o, vld1q_u8(order));
      for (std::size_t g = 0; g < 4; ++g) {
        const uint8x16_t both = vld1q_u8(panel + 64 * g + 16 * part);
        uint8_t* at = to + 64 * g + 16 * part;
        vst1q_u8(at, vsubq_u8(vmulq_u8(vandq_u8(both, low), by), off));
        vst1q_u8(at + 256, vsubq_u8(vmulq_u8(vshrq_n_u8(both, 4), by), off));
      }
    }
  }
}

void attend_quant_by(decltype(Table::matmul) matmul, const Head* h, float* scratch) {
  constexpr std::size_t kQueries = 8;
  const std::size_t lanes = (h->length + 15) / 16 * 16, width = h->width;
  const Quantized s = quantize_head(h, lanes, scratch);
  float* e = s.rest;                                                    // (kQueries, lanes)
  auto* weights = reinterpret_cast<int16_t*>(e + kQueries * lanes);     // (lanes)
  auto* rows = reinterpret_cast<uint8_t*>(e + (kQueries + 1) * lanes);  // (kQueries, width)
  float* own = e + (kQueries + 1) * lanes + kQueries * width / 4;       // of the product
  const Packed matrix{s.keys, s.key_scale, nullptr, s.zeros, lanes, width, 16 * width, 8};
  const auto whole = static_cast<float>((std::size_t{1} << 24) / h->length);
  const float most = whole < 32767.0f ? whole : 32767.0f;
  for (std::size_t i = 0; i < h->queries; i += kQueries) {
    const std::size_t some = h->queries - i < kQueries ? h->queries - i : kQueries;
    float query_scale[kQueries];
    quantize(h->q + i * h->stride, h->stride, some, width, rows, query_scale);
    const QuantRows queries{rows, query_scale, some, width};
    matmul(&matrix, &queries, 0, lanes / 16, Then::nothing, e, lanes, own);
    for (std::size_t r = 0; r < some; ++r) {
      float* x = e + r * lanes;
      const float inverse = exponentials(x, h->length, h->scale);
      const float by = whole_weights(x, s.value_scale, h->length, lanes, most, weights) * inverse;
      float* out = h->out + (i + r) * h->out_stride;
      for (std::size_t d = 0; d < width; d += 32)
        sum_values(weights, s.values + d, lanes, width, by, out + d);
    }
  }
}

}  // namespace nano::kernels::neon_parts
