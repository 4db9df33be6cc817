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
  const __m256i power =
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(y, _mm256_castsi256_ps(power));
}

__m256 gelu_law(__m256 x) {
  const __m256 c = _mm256_min_ps(_mm256_max_ps(x, all(-5.0f)), all(5.0f));
  const __m256 s = _mm256_fmadd_ps(_mm256_mul_ps(c, c), all(0.08f), all(-1.0f));
  __m256 p = all(-0x1.11e482p-10f);
  p = _mm256_fmadd_ps(p, s, all(0x1.9ffcdp-9f));
  p = _mm256_fmadd_ps(p, s, all(-0x1.06aa88p-8f));
  p = _mm256_fmadd_ps(p, s, all(0x1.51e3e6p-8f));
  p = _mm256_fmadd_ps(p, s, all(-0x1.49c278p-7f));
  p = _mm256_fmadd_ps(p, s, all(0x1.1490fep-6f));
  p = _mm256_fmadd_ps(p, s, all(-0x1.83ad24p-6f));
  p = _mm256_fmadd_ps(p, s, all(0x1.00f144p-5f));
  p = _mm256_fmadd_ps(p, s, all(-0x1.4ad8ecp-5f));
  p = _mm256_fmadd_ps(p, s, all(0x1.a616f2p-5f));
  p = _mm256_fmadd_ps(p, s, all(-0x1.1ff142p-4f));
  p = _mm256_fmadd_ps(p, s, all(0x1.218354p-3f));
  const __m256 phi = _mm256_fmadd_ps(p, c, all(0.5f));
  return _mm256_mul_ps(x, _mm256_max_ps(phi, all(0.0f)));
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

void times(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, _mm256_mul_ps(load(x + i, m), load(y + i, m)));
  }
}

void rotate(float* x, std::size_t half, const float* cosine, const float* sine) {
  for (std::size_t d = 0; d < half; d += 8) {
    const __m256i m = mask_of(half - d);
    const __m256 a = load(x + d, m), b = load(x + half + d, m), c = load(cosine + d, m), s = load(sine + d, m);
    _mm256_maskstore_ps(x + d, m, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
    _mm256_maskstore_ps(x + half + d, m, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
  }
}

float top_of(__m256 v) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

// x = exp((x - max x) * scale) for n values; 1 / their sum.
float exponentials(float* x, std::size_t n, float scale) {
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
    lane[i / 8 % 2] = _mm256_add_ps(lane[i / 8 % 2],
                                    _mm256_and_ps(e, _mm256_castsi256_ps(m)));  // + 0 changes no sum of exps
  }
  return 1.0f / fold(lane[0], lane[1]);
}

void softmax(float* x, std::size_t n, float scale) {
  const __m256 inverse = all(exponentials(x, n, scale));
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    _mm256_maskstore_ps(x + i, m, _mm256_mul_ps(load(x + i, m), inverse));
  }
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias,
                float eps, float* y) {
  // Lanes past the end are added as +0; a lane begins as +0, so it never is -0 and that changes nothing.
  __m256 lane[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i m = mask_of(n - i);
    const __m256 v =
        _mm256_add_ps(load(x + i, m), residual != nullptr ? load(residual + i, m) : _mm256_setzero_ps());
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
void gemm_tile(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k, __m256i m,
               __m256 bias, float* c, std::size_t ldc) {
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

void gemm_column(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb,
                 std::size_t k, __m256i m, __m256 bias, float* c, std::size_t ldc) {
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) gemm_tile<8>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i + 4 <= rows; i += 4) gemm_tile<4>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
  for (; i < rows; ++i) gemm_tile<1>(a + i * lda, lda, b, ldb, k, m, bias, c + i * ldc, ldc);
}

void gemm(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k,
          std::size_t n, float* c, std::size_t ldc) {
  // -0 is the number that added to any other changes nothing, not even the sign of a zero.
  for (std::size_t j = 0; j < n; j += 8)
    gemm_column(a, lda, rows, b + j, ldb, k, mask_of(n - j), all(-0.0f), c + j, ldc);
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

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch) {
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

// --- attention -----------------------------------------------------------------------------------------------------

// The scores of query i to weights: of the keys it sees; the others weigh nothing. 1 / their sum.
float seen_exponentials(const Head* h, std::size_t i, float* e) {
  std::size_t begin = 0, end = 0;
  seen_keys(h, i, &begin, &end);
  for (std::size_t j = 0; j < begin; ++j) e[j] = 0.0f;
  for (std::size_t j = end; j < h->length; ++j) e[j] = 0.0f;
  return exponentials(e + begin, end - begin, h->scale);
}

void attend(const Head* h, float* scratch) {
  constexpr std::size_t kQueries = 16;
  const std::size_t lanes = (h->length + 15) / 16 * 16;
  float* keys = scratch;  // (width, lanes)
  float* e = scratch + h->width * lanes;
  for (std::size_t j = 0; j < h->length; ++j) {
    for (std::size_t d = 0; d < h->width; ++d) keys[d * lanes + j] = h->k[j * h->stride + d];
  }
  for (std::size_t i = 0; i < h->queries; i += kQueries) {
    const std::size_t rows = h->queries - i < kQueries ? h->queries - i : kQueries;
    float* out = h->out + i * h->out_stride;
    gemm(h->q + i * h->stride, h->stride, rows, keys, lanes, h->width, h->length, e, lanes);
    float inverse[kQueries];
    for (std::size_t r = 0; r < rows; ++r) inverse[r] = seen_exponentials(h, i + r, e + r * lanes);
    gemm(e, lanes, rows, h->v, h->stride, h->length, h->width, out, h->out_stride);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t d = 0; d < h->width; ++d) out[r * h->out_stride + d] *= inverse[r];
    }
  }
}

// --- packed matrices -----------------------------------------------------------------------------------------------

void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale) {
  const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // undoes the packs' interleaving
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    __m256 top = _mm256_setzero_ps();
    for (std::size_t i = 0; i < k; i += 8) top = _mm256_max_ps(absolute(_mm256_loadu_ps(x + i)), top);
    const float most = top_of(top);
    const bool zero = most < 0x1p-100f;
    const __m256 up = all(zero ? 0.0f : 127.0f / most);
    for (std::size_t b = 0; b < k; b += kBlock, u += kBlock) {
      __m256i r[4];
      for (int i = 0; i < 4; ++i) {
        const __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + b + 8 * i), up);
        r[i] = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(v, all(127.0f)), all(-127.0f)));
      }
      const __m256i bytes =
          _mm256_packs_epi16(_mm256_packs_epi32(r[0], r[1]), _mm256_packs_epi32(r[2], r[3]));
      const __m256i moved = _mm256_xor_si256(_mm256_permutevar8x32_epi32(bytes, in_order),
                                             _mm256_set1_epi8(static_cast<char>(0x80)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(u), moved);
    }
    scale[t] = zero ? 0.0f : most / 127.0f;
  }
}

// total += pairs of products of w and x. In assembly because g++ 12 makes all products first and then has no registers
// left for the sums.
inline __attribute__((always_inline)) void add_pairs(__m256i& total, __m256i w, __m256i x) {
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

// --- attention in integers -----------------------------------------------------------------------------------------

void attend_quant(const Head* h, float* scratch) {
  constexpr std::size_t kQueries = 8;
  const std::size_t lanes = (h->length + 15) / 16 * 16, width = h->width;
  auto* keys = reinterpret_cast<uint8_t*>(scratch);                        // panels of sixteen keys
  auto* values = reinterpret_cast<int16_t*>(scratch + lanes * width / 4);  // (lanes / 2, width, 2)
  float* key_scale = scratch + lanes * width / 4 + lanes * width / 2;
  float* zeros = key_scale + lanes;
  float* value_scale = zeros + lanes;
  float* e = value_scale + lanes;                                       // (kQueries, lanes)
  auto* weights = reinterpret_cast<int16_t*>(e + kQueries * lanes);     // (lanes)
  auto* rows = reinterpret_cast<uint8_t*>(e + (kQueries + 1) * lanes);  // (kQueries, width)
  float* own = e + (kQueries + 1) * lanes + kQueries * width / 4;       // of the product
  for (std::size_t j = 0; j < lanes; ++j) {
    const bool there = j < h->length;
    zeros[j] = key_scale[j] = value_scale[j] = 0.0f;
    if (there) quantize(h->k + j * h->stride, h->stride, 1, width, rows, key_scale + j);
    uint8_t* panel = keys + j / 16 * 16 * width + j % 16 * 4;
    for (std::size_t d = 0; d < width; ++d)
      panel[d / 4 * 64 + d % 4] = there ? static_cast<uint8_t>(rows[d] ^ 0x80) : uint8_t{0};
    if (there) quantize(h->v + j * h->stride, h->stride, 1, width, rows, value_scale + j);
    int16_t* value = values + j / 2 * width * 2 + j % 2;
    for (std::size_t d = 0; d < width; ++d)
      value[2 * d] = there ? static_cast<int16_t>(rows[d] - 128) : int16_t{0};
  }
  const Packed matrix{keys, key_scale, nullptr, zeros, lanes, width, 16 * width, 8};
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
      for (std::size_t j = h->length; j < lanes; ++j) x[j] = 0.0f;
      __m256 top = _mm256_setzero_ps();
      for (std::size_t j = 0; j < lanes; j += 8) {
        const __m256 p = _mm256_mul_ps(_mm256_loadu_ps(x + j), _mm256_loadu_ps(value_scale + j));
        _mm256_storeu_ps(x + j, p);
        top = _mm256_max_ps(p, top);
      }
      const float m = top_of(top);
      const __m256 up = all(m < 0x1p-100f ? 0.0f : most / m);
      for (std::size_t j = 0; j < lanes; j += 16) {
        const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + j), up));
        const __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + j + 8), up));
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + j), words);
      }
      const __m256 by = all((m / most) * inverse);
      for (std::size_t d = 0; d < width; d += 32) {
        __m256i total[4];
        NANO_UNROLL
        for (int c = 0; c < 4; ++c) total[c] = _mm256_setzero_si256();
        for (std::size_t j = 0; j < lanes; j += 2) {
          int32_t two = 0;
          __builtin_memcpy(&two, weights + j, 4);
          const auto* v = reinterpret_cast<const __m256i*>(values + (j / 2 * width + d) * 2);
          NANO_UNROLL
          for (int c = 0; c < 4; ++c) {
            total[c] = _mm256_add_epi32(total[c],
                                        _mm256_madd_epi16(_mm256_set1_epi32(two), _mm256_loadu_si256(v + c)));
          }
        }
        float* out = h->out + (i + r) * h->out_stride + d;
        NANO_UNROLL
        for (int c = 0; c < 4; ++c)
          _mm256_storeu_ps(out + 8 * c, _mm256_mul_ps(_mm256_cvtepi32_ps(total[c]), by));
      }
    }
  }
}

}  // namespace

const Table avx2 = {"avx2",       usable,     quantize, matmul, matmul_float, attend,
                    attend_quant, layer_norm, softmax,  gelu,   tanh_all,     add,
                      times,        rotate};

}  // namespace nano::kernels
