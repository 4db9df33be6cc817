// runtime_shim/packed/panels.h: from rows of weights, as a file has them, to the integer panels the kernels multiply with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime_shim/kernels/table.h"
#include "runtime_shim/quant/types.h"

namespace nano::packed {

/// Rows of a matrix in a file: `rows` of k values, row after row.
struct Source {
  std::span<const std::byte> bytes{};  ///< exactly rows rows
  std::size_t rows = 0;
  std::size_t k = 0;
  quant::Type type = quant::Type::f32;
};

/// Can rows of this type and length be packed? Float types are not: they keep their precision in the float product.
[[nodiscard]] bool packable(quant::Type type, std::size_t k) noexcept;

/// Bits of the panels that `type` is packed to where its factors allow it: 4 for q4_0, 8 for the other block types.
[[nodiscard]] int bits_of(quant::Type type) noexcept;
[[nodiscard]] std::size_t panel_bytes(std::size_t k, int bits) noexcept;

/// How far the rows' sixteen-step factors are from the scales of their q4_0 blocks: the root of the mean square, as a part
/// of the scales' own. Above kMostFactorError a matrix is packed to 8 bits.
inline constexpr float kMostFactorError = 0.06f;
[[nodiscard]] float factor_error(const Source& source);

/// Write the panel of rows [first, first + 16); those past the end are zeros. Total: any bytes with finite scales.
///
///   8 bits   w = nearest(W * 127 / m), scale = m / 127, m the row's greatest |W|
///   4 bits   q4_0 only: f = nearest(|d| * 15 / m), scale = m / 15, m the row's greatest |d|; where d < 0, p = 15 - q and
///            off = 7 f, else p = q and off = 8 f
///   panel    panel_bytes(k, bits) bytes
///   scale    (16), sum (16): as in kernels::Packed
void pack_panel(const Source& source, std::size_t first, int bits, uint8_t* panel, float* scale,
                int32_t* sum);

}  // namespace nano::packed
