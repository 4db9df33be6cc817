// runtime_shim/kernels/neon/plain.cpp: the integer product for every AArch64, and its table.
//
// Two products of 8 bits fit 16: 128 * 127 + 128 * 127 < 2^15 (weights are -128..127 at worst, activations -127..127). So
// the products of two neighbouring groups are added as 16 bits, and then pairs of those to the 32-bit sums.
#include "runtime_shim/kernels/neon/lanes.h"
#include "runtime_shim/kernels/neon/parts.h"

namespace nano::kernels {
namespace {

using namespace neon_parts;

bool usable() {
  return true;
}

int8x16_t load_signed(const uint8_t* w) {
  return vreinterpretq_s8_u8(vld1q_u8(w));
}

// Four inputs of one token, four times.
int8x16_t four_of(const uint8_t* x) {
  uint32_t four = 0;
  __builtin_memcpy(&four, x, 4);
  return vreinterpretq_s8_u32(vdupq_n_u32(four));
}

// Eight rows of a panel (its first or second half) by kRows tokens: four rows in total[r][0] and [1], each as two sums.
template <int kRows>
void tile(const uint8_t* half, std::size_t k, const float* scale, const float* bias, const uint8_t* x,
          const float* x_scale, Then then, float* out, std::size_t ldo) {
  int32x4_t total[kRows][4];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < 4; ++p) total[r][p] = vdupq_n_s32(0);
  }
  for (std::size_t i = 0; i < k; i += 2 * kGroup, half += 128) {
    const int8x16_t w0 = load_signed(half), w1 = load_signed(half + 16);
    const int8x16_t v0 = load_signed(half + 64), v1 = load_signed(half + 80);  // the next four inputs
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const uint8_t* from = x + static_cast<std::size_t>(r) * k + i;
      const int8x16_t a = four_of(from), b = four_of(from + 4);
      const int16x8_t first =
          vmlal_s8(vmull_s8(vget_low_s8(w0), vget_low_s8(a)), vget_low_s8(v0), vget_low_s8(b));
      const int16x8_t second = vmlal_high_s8(vmull_high_s8(w0, a), v0, b);
      const int16x8_t third =
          vmlal_s8(vmull_s8(vget_low_s8(w1), vget_low_s8(a)), vget_low_s8(v1), vget_low_s8(b));
      const int16x8_t fourth = vmlal_high_s8(vmull_high_s8(w1, a), v1, b);
      total[r][0] = vpadalq_s16(total[r][0], first);
      total[r][1] = vpadalq_s16(total[r][1], second);
      total[r][2] = vpadalq_s16(total[r][2], third);
      total[r][3] = vpadalq_s16(total[r][3], fourth);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < 2; ++p) {
      const float32x4_t isum = vcvtq_f32_s32(vpaddq_s32(total[r][2 * p], total[r][2 * p + 1]));
      const float32x4_t by = vmulq_f32(vld1q_f32(scale + 4 * p), all(x_scale[r]));
      const float32x4_t y = vfmaq_f32(vld1q_f32(bias + 4 * p), isum, by);
      vst1q_f32(out + static_cast<std::size_t>(r) * ldo + 4 * p, then == Then::gelu ? gelu_law(y) : y);
    }
  }
}

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch) {
  constexpr std::size_t kRows = 32;
  const std::size_t k = w->k;
  auto* wide = static_cast<uint8_t*>(scratch);  // a panel
  uint8_t* moved = wide + k * 16;               // kRows rows of u - 128
  for (std::size_t first = 0; first < x->rows; first += kRows) {
    const std::size_t rows = x->rows - first < kRows ? x->rows - first : kRows;
    for (std::size_t i = 0; i < rows * k; i += 16)
      vst1q_u8(moved + i, veorq_u8(vld1q_u8(x->u + first * k + i), vdupq_n_u8(0x80)));
    for (std::size_t p = begin; p < end; ++p) {
      const uint8_t* panel = w->panels + p * w->panel_bytes;
      if (w->bits == 4) {
        widen_panel(panel, k, wide);
        panel = wide;
      }
      for (std::size_t half = 0; half < 2; ++half) {
        const uint8_t* at = panel + 32 * half;
        const float* s = w->scale + p * 16 + 8 * half;
        const float* b = w->bias + p * 16 + 8 * half;
        for (std::size_t r = 0; r < rows; r += 4) {
          const uint8_t* from = moved + r * k;
          const float* by = x->scale + first + r;
          float* to = out + (first + r) * ldo + p * 16 + 8 * half;
          switch (rows - r) {
            case 1: tile<1>(at, k, s, b, from, by, then, to, ldo); break;
            case 2: tile<2>(at, k, s, b, from, by, then, to, ldo); break;
            case 3: tile<3>(at, k, s, b, from, by, then, to, ldo); break;
            default: tile<4>(at, k, s, b, from, by, then, to, ldo); break;
          }
        }
      }
    }
  }
}

void attend_quant(const Head* head, float* scratch) {
  attend_quant_by(matmul, head, scratch);
}

}  // namespace

const Table neon = {
    .name = "neon",
    .usable = usable,
    .quantize = quantize,
    .matmul = matmul,
    .matmul_float = matmul_float,
    .attend = attend,
    .attend_quant = attend_quant,
    .layer_norm = layer_norm,
    .softmax = softmax,
    .gelu = gelu,
    .tanh = tanh_all,
    .add = add,
    .times = times,
    .rotate = rotate,
};

}  // namespace nano::kernels
