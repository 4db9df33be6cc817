// runtime_shim/kernels/avx512.cpp: AVX-512 F, BW, VL, DQ, VNNI. Reached only through the table after usable() said yes.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 warns of its own header's deliberately undefined operands (gcc bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "runtime_shim/kernels/table.h"

// Loops over the rows of a tile are unrolled, so that a tile's accumulators are registers.
#if defined(__clang__)
#define NANO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NANO_UNROLL _Pragma("GCC unroll 16")
#endif

namespace nano::kernels {
namespace {

bool usable() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
}

// --- elementary functions: the steps of ref.cpp, sixteen at a time -------------------------------------------------

__mmask16 first_lanes(std::size_t n) {
  return n >= 16 ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1u << n) - 1);
}

__m512 all(float v) {
  return _mm512_set1_ps(v);
}

__m512 exp_law(__m512 x) {
  x = _mm512_max_ps(x, all(-87.0f));
  x = _mm512_min_ps(x, all(88.0f));
  const __m512 n = _mm512_floor_ps(_mm512_fmadd_ps(x, all(1.44269504088896341f), all(0.5f)));
  __m512 r = _mm512_fmadd_ps(n, all(-0.693359375f), x);
  r = _mm512_fmadd_ps(n, all(2.12194440e-4f), r);
  __m512 p = all(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, all(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, all(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, all(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, all(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, all(5.0000001201e-1f));
  const __m512 y = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), all(1.0f));
  const __m512i power = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
  return _mm512_mul_ps(y, _mm512_castsi512_ps(power));
}

__m512 gelu_law(__m512 x) {
  const __m512 u = _mm512_mul_ps(_mm512_abs_ps(x), all(0.70710678118654752f));
  const __m512 t = _mm512_div_ps(all(1.0f), _mm512_fmadd_ps(all(0.3275911f), u, all(1.0f)));
  __m512 p = all(1.061405429f);
  p = _mm512_fmadd_ps(p, t, all(-1.453152027f));
  p = _mm512_fmadd_ps(p, t, all(1.421413741f));
  p = _mm512_fmadd_ps(p, t, all(-0.284496736f));
  p = _mm512_fmadd_ps(p, t, all(0.254829592f));
  const __m512 minus_square = _mm512_xor_ps(_mm512_mul_ps(u, u), all(-0.0f));
  const __m512 half_erfc = _mm512_mul_ps(_mm512_mul_ps(_mm512_mul_ps(p, t), exp_law(minus_square)), all(0.5f));
  const __mmask16 negative = _mm512_cmp_ps_mask(x, all(0.0f), _CMP_LT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_sub_ps(half_erfc, static_cast<__mmask16>(~negative), all(1.0f), half_erfc));
}

__m512 tanh_law(__m512 x) {
  const __m512 e = exp_law(_mm512_mul_ps(all(-2.0f), _mm512_abs_ps(x)));
  const __m512 y = _mm512_div_ps(_mm512_sub_ps(all(1.0f), e), _mm512_add_ps(all(1.0f), e));
  const __m512 sign = _mm512_and_ps(x, all(-0.0f));
  return _mm512_or_ps(_mm512_andnot_ps(all(-0.0f), y), sign);
}

float fold(__m512 lanes) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

void gelu(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m, gelu_law(_mm512_maskz_loadu_ps(m, x + i)));
  }
}

void tanh_all(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m, tanh_law(_mm512_maskz_loadu_ps(m, x + i)));
  }
}

void add(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m, _mm512_add_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_maskz_loadu_ps(m, y + i)));
  }
}

void softmax(float* x, std::size_t n, float scale) {
  __m512 top = all(x[0]);
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    top = _mm512_mask_max_ps(top, m, _mm512_maskz_loadu_ps(m, x + i), top);
  }
  top = all(_mm512_reduce_max_ps(top));
  __m512 lane = _mm512_setzero_ps();
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    const __m512 e = exp_law(_mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(m, x + i), top), all(scale)));
    _mm512_mask_storeu_ps(x + i, m, e);
    lane = _mm512_mask_add_ps(lane, m, lane, e);
  }
  const __m512 inverse = all(1.0f / fold(lane));
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m, _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), inverse));
  }
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias, float eps,
                float* y) {
  __m512 lane = _mm512_setzero_ps();
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    const __m512 r = residual != nullptr ? _mm512_maskz_loadu_ps(m, residual + i) : _mm512_setzero_ps();
    const __m512 v = _mm512_add_ps(_mm512_maskz_loadu_ps(m, x + i), r);
    _mm512_mask_storeu_ps(y + i, m, v);
    lane = _mm512_mask_add_ps(lane, m, lane, v);
  }
  const __m512 mean = all(fold(lane) / static_cast<float>(n));
  __m512 square = _mm512_setzero_ps();
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    const __m512 d = _mm512_sub_ps(_mm512_maskz_loadu_ps(m, y + i), mean);
    square = _mm512_mask3_fmadd_ps(d, d, square, m);
  }
  const float variance = fold(square) / static_cast<float>(n) + eps;
  const __m512 scale = all(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance))));
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    const __m512 v = _mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(m, y + i), mean), scale);
    _mm512_mask_storeu_ps(y + i, m, _mm512_fmadd_ps(v, _mm512_maskz_loadu_ps(m, gain + i), _mm512_maskz_loadu_ps(m, bias + i)));
  }
}

// --- float matrices ------------------------------------------------------------------------------------------------

// kRows rows of a by sixteen columns of b; m says which columns exist.
template <int kRows>
void gemm_tile(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k, __mmask16 m, __m512 bias,
               float* c, std::size_t ldc) {
  __m512 acc[kRows];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) acc[r] = _mm512_setzero_ps();
  for (std::size_t l = 0; l < k; ++l) {
    const __m512 column = _mm512_maskz_loadu_ps(m, b + l * ldb);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      acc[r] = _mm512_fmadd_ps(all(a[static_cast<std::size_t>(r) * lda + l]), column, acc[r]);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    _mm512_mask_storeu_ps(c + static_cast<std::size_t>(r) * ldc, m, _mm512_add_ps(acc[r], bias));
  }
}

void gemm_column(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k, __mmask16 m,
                 __m512 bias, float* c, std::size_t ldc) {
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) gemm_tile<8>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i + 4 <= rows; i += 4) gemm_tile<4>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i < rows; ++i) gemm_tile<1>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
}

void gemm(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k, std::size_t n,
          float* c, std::size_t ldc) {
  // -0 is the number that added to any other changes nothing, not even the sign of a zero.
  for (std::size_t j = 0; j < n; j += 16) gemm_column(a, lda, rows, b + j, ldb, k, first_lanes(n - j), all(-0.0f), c + j, ldc);
}

// Sixteen values of a row of weights, or the first of them.
__m512 load_values(WeightType type, const unsigned char* row, std::size_t at, __mmask16 m) {
  if (type == WeightType::f32) return _mm512_maskz_loadu_ps(m, row + 4 * at);
  const __m256i half = _mm256_maskz_loadu_epi16(m, row + 2 * at);
  if (type == WeightType::f16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin, std::size_t end,
                  const float* bias, float* out, std::size_t ldo, void* scratch) {
  auto* panel = static_cast<float*>(scratch);  // (k, 16), and sixteen values on their way there
  alignas(64) float values[16];
  for (std::size_t j = begin; j < end; j += 16) {
    const std::size_t width = end - j < 16 ? end - j : 16;
    for (std::size_t lane = 0; lane < width; ++lane) {
      const auto* row = static_cast<const unsigned char*>(w->data) + (j + lane) * w->row_bytes;
      for (std::size_t i = 0; i < w->k; i += 16) {
        const std::size_t some = w->k - i < 16 ? w->k - i : 16;
        _mm512_store_ps(values, load_values(w->type, row, i, first_lanes(some)));
        for (std::size_t s = 0; s < some; ++s) panel[(i + s) * 16 + lane] = values[s];
      }
    }
    const __mmask16 m = first_lanes(width);
    const __m512 b = bias != nullptr ? _mm512_maskz_loadu_ps(m, bias + j) : _mm512_setzero_ps();
    gemm_column(x, ldx, rows, panel, 16, w->k, m, b, out + j, ldo);
  }
}

// --- block matrices ------------------------------------------------------------------------------------------------

void quantize_rows(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, int8_t* q, float* scale, int32_t* sum) {
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    for (std::size_t b = 0; b < k; b += kBlock) {
      const __m512 lo = _mm512_loadu_ps(x + b), hi = _mm512_loadu_ps(x + b + 16);
      const float top = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(lo), _mm512_abs_ps(hi)));
      const bool zero = top < 0x1p-100f;
      const __m512 up = all(zero ? 0.0f : 127.0f / top);
      __m512i r[2];
      for (int h = 0; h < 2; ++h) {
        const __m512 v = _mm512_max_ps(_mm512_min_ps(_mm512_mul_ps(h == 0 ? lo : hi, up), all(127.0f)), all(-127.0f));
        r[h] = _mm512_cvtps_epi32(v);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(q), _mm512_cvtepi32_epi8(r[h]));
        q += 16;
      }
      *scale++ = zero ? 0.0f : top / 127.0f;
      *sum++ = _mm512_reduce_add_epi32(_mm512_add_epi32(r[0], r[1]));
    }
  }
}

// Where the parts of a block of each type lie.
struct Layout {
  std::size_t bytes = 34;
  std::size_t high = 0;     // offset of the fifth bits; 0 = none
  std::size_t values = 2;   // offset of the values
  int32_t offset = 128;     // what is taken off a stored value (as the panel has it)
  bool has_m = false;       // a minimum follows the scale
  bool nibbles = true;
};

Layout layout_of(WeightType type) {
  switch (type) {
    case WeightType::q4_0: return {18, 0, 2, 8, false, true};
    case WeightType::q4_1: return {20, 0, 4, 0, true, true};
    case WeightType::q5_0: return {22, 2, 6, 16, false, true};
    case WeightType::q5_1: return {24, 4, 8, 0, true, true};
    default: return {34, 0, 2, 128, false, false};
  }
}

// The 32 values of a block, in order, as unsigned bytes (signed ones moved up by 128).
__m256i block_values(const Layout& l, const unsigned char* block) {
  if (!l.nibbles) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + l.values));
    return _mm256_xor_si256(v, _mm256_set1_epi8(static_cast<char>(0x80)));
  }
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + l.values));
  const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1);
  const __m256i low = _mm256_and_si256(both, _mm256_set1_epi8(15));
  if (l.high == 0) return low;
  uint32_t bits = 0;
  __builtin_memcpy(&bits, block + l.high, 4);
  return _mm256_or_si256(low, _mm256_maskz_set1_epi8(bits, 16));
}

uint16_t half_at(const unsigned char* p) {
  return static_cast<uint16_t>(p[0] | (p[1] << 8));
}

// One block of sixteen rows: out[g] holds, for each row as a lane, its values 4g..4g+3.
void turn_block(const Layout& l, const unsigned char* const rows[16], std::size_t at, __m512i out[8]) {
  __m512i z[8];  // rows i and i + 8, eight dwords each
  for (int i = 0; i < 8; ++i) {
    z[i] = _mm512_inserti64x4(_mm512_castsi256_si512(block_values(l, rows[i] + at)), block_values(l, rows[i + 8] + at), 1);
  }
  __m512i pair[8];
  for (int i = 0; i < 4; ++i) {
    pair[2 * i] = _mm512_unpacklo_epi32(z[2 * i], z[2 * i + 1]);
    pair[2 * i + 1] = _mm512_unpackhi_epi32(z[2 * i], z[2 * i + 1]);
  }
  __m512i quad[8];  // dwords j and j + 4 of rows 0-3 (first four) and 4-7, in each half
  for (int half = 0; half < 2; ++half) {
    for (int j = 0; j < 2; ++j) {
      quad[4 * half + 2 * j] = _mm512_unpacklo_epi64(pair[4 * half + j], pair[4 * half + 2 + j]);
      quad[4 * half + 2 * j + 1] = _mm512_unpackhi_epi64(pair[4 * half + j], pair[4 * half + 2 + j]);
    }
  }
  const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
  for (int j = 0; j < 4; ++j) {
    out[j] = _mm512_permutex2var_epi64(quad[j], low, quad[4 + j]);
    out[4 + j] = _mm512_permutex2var_epi64(quad[j], high, quad[4 + j]);
  }
}

// A panel of sixteen rows in the scratch: for each block 8 x 64 bytes of values, 16 scales, 16 minima.
struct Panel {
  const unsigned char* values = nullptr;
  const float* d = nullptr;
  const float* m = nullptr;
};

Panel make_panel(const Weights* w, const Layout& l, std::size_t first, std::size_t width, void* scratch) {
  const std::size_t blocks = w->k / kBlock;
  auto* values = static_cast<unsigned char*>(scratch);
  auto* d = reinterpret_cast<float*>(values + w->k * 16);
  float* m = d + blocks * 16;
  const unsigned char* rows[16];  // rows past the end repeat the last one; their lanes are not stored
  for (std::size_t r = 0; r < 16; ++r) {
    rows[r] = static_cast<const unsigned char*>(w->data) + (first + (r < width ? r : width - 1)) * w->row_bytes;
  }
  alignas(32) uint16_t halves[16];
  __m512i turned[8];
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t at = b * l.bytes;
    turn_block(l, rows, at, turned);
    for (std::size_t g = 0; g < 8; ++g) _mm512_store_si512(values + (b * 8 + g) * 64, turned[g]);
    for (int r = 0; r < 16; ++r) halves[r] = half_at(rows[r] + at);
    _mm512_store_ps(d + b * 16, _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(halves))));
    if (!l.has_m) continue;
    for (int r = 0; r < 16; ++r) halves[r] = half_at(rows[r] + at + 2);
    _mm512_store_ps(m + b * 16, _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(halves))));
  }
  return {values, d, m};
}

struct __attribute__((packed, may_alias)) Four {
  int32_t bytes;
};

// total += w's four unsigned bytes times four signed ones, in each lane. In assembly because g++ 12 makes a broadcast, a
// register and often a spill of the memory operand (_mm512_dpbusd_epi32 gives half the speed); same under clang.
inline __attribute__((always_inline)) void add_products(__m512i& total, __m512i w, const int8_t* four) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(total) : "v"(w), "m"(*reinterpret_cast<const Four*>(four)));
}

// kRows tokens by the panel. The unsigned bytes are the weights, the signed ones the activations.
template <int kRows, bool kHasM>
void quant_tile(const Panel& p, const QuantRows* x, std::size_t first, int32_t offset, __mmask16 m, __m512 bias, float* out,
                std::size_t ldo) {
  const std::size_t blocks = x->k / kBlock;
  const int8_t* q = x->q + first * x->k;
  const float* scale = x->scale + first * blocks;
  const int32_t* sum = x->sum + first * blocks;
  __m512 acc[kRows];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) acc[r] = _mm512_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m512i total[kRows];
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      total[r] = kHasM ? _mm512_setzero_si512() : _mm512_set1_epi32(-offset * sum[static_cast<std::size_t>(r) * blocks + b]);
    }
    NANO_UNROLL
    for (std::size_t g = 0; g < 8; ++g) {
      const __m512i w = _mm512_load_si512(p.values + (b * 8 + g) * 64);
      NANO_UNROLL
      for (int r = 0; r < kRows; ++r) {
        add_products(total[r], w, q + static_cast<std::size_t>(r) * x->k + b * kBlock + g * 4);
      }
    }
    const __m512 d = _mm512_load_ps(p.d + b * 16);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512 s = all(scale[static_cast<std::size_t>(r) * blocks + b]);
      acc[r] = _mm512_fmadd_ps(_mm512_mul_ps(d, s), _mm512_cvtepi32_ps(total[r]), acc[r]);
      if (kHasM) {
        const __m512 whole = all(static_cast<float>(sum[static_cast<std::size_t>(r) * blocks + b]));
        acc[r] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_load_ps(p.m + b * 16), s), whole, acc[r]);
      }
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    _mm512_mask_storeu_ps(out + static_cast<std::size_t>(r) * ldo, m, _mm512_add_ps(acc[r], bias));
  }
}

template <bool kHasM>
void quant_column(const Panel& p, const QuantRows* x, int32_t offset, __mmask16 m, __m512 bias, float* out, std::size_t ldo) {
  std::size_t t = 0;
  for (; t + 8 <= x->rows; t += 8) quant_tile<8, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
  for (; t + 4 <= x->rows; t += 4) quant_tile<4, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
  for (; t + 2 <= x->rows; t += 2) quant_tile<2, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
  for (; t < x->rows; ++t) quant_tile<1, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
}

void matmul_quant(const Weights* w, const QuantRows* x, std::size_t begin, std::size_t end, const float* bias, float* out,
                  std::size_t ldo, void* scratch) {
  const Layout l = layout_of(w->type);
  for (std::size_t j = begin; j < end; j += 16) {
    const std::size_t width = end - j < 16 ? end - j : 16;
    const Panel panel = make_panel(w, l, j, width, scratch);
    const __mmask16 m = first_lanes(width);
    const __m512 b = bias != nullptr ? _mm512_maskz_loadu_ps(m, bias + j) : _mm512_setzero_ps();
    if (l.has_m) {
      quant_column<true>(panel, x, l.offset, m, b, out + j, ldo);
    } else {
      quant_column<false>(panel, x, l.offset, m, b, out + j, ldo);
    }
  }
}

}  // namespace

const Table avx512 = {"avx512",   usable,  quantize_rows, matmul_quant, matmul_float, gemm,
                      layer_norm, softmax, gelu,          tanh_all,     add};

}  // namespace nano::kernels
