// runtime_shim/kernels/neon/floats.cpp: products of float matrices, and attention by them.
#include "runtime_shim/kernels/neon/lanes.h"
#include "runtime_shim/kernels/neon/parts.h"

namespace nano::kernels::neon_parts {
namespace {

// kRows rows of a by kColumns * 4 columns of b, of which `n` exist. Each row's sums are multiplied by by[r] (null: by one)
// and then added to `bias` (null: nothing is added).
template <int kRows, int kColumns>
void tile(const float* a, std::size_t lda, const float* b, std::size_t ldb, std::size_t k, std::size_t n,
          const float* by, const float* bias, float* c, std::size_t ldc) {
  constexpr std::size_t before = 4 * (kColumns - 1);  // all but the last four columns are there
  float32x4_t acc[kRows][kColumns];
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < kColumns; ++p) acc[r][p] = all(0.0f);
  }
  for (std::size_t l = 0; l < k; ++l, b += ldb) {
    float32x4_t column[kColumns];
    NANO_UNROLL
    for (int p = 0; p + 1 < kColumns; ++p) column[p] = vld1q_f32(b + 4 * p);
    column[kColumns - 1] = load(b + before, n - before);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const float32x4_t x = all(a[static_cast<std::size_t>(r) * lda + l]);
      NANO_UNROLL
      for (int p = 0; p < kColumns; ++p) acc[r][p] = vfmaq_f32(acc[r][p], x, column[p]);
    }
  }
  NANO_UNROLL
  for (int r = 0; r < kRows; ++r) {
    NANO_UNROLL
    for (int p = 0; p < kColumns; ++p) {
      const std::size_t at = 4 * static_cast<std::size_t>(p);
      float32x4_t v = acc[r][p];
      if (by != nullptr) v = vmulq_f32(v, all(by[r]));
      if (bias != nullptr) v = vaddq_f32(v, load(bias + at, n - at));
      store(c + static_cast<std::size_t>(r) * ldc + at, v, n - at);
    }
  }
}

template <int kColumns>
void rows_of_tiles(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb,
                   std::size_t k, std::size_t n, const float* by, const float* bias, float* c,
                   std::size_t ldc) {
  const auto from = [&](std::size_t i) { return by != nullptr ? by + i : nullptr; };
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4)
    tile<4, kColumns>(a + i * lda, lda, b, ldb, k, n, from(i), bias, c + i * ldc, ldc);
  for (; i < rows; ++i) tile<1, kColumns>(a + i * lda, lda, b, ldb, k, n, from(i), bias, c + i * ldc, ldc);
}

void product(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb,
             std::size_t k, std::size_t n, const float* by, const float* bias, float* c, std::size_t ldc) {
  for (std::size_t j = 0; j < n; j += 16) {
    const std::size_t some = n - j < 16 ? n - j : 16;
    const float* more = bias != nullptr ? bias + j : nullptr;
    switch ((some + 3) / 4) {
      case 4: rows_of_tiles<4>(a, lda, rows, b + j, ldb, k, some, by, more, c + j, ldc); break;
      case 3: rows_of_tiles<3>(a, lda, rows, b + j, ldb, k, some, by, more, c + j, ldc); break;
      case 2: rows_of_tiles<2>(a, lda, rows, b + j, ldb, k, some, by, more, c + j, ldc); break;
      default: rows_of_tiles<1>(a, lda, rows, b + j, ldb, k, some, by, more, c + j, ldc); break;
    }
  }
}

// Up to four values of a row of weights.
float32x4_t load_values(WeightType type, const unsigned char* row, std::size_t at, std::size_t n) {
  const std::size_t some = n < 4 ? n : 4;
  if (type == WeightType::f32) {
    float four[4] = {};
    __builtin_memcpy(four, row + 4 * at, 4 * some);
    return vld1q_f32(four);
  }
  uint16_t halves[4] = {};
  __builtin_memcpy(halves, row + 2 * at, 2 * some);
  const uint16x4_t h = vld1_u16(halves);
  if (type == WeightType::f16) return vcvt_f32_f16(vreinterpret_f16_u16(h));
  return vreinterpretq_f32_u32(vshll_n_u16(h, 16));
}

// The scores of query i to weights: of the keys it sees; the others weigh nothing. 1 / their sum.
float seen_exponentials(const Head* h, std::size_t i, float* e) {
  std::size_t begin = 0, end = 0;
  seen_keys(h, i, &begin, &end);
  for (std::size_t j = 0; j < begin; ++j) e[j] = 0.0f;
  for (std::size_t j = end; j < h->length; ++j) e[j] = 0.0f;
  return exponentials(e + begin, end - begin, h->scale);
}

}  // namespace

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch) {
  auto* panel = static_cast<float*>(scratch);  // (k, 16)
  static const float zeros[16] = {};
  float values[4];
  for (std::size_t j = begin; j < end; j += 16) {
    const std::size_t width = end - j < 16 ? end - j : 16;
    for (std::size_t lane = 0; lane < width; ++lane) {
      const auto* row = static_cast<const unsigned char*>(w->data) + (j + lane) * w->row_bytes;
      for (std::size_t i = 0; i < w->k; i += 4) {
        const std::size_t some = w->k - i < 4 ? w->k - i : 4;
        vst1q_f32(values, load_values(w->type, row, i, some));
        for (std::size_t s = 0; s < some; ++s) panel[(i + s) * 16 + lane] = values[s];
      }
    }
    product(x, ldx, rows, panel, 16, w->k, width, nullptr, bias != nullptr ? bias + j : zeros, out + j, ldo);
  }
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
    product(h->q + i * h->stride, h->stride, rows, keys, lanes, h->width, h->length, nullptr, nullptr, e,
            lanes);
    float inverse[kQueries];
    for (std::size_t r = 0; r < rows; ++r) inverse[r] = seen_exponentials(h, i + r, e + r * lanes);
    product(e, lanes, rows, h->v, h->stride, h->length, h->width, inverse, nullptr,
            h->out + i * h->out_stride, h->out_stride);
  }
}

}  // namespace nano::kernels::neon_parts
