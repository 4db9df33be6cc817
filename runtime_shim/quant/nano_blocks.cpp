// runtime_shim/quant/nano_blocks.cpp: the search for a block's scale, and its bits. Plain float arithmetic in a fixed order.
#include "runtime_shim/quant/nano_blocks.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "runtime_shim/quant/blocks.h"

namespace nano::quant {
namespace {

// The greatest value over the top level is where the search begins: from there 14 steps of 2^(1/8) down, to 0.3 of it, and 3 up.
constexpr int kDown = 14, kUp = 3;

// The nearest level's bits.
template <std::size_t N>
int nearest(const int (&levels)[N], float v) {
  int bits = 0;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const float middle = static_cast<float>(levels[i] + levels[i + 1]) * 0.5f;
    if (v > middle) bits = static_cast<int>(i) + 1;
  }
  return bits;
}

template <std::size_t N>
double error_at(const int (&levels)[N], const float* x, float scale) {
  const float inverse = 1.0f / scale;
  double sum = 0.0;
  for (std::size_t j = 0; j < kBlock; ++j) {
    const float have = static_cast<float>(levels[nearest(levels, x[j] * inverse)]) * scale;
    const double off = static_cast<double>(x[j]) - static_cast<double>(have);
    sum += off * off;
  }
  return sum;
}

// The byte of the scale; 0: zeros are as good as any. -1: too large.
template <std::size_t N>
int best_scale(const int (&levels)[N], const float* x) {
  float most = 0.0f;
  double zeros = 0.0;
  for (std::size_t j = 0; j < kBlock; ++j) {
    most = std::fmax(most, std::fabs(x[j]));
    zeros += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  }
  if (most == 0.0f) return 0;
  const float top = static_cast<float>(levels[N - 1]);
  int start = 1;  // the first whose top level reaches the greatest value
  while (start <= 255 && nano_scale(static_cast<uint8_t>(start)) * top < most) ++start;
  if (start > 255) return -1;
  int best = 0;
  double least = zeros;
  for (int b = start - kDown; b <= start + kUp; ++b) {
    if (b < 1 || b > 255) continue;
    const double error = error_at(levels, x, nano_scale(static_cast<uint8_t>(b)));
    if (error < least) {
      least = error;
      best = b;
    }
  }
  return best;
}

template <class Block, std::size_t N>
bool quantize(const int (&levels)[N], const float* x, std::byte* out) {
  Block b;
  const int scale = best_scale(levels, x);
  if (scale < 0) return false;
  b.scale = static_cast<uint8_t>(scale);
  const float inverse = scale == 0 ? 0.0f : 1.0f / nano_scale(b.scale);
  for (std::size_t j = 0; j < kBlock && scale != 0; ++j) {
    const int bits = nearest(levels, x[j] * inverse);
    b.low[j % 8] = static_cast<uint8_t>(b.low[j % 8] | ((bits & 3) << (2 * (j / 8))));
    if constexpr (N == 8) b.high[j / 8] = static_cast<uint8_t>(b.high[j / 8] | ((bits >> 2) << (j % 8)));
  }
  std::memcpy(out, &b, sizeof b);
  return true;
}

}  // namespace

bool quantize_nano_block(Type type, const float* values, std::byte* out) {
  return type == Type::nano_q3 ? quantize<BlockNanoQ3>(kLevels3, values, out)
                               : quantize<BlockNanoQ2>(kLevels2, values, out);
}

}  // namespace nano::quant
