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
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
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
  const __m512i power =
      _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
  return _mm512_mul_ps(y, _mm512_castsi512_ps(power));
}

__m512 gelu_law(__m512 x) {
  const __m512 c = _mm512_min_ps(_mm512_max_ps(x, all(-5.0f)), all(5.0f));
  const __m512 s = _mm512_fmadd_ps(_mm512_mul_ps(c, c), all(0.08f), all(-1.0f));
  __m512 p = all(-0x1.11e482p-10f);
  p = _mm512_fmadd_ps(p, s, all(0x1.9ffcdp-9f));
  p = _mm512_fmadd_ps(p, s, all(-0x1.06aa88p-8f));
  p = _mm512_fmadd_ps(p, s, all(0x1.51e3e6p-8f));
  p = _mm512_fmadd_ps(p, s, all(-0x1.49c278p-7f));
  p = _mm512_fmadd_ps(p, s, all(0x1.1490fep-6f));
  p = _mm512_fmadd_ps(p, s, all(-0x1.83ad24p-6f));
  p = _mm512_fmadd_ps(p, s, all(0x1.00f144p-5f));
  p = _mm512_fmadd_ps(p, s, all(-0x1.4ad8ecp-5f));
  p = _mm512_fmadd_ps(p, s, all(0x1.a616f2p-5f));
  p = _mm512_fmadd_ps(p, s, all(-0x1.1ff142p-4f));
  p = _mm512_fmadd_ps(p, s, all(0x1.218354p-3f));
  const __m512 phi = _mm512_fmadd_ps(p, c, all(0.5f));
  return _mm512_mul_ps(x, _mm512_max_ps(phi, all(0.0f)));
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
    _mm512_mask_storeu_ps(x + i, m,
                          _mm512_add_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_maskz_loadu_ps(m, y + i)));
  }
}

void times(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m,
                          _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_maskz_loadu_ps(m, y + i)));
  }
}

void rotate(float* x, std::size_t half, const float* cosine, const float* sine) {
  for (std::size_t d = 0; d < half; d += 16) {
    const __mmask16 m = first_lanes(half - d);
    const __m512 a = _mm512_maskz_loadu_ps(m, x + d), b = _mm512_maskz_loadu_ps(m, x + half + d);
    const __m512 c = _mm512_maskz_loadu_ps(m, cosine + d), s = _mm512_maskz_loadu_ps(m, sine + d);
    _mm512_mask_storeu_ps(x + d, m, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
    _mm512_mask_storeu_ps(x + half + d, m, _mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)));
  }
}

// x = exp((x - max x) * scale) for n values; 1 / their sum.
float exponentials(float* x, std::size_t n, float scale) {
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
  return 1.0f / fold(lane);
}

void softmax(float* x, std::size_t n, float scale) {
  const __m512 inverse = all(exponentials(x, n, scale));
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 m = first_lanes(n - i);
    _mm512_mask_storeu_ps(x + i, m, _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), inverse));
  }
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias,
                float eps, float* y) {
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
    _mm512_mask_storeu_ps(
        y + i, m, _mm512_fmadd_ps(v, _mm512_maskz_loadu_ps(m, gain + i), _mm512_maskz_loadu_ps(m, bias + i)));
  }
}

// --- float matrices ------------------------------------------------------------------------------------------------

// kRows rows of a by kColumns * 16 columns of b; `last` says which of the last sixteen exist. Each row's sums are
// multiplied by by[r] (null: by one) and then added to `bias` (null: nothing is added).
template <int kRows, int kColumns>
void float_tile(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k,
                __mmask16 last, const float* by, const float* bias, float* c, std::size_t ldc) {
  __m512 acc[kRows][kColumns];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < kColumns; ++p) acc[r][p] = _mm512_setzero_ps();
  }
  for (std::size_t l = 0; l < k; ++l) {
    __m512 column[kColumns];
    NANO_UNROLL
    for (int p = 0; p < kColumns; ++p) {
      column[p] = p + 1 < kColumns ? _mm512_loadu_ps(b + l * ldb + 16 * p)
                                   : _mm512_maskz_loadu_ps(last, b + l * ldb + 16 * p);
    }
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512 x = all(a[static_cast<std::size_t>(r) * lda + l]);
      NANO_UNROLL
      for (int p = 0; p < kColumns; ++p) acc[r][p] = _mm512_fmadd_ps(x, column[p], acc[r][p]);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < kColumns; ++p) {
      const __mmask16 m = p + 1 < kColumns ? first_lanes(16) : last;
      __m512 v = acc[r][p];
      if (by != nullptr) v = _mm512_mul_ps(v, all(by[r]));
      if (bias != nullptr) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(m, bias + 16 * p));
      _mm512_mask_storeu_ps(c + static_cast<std::size_t>(r) * ldc + 16 * p, m, v);
    }
  }
}

// The same for 1 to 6 rows and any number of columns.
template <int kRows>
void float_rows(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k,
                std::size_t n, const float* by, const float* bias, float* c, std::size_t ldc) {
  for (std::size_t j = 0; j < n; j += 64) {
    const std::size_t left = n - j, columns = left >= 64 ? 4 : (left + 15) / 16;
    const __mmask16 last = first_lanes(left - (columns - 1) * 16);
    const float* more = bias != nullptr ? bias + j : nullptr;
    switch (columns) {
      case 4: float_tile<kRows, 4>(a, lda, b + j, ldb, k, last, by, more, c + j, ldc); break;
      case 3: float_tile<kRows, 3>(a, lda, b + j, ldb, k, last, by, more, c + j, ldc); break;
      case 2: float_tile<kRows, 2>(a, lda, b + j, ldb, k, last, by, more, c + j, ldc); break;
      default: float_tile<kRows, 1>(a, lda, b + j, ldb, k, last, by, more, c + j, ldc); break;
    }
  }
}

void float_product(std::size_t rows, const float* a, std::size_t lda, const float* b, std::size_t ldb,
                   std::size_t k, std::size_t n, const float* by, const float* bias, float* c,
                   std::size_t ldc) {
  switch (rows) {
    case 6: return float_rows<6>(a, lda, b, ldb, k, n, by, bias, c, ldc);
    case 5: return float_rows<5>(a, lda, b, ldb, k, n, by, bias, c, ldc);
    case 4: return float_rows<4>(a, lda, b, ldb, k, n, by, bias, c, ldc);
    case 3: return float_rows<3>(a, lda, b, ldb, k, n, by, bias, c, ldc);
    case 2: return float_rows<2>(a, lda, b, ldb, k, n, by, bias, c, ldc);
    default: return float_rows<1>(a, lda, b, ldb, k, n, by, bias, c, ldc);
  }
}

// `rows` in equal parts of at most six.
struct Parts {
  std::size_t count = 0, part = 0, longer = 0;  // the first `longer` parts have part + 1 rows
};
Parts parts_of(std::size_t rows) {
  const std::size_t count = (rows + 5) / 6;
  return {count, rows / count, rows % count};
}

// Sixteen values of a row of weights, or the first of them.
__m512 load_values(WeightType type, const unsigned char* row, std::size_t at, __mmask16 m) {
  if (type == WeightType::f32) return _mm512_maskz_loadu_ps(m, row + 4 * at);
  const __m256i half = _mm256_maskz_loadu_epi16(m, row + 2 * at);
  if (type == WeightType::f16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch) {
  auto* panel = static_cast<float*>(scratch);  // (k, 16), and sixteen values on their way there
  alignas(64) static const float zeros[16] = {};
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
    const Parts parts = parts_of(rows);
    for (std::size_t i = 0, t = 0; i < parts.count; ++i) {
      const std::size_t some = parts.part + (i < parts.longer ? 1 : 0);
      float_product(some, x + t * ldx, ldx, panel, 16, w->k, width, nullptr,
                    bias != nullptr ? bias + j : zeros, out + t * ldo + j, ldo);
      t += some;
    }
  }
}

// --- attention -----------------------------------------------------------------------------------------------------

// to[d][j] = from[j][d] for sixteen rows j (those from `rows` on are zeros) and the columns d of m.
void turn16(const float* from, std::size_t stride, std::size_t rows, std::size_t columns, float* to,
            std::size_t ldt) {
  const __mmask16 m = first_lanes(columns);
  __m512 a[16], b[16];
  NANO_UNROLL
  for (std::size_t j = 0; j < 16; ++j)
    a[j] = j < rows ? _mm512_maskz_loadu_ps(m, from + j * stride) : _mm512_setzero_ps();
  NANO_UNROLL
  for (int i = 0; i < 8; ++i) {
    b[2 * i] = _mm512_unpacklo_ps(a[2 * i], a[2 * i + 1]);
    b[2 * i + 1] = _mm512_unpackhi_ps(a[2 * i], a[2 * i + 1]);
  }
  NANO_UNROLL
  for (int i = 0; i < 4; ++i) {  // a[4 i + c]: of rows 4 i to 4 i + 3, column c of each quarter
    NANO_UNROLL
    for (int h = 0; h < 2; ++h) {
      const __m512d low = _mm512_castps_pd(b[4 * i + h]), high = _mm512_castps_pd(b[4 * i + 2 + h]);
      a[4 * i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      a[4 * i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
  NANO_UNROLL
  for (int c = 0; c < 4; ++c) {
    const __m512 even = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88),
                 odd = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xDD);
    const __m512 even2 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88),
                 odd2 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xDD);
    b[c] = _mm512_shuffle_f32x4(even, even2, 0x88);
    b[4 + c] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
    b[8 + c] = _mm512_shuffle_f32x4(even, even2, 0xDD);
    b[12 + c] = _mm512_shuffle_f32x4(odd, odd2, 0xDD);
  }
  NANO_UNROLL
  for (std::size_t d = 0; d < 16; ++d) {
    if (d < columns) _mm512_storeu_ps(to + d * ldt, b[d]);
  }
}

// The scores of query i to weights: of the keys it sees; the others weigh nothing. 1 / their sum.
float seen_exponentials(const Head* h, std::size_t i, float* e) {
  std::size_t begin = 0, end = 0;
  seen_keys(h, i, &begin, &end);
  for (std::size_t j = 0; j < begin; ++j) e[j] = 0.0f;
  for (std::size_t j = end; j < h->length; ++j) e[j] = 0.0f;
  return exponentials(e + begin, end - begin, h->scale);
}

void attend(const Head* h, float* scratch) {
  const std::size_t lanes = (h->length + 15) / 16 * 16;
  float* keys = scratch;  // (width, lanes)
  float* e = scratch + h->width * lanes;
  for (std::size_t j = 0; j < h->length; j += 16) {
    for (std::size_t d = 0; d < h->width; d += 16) {
      turn16(h->k + j * h->stride + d, h->stride, h->length - j, h->width - d, keys + d * lanes + j, lanes);
    }
  }
  const Parts parts = parts_of(h->queries);
  for (std::size_t i = 0, t = 0; i < parts.count; ++i) {
    const std::size_t some = parts.part + (i < parts.longer ? 1 : 0);
    float inverse[6];
    float_product(some, h->q + t * h->stride, h->stride, keys, lanes, h->width, lanes, nullptr, nullptr, e,
                  lanes);
    for (std::size_t r = 0; r < some; ++r) inverse[r] = seen_exponentials(h, t + r, e + r * lanes);
    float_product(some, e, lanes, h->v, h->stride, h->length, h->width, inverse, nullptr,
                  h->out + t * h->out_stride, h->out_stride);
    t += some;
  }
}

// --- packed matrices -----------------------------------------------------------------------------------------------

void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale) {
  for (std::size_t t = 0; t < rows; ++t, x += ldx, u += k) {
    __m512 most = _mm512_setzero_ps(), most2 = most;
    for (std::size_t i = 0; i < k; i += 32) {
      most = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i)), most);
      most2 = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i + 16)), most2);
    }
    const float top = _mm512_reduce_max_ps(_mm512_max_ps(most, most2));
    const bool zero = top < 0x1p-100f;
    const __m512 up = all(zero ? 0.0f : 127.0f / top);
    for (std::size_t i = 0; i < k; i += 16) {
      const __m512 v =
          _mm512_max_ps(_mm512_min_ps(_mm512_mul_ps(_mm512_loadu_ps(x + i), up), all(127.0f)), all(-127.0f));
      const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(u + i),
                       _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(0x80))));
    }
    scale[t] = zero ? 0.0f : top / 127.0f;
  }
}

// A group of 1 to 4 panels of 8-bit weights, and what to do with it.
struct Group {
  const uint8_t* panels = nullptr;
  std::size_t panel_bytes = 0;
  std::size_t k = 0;
  const int32_t* sum = nullptr;  // from here on: of the group's first row
  const float* scale = nullptr;
  const float* bias = nullptr;
  Then then = Then::nothing;
};

// total += four unsigned bytes of x times four signed ones of w, in each lane. In assembly because g++ 12 spills the
// accumulators around _mm512_dpbusd_epi32 (half the speed).
inline __attribute__((always_inline)) void add_products(__m512i& total, __m512i x, __m512i w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(x), "v"(w));
}

struct __attribute__((packed, may_alias)) Four {
  int32_t bytes;
};

// kRows tokens by kPanels panels. Each of the k / 4 steps also asks for `ahead_lines` lines of the next group.
template <int kRows, int kPanels>
void tile(const Group& g, const uint8_t* x, const float* x_scale, float* out, std::size_t ldo,
          const char* ahead, std::size_t ahead_lines) {
  __m512i total[kRows][kPanels];
  NANO_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    const __m512i start = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_load_si512(g.sum + 16 * p));
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) total[r][p] = start;
  }
  const uint8_t* w = g.panels;
  const std::size_t k = g.k, panel_bytes = g.panel_bytes;
  for (std::size_t i = 0; i < k; i += 4, w += 64) {
    for (std::size_t line = 0; line < ahead_lines; ++line, ahead += 64) _mm_prefetch(ahead, _MM_HINT_T1);
    __m512i column[kPanels];
    NANO_UNROLL
    for (int p = 0; p < kPanels; ++p)
      column[p] = _mm512_load_si512(w + static_cast<std::size_t>(p) * panel_bytes);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512i four =
          _mm512_set1_epi32(reinterpret_cast<const Four*>(x + static_cast<std::size_t>(r) * k + i)->bytes);
      NANO_UNROLL
      for (int p = 0; p < kPanels; ++p) add_products(total[r][p], four, column[p]);
    }
  }
  NANO_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    const __m512 scale = _mm512_load_ps(g.scale + 16 * p), bias = _mm512_load_ps(g.bias + 16 * p);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512 by = _mm512_mul_ps(scale, all(x_scale[r]));
      const __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(total[r][p]), by, bias);
      _mm512_storeu_ps(out + static_cast<std::size_t>(r) * ldo + 16 * p, y);
    }
  }
  if (g.then != Then::gelu) return;
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) {
      float* y = out + static_cast<std::size_t>(r) * ldo + 16 * p;
      _mm512_storeu_ps(y, gelu_law(_mm512_loadu_ps(y)));
    }
  }
}

template <int kPanels>
void rows_of_tiles(const Group& g, const QuantRows* x, float* out, std::size_t ldo, const char* ahead,
                   std::size_t ahead_bytes) {
  const Parts parts = parts_of(x->rows);
  const std::size_t steps = g.k / 4;
  std::size_t left = ahead_bytes / 64;  // lines to ask for, as many in each step
  const std::size_t lines = (left + parts.count * steps - 1) / (parts.count * steps);
  for (std::size_t i = 0, t = 0; i < parts.count; ++i) {
    const std::size_t some = parts.part + (i < parts.longer ? 1 : 0), now = left != 0 ? lines : 0;
    const uint8_t* u = x->u + t * x->k;
    const float* s = x->scale + t;
    float* to = out + t * ldo;
    switch (some) {
      case 6: tile<6, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 5: tile<5, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 4: tile<4, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 3: tile<3, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 2: tile<2, kPanels>(g, u, s, to, ldo, ahead, now); break;
      default: tile<1, kPanels>(g, u, s, to, ldo, ahead, now); break;
    }
    t += some;
    ahead += now * steps * 64;
    left = left > now * steps ? left - now * steps : 0;
  }
}

// A panel of 4-bit weights as one of 8-bit weights. Two p lie in one 16-bit word, each at most 15: a factor of at most 15
// makes at most 225 of each, so that one 16-bit product is both.
void widen_panel(const uint8_t* panel, std::size_t k, uint8_t* to) {
  const uint8_t* factors = panel + k / kBlock * 256;
  const __m512i low = _mm512_set1_epi8(15);
  for (std::size_t b = 0; b < k / kBlock; ++b, panel += 256, factors += 32, to += 512) {
    const __m512i ones = _mm512_set1_epi32(0x00010001), bytes = _mm512_set1_epi32(0x01010101);
    const __m512i by = _mm512_mullo_epi32(
        _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(factors))), ones);
    const __m512i off = _mm512_mullo_epi32(
        _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(factors + 16))), bytes);
    NANO_UNROLL
    for (int g = 0; g < 4; ++g) {
      const __m512i both = _mm512_load_si512(panel + 64 * g);
      const __m512i first = _mm512_and_si512(both, low),
                    second = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
      _mm512_store_si512(to + 64 * g, _mm512_sub_epi8(_mm512_mullo_epi16(first, by), off));
      _mm512_store_si512(to + 64 * (4 + g), _mm512_sub_epi8(_mm512_mullo_epi16(second, by), off));
    }
  }
}

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch) {
  for (std::size_t panel = begin; panel < end;) {
    const std::size_t count = end - panel < 4 ? end - panel : 4, row = panel * 16;
    const uint8_t* panels = w->panels + panel * w->panel_bytes;
    // What is read next: the following group, or what lies behind the matrix (often the next one). Asking for memory
    // that is not there is allowed.
    const auto* ahead = reinterpret_cast<const char*>(panels + count * w->panel_bytes);
    const std::size_t ahead_bytes = 4 * w->panel_bytes;
    Group g{panels, w->panel_bytes, w->k, w->sum + row, w->scale + row, w->bias + row, then};
    if (w->bits == 4) {
      auto* wide = static_cast<uint8_t*>(scratch);
      for (std::size_t p = 0; p < count; ++p)
        widen_panel(panels + p * w->panel_bytes, w->k, wide + p * w->k * 16);
      g.panels = wide;
      g.panel_bytes = w->k * 16;
    }
    switch (count) {
      case 4: rows_of_tiles<4>(g, x, out + row, ldo, ahead, ahead_bytes); break;
      case 3: rows_of_tiles<3>(g, x, out + row, ldo, ahead, ahead_bytes); break;
      case 2: rows_of_tiles<2>(g, x, out + row, ldo, ahead, ahead_bytes); break;
      default: rows_of_tiles<1>(g, x, out + row, ldo, ahead, ahead_bytes); break;
    }
    panel += count;
  }
}

// --- attention in integers -----------------------------------------------------------------------------------------

// total += two signed words of p times two of v, in each lane.
inline __attribute__((always_inline)) void add_word_products(__m512i& total, __m512i p, __m512i v) {
  asm("vpdpwssd %2, %1, %0" : "+v"(total) : "v"(p), "v"(v));
}

// kRows queries by kColumns * 16 columns of v: out = float(sum over pairs of keys) * by.
template <int kRows, int kColumns>
void value_tile(const int16_t* p, std::size_t ldp, const int16_t* v, std::size_t ldv, std::size_t pairs,
                const float* by, float* out, std::size_t ldo) {
  __m512i total[kRows][kColumns];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int c = 0; c < kColumns; ++c) total[r][c] = _mm512_setzero_si512();
  }
  for (std::size_t j = 0; j < pairs; ++j, v += ldv) {
    __m512i column[kColumns];
    NANO_UNROLL
    for (int c = 0; c < kColumns; ++c) column[c] = _mm512_load_si512(v + 32 * c);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512i two = _mm512_set1_epi32(
          reinterpret_cast<const Four*>(p + static_cast<std::size_t>(r) * ldp + 2 * j)->bytes);
      NANO_UNROLL
      for (int c = 0; c < kColumns; ++c) add_word_products(total[r][c], two, column[c]);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(total[r][c]), all(by[r]));
      _mm512_storeu_ps(out + static_cast<std::size_t>(r) * ldo + 16 * c, y);
    }
  }
}

template <int kColumns>
void value_rows(std::size_t rows, const int16_t* p, std::size_t ldp, const int16_t* v, std::size_t ldv,
                std::size_t pairs, const float* by, float* out, std::size_t ldo) {
  switch (rows) {
    case 6: return value_tile<6, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
    case 5: return value_tile<5, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
    case 4: return value_tile<4, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
    case 3: return value_tile<3, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
    case 2: return value_tile<2, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
    default: return value_tile<1, kColumns>(p, ldp, v, ldv, pairs, by, out, ldo);
  }
}

// A head's keys and values as integers, in the scratch.
struct Quantized {
  int8_t* keys = nullptr;      // panels of sixteen keys, as 8-bit weights
  int32_t* sum = nullptr;      // (lanes)
  float* key_scale = nullptr;  // (lanes)
  float* zeros = nullptr;      // (lanes)
  int16_t* values = nullptr;   // (lanes / 2, width, 2)
  float* value_scale = nullptr;
  float* rest = nullptr;
};

Quantized quantize_head(const Head* h, std::size_t lanes, float* scratch) {
  const std::size_t width = h->width;
  Quantized s;
  s.keys = reinterpret_cast<int8_t*>(scratch);
  s.values = reinterpret_cast<int16_t*>(scratch + lanes * width / 4);
  s.sum = reinterpret_cast<int32_t*>(scratch + lanes * width / 4 + lanes * width / 2);
  s.key_scale = reinterpret_cast<float*>(s.sum + lanes);
  s.zeros = s.key_scale + lanes;
  s.value_scale = s.zeros + lanes;
  s.rest = s.value_scale + lanes;
  auto* rows = reinterpret_cast<uint8_t*>(s.rest);  // sixteen rows on their way
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  for (std::size_t j = 0; j < lanes; j += 16) {
    const std::size_t some = h->length - j < 16 ? h->length - j : 16;
    _mm512_store_ps(s.zeros + j, _mm512_setzero_ps());
    _mm512_store_ps(s.key_scale + j, _mm512_setzero_ps());
    _mm512_store_ps(s.value_scale + j, _mm512_setzero_ps());
    for (std::size_t i = some * width; i < 16 * width; ++i) rows[i] = 128;
    quantize(h->k + j * h->stride, h->stride, some, width, rows, s.key_scale + j);
    for (std::size_t i = 0; i < 16 * width; i += 64) {
      _mm512_store_si512(rows + i, _mm512_xor_si512(_mm512_load_si512(rows + i), sign));
    }
    float* panel = reinterpret_cast<float*>(s.keys + j * width);
    for (std::size_t d = 0; d < width / 4; d += 16) {
      turn16(reinterpret_cast<const float*>(rows) + d, width / 4, 16, width / 4 - d, panel + d * 16, 16);
    }
    __m512i total = _mm512_setzero_si512();
    for (std::size_t d = 0; d < width / 4; ++d) add_products(total, sign, _mm512_load_si512(panel + d * 16));
    _mm512_store_si512(s.sum + j, total);
    for (std::size_t i = some * width; i < 16 * width; ++i) rows[i] = 128;
    quantize(h->v + j * h->stride, h->stride, some, width, rows, s.value_scale + j);
    for (std::size_t r = 0; r < 16; r += 2) {
      for (std::size_t d = 0; d < width; d += 16) {
        const auto words = [&](std::size_t row) {
          const __m128i u = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + row * width + d));
          return _mm512_cvtepi8_epi32(_mm_xor_si128(u, _mm_set1_epi8(static_cast<char>(0x80))));
        };
        const __m512i low = _mm512_and_si512(words(r), _mm512_set1_epi32(0xFFFF));
        const __m512i two = _mm512_or_si512(low, _mm512_slli_epi32(words(r + 1), 16));
        _mm512_store_si512(s.values + ((j + r) / 2 * width + d) * 2, two);
      }
    }
  }
  return s;
}

void attend_quant(const Head* h, float* scratch) {
  const std::size_t lanes = (h->length + 15) / 16 * 16, width = h->width;
  const Quantized s = quantize_head(h, lanes, scratch);
  auto* queries = reinterpret_cast<uint8_t*>(s.rest);         // (6, width)
  float* e = s.rest + (6 * width / 4 + 15) / 16 * 16;         // (6, lanes)
  auto* weights = reinterpret_cast<int16_t*>(e + 6 * lanes);  // (6, lanes)
  const auto whole = static_cast<float>((std::size_t{1} << 24) / h->length);
  const float most = whole < 32767.0f ? whole : 32767.0f;
  const Parts parts = parts_of(h->queries);
  for (std::size_t i = 0, t = 0; i < parts.count; ++i) {
    const std::size_t some = parts.part + (i < parts.longer ? 1 : 0);
    float query_scale[6], by[6];
    quantize(h->q + t * h->stride, h->stride, some, width, queries, query_scale);
    const QuantRows rows{queries, query_scale, some, width};
    for (std::size_t j = 0; j < lanes; j += 64) {
      const Group g{reinterpret_cast<const uint8_t*>(s.keys) + j * width,
                    16 * width,
                    width,
                    s.sum + j,
                    s.key_scale + j,
                    s.zeros + j,
                    Then::nothing};
      switch ((lanes - j) / 16) {
        case 1: rows_of_tiles<1>(g, &rows, e + j, lanes, nullptr, 0); break;
        case 2: rows_of_tiles<2>(g, &rows, e + j, lanes, nullptr, 0); break;
        case 3: rows_of_tiles<3>(g, &rows, e + j, lanes, nullptr, 0); break;
        default: rows_of_tiles<4>(g, &rows, e + j, lanes, nullptr, 0); break;
      }
    }
    for (std::size_t r = 0; r < some; ++r) {
      float* x = e + r * lanes;
      const float inverse = exponentials(x, h->length, h->scale);
      __m512 top = _mm512_setzero_ps();
      for (std::size_t j = 0; j < lanes; j += 16) {
        const __m512 p = _mm512_maskz_mul_ps(first_lanes(h->length > j ? h->length - j : 0),
                                             _mm512_load_ps(x + j), _mm512_load_ps(s.value_scale + j));
        _mm512_store_ps(x + j, p);
        top = _mm512_max_ps(p, top);
      }
      const float m = _mm512_reduce_max_ps(top);
      const __m512 up = all(m < 0x1p-100f ? 0.0f : most / m);
      for (std::size_t j = 0; j < lanes; j += 16) {
        const __m512i p = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(x + j), up));
        _mm256_store_si256(reinterpret_cast<__m256i*>(weights + r * lanes + j), _mm512_cvtepi32_epi16(p));
      }
      by[r] = (m / most) * inverse;
    }
    float* out = h->out + t * h->out_stride;
    for (std::size_t d = 0; d < width; d += 64) {
      const int16_t* v = s.values + 2 * d;
      if (width - d >= 64) {
        value_rows<4>(some, weights, lanes, v, 2 * width, lanes / 2, by, out + d, h->out_stride);
      } else {
        value_rows<2>(some, weights, lanes, v, 2 * width, lanes / 2, by, out + d, h->out_stride);
      }
    }
    t += some;
  }
}

}  // namespace

const Table avx512 = {"avx512",     usable,     quantize, matmul, matmul_float, attend,
                      attend_quant, layer_norm, softmax,  gelu,   tanh_all,     add,
                      times,        rotate};

}  // namespace nano::kernels
