// runtime_shim/kernels/avx512/rows.cpp: functions of rows of floats.
#include "runtime_shim/kernels/avx512/lanes.h"
#include "runtime_shim/kernels/avx512/parts.h"

namespace nano::kernels::avx512_parts {

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

// x * (127 / max |x|) is at most 127 and a rounding: the nearest whole number is never beyond 127, so nothing is cut off.
void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale) {
  const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  for (std::size_t t = 0; t < rows; ++t, x += ldx, u += k) {
    __m512 most = _mm512_setzero_ps(), most2 = most;
    for (std::size_t i = 0; i < k; i += 32) {
      most = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i)), most);
      most2 = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i + 16)), most2);
    }
    const float top = _mm512_reduce_max_ps(_mm512_max_ps(most, most2));
    const bool zero = top < 0x1p-100f;
    const __m512 up = all(zero ? 0.0f : 127.0f / top);
    const auto whole = [&](std::size_t i) {
      return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), up));
    };
    // The next row lies in L2 at best: it is asked for while this one is rounded. That nothing may lie behind the last
    // row does not matter to a prefetch.
    const auto* next = reinterpret_cast<const char*>(x + ldx);
    std::size_t i = 0;
    for (; i + 64 <= k; i += 64) {  // the packs take fours in turn from their operands; in_order undoes it
      NANO_UNROLL
      for (int line = 0; line < 4; ++line) _mm_prefetch(next + 4 * i + 64 * line, _MM_HINT_T0);
      const __m512i low = _mm512_packs_epi32(whole(i), whole(i + 16)),
                    high = _mm512_packs_epi32(whole(i + 32), whole(i + 48));
      const __m512i bytes = _mm512_permutexvar_epi32(in_order, _mm512_packs_epi16(low, high));
      _mm512_storeu_si512(u + i, _mm512_xor_si512(bytes, sign));
    }
    for (; i < k; i += 16) {
      const __m128i bytes = _mm512_cvtepi32_epi8(whole(i));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(u + i), _mm_xor_si128(bytes, _mm512_castsi512_si128(sign)));
    }
    scale[t] = zero ? 0.0f : top / 127.0f;
  }
}

}  // namespace nano::kernels::avx512_parts
