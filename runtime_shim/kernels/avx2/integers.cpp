// runtime_shim/kernels/avx2/integers.cpp: the product of packed matrices, and the table. Reached only through it after
// usable() said yes.
#include "runtime_shim/kernels/avx2/lanes.h"
#include "runtime_shim/kernels/avx2/parts.h"

namespace nano::kernels {
namespace avx2_parts {
namespace {

bool usable() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

// total += pairs of products of w and x. In assembly because g++ 12 makes all products first and then has no registers
// left for the sums.
NANO_INLINE void add_pairs(__m256i& total, __m256i w, __m256i x) {
  __m256i products;
  asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(total), "=&x"(products) : "x"(w), "x"(x));
}

// Eight rows of a panel of 8-bit weights (its first or second half) by kRows tokens. Weights and activations are widened
// to 16 bits, so that a product of pairs (pmaddwd) is exact: maddubs of unsigned by signed bytes saturates at
// 255 * 127 + 255 * 127. Six tokens make twelve sums: with the weights and an activation they fill the sixteen registers.
template <int kRows>
void tile(const uint8_t* half, std::size_t k, const float* scale, const float* bias, const int16_t* x,
          std::size_t ldx, const float* x_scale, Then then, float* out, std::size_t ldo) {
  __m256i total[kRows][2];  // four rows in each, as two sums side by side
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) total[r][0] = total[r][1] = _mm256_setzero_si256();
  for (std::size_t i = 0; i < k; i += kGroup, half += 64) {
    const __m256i first = _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(half)));
    const __m256i second = _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(half + 16)));
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      int64_t four = 0;
      __builtin_memcpy(&four, x + static_cast<std::size_t>(r) * ldx + i, 8);
      const __m256i all_four = _mm256_set1_epi64x(four);
      add_pairs(total[r][0], first, all_four);
      add_pairs(total[r][1], second, all_four);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const __m256i sums = _mm256_hadd_epi32(total[r][0], total[r][1]);  // rows 0 1, 4 5, 2 3, 6 7
    const __m256 isum = _mm256_cvtepi32_ps(_mm256_permute4x64_epi64(sums, 0xD8));
    const __m256 by = _mm256_mul_ps(_mm256_load_ps(scale), all(x_scale[r]));
    const __m256 y = _mm256_fmadd_ps(isum, by, _mm256_load_ps(bias));
    _mm256_storeu_ps(out + static_cast<std::size_t>(r) * ldo, y);
  }
  if (then != Then::gelu) return;
  for (int r = 0; r < kRows; ++r) {
    float* y = out + static_cast<std::size_t>(r) * ldo;
    _mm256_storeu_ps(y, gelu_law(_mm256_loadu_ps(y)));
  }
}

// A panel of 4-bit weights as one of 8-bit weights. Two p lie in one 16-bit word, each at most 15: a factor of at most 15
// makes at most 225 of each, so that one 16-bit product is both.
void widen_panel(const uint8_t* panel, std::size_t k, uint8_t* to) {
  const uint8_t* factors = panel + k / kBlock * 256;
  const __m256i low = _mm256_set1_epi8(15);
  for (std::size_t b = 0; b < k / kBlock; ++b, panel += 256, factors += 32, to += 512) {
    for (int half = 0; half < 2; ++half) {
      const __m128i f = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(factors + 8 * half));
      const __m128i o = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(factors + 16 + 8 * half));
      const __m256i by = _mm256_mullo_epi32(_mm256_cvtepu8_epi32(f), _mm256_set1_epi32(0x00010001));
      const __m256i off = _mm256_mullo_epi32(_mm256_cvtepu8_epi32(o), _mm256_set1_epi32(0x01010101));
      for (int g = 0; g < 4; ++g) {
        const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + 64 * g + 32 * half));
        const __m256i first = _mm256_and_si256(both, low),
                      second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
        auto* at = reinterpret_cast<__m256i*>(to + 64 * g + 32 * half);
        _mm256_storeu_si256(at, _mm256_sub_epi8(_mm256_mullo_epi16(first, by), off));
        _mm256_storeu_si256(at + 8, _mm256_sub_epi8(_mm256_mullo_epi16(second, by), off));
      }
    }
  }
}

}  // namespace

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch) {
  constexpr std::size_t kRows = 24;
  auto* wide = static_cast<uint8_t*>(scratch);                            // a panel
  auto* moved = reinterpret_cast<int16_t*>(wide + (w->k + kBlock) * 16);  // kRows rows of u - 128
  for (std::size_t first = 0; first < x->rows; first += kRows) {
    const std::size_t rows = x->rows - first < kRows ? x->rows - first : kRows;
    for (std::size_t i = 0; i < rows * x->k; i += 16) {
      const __m128i u = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x->u + first * x->k + i));
      const __m256i v = _mm256_sub_epi16(_mm256_cvtepu8_epi16(u), _mm256_set1_epi16(128));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(moved + i), v);
    }
    for (std::size_t p = begin; p < end; ++p) {
      const uint8_t* panel = w->panels + p * w->panel_bytes;
      if (w->bits == 4) {
        widen_panel(panel, w->k, wide);
        panel = wide;
      }
      const float* scale = w->scale + p * 16;
      const float* bias = w->bias + p * 16;
      for (std::size_t half = 0; half < 2; ++half) {
        const uint8_t* at = panel + 32 * half;
        for (std::size_t r = 0; r < rows; r += 6) {
          const int16_t* from = moved + r * x->k;
          const float* by = x->scale + first + r;
          float* to = out + (first + r) * ldo + p * 16 + 8 * half;
          const float* s = scale + 8 * half;
          const float* b = bias + 8 * half;
          switch (rows - r) {
            case 1: tile<1>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
            case 2: tile<2>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
            case 3: tile<3>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
            case 4: tile<4>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
            case 5: tile<5>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
            default: tile<6>(at, w->k, s, b, from, x->k, by, then, to, ldo); break;
          }
        }
      }
    }
  }
}

}  // namespace avx2_parts

using namespace avx2_parts;
const Table avx2 = {
    .name = "avx2",
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
