// runtime_shim/kernels/avx2/attention_integers.cpp: attention in integers, for long sequences of quantized models.
#include "runtime_shim/kernels/avx2/lanes.h"
#include "runtime_shim/kernels/avx2/parts.h"

namespace nano::kernels::avx2_parts {

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

}  // namespace nano::kernels::avx2_parts
