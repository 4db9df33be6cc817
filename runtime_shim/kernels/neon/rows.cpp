// runtime_shim/kernels/neon/rows.cpp: functions of one row of floats.
#include "runtime_shim/kernels/neon/lanes.h"
#include "runtime_shim/kernels/neon/parts.h"

namespace nano::kernels::neon_parts {
namespace {

float top_of(const float* x, std::size_t n) {
  float32x4_t top = all(x[0]);
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) top = vmaxq_f32(vld1q_f32(x + i), top);
  float most = vmaxvq_f32(top);
  for (; i < n; ++i) most = x[i] > most ? x[i] : most;
  return most;
}

}  // namespace

void gelu(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 4) store(x + i, gelu_law(load(x + i, n - i)), n - i);
}

void tanh_all(float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 4) store(x + i, tanh_law(load(x + i, n - i)), n - i);
}

void add(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 4)
    store(x + i, vaddq_f32(load(x + i, n - i), load(y + i, n - i)), n - i);
}

void times(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 4)
    store(x + i, vmulq_f32(load(x + i, n - i), load(y + i, n - i)), n - i);
}

void rotate(float* x, std::size_t half, const float* cosine, const float* sine) {
  for (std::size_t d = 0; d < half; d += 4) {
    const std::size_t n = half - d;
    const float32x4_t a = load(x + d, n), b = load(x + half + d, n), c = load(cosine + d, n),
                      s = load(sine + d, n);
    store(x + d, vfmaq_f32(vnegq_f32(vmulq_f32(b, s)), a, c), n);
    store(x + half + d, vfmaq_f32(vmulq_f32(a, s), b, c), n);
  }
}

float exponentials(float* x, std::size_t n, float scale) {
  const float32x4_t top = all(top_of(x, n));
  Lanes lane = no_lanes();
  for (std::size_t i = 0; i < n; i += 4) {
    const float32x4_t e = exp_law(vmulq_f32(vsubq_f32(load(x + i, n - i), top), all(scale)));
    store(x + i, e, n - i);
    lane.of[i / 4 % 4] = vaddq_f32(lane.of[i / 4 % 4], load(x + i, n - i));  // + 0 changes no sum of exps
  }
  return 1.0f / fold(lane);
}

void softmax(float* x, std::size_t n, float scale) {
  const float32x4_t inverse = all(exponentials(x, n, scale));
  for (std::size_t i = 0; i < n; i += 4) store(x + i, vmulq_f32(load(x + i, n - i), inverse), n - i);
}

void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias,
                float eps, float* y) {
  // Lanes past the end are added as +0; a lane begins as +0, so it never is -0 and that changes nothing.
  Lanes lane = no_lanes();
  for (std::size_t i = 0; i < n; i += 4) {
    const float32x4_t v =
        vaddq_f32(load(x + i, n - i), residual != nullptr ? load(residual + i, n - i) : all(0.0f));
    store(y + i, v, n - i);
    lane.of[i / 4 % 4] = vaddq_f32(lane.of[i / 4 % 4], v);
  }
  const float32x4_t mean = all(fold(lane) / static_cast<float>(n));
  Lanes square = no_lanes();
  for (std::size_t i = 0; i < n; i += 4) {
    float four[4] = {};
    store(four, vsubq_f32(load(y + i, n - i), mean), n - i);  // zeros past the end
    const float32x4_t d = vld1q_f32(four);
    square.of[i / 4 % 4] = vfmaq_f32(square.of[i / 4 % 4], d, d);
  }
  const float variance = fold(square) / static_cast<float>(n) + eps;
  const float32x4_t scale = all(1.0f / vget_lane_f32(vsqrt_f32(vdup_n_f32(variance)), 0));
  for (std::size_t i = 0; i < n; i += 4) {
    const float32x4_t v = vmulq_f32(vsubq_f32(load(y + i, n - i), mean), scale);
    store(y + i, vfmaq_f32(load(bias + i, n - i), v, load(gain + i, n - i)), n - i);
  }
}

void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale) {
  for (std::size_t t = 0; t < rows; ++t, x += ldx) {
    float32x4_t top = all(0.0f);
    for (std::size_t i = 0; i < k; i += 4) top = vmaxq_f32(vabsq_f32(vld1q_f32(x + i)), top);
    const float most = vmaxvq_f32(top);
    const bool zero = most < 0x1p-100f;
    const float32x4_t up = all(zero ? 0.0f : 127.0f / most);
    for (std::size_t i = 0; i < k; i += 16, u += 16) {
      int32x4_t r[4];
      NANO_UNROLL
      for (std::size_t j = 0; j < 4; ++j) {
        const float32x4_t v = vmulq_f32(vld1q_f32(x + i + 4 * j), up);
        r[j] = vcvtnq_s32_f32(vmaxq_f32(vminq_f32(v, all(127.0f)), all(-127.0f)));
      }
      const int8x8_t low = vmovn_s16(vcombine_s16(vmovn_s32(r[0]), vmovn_s32(r[1])));
      const int8x8_t high = vmovn_s16(vcombine_s16(vmovn_s32(r[2]), vmovn_s32(r[3])));
      vst1q_u8(u, veorq_u8(vreinterpretq_u8_s8(vcombine_s8(low, high)), vdupq_n_u8(0x80)));
    }
    scale[t] = zero ? 0.0f : most / 127.0f;
  }
}

}  // namespace nano::kernels::neon_parts
