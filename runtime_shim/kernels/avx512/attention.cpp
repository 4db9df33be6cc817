// runtime_shim/kernels/avx512/attention.cpp: attention in floats.
#include "runtime_shim/kernels/avx512/lanes.h"
#include "runtime_shim/kernels/avx512/parts.h"

namespace nano::kernels::avx512_parts {

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

}  // namespace nano::kernels::avx512_parts
