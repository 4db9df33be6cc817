// runtime_shim/kernels/avx512/floats.cpp: products of float matrices.
#include "runtime_shim/kernels/avx512/lanes.h"
#include "runtime_shim/kernels/avx512/parts.h"

namespace nano::kernels::avx512_parts {
namespace {

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

}  // namespace

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

namespace {

// Sixteen values of a row of weights, or the first of them.
__m512 load_values(WeightType type, const unsigned char* row, std::size_t at, __mmask16 m) {
  if (type == WeightType::f32) return _mm512_maskz_loadu_ps(m, row + 4 * at);
  const __m256i half = _mm256_maskz_loadu_epi16(m, row + 2 * at);
  if (type == WeightType::f16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

}  // namespace

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

}  // namespace nano::kernels::avx512_parts
