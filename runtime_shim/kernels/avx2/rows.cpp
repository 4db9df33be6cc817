// runtime_shim/kernels/avx2/rows.cpp: functions of rows of floats.
#include "runtime_shim/kernels/avx2/lanes.h"
#include "runtime_shim/kernels/avx2/parts.h"

namespace nano::kernels::avx2_parts {

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
    const __m256 a = load(x + d, m), b = load(x + half + d, m), c = load(cosine + d, m),
                 s = load(sine + d, m);
    _mm256_maskstore_ps(x + d, m, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
    _mm256_maskstore_ps(x + half + d, m, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
  }
}

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

// x * (127 / max |x|) is at most 127 and a rounding: the nearest whole number is never beyond 127, so nothing is cut off.
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
        r[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + b + 8 * i), up));
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

}  // namespace nano::kernels::avx2_parts
