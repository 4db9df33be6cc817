// runtime_shim/quant/float_convert.h: f16 and bf16 to f32 and back, exact, the same bits on every machine.
#pragma once

#include <cstdint>

namespace nano::quant {

// Defined out of line on purpose: an ISA file that instantiated an inline copy would give it to the whole program.

/// IEEE binary16 to binary32: exact for every value; a signalling NaN becomes quiet.
[[nodiscard]] float f16_to_f32(uint16_t bits) noexcept;
/// Round to nearest, ties to even; beyond the largest half (>= 65520) infinity; subnormals kept; NaN stays NaN.
[[nodiscard]] uint16_t f32_to_f16(float value) noexcept;
/// bfloat16 is the upper half of a binary32: exact.
[[nodiscard]] float bf16_to_f32(uint16_t bits) noexcept;
/// Round to nearest, ties to even; NaN stays NaN (quiet), subnormals are kept.
[[nodiscard]] uint16_t f32_to_bf16(float value) noexcept;

}  // namespace nano::quant
