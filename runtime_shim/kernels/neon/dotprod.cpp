// runtime_shim/kernels/neon/dotprod.cpp: the integer product by sdot (Armv8.2 DotProd), and its table. Reached only through
// the table after usable() said yes.
#include <sys/auxv.h>

#include "runtime_shim/kernels/neon/lanes.h"
#include "runtime_shim/kernels/neon/parts.h"

namespace nano::kernels {
namespace {

using namespace neon_parts;

bool usable() {
  constexpr unsigned long kAsimdDp = 1ul << 20;  // HWCAP_ASIMDDP of Linux's asm/hwcap.h
  return (getauxval(AT_HWCAP) & kAsimdDp) != 0;
}

// Four tokens' activations, less 128, side by side: token t's inputs 4 g to 4 g + 3 at 16 g + 4 t. Those from `rows` on
// are zeros.
void gather_four(const uint8_t* u, std::size_t rows, std::size_t k, int8_t* to) {
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t i = 0; i < k; i += kGroup) {
      uint32_t four = 0;
      if (t < rows) {
        __builtin_memcpy(&four, u + t * k + i, 4);
        four ^= 0x80808080u;
      }
      __builtin_memcpy(to + 4 * i + 4 * t, &four, 4);
    }
  }
}

// Sixteen rows of weights by kRows tokens of four that lie together.
template <int kRows>
void tile(const uint8_t* panel, std::size_t k, const float* scale, const float* bias, const int8_t* x,
          const float* x_scale, Then then, float* out, std::size_t ldo) {
  int32x4_t total[kRows][4];  // [token][four rows]
  NANO_UNROLL
  for (int t = 0; t < kRows; ++t) {
    NANO_UNROLL
    for (int p = 0; p < 4; ++p) total[t][p] = vdupq_n_s32(0);
  }
  const auto* w = reinterpret_cast<const int8_t*>(panel);
  for (std::size_t i = 0; i < k; i += kGroup, w += 64, x += 16) {
    const int8x16_t four = vld1q_s8(x);
    NANO_UNROLL
    for (int p = 0; p < 4; ++p) {
      const int8x16_t column = vld1q_s8(w + 16 * p);
      total[0][p] = vdotq_laneq_s32(total[0][p], column, four, 0);
      if constexpr (kRows > 1) total[1][p] = vdotq_laneq_s32(total[1][p], column, four, 1);
      if constexpr (kRows > 2) total[2][p] = vdotq_laneq_s32(total[2][p], column, four, 2);
      if constexpr (kRows > 3) total[3][p] = vdotq_laneq_s32(total[3][p], column, four, 3);
    }
  }
  NANO_UNROLL
  for (int t = 0; t < kRows; ++t) {
    NANO_UNROLL
    for (int p = 0; p < 4; ++p) {
      const float32x4_t by = vmulq_f32(vld1q_f32(scale + 4 * p), all(x_scale[t]));
      const float32x4_t y = vfmaq_f32(vld1q_f32(bias + 4 * p), vcvtq_f32_s32(total[t][p]), by);
      vst1q_f32(out + static_cast<std::size_t>(t) * ldo + 4 * p, then == Then::gelu ? gelu_law(y) : y);
    }
  }
}

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch) {
  constexpr std::size_t kRows = 32;
  const std::size_t k = w->k;
  auto* wide = static_cast<uint8_t*>(scratch);             // a panel
  auto* moved = reinterpret_cast<int8_t*>(wide + k * 16);  // kRows rows, four by four
  for (std::size_t first = 0; first < x->rows; first += kRows) {
    const std::size_t rows = x->rows - first < kRows ? x->rows - first : kRows;
    for (std::size_t r = 0; r < rows; r += 4)
      gather_four(x->u + (first + r) * k, rows - r < 4 ? rows - r : 4, k, moved + r * k);
    for (std::size_t p = begin; p < end; ++p) {
      const uint8_t* panel = w->panels + p * w->panel_bytes;
      if (w->bits == 4) {
        widen_panel(panel, k, wide);
        panel = wide;
      }
      for (std::size_t r = 0; r < rows; r += 4) {
        const float* s = w->scale + p * 16;
        const float* b = w->bias + p * 16;
        const int8_t* from = moved + r * k;
        const float* by = x->scale + first + r;
        float* to = out + (first + r) * ldo + p * 16;
        switch (rows - r) {
          case 1: tile<1>(panel, k, s, b, from, by, then, to, ldo); break;
          case 2: tile<2>(panel, k, s, b, from, by, then, to, ldo); break;
          case 3: tile<3>(panel, k, s, b, from, by, then, to, ldo); break;
          default: tile<4>(panel, k, s, b, from, by, then, to, ldo); break;
        }
      }
    }
  }
}

void attend_quant(const Head* head, float* scratch) {
  attend_quant_by(matmul, head, scratch);
}

}  // namespace

const Table neon_dotprod = {
    .name = "neon-dotprod",
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
