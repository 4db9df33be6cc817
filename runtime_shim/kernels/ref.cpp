// runtime_shim/kernels/ref.cpp: the portable reference: the plainest code in nano, and the law for every other kernel file.
#include <bit>
#include <cmath>
#include <cstring>

#include "runtime_shim/kernels/table.h"
#include "runtime_shim/quant/float_convert.h"

namespace nano::kernels {

std::size_t scratch_bytes(std::size_t k) {
  // Sixteen rows as f32; or, of 4-bit weights, four panels of sixteen as bytes.
  return (k + kBlock) * kLanes * sizeof(float);
}

std::size_t attend_floats(std::size_t length, std::size_t width) {
  const std::size_t lanes = (length + kLanes - 1) / kLanes * kLanes,
                    wide = (width + kBlock - 1) / kBlock * kBlock;
  // The keys, turned, and scores of sixteen queries; or keys and values as integers, and what belongs to them.
  return (wide + 32) * lanes + 32 * wide + 1024;
}

void seen_keys(const Head* h, std::size_t i, std::size_t* begin, std::size_t* end) {
  const std::size_t at = h->first_key + i;
  *begin = h->window == 0 || at < h->window ? 0 : at - h->window;
  *end = h->window == 0 || h->length - 1 < at + h->window ? h->length : at + h->window + 1;
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

// Phi(x) - 1/2 = x P(s), s = 2 (x / 5)^2 - 1, for |x| <= 5, constant beyond. P: minimax over x P(s) x, fitted by
// reweighted least squares (docs/PERFORMANCE.md); P(1) is the float above 0.1, so that Phi(-5) is not above 0.
float gelu_law(float x) {
  float c = x > -5.0f ? x : -5.0f;
  c = c < 5.0f ? c : 5.0f;
  const float s = std::fma(c * c, 0.08f, -1.0f);
  float p = -0x1.11e482p-10f;
  p = std::fma(p, s, 0x1.9ffcdp-9f);
  p = std::fma(p, s, -0x1.06aa88p-8f);
  p = std::fma(p, s, 0x1.51e3e6p-8f);
  p = std::fma(p, s, -0x1.49c278p-7f);
  p = std::fma(p, s, 0x1.1490fep-6f);
  p = std::fma(p, s, -0x1.83ad24p-6f);
  p = std::fma(p, s, 0x1.00f144p-5f);
  p = std::fma(p, s, -0x1.4ad8ecp-5f);
  p = std::fma(p, s, 0x1.a616f2p-5f);
  p = std::fma(p, s, -0x1.1ff142p-4f);
  p = std::fma(p, s, 0x1.218354p-3f);
  const float phi = std::fma(p, c, 0.5f);
  return x * (phi > 0.0f ? phi : 0.0f);
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

void times(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= y[i];
}

void rotate(float* x, std::size_t half, const float* cosine, const float* sine) {
  for (std::size_t d = 0; d < half; ++d) {
    const float a = x[d], b = x[half + d];
    x[d] = std::fma(a, cosine[d], -(b * sine[d]));
    x[half + d] = std::fma(b, cosine[d], a * sine[d]);
  }
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

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias,
                float eps, float* y) {
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

void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale) {
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    float top = 0.0f;
    for (std::size_t i = 0; i < k; ++i) top = std::fabs(x[i]) > top ? std::fabs(x[i]) : top;
    const bool zero = top < 0x1p-100f;  // 127 / top must stay finite
    const float up = zero ? 0.0f : 127.0f / top;
    for (std::size_t i = 0; i < k; ++i) {
      float v = x[i] * up;
      v = v < 127.0f ? v : 127.0f;
      v = v > -127.0f ? v : -127.0f;
      *u++ = static_cast<uint8_t>(128 + static_cast<int32_t>(std::nearbyint(v)));
    }
    *scale++ = zero ? 0.0f : top / 127.0f;
  }
}

// Weight i of row r of a panel.
int32_t weight_at(const Packed* w, const uint8_t* panel, std::size_t r, std::size_t i) {
  if (w->bits == 8)
    return static_cast<int8_t>(panel[i / kGroup * (kLanes * kGroup) + r * kGroup + i % kGroup]);
  const std::size_t block = i / kBlock, in = i % (kBlock / 2);
  const uint8_t both = panel[block * 256 + in / kGroup * (kLanes * kGroup) + r * kGroup + in % kGroup];
  const uint8_t* factors = panel + w->k / kBlock * 256 + block * 32;
  const int32_t p = i % kBlock < kBlock / 2 ? both & 15 : both >> 4;
  return p * factors[r] - factors[kLanes + r];
}

void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* /*scratch*/) {
  for (std::size_t j = begin * kLanes; j < end * kLanes; ++j) {
    const uint8_t* panel = w->panels + j / kLanes * w->panel_bytes;
    for (std::size_t t = 0; t < x->rows; ++t) {
      const uint8_t* u = x->u + t * x->k;
      int32_t isum = 0;
      for (std::size_t i = 0; i < x->k; ++i)
        isum += weight_at(w, panel, j % kLanes, i) * (int32_t{u[i]} - 128);
      const float y = std::fma(static_cast<float>(isum), w->scale[j] * x->scale[t], w->bias[j]);
      out[t * ldo + j] = then == Then::gelu ? gelu_law(y) : y;
    }
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

void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch) {
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

void attend(const Head* h, float* scratch) {
  float* e = scratch;
  for (std::size_t i = 0; i < h->queries; ++i) {
    std::size_t begin = 0, end = 0;
    seen_keys(h, i, &begin, &end);
    float top = -INFINITY;
    for (std::size_t j = begin; j < end; ++j) {
      e[j] = 0.0f;
      for (std::size_t d = 0; d < h->width; ++d)
        e[j] = std::fma(h->q[i * h->stride + d], h->k[j * h->stride + d], e[j]);
      top = e[j] > top ? e[j] : top;
    }
    float lane[kLanes] = {};
    for (std::size_t j = begin; j < end; ++j) {
      e[j] = exp_law((e[j] - top) * h->scale);
      lane[(j - begin) % kLanes] += e[j];
    }
    const float inverse = 1.0f / fold(lane);
    for (std::size_t d = 0; d < h->width; ++d) {
      float acc = 0.0f;
      for (std::size_t j = begin; j < end; ++j) acc = std::fma(e[j], h->v[j * h->stride + d], acc);
      h->out[i * h->out_stride + d] = acc * inverse;
    }
  }
}

void attend_quant(const Head* h, float* scratch) {
  const std::size_t n = h->length, width = h->width;
  auto* k = reinterpret_cast<uint8_t*>(scratch);  // (length, width)
  uint8_t* v = k + n * width;
  uint8_t* q = v + n * width;  // (width)
  auto* sk = reinterpret_cast<float*>(q + width);
  float* sv = sk + n;
  float* e = sv + n;
  quantize(h->k, h->stride, n, width, k, sk);
  quantize(h->v, h->stride, n, width, v, sv);
  const float top = std::fmin(32767.0f, static_cast<float>((std::size_t{1} << 24) / n));
  for (std::size_t i = 0; i < h->queries; ++i) {
    float sq = 0.0f, most = -INFINITY;
    quantize(h->q + i * h->stride, h->stride, 1, width, q, &sq);
    for (std::size_t j = 0; j < n; ++j) {
      int32_t isum = 0;
      for (std::size_t d = 0; d < width; ++d)
        isum += (int32_t{q[d]} - 128) * (int32_t{k[j * width + d]} - 128);
      e[j] = std::fma(static_cast<float>(isum), sk[j] * sq, 0.0f);
      most = e[j] > most ? e[j] : most;
    }
    float lane[kLanes] = {}, m = 0.0f;
    for (std::size_t j = 0; j < n; ++j) {
      e[j] = exp_law((e[j] - most) * h->scale);
      lane[j % kLanes] += e[j];
      e[j] *= sv[j];
      m = e[j] > m ? e[j] : m;
    }
    const float inverse = 1.0f / fold(lane), up = m < 0x1p-100f ? 0.0f : top / m;
    for (std::size_t d = 0; d < width; ++d) {
      int32_t isum = 0;
      for (std::size_t j = 0; j < n; ++j) {
        isum += static_cast<int32_t>(std::nearbyint(e[j] * up)) * (int32_t{v[j * width + d]} - 128);
      }
      h->out[i * h->out_stride + d] = static_cast<float>(isum) * ((m / top) * inverse);
    }
  }
}

}  // namespace

const Table ref = {
    .name = "ref",
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
