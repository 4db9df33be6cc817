// runtime_shim/kernels/ref.cpp: the portable reference: the plainest code in nano, and the law for every other kernel file.
#include <bit>
#include <cmath>
#include <cstring>

#include "runtime_shim/kernels/table.h"
#include "runtime_shim/quant/float_convert.h"

namespace nano::kernels {

std::size_t scratch_bytes(std::size_t k) {
  return (k + kBlock) * kLanes * sizeof(float);  // a panel of sixteen rows as f32; the 8-bit panel with scales is smaller
}

namespace {

bool usable() {
  return true;
}

// --- elementary functions ----------------------------------------------------------------------------------------

// exp by 2^n * e^r, |r| <= ln(2) / 2. Range reduction and polynomial: Cephes expf (S. Moshier), relative error < 2e-7.
float exp_law(float x) {
  x = x > -87.0f ? x : -87.0f;
  x = x < 88.0f ? x : 88.0f;
  const float n = std::floor(std::fma(x, 1.44269504088896341f, 0.5f));
  float r = std::fma(n, -0.693359375f, x);
  r = std::fma(n, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = std::fma(p, r, 1.3981999507e-3f);
  p = std::fma(p, r, 8.3334519073e-3f);
  p = std::fma(p, r, 4.1665795894e-2f);
  p = std::fma(p, r, 1.6666665459e-1f);
  p = std::fma(p, r, 5.0000001201e-1f);
  const float y = std::fma(p, r * r, r) + 1.0f;
  return y * std::bit_cast<float>(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

// Phi by erfc(u) ~ (a1 t + … + a5 t^5) exp(-u^2), t = 1 / (1 + p u): Abramowitz and Stegun 7.1.26, error < 1.5e-7.
float gelu_law(float x) {
  const float u = std::fabs(x) * 0.70710678118654752f;
  const float t = 1.0f / std::fma(0.3275911f, u, 1.0f);
  float p = 1.061405429f;
  p = std::fma(p, t, -1.453152027f);
  p = std::fma(p, t, 1.421413741f);
  p = std::fma(p, t, -0.284496736f);
  p = std::fma(p, t, 0.254829592f);
  const float half_erfc = (p * t) * exp_law(-(u * u)) * 0.5f;
  return x * (x < 0.0f ? half_erfc : 1.0f - half_erfc);
}

float tanh_law(float x) {
  const float e = exp_law(-2.0f * std::fabs(x));
  return std::copysign((1.0f - e) / (1.0f + e), x);
}

float fold(float lane[kLanes]) {
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t l = 0; l < width; ++l) lane[l] += lane[l + width];
  }
  return lane[0];
}

void gelu(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] = gelu_law(x[i]);
}

void tanh_all(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] = tanh_law(x[i]);
}

void add(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] += y[i];
}

void softmax(float* x, std::size_t n, float scale) {
  float top = x[0];
  for (std::size_t i = 1; i < n; ++i) top = x[i] > top ? x[i] : top;
  float lane[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = exp_law((x[i] - top) * scale);
    lane[i % kLanes] += x[i];
  }
  const float inverse = 1.0f / fold(lane);
  for (std::size_t i = 0; i < n; ++i) x[i] *= inverse;
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias, float eps,
                float* y) {
  float lane[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = x[i] + (residual != nullptr ? residual[i] : 0.0f);
    lane[i % kLanes] += y[i];
  }
  const float mean = fold(lane) / static_cast<float>(n);
  float square[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) {
    const float d = y[i] - mean;
    square[i % kLanes] = std::fma(d, d, square[i % kLanes]);
  }
  const float scale = 1.0f / std::sqrt(fold(square) / static_cast<float>(n) + eps);
  for (std::size_t i = 0; i < n; ++i) y[i] = std::fma((y[i] - mean) * scale, gain[i], bias[i]);
}

// --- matrices ----------------------------------------------------------------------------------------------------

void quantize_rows(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, int8_t* q, float* scale,
                   int32_t* sum) {
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    for (std::size_t b = 0; b < k; b += kBlock) {
      float top = 0.0f;
      for (std::size_t i = b; i < b + kBlock; ++i) top = std::fabs(x[i]) > top ? std::fabs(x[i]) : top;
      const bool zero = top < 0x1p-100f;  // 127 / top must stay finite
      const float up = zero ? 0.0f : 127.0f / top;
      int32_t total = 0;
      for (std::size_t i = b; i < b + kBlock; ++i) {
        float v = x[i] * up;
        v = v < 127.0f ? v : 127.0f;
        v = v > -127.0f ? v : -127.0f;
        const auto r = static_cast<int32_t>(std::nearbyint(v));
        *q++ = static_cast<int8_t>(r);
        total += r;
      }
      *scale++ = zero ? 0.0f : top / 127.0f;
      *sum++ = total;
    }
  }
}

// One weight block: value[i] = d * (u[i] - offset) + m.
struct Block {
  uint8_t u[kBlock] = {};
  int32_t offset = 0;
  float d = 0.0f;
  float m = 0.0f;
  bool has_m = false;
};

Block decode(WeightType type, const uint8_t* p) {
  const auto half = [p](std::size_t at) {
    return quant::f16_to_f32(static_cast<uint16_t>(p[at] | (p[at + 1] << 8)));
  };
  Block b;
  b.d = half(0);
  if (type == WeightType::q8_0) {
    b.offset = 128;
    for (std::size_t i = 0; i < kBlock; ++i) b.u[i] = static_cast<uint8_t>(p[2 + i] ^ 0x80);
    return b;
  }
  const bool five = type == WeightType::q5_0 || type == WeightType::q5_1;
  b.has_m = type == WeightType::q4_1 || type == WeightType::q5_1;
  b.offset = b.has_m ? 0 : five ? 16 : 8;
  if (b.has_m) b.m = half(2);
  const uint8_t* qs = p + (b.has_m ? 4 : 2);
  uint32_t high = 0;
  if (five) {
    for (int i = 0; i < 4; ++i) high |= static_cast<uint32_t>(*qs++) << (8 * i);
  }
  for (std::size_t i = 0; i < kBlock; ++i) {
    const uint32_t nibble = static_cast<uint32_t>(i < 16 ? qs[i] & 15 : qs[i - 16] >> 4);
    b.u[i] = static_cast<uint8_t>(nibble | (((high >> i) & 1) << 4));
  }
  return b;
}

std::size_t block_bytes(WeightType type) {
  switch (type) {
    case WeightType::q4_0: return 18;
    case WeightType::q4_1: return 20;
    case WeightType::q5_0: return 22;
    case WeightType::q5_1: return 24;
    default: return 34;
  }
}

void matmul_quant(const Weights* w, const QuantRows* x, std::size_t begin, std::size_t end, const float* bias, float* out,
                  std::size_t ldo, void* /*scratch*/) {
  const std::size_t blocks = x->k / kBlock;
  for (std::size_t j = begin; j < end; ++j) {
    for (std::size_t t = 0; t < x->rows; ++t) out[t * ldo + j] = 0.0f;
    const auto* row = static_cast<const uint8_t*>(w->data) + j * w->row_bytes;
    for (std::size_t b = 0; b < blocks; ++b) {
      const Block block = decode(w->type, row + b * block_bytes(w->type));
      for (std::size_t t = 0; t < x->rows; ++t) {
        const int8_t* q = x->q + t * x->k + b * kBlock;
        const float s = x->scale[t * blocks + b];
        const int32_t sum = x->sum[t * blocks + b];
        int32_t isum = -block.offset * sum;  // |isum| <= 32 * 128 * 127 < 2^24: exact in float
        for (std::size_t i = 0; i < kBlock; ++i) isum += int32_t{block.u[i]} * int32_t{q[i]};
        float& acc = out[t * ldo + j];
        acc = std::fma(block.d * s, static_cast<float>(isum), acc);
        if (block.has_m) acc = std::fma(block.m * s, static_cast<float>(sum), acc);
      }
    }
    for (std::size_t t = 0; t < x->rows; ++t) out[t * ldo + j] += bias != nullptr ? bias[j] : 0.0f;
  }
}

float float_at(const Weights* w, const unsigned char* row, std::size_t i) {
  if (w->type == WeightType::f32) {
    float v = 0.0f;
    std::memcpy(&v, row + 4 * i, 4);
    return v;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, row + 2 * i, 2);
  return w->type == WeightType::f16 ? quant::f16_to_f32(bits) : quant::bf16_to_f32(bits);
}

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin, std::size_t end,
                  const float* bias, float* out, std::size_t ldo, void* scratch) {
  auto* row = static_cast<float*>(scratch);
  for (std::size_t j = begin; j < end; ++j) {
    const auto* bytes = static_cast<const unsigned char*>(w->data) + j * w->row_bytes;
    for (std::size_t i = 0; i < w->k; ++i) row[i] = float_at(w, bytes, i);
    for (std::size_t t = 0; t < rows; ++t) {
      float acc = 0.0f;
      for (std::size_t i = 0; i < w->k; ++i) acc = std::fma(x[t * ldx + i], row[i], acc);
      out[t * ldo + j] = acc + (bias != nullptr ? bias[j] : 0.0f);
    }
  }
}

void gemm(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k, std::size_t n,
          float* c, std::size_t ldc) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float acc = 0.0f;
      for (std::size_t l = 0; l < k; ++l) acc = std::fma(a[i * lda + l], b[l * ldb + j], acc);
      c[i * ldc + j] = acc;
    }
  }
}

}  // namespace

const Table ref = {"ref", usable,     quantize_rows, matmul_quant, matmul_float, gemm,
                   layer_norm, softmax, gelu,          tanh_all,     add};

}  // namespace nano::kernels
