// runtime_shim/kernels/avx512/lanes.h: what the files of this folder share: sixteen lanes at a time, and the steps of
// ref.cpp's elementary functions on them. Everything is static: each object has its own copy, and nothing that the linker
// could share.
#pragma once

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
#define NANO_INLINE inline __attribute__((always_inline))  // a call would keep nothing in vector registers

namespace nano::kernels {

static NANO_INLINE __mmask16 first_lanes(std::size_t n) {
  return n >= 16 ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1u << n) - 1);
}

static NANO_INLINE __m512 all(float v) {
  return _mm512_set1_ps(v);
}

static NANO_INLINE __m512 exp_law(__m512 x) {
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

static NANO_INLINE __m512 gelu_law(__m512 x) {
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

static NANO_INLINE __m512 tanh_law(__m512 x) {
  const __m512 e = exp_law(_mm512_mul_ps(all(-2.0f), _mm512_abs_ps(x)));
  const __m512 y = _mm512_div_ps(_mm512_sub_ps(all(1.0f), e), _mm512_add_ps(all(1.0f), e));
  const __m512 sign = _mm512_and_ps(x, all(-0.0f));
  return _mm512_or_ps(_mm512_andnot_ps(all(-0.0f), y), sign);
}

static NANO_INLINE float fold(__m512 lanes) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

// `rows` in equal parts of at most six.
struct Parts {
  std::size_t count = 0, part = 0, longer = 0;  // the first `longer` parts have part + 1 rows
};
static inline Parts parts_of(std::size_t rows) {
  const std::size_t count = (rows + 5) / 6;
  return {count, rows / count, rows % count};
}

// total += four unsigned bytes of x times four signed ones of w, in each lane. In assembly because g++ 12 spills the
// accumulators around _mm512_dpbusd_epi32 (half the speed).
static NANO_INLINE void add_products(__m512i& total, __m512i x, __m512i w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(x), "v"(w));
}

struct __attribute__((packed, may_alias)) Four {
  int32_t bytes;
};

}  // namespace nano::kernels
