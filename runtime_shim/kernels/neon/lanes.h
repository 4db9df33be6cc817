// runtime_shim/kernels/neon/lanes.h: what the files of this folder share: four lanes at a time, and the steps of ref.cpp's
// elementary functions on them. Everything is static: each object has its own copy, and nothing that the linker could share.
#pragma once

#include <arm_neon.h>

#include "runtime_shim/kernels/table.h"

// Loops over the rows of a tile are unrolled, so that a tile's accumulators are registers.
#if defined(__clang__)
#define NANO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NANO_UNROLL _Pragma("GCC unroll 16")
#endif

namespace nano::kernels {

static inline float32x4_t all(float v) {
  return vdupq_n_f32(v);
}

// The first n values, at most four, and zeros: no byte past them is read.
static inline float32x4_t load(const float* x, std::size_t n) {
  if (n >= 4) return vld1q_f32(x);
  float32x4_t v = all(0.0f);
  if (n > 0) v = vsetq_lane_f32(x[0], v, 0);
  if (n > 1) v = vsetq_lane_f32(x[1], v, 1);
  if (n > 2) v = vsetq_lane_f32(x[2], v, 2);
  return v;
}

static inline void store(float* x, float32x4_t v, std::size_t n) {
  if (n >= 4) return vst1q_f32(x, v);
  if (n > 0) x[0] = vgetq_lane_f32(v, 0);
  if (n > 1) x[1] = vgetq_lane_f32(v, 1);
  if (n > 2) x[2] = vgetq_lane_f32(v, 2);
}

// Sums over a row: sixteen lanes in four registers, added as ref.cpp's fold does.
struct Lanes {
  float32x4_t of[4];
};
static inline Lanes no_lanes() {
  return {{all(0.0f), all(0.0f), all(0.0f), all(0.0f)}};
}
static inline float fold(const Lanes& l) {
  const float32x4_t four = vaddq_f32(vaddq_f32(l.of[0], l.of[2]), vaddq_f32(l.of[1], l.of[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

static inline float32x4_t exp_law(float32x4_t x) {
  x = vminq_f32(vmaxq_f32(x, all(-87.0f)), all(88.0f));
  const float32x4_t n = vrndmq_f32(vfmaq_f32(all(0.5f), x, all(1.44269504088896341f)));
  float32x4_t r = vfmaq_f32(x, n, all(-0.693359375f));
  r = vfmaq_f32(r, n, all(2.12194440e-4f));
  float32x4_t p = all(1.9875691500e-4f);
  p = vfmaq_f32(all(1.3981999507e-3f), p, r);
  p = vfmaq_f32(all(8.3334519073e-3f), p, r);
  p = vfmaq_f32(all(4.1665795894e-2f), p, r);
  p = vfmaq_f32(all(1.6666665459e-1f), p, r);
  p = vfmaq_f32(all(5.0000001201e-1f), p, r);
  const float32x4_t y = vaddq_f32(vfmaq_f32(r, p, vmulq_f32(r, r)), all(1.0f));
  const int32x4_t power = vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23);
  return vmulq_f32(y, vreinterpretq_f32_s32(power));
}

static inline float32x4_t gelu_law(float32x4_t x) {
  const float32x4_t c = vminq_f32(vmaxq_f32(x, all(-5.0f)), all(5.0f));
  const float32x4_t s = vfmaq_f32(all(-1.0f), vmulq_f32(c, c), all(0.08f));
  float32x4_t p = all(-0x1.11e482p-10f);
  p = vfmaq_f32(all(0x1.9ffcdp-9f), p, s);
  p = vfmaq_f32(all(-0x1.06aa88p-8f), p, s);
  p = vfmaq_f32(all(0x1.51e3e6p-8f), p, s);
  p = vfmaq_f32(all(-0x1.49c278p-7f), p, s);
  p = vfmaq_f32(all(0x1.1490fep-6f), p, s);
  p = vfmaq_f32(all(-0x1.83ad24p-6f), p, s);
  p = vfmaq_f32(all(0x1.00f144p-5f), p, s);
  p = vfmaq_f32(all(-0x1.4ad8ecp-5f), p, s);
  p = vfmaq_f32(all(0x1.a616f2p-5f), p, s);
  p = vfmaq_f32(all(-0x1.1ff142p-4f), p, s);
  p = vfmaq_f32(all(0x1.218354p-3f), p, s);
  const float32x4_t phi = vfmaq_f32(all(0.5f), p, c);
  return vmulq_f32(x, vmaxq_f32(phi, all(0.0f)));
}

static inline float32x4_t tanh_law(float32x4_t x) {
  const float32x4_t e = exp_law(vmulq_f32(all(-2.0f), vabsq_f32(x)));
  const float32x4_t y = vdivq_f32(vsubq_f32(all(1.0f), e), vaddq_f32(all(1.0f), e));
  return vbslq_f32(vdupq_n_u32(0x80000000u), x, y);  // y with the sign of x
}

}  // namespace nano::kernels
