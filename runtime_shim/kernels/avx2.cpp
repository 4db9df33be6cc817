// runtime_shim/kernels/avx2.cpp: AVX2 + FMA. Reached only through the table after usable() said yes.
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
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

// --- elementary functions: the steps of ref.cpp, eight at a time ---------------------------------------------------

__m256 all(float v) {
  return _mm256_set1_ps(v);
}

__m256 absolute(__m256 x) {
  return _mm256_andnot_ps(all(-0.0f), x);
}

// The first n (1 to 8) values, and zeros: no byte past them is read.
__m256i mask_of(std::size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n >= 8 ? 8 : static_cast<int32_t>(n)), lane);
}

__m256 load(const float* x, __m256i m) {
  return _mm256_maskload_ps(x, m);
}

__m256 exp_law(__m256 x) {
  x = _mm256_max_ps(x, all(-87.0f));
  x = _mm256_min_ps(x, all(88.0f));
  const __m256 n = _mm256_floor_ps(_mm256_fmadd_ps(x, all(1.44269504088896341f), all(0.5f)));
  __m256 r = _mm256_fmadd_ps(n, all(-0.693359375f), x);
  r = _mm256_fmadd_ps(n, all(2.12194440e-4f), r);
  __m256 p = all(1.9875691500e-4f);
  p = _mm256_fmadd_ps(p, r, all(1.3981999507e-3f));
  p = _mm256_fmadd_ps(p, r, all(8.3334519073e-3f));
  p = _mm256_fmadd_ps(p, r, all(4.1665795894e-2f));
  p = _mm256_fmadd_ps(p, r, all(1.6666665459e-1f));
  p = _mm256_fmadd_ps(p, r, all(5.0000001201e-1f));
  const __m256 y = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), all(1.0f));
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(y, _mm256_castsi256_ps(power));
}

__m256 gelu_law(__m256 x) {
  const __m256 u = _mm256_mul_ps(absolute(x), all(0.70710678118654752f));
  const __m256 t = _mm256_div_ps(all(1.0f), _mm256_fmadd_ps(all(0.3275911f), u, all(1.0f)));
  __m256 p = all(1.061405429f);
  p = _mm256_fmadd_ps(p, t, all(-1.453152027f));
  p = _mm256_fmadd_ps(p, t, all(1.421413741f));
  p = _mm256_fmadd_ps(p, t, all(-0.284496736f));
  p = _mm256_fmadd_ps(p, t, all(0.254829592f));
  const __m256 minus_square = _mm256_xor_ps(_mm256_mul_ps(u, u), all(-0.0f));
  const __m256 half_erfc = _mm256_mul_ps(_mm256_mul_ps(_mm256_mul_ps(p, t), exp_law(minus_square)), all(0.5f));
  const __m256 negative = _mm256_cmp_ps(x, all(0.0f), _CMP_LT_OQ);
  return _mm256_mul_ps(x, _mm256_blendv_ps(_mm256_sub_ps(all(1.0f), half_erfc), half_erfc, negative));
}

__m256 tanh_law(__m256 x) {
  const __m256 e = exp_law(_mm256_mul_ps(all(-2.0f), absolute(x)));
  const __m256 y = _mm256_div_ps(_mm256_sub_ps(all(1.0f), e), _mm256_add_ps(all(1.0f), e));
  return _mm256_or_ps(absolute(y), _mm256_and_ps(x, all(-0.0f)));
}

float fold(__m256 low, __m256 high) {  // lanes 0-7 and 8-15
  const __m256 eight = _mm256_add_ps(low, high);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

void gelu(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, gelu_law(load(x + i, m)));
  }
}

void tanh_all(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, tanh_law(load(x + i, m)));
  }
}

void add(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, _mm256_add_ps(load(x + i, m), load(y + i, m)));
  }
}

float top_of(__m256 v) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

void softmax(float* x, std::size_t n, float scale) {
  __m256 top = all(x[0]);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    top = _mm256_max_ps(_mm256_blendv_ps(top, load(x + i, m), _mm256_castsi256_ps(m)), top);
  }
  top = all(top_of(top));
  __m256 lane[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    const __m256 e = exp_law(_mm256_mul_ps(_mm256_sub_ps(load(x + i, m), top), all(scale)));
    _mm256_maskstore_ps(x + i, m, e);
    lane[i / 8 % 2] = _mm256_add_ps(lane[i / 8 % 2], _mm256_and_ps(e, _mm256_castsi256_ps(m)));  // + 0 changes no sum of exps
  }
  const __m256 inverse = all(1.0f / fold(lane[0], lane[1]));
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, _mm256_mul_ps(load(x + i, m), inverse));
  }
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias, float eps,
                float* y) {
  // Lanes past the end are added as +0; a lane begins as +0, so it never is -0 and that changes nothing.
  __m256 lane[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    const __m256 v = _mm256_add_ps(load(x + i, m), residual != nullptr ? load(residual + i, m) : _mm256_setzero_ps());
    _mm256_maskstore_ps(y + i, m, v);
    lane[i / 8 % 2] = _mm256_add_ps(lane[i / 8 % 2], v);
  }
  const __m256 mean = all(fold(lane[0], lane[1]) / static_cast<float>(n));
  __m256 square[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    const __m256 d = _mm256_and_ps(_mm256_sub_ps(load(y + i, m), mean), _mm256_castsi256_ps(m));
    square[i / 8 % 2] = _mm256_fmadd_ps(d, d, square[i / 8 % 2]);
  }
  const float variance = fold(square[0], square[1]) / static_cast<float>(n) + eps;
  const __m256 scale = all(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance))));
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    const __m256 v = _mm256_mul_ps(_mm256_sub_ps(load(y + i, m), mean), scale);
    _mm256_maskstore_ps(y + i, m, _mm256_fmadd_ps(v, load(gain + i, m), load(bias + i, m)));
  }
}

// --- float matrices ------------------------------------------------------------------------------------------------

// kRows rows of a by eight columns of b; m says which columns exist.
template <int kRows>
void gemm_tile(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k, __m256i m, __m256 bias, float* c,
               std::size_t ldc) {
  __m256 acc[kRows];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) acc[r] = _mm256_setzero_ps();
  for (std::size_t l = 0; l < k; ++l) {
    const __m256 column = load(b + l * ldb, m);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      acc[r] = _mm256_fmadd_ps(all(a[static_cast<std::size_t>(r) * lda + l]), column, acc[r]);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    _mm256_maskstore_ps(c + static_cast<std::size_t>(r) * ldc, m, _mm256_add_ps(acc[r], bias));
  }
}

void gemm_column(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k, __m256i m,
                 __m256 bias, float* c, std::size_t ldc) {
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) gemm_tile<8>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i + 4 <= rows; i += 4) gemm_tile<4>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i < rows; ++i) gemm_tile<1>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
}

void gemm(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k, std::size_t n,
          float* c, std::size_t ldc) {
  // -0 is the number that added to any other changes nothing, not even the sign of a zero.
  for (std::size_t j = 0; j < n; j += 8) gemm_column(a, lda, rows, b + j, ldb, k, mask_of(n - j), all(-0.0f), c + j, ldc);
}

// Finite halves to floats: the exponent moves by 112, which a multiplication does for subnormal halves as well.
__m256 halves_to_floats(__m128i halves) {
  const __m256i h = _mm256_cvtepu16_epi32(halves);
  const __m256i sign = _mm256_slli_epi32(_mm256_and_si256(h, _mm256_set1_epi32(0x8000)), 16);
  const __m256i rest = _mm256_slli_epi32(_mm256_and_si256(h, _mm256_set1_epi32(0x7FFF)), 13);
  return _mm256_or_ps(_mm256_mul_ps(_mm256_castsi256_ps(rest), all(0x1p112f)), _mm256_castsi256_ps(sign));
}

// Up to eight values of a row of weights.
__m256 load_values(WeightType type, const unsigned char* row, std::size_t at, std::size_t some) {
  if (type == WeightType::f32) {
    return load(reinterpret_cast<const float*>(row + 4 * at), mask_of(some));
  }
  alignas(16) uint16_t halves[8] = {};
  __builtin_memcpy(halves, row + 2 * at, 2 * (some < 8 ? some : 8));
  const __m128i h = _mm_load_si128(reinterpret_cast<const __m128i*>(halves));
  if (type == WeightType::f16) return halves_to_floats(h);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin, std::size_t end,
                  const float* bias, float* out, std::size_t ldo, void* scratch) {
  auto* panel = static_cast<float*>(scratch);  // (k, 8)
  alignas(32) float values[8];
  for (std::size_t j = begin; j < end; j += 8) {
    const std::size_t width = end - j < 8 ? end - j : 8;
    for (std::size_t lane = 0; lane < width; ++lane) {
      const auto* row = static_cast<const unsigned char*>(w->data) + (j + lane) * w->row_bytes;
      for (std::size_t i = 0; i < w->k; i += 8) {
        const std::size_t some = w->k - i < 8 ? w->k - i : 8;
        _mm256_store_ps(values, load_values(w->type, row, i, some));
        for (std::size_t s = 0; s < some; ++s) panel[(i + s) * 8 + lane] = values[s];
      }
    }
    const __m256i m = mask_of(width);
    const __m256 b = bias != nullptr ? load(bias + j, m) : _mm256_setzero_ps();
    gemm_column(x, ldx, rows, panel, 8, w->k, m, b, out + j, ldo);
  }
}

// --- block matrices ------------------------------------------------------------------------------------------------

int32_t sum_of(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

void quantize_rows(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, int8_t* q, float* scale, int32_t* sum) {
  const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // undoes the packs' interleaving
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    for (std::size_t b = 0; b < k; b += kBlock) {
      __m256 v[4], top = _mm256_setzero_ps();
      for (int i = 0; i < 4; ++i) {
        v[i] = _mm256_loadu_ps(x + b + 8 * i);
        top = _mm256_max_ps(absolute(v[i]), top);
      }
      const float most = top_of(top);
      const bool zero = most < 0x1p-100f;
      const __m256 up = all(zero ? 0.0f : 127.0f / most);
      __m256i r[4];
      for (int i = 0; i < 4; ++i) {
        r[i] = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(_mm256_mul_ps(v[i], up), all(127.0f)), all(-127.0f)));
      }
      const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(r[0], r[1]), _mm256_packs_epi32(r[2], r[3]));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), _mm256_permutevar8x32_epi32(bytes, in_order));
      q += kBlock;
      *scale++ = zero ? 0.0f : most / 127.0f;
      *sum++ = sum_of(_mm256_add_epi32(_mm256_add_epi32(r[0], r[1]), _mm256_add_epi32(r[2], r[3])));
    }
  }
}

// Where the parts of a block of each type lie.
struct Layout {
  std::size_t bytes = 34;
  std::size_t high = 0;    // offset of the fifth bits; 0 = none
  std::size_t values = 2;  // offset of the values
  int32_t offset = 0;      // what is taken off a stored value
  bool has_m = false;      // a minimum follows the scale
  bool nibbles = true;
};

Layout layout_of(WeightType type) {
  switch (type) {
    case WeightType::q4_0: return {18, 0, 2, 8, false, true};
    case WeightType::q4_1: return {20, 0, 4, 0, true, true};
    case WeightType::q5_0: return {22, 2, 6, 16, false, true};
    case WeightType::q5_1: return {24, 4, 8, 0, true, true};
    default: return {34, 0, 2, 0, false, false};
  }
}

// The 32 values of a block, in order: signed bytes for q8_0, small unsigned ones for the others.
__m256i block_values(const Layout& l, const unsigned char* block) {
  if (!l.nibbles) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + l.values));
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + l.values));
  const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1);
  const __m256i low = _mm256_and_si256(both, _mm256_set1_epi8(15));
  if (l.high == 0) return low;
  int32_t bits = 0;
  __builtin_memcpy(&bits, block + l.high, 4);
  // Byte i gets the byte of `bits` that holds bit i, and asks for that bit.
  const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(bits), _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202,
                                                                                         0x0303030303030303));
  const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
  return _mm256_or_si256(low, _mm256_and_si256(set, _mm256_set1_epi8(16)));
}

// One block of eight rows: out[g] holds, for each row as a lane, its values 4g..4g+3.
void turn_block(const Layout& l, const unsigned char* const rows[8], std::size_t at, __m256i out[8]) {
  __m256i z[8], pair[8], quad[8];
  for (int i = 0; i < 8; ++i) z[i] = block_values(l, rows[i] + at);
  for (int i = 0; i < 4; ++i) {
    pair[2 * i] = _mm256_unpacklo_epi32(z[2 * i], z[2 * i + 1]);
    pair[2 * i + 1] = _mm256_unpackhi_epi32(z[2 * i], z[2 * i + 1]);
  }
  for (int half = 0; half < 2; ++half) {
    for (int j = 0; j < 2; ++j) {
      quad[4 * half + 2 * j] = _mm256_unpacklo_epi64(pair[4 * half + j], pair[4 * half + 2 + j]);
      quad[4 * half + 2 * j + 1] = _mm256_unpackhi_epi64(pair[4 * half + j], pair[4 * half + 2 + j]);
    }
  }
  for (int j = 0; j < 4; ++j) {
    out[j] = _mm256_permute2x128_si256(quad[j], quad[4 + j], 0x20);
    out[4 + j] = _mm256_permute2x128_si256(quad[j], quad[4 + j], 0x31);
  }
}

// A panel of eight rows in the scratch: for each block 8 x 32 bytes of values, 8 scales, 8 minima.
struct Panel {
  const unsigned char* values = nullptr;
  const float* d = nullptr;
  const float* m = nullptr;
};

uint16_t half_at(const unsigned char* p) {
  return static_cast<uint16_t>(p[0] | (p[1] << 8));
}

Panel make_panel(const Weights* w, const Layout& l, std::size_t first, std::size_t width, void* scratch) {
  const std::size_t blocks = w->k / kBlock;
  auto* values = static_cast<unsigned char*>(scratch);
  auto* d = reinterpret_cast<float*>(values + w->k * 8);
  float* m = d + blocks * 8;
  const unsigned char* rows[8];  // rows past the end repeat the last one; their lanes are not stored
  for (std::size_t r = 0; r < 8; ++r) {
    rows[r] = static_cast<const unsigned char*>(w->data) + (first + (r < width ? r : width - 1)) * w->row_bytes;
  }
  alignas(16) uint16_t halves[8];
  __m256i turned[8];
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t at = b * l.bytes;
    turn_block(l, rows, at, turned);
    for (std::size_t g = 0; g < 8; ++g) _mm256_store_si256(reinterpret_cast<__m256i*>(values + (b * 8 + g) * 32), turned[g]);
    for (int r = 0; r < 8; ++r) halves[r] = half_at(rows[r] + at);
    _mm256_store_ps(d + b * 8, halves_to_floats(_mm_load_si128(reinterpret_cast<const __m128i*>(halves))));
    if (!l.has_m) continue;
    for (int r = 0; r < 8; ++r) halves[r] = half_at(rows[r] + at + 2);
    _mm256_store_ps(m + b * 8, halves_to_floats(_mm_load_si128(reinterpret_cast<const __m128i*>(halves))));
  }
  return {values, d, m};
}

// kRows tokens by the panel. q8_0 moves the weight's sign onto the activation, which is never -128: |w| <= 128 as an
// unsigned byte, so a pair of products is at most 2 * 128 * 127 = 32512 and maddubs does not saturate. The others are at
// most 31, so that even four pairs (31496) fit 16 bits.
template <int kRows, bool kNibbles, bool kHasM>
void quant_tile(const Panel& p, const QuantRows* x, std::size_t first, int32_t offset, __m256i m, __m256 bias, float* out,
                std::size_t ldo) {
  const std::size_t blocks = x->k / kBlock;
  const int8_t* q = x->q + first * x->k;
  const float* scale = x->scale + first * blocks;
  const int32_t* sum = x->sum + first * blocks;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256 acc[kRows];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) acc[r] = _mm256_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m256i total[kRows];
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      total[r] = kNibbles && !kHasM ? _mm256_set1_epi32(-offset * sum[static_cast<std::size_t>(r) * blocks + b])
                                    : _mm256_setzero_si256();
    }
    for (std::size_t half = 0; half < 2; ++half) {
      __m256i narrow[kRows];
      NANO_UNROLL
      for (int r = 0; r < kRows; ++r) narrow[r] = _mm256_setzero_si256();
      for (std::size_t g = 4 * half; g < 4 * half + 4; ++g) {
        const __m256i w = _mm256_load_si256(reinterpret_cast<const __m256i*>(p.values + (b * 8 + g) * 32));
        NANO_UNROLL
        for (int r = 0; r < kRows; ++r) {
          int32_t bytes = 0;
          __builtin_memcpy(&bytes, q + static_cast<std::size_t>(r) * x->k + b * kBlock + g * 4, 4);
          const __m256i four = _mm256_set1_epi32(bytes);
          if (kNibbles) {
            narrow[r] = _mm256_add_epi16(narrow[r], _mm256_maddubs_epi16(w, four));
          } else {
            const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(four, w));
            total[r] = _mm256_add_epi32(total[r], _mm256_madd_epi16(pairs, ones));
          }
        }
      }
      if (!kNibbles) continue;
      NANO_UNROLL
      for (int r = 0; r < kRows; ++r) total[r] = _mm256_add_epi32(total[r], _mm256_madd_epi16(narrow[r], ones));
    }
    const __m256 d = _mm256_load_ps(p.d + b * 8);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m256 s = all(scale[static_cast<std::size_t>(r) * blocks + b]);
      acc[r] = _mm256_fmadd_ps(_mm256_mul_ps(d, s), _mm256_cvtepi32_ps(total[r]), acc[r]);
      if (kHasM) {
        const __m256 whole = all(static_cast<float>(sum[static_cast<std::size_t>(r) * blocks + b]));
        acc[r] = _mm256_fmadd_ps(_mm256_mul_ps(_mm256_load_ps(p.m + b * 8), s), whole, acc[r]);
      }
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    _mm256_maskstore_ps(out + static_cast<std::size_t>(r) * ldo, m, _mm256_add_ps(acc[r], bias));
  }
}

template <bool kNibbles, bool kHasM>
void quant_column(const Panel& p, const QuantRows* x, int32_t offset, __m256i m, __m256 bias, float* out, std::size_t ldo) {
  std::size_t t = 0;
  for (; t + 4 <= x->rows; t += 4) quant_tile<4, kNibbles, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
  for (; t < x->rows; ++t) quant_tile<1, kNibbles, kHasM>(p, x, t, offset, m, bias, out + t * ldo, ldo);
}

void matmul_quant(const Weights* w, const QuantRows* x, std::size_t begin, std::size_t end, const float* bias, float* out,
                  std::size_t ldo, void* scratch) {
  const Layout l = layout_of(w->type);
  const auto column = l.has_m ? quant_column<true, true> : l.nibbles ? quant_column<true, false> : quant_column<false, false>;
  for (std::size_t j = begin; j < end; j += 8) {
    const std::size_t width = end - j < 8 ? end - j : 8;
    const Panel panel = make_panel(w, l, j, width, scratch);
    const __m256i m = mask_of(width);
    column(panel, x, l.offset, m, bias != nullptr ? load(bias + j, m) : _mm256_setzero_ps(), out + j, ldo);
  }
}

}  // namespace

const Table avx2 = {"avx2",     usable,  quantize_rows, matmul_quant, matmul_float, gemm,
                    layer_norm, softmax, gelu,          tanh_all,     add};

}  // namespace nano::kernels
