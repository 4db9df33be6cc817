// runtime_shim/models/encoder_linear.h: one matrix product of the encoder, split over a team.
#pragma once

#include <algorithm>

#include "runtime_shim/models/encoder.h"

namespace nano::models {

[[nodiscard]] constexpr std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

/// out = W x + bias, then `then`. A packed matrix multiplies `u` and writes whole panels; a float one multiplies x (rows
/// `ldx` floats apart). out has rows `ldo` floats apart.
inline void multiply(const kernels::Table& table, const Linear& linear, const float* x, std::size_t ldx,
                     const kernels::QuantRows& u, kernels::Then then, float* out, std::size_t ldo, Scratch& s,
                     Team& team) {
  constexpr std::size_t unit = 4;  // panels that a kernel takes at a time
  const std::size_t panels = round_up(linear.n, kernels::kLanes) / kernels::kLanes;
  team.run((panels + unit - 1) / unit, [&](std::size_t first, std::size_t last, unsigned worker) {
    const std::size_t begin = first * unit, end = std::min(last * unit, panels);
    float* own = s.workers.data() + worker * s.worker_floats;
    if (linear.is_packed()) {
      table.matmul(&linear.packed, &u, begin, end, then, out, ldo, own);
      return;
    }
    const std::size_t from = begin * kernels::kLanes, to = std::min(end * kernels::kLanes, linear.n);
    table.matmul_float(&linear.weight, x, ldx, u.rows, from, to, linear.bias.data(), out, ldo, own);
    if (then != kernels::Then::gelu) return;
    for (std::size_t t = 0; t < u.rows; ++t) table.gelu(out + t * ldo + from, to - from);
  });
}

}  // namespace nano::models
