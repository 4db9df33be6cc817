// runtime_shim/kernels/avx512/attention_integers.cpp: attention in integers, for long sequences of quantized models.
#include "runtime_shim/kernels/avx512/lanes.h"
#include "runtime_shim/kernels/avx512/parts.h"

namespace nano::kernels::avx512_parts {
namespace {

// total += two signed words of p times two of v, in each lane.
NANO_INLINE void add_word_products(__m512i& total, __m512i p, __m512i v) {
  asm("vpdpwssd %2, %1, %0" : "+v"(total) : "v"(p), "v"(v));
}

// kRows queries by kColumns * 16 columns of v: out = float(sum over pairs of keys) * by. A function of its own: inlined into
// attend_quant, g++ 12 keeps the sums on the stack.
template <int kRows, int kColumns>
__attribute__((noinline)) void value_tile(const int16_t* p, std::size_t ldp, const int16_t* v,
                                          std::size_t ldv, std::size_t pairs, const float* by, float* out,
                                          std::size_t ldo) {
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

}  // namespace

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
      const std::size_t panels = (lanes - j) / 16;
      multiply_group(g, panels < 4 ? panels : 4, &rows, e + j, lanes, nullptr, 0);
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

}  // namespace nano::kernels::avx512_parts
