// runtime_shim/kernels/avx2/lanes.h: what the files of this folder share: eight lanes at a time, and the steps of ref.cpp's
// elementary functions on them. Everything is static: each object has its own copy, and nothing that the linker could share.
#pragma once

#include <immintrin.h>

#include "runtime_shim/kernels/table.h"

// Loops over the rows of a tile are unrolled, so that a tile's accumulators are registers.
#if defined(__clang__)
#define NANO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NANO_UNROLL _Pragma("GCC unroll 16")
#endif
#define NANO_INLINE inline __attribute__((always_inline))  // a call would keep nothing in vector registers

namespace nano::kernels {

static NANO_INLINE __m256 all(float v) {
  return _mm256_set1_ps(v);
}

static NANO_INLINE __m256 absolute(__m256 x) {
  return _mm256_andnot_ps(all(-0.0f), x);
}

// The first n (1 to 8) values, and zeros: no byte past them is read.
static NANO_INLINE __m256i mask_of(std::size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n >= 8 ? 8 : static_cast<int32_t>(n)), lane);
}

static NANO_INLINE __m256 load(const float* x, __m256i m) {
  return _mm256_maskload_ps(x, m);
}

static NANO_INLINE __m256 exp_law(__m256 x) {
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

static NANO_INLINE __m256 gelu_law(__m256 x) {
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

static NANO_INLINE __m256 tanh_law(__m256 x) {
  const __m256 e = exp_law(_mm256_mul_ps(all(-2.0f), absolute(x)));
  const __m256 y = _mm256_div_ps(_mm256_sub_ps(all(1.0f), e), _mm256_add_ps(all(1.0f), e));
  return _mm256_or_ps(absolute(y), _mm256_and_ps(x, all(-0.0f)));
}

static NANO_INLINE float fold(__m256 low, __m256 high) {  // lanes 0-7 and 8-15
  const __m256 eight = _mm256_add_ps(low, high);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

static NANO_INLINE float top_of(__m256 v) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

}  // namespace nano::kernels
