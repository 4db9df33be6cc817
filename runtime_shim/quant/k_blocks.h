// runtime_shim/quant/k_blocks.h: ggml's K-quants, which are read to be quantized again; nothing here computes with them.
//
//   of 256 values        bytes   q2_K 84, q3_K 110, q4_K 144, q5_K 176, q6_K 210
//   q2_K   u8 scales[16] (low half: scale, high half: minimum); u8 qs[64]; f16 d; f16 dmin
//   q3_K   u8 hmask[32]; u8 qs[64]; u8 scales[12] (6 bits each, less 32); f16 d
//   q4_K   f16 d; f16 dmin; u8 scales[12] (8 scales and 8 minima of 6 bits); u8 qs[128]
//   q5_K   f16 d; f16 dmin; u8 scales[12]; u8 qh[32]; u8 qs[128]
//   q6_K   u8 ql[128]; u8 qh[64]; i8 scales[16]; f16 d
//
// source: ggml src/ggml-common.h (block_q*_K), src/ggml-quants.c (dequantize_row_*): the formulas, not the code.
#pragma once

#include <cstddef>
#include <span>

#include "runtime_shim/quant/types.h"

namespace nano::quant {

/// Can rows of this type be turned into floats: one that is computed with, or a K-quant?
[[nodiscard]] bool is_readable(Type type) noexcept;

/// As dequantize_row, of any readable type.
void read_row(Type type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace nano::quant
