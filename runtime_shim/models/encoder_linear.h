// runtime_shim/models/encoder_linear.h: one matrix product of the encoder, its columns split over a crew.
#pragma once

#include <algorithm>

#include "runtime_shim/models/crew.h"
#include "runtime_shim/models/scratch.h"
#include "runtime_shim/models/tensors.h"

namespace nano::models {

/// out = W x + bias; the first `gelu_rows` outputs then go through GELU. A packed matrix multiplies `u` and writes whole
/// panels; a float one multiplies x (rows `ldx` floats apart). out has rows `ldo` floats apart.
///
///   gelu_rows   packed: a multiple of kLanes; it may be above n
inline void multiply(const kernels::Table& table, const Linear& linear, const float* x, std::size_t ldx,
                     const kernels::QuantRows& u, std::size_t gelu_rows, float* out, std::size_t ldo,
                     Scratch& s, const Crew& crew) {
  using kernels::kLanes;
  constexpr std::size_t unit = 4;  // panels that a kernel takes at a time
  const std::size_t panels = round_up(linear.n, kLanes) / kLanes, turn = std::min(gelu_rows / kLanes, panels);
  crew.run((panels + unit - 1) / unit, [&](std::size_t first, std::size_t last, unsigned worker) {
    const std::size_t begin = first * unit, end = std::min(last * unit, panels);
    float* own = s.workers.data() + worker * s.worker_floats;
    if (linear.is_packed()) {
      const std::size_t middle = std::clamp(turn, begin, end);
      if (begin < middle) table.matmul(&linear.packed, &u, begin, middle, kernels::Then::gelu, out, ldo, own);
      if (middle < end) table.matmul(&linear.packed, &u, middle, end, kernels::Then::nothing, out, ldo, own);
      return;
    }
    const std::size_t from = begin * kLanes, to = std::min(end * kLanes, linear.n);
    table.matmul_float(&linear.weight, x, ldx, u.rows, from, to, linear.bias.data(), out, ldo, own);
    const std::size_t gelu_to = std::min(to, gelu_rows);
    for (std::size_t t = 0; t < u.rows && from < gelu_to; ++t)
      table.gelu(out + t * ldo + from, gelu_to - from);
  });
}

}  // namespace nano::models
