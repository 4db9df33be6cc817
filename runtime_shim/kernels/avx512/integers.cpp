// runtime_shim/kernels/avx512/integers.cpp: the product of packed matrices (VNNI), and the table. Reached only through it
// after usable() said yes.
#include "runtime_shim/kernels/avx512/lanes.h"
#include "runtime_shim/kernels/avx512/parts.h"

namespace nano::kernels {
namespace avx512_parts {
namespace {

bool usable() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

// kRows tokens by kPanels panels. Each of the k / 4 steps also asks for `ahead_lines` lines of the next group.
template <int kRows, int kPanels>
void tile(const Group& g, const uint8_t* x, const float* x_scale, float* out, std::size_t ldo,
          const char* ahead, std::size_t ahead_lines) {
  __m512i total[kRows][kPanels];
  NANO_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    const __m512i start = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_load_si512(g.sum + 16 * p));
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) total[r][p] = start;
  }
  const uint8_t* w = g.panels;
  const std::size_t k = g.k, panel_bytes = g.panel_bytes;
  for (std::size_t i = 0; i < k; i += 4, w += 64) {
    for (std::size_t line = 0; line < ahead_lines; ++line, ahead += 64) _mm_prefetch(ahead, _MM_HINT_T1);
    __m512i column[kPanels];
    NANO_UNROLL
    for (int p = 0; p < kPanels; ++p)
      column[p] = _mm512_load_si512(w + static_cast<std::size_t>(p) * panel_bytes);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512i four =
          _mm512_set1_epi32(reinterpret_cast<const Four*>(x + static_cast<std::size_t>(r) * k + i)->bytes);
      NANO_UNROLL
      for (int p = 0; p < kPanels; ++p) add_products(total[r][p], four, column[p]);
    }
  }
  NANO_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    const __m512 scale = _mm512_load_ps(g.scale + 16 * p), bias = _mm512_load_ps(g.bias + 16 * p);
    NANO_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const __m512 by = _mm512_mul_ps(scale, all(x_scale[r]));
      const __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(total[r][p]), by, bias);
      _mm512_storeu_ps(out + static_cast<std::size_t>(r) * ldo + 16 * p, y);
    }
  }
  if (g.then != Then::gelu) return;
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) {
      float* y = out + static_cast<std::size_t>(r) * ldo + 16 * p;
      _mm512_storeu_ps(y, gelu_law(_mm512_loadu_ps(y)));
    }
  }
}

template <int kPanels>
void rows_of_tiles(const Group& g, const QuantRows* x, float* out, std::size_t ldo, const char* ahead,
                   std::size_t ahead_bytes) {
  const Parts parts = parts_of(x->rows);
  const std::size_t steps = g.k / 4;
  std::size_t left = ahead_bytes / 64;  // lines to ask for, as many in each step
  const std::size_t lines = (left + parts.count * steps - 1) / (parts.count * steps);
  for (std::size_t i = 0, t = 0; i < parts.count; ++i) {
    const std::size_t some = parts.part + (i < parts.longer ? 1 : 0), now = left != 0 ? lines : 0;
    const uint8_t* u = x->u + t * x->k;
    const float* s = x->scale + t;
    float* to = out + t * ldo;
    switch (some) {
      case 6: tile<6, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 5: tile<5, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 4: tile<4, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 3: tile<3, kPanels>(g, u, s, to, ldo, ahead, now); break;
      case 2: tile<2, kPanels>(g, u, s, to, ldo, ahead, now); break;
      default: tile<1, kPanels>(g, u, s, to, ldo, ahead, now); break;
    }
    t += some;
    ahead += now * steps * 64;
    left = left > now * steps ? left - now * steps : 0;
  }
}

}  // namespace

void multiply_group(const Group& g, std::size_t count, const QuantRows* x, float* out, std::size_t ldo,
                    const char* ahead, std::size_t ahead_bytes) {
  switch (count) {
    case 4: return rows_of_tiles<4>(g, x, out, ldo, ahead, ahead_bytes);
    case 3: return rows_of_tiles<3>(g, x, out, ldo, ahead, ahead_bytes);
    case 2: return rows_of_tiles<2>(g, x, out, ldo, ahead, ahead_bytes);
    default: return rows_of_tiles<1>(g, x, out, ldo, ahead, ahead_bytes);
  }
}

namespace {

// A panel of 4-bit weights as one of 8-bit weights. Two p lie in one 16-bit word, each at most 15: a factor of at most 15
// makes at most 225 of each, so that one 16-bit product is both.
void widen_panel(const uint8_t* panel, std::size_t k, uint8_t* to) {
  const uint8_t* factors = panel + k / kBlock * 256;
  const __m512i low = _mm512_set1_epi8(15);
  for (std::size_t b = 0; b < k / kBlock; ++b, panel += 256, factors += 32, to += 512) {
    const __m512i ones = _mm512_set1_epi32(0x00010001), bytes = _mm512_set1_epi32(0x01010101);
    const __m512i by = _mm512_mullo_epi32(
        _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(factors))), ones);
    const __m512i off = _mm512_mullo_epi32(
        _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(factors + 16))), bytes);
    NANO_UNROLL
    for (int g = 0; g < 4; ++g) {
      const __m512i both = _mm512_load_si512(panel + 64 * g);
      const __m512i first = _mm512_and_si512(both, low),
                    second = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
      _mm512_store_si512(to + 64 * g, _mm512_sub_epi8(_mm512_mullo_epi16(first, by), off));
      _mm512_store_si512(to + 64 * (4 + g), _mm512_sub_epi8(_mm512_mullo_epi16(second, by), off));
    }
  }
}

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch) {
  for (std::size_t panel = begin; panel < end;) {
    const std::size_t count = end - panel < 4 ? end - panel : 4, row = panel * 16;
    const uint8_t* panels = w->panels + panel * w->panel_bytes;
    // What is read next: the following group, or what lies behind the matrix (often the next one). Asking for memory
    // that is not there is allowed.
    const auto* ahead = reinterpret_cast<const char*>(panels + count * w->panel_bytes);
    const std::size_t ahead_bytes = 4 * w->panel_bytes;
    Group g{panels, w->panel_bytes, w->k, w->sum + row, w->scale + row, w->bias + row, then};
    if (w->bits == 4) {
      auto* wide = static_cast<uint8_t*>(scratch);
      for (std::size_t p = 0; p < count; ++p)
        widen_panel(panels + p * w->panel_bytes, w->k, wide + p * w->k * 16);
      g.panels = wide;
      g.panel_bytes = w->k * 16;
    }
    multiply_group(g, count, x, out + row, ldo, ahead, ahead_bytes);
    panel += count;
  }
}

}  // namespace
}  // namespace avx512_parts

using namespace avx512_parts;
const Table avx512 = {
    .name = "avx512",
    .usable = usable,
    .quantize = quantize,
    .matmul = matmul,
    .matmul_float = matmul_float,
    .attend = attend,
    .attend_quant = attend_quant,
    .layer_norm = layer_norm,
    .softmax = softmax,
    .gelu = gelu,
    .tanh = tanh_all,
    .add = add,
    .times = times,
    .rotate = rotate,
};

}  // namespace nano::kernels
