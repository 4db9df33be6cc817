// runtime_shim/kernels/avx2/floats.cpp: products of float matrices, and attention by them.
#include "runtime_shim/kernels/avx2/lanes.h"
#include "runtime_shim/kernels/avx2/parts.h"

namespace nano::kernels::avx2_parts {
namespace {

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

}  // namespace

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

namespace {

// The scores of query i to weights: of the keys it sees; the others weigh nothing. 1 / their sum.
float seen_exponentials(const Head* h, std::size_t i, float* e) {
  std::size_t begin = 0, end = 0;
  seen_keys(h, i, &begin, &end);
  for (std::size_t j = 0; j < begin; ++j) e[j] = 0.0f;
  for (std::size_t j = end; j < h->length; ++j) e[j] = 0.0f;
  return exponentials(e + begin, end - begin, h->scale);
}

}  // namespace

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

}  // namespace nano::kernels::avx2_parts
