// runtime_shim/quant/blocks.h: the block formats of ggml, byte by byte, and the reference (de)quantizers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "runtime_shim/quant/types.h"

namespace nano::quant {

inline constexpr std::size_t kBlock = 32;  ///< values in one block of every quantized type below

// On disk, little-endian, no padding, any alignment: copy a block out with memcpy, or read its bytes.
// `d` and `m` are binary16. Four-bit values: qs[j] holds value j in its low and value j + 16 in its high nibble.
// Five-bit values: bit j of qh is the fifth bit of value j. source: ggml src/ggml-common.h

struct BlockQ8_0 {  ///< value = d * qs[j]
  uint16_t d = 0;
  int8_t qs[32] = {};
};
static_assert(sizeof(BlockQ8_0) == 34);

struct BlockQ4_0 {  ///< value = d * (q - 8)
  uint16_t d = 0;
  uint8_t qs[16] = {};
};
static_assert(sizeof(BlockQ4_0) == 18);

struct BlockQ4_1 {  ///< value = d * q + m
  uint16_t d = 0;
  uint16_t m = 0;
  uint8_t qs[16] = {};
};
static_assert(sizeof(BlockQ4_1) == 20);

struct BlockQ5_0 {  ///< value = d * (q - 16)
  uint16_t d = 0;
  uint8_t qh[4] = {};
  uint8_t qs[16] = {};
};
static_assert(sizeof(BlockQ5_0) == 22);

struct BlockQ5_1 {  ///< value = d * q + m
  uint16_t d = 0;
  uint16_t m = 0;
  uint8_t qh[4] = {};
  uint8_t qs[16] = {};
};
static_assert(sizeof(BlockQ5_1) == 24);

// Ours. Byte 0 is the scale: 0 = all values are 0, else s = kSteps[scale % 8] * 2^(scale / 8 - 28). Two bits of value j lie
// in byte j % 8 of `low`, from bit 2 (j / 8) on; of nano_q3 bit j of `high` is the third. value = s * level[bits]. The
// levels are the best eight and four for normally distributed values. source: S. Lloyd, J. Max, 1960; rounded to integers

struct BlockNanoQ3 {
  uint8_t scale = 0;
  uint8_t low[8] = {};
  uint8_t high[4] = {};
};
static_assert(sizeof(BlockNanoQ3) == 13);

struct BlockNanoQ2 {
  uint8_t scale = 0;
  uint8_t low[8] = {};
};
static_assert(sizeof(BlockNanoQ2) == 9);

inline constexpr int kLevels3[8] = {-34, -21, -12, -4, 4, 12, 21, 34};
inline constexpr int kLevels2[4] = {-10, -3, 3, 10};
/// 2^(i / 8), as binary32.
inline constexpr float kSteps[8] = {0x1p0f,        0x1.172b84p0f, 0x1.306fe0p0f, 0x1.4bfdaep0f,
                                    0x1.6a09e6p0f, 0x1.8ace54p0f, 0x1.ae89fap0f, 0x1.d5818ep0f};
/// The scale that a byte stands for.
[[nodiscard]] float nano_scale(uint8_t byte) noexcept;

/// Turn `values` into blocks of `type`, as ggml's quantize_row_*_ref do, bit for bit: scalar float arithmetic in a fixed
/// order, so every machine writes the same bytes. Our own types try every scale near the greatest value and take the one
/// with the least squared error.
///
///   values   any finite floats; a multiple of the type's block long
///   out      exactly row_bytes(type, values.size()) bytes, any alignment, not overlapping `values`
///   errors   invalid: a value is NaN or infinite, or (f16, and any block scale) beyond what the type holds
///   threads  safe
[[nodiscard]] Status quantize_row(Type type, std::span<const float> values, std::span<std::byte> out);

/// The values of `bytes`; n = out.size(), a multiple of the block; bytes.size() is exactly row_bytes(type, n).
/// Total: whatever the bytes are, a scale of NaN or infinity gives NaN or infinite values.
void dequantize_row(Type type, std::span<const std::byte> bytes, std::span<float> out);

/// Are all scales (and for f32, f16, bf16 all values) of these blocks finite? Cheap: reads a scale per block.
///
///   bytes    whole blocks of `type`
///   returns  the index of the first value, or of the first value of the first block, that is not; -1 = all are
[[nodiscard]] int64_t first_non_finite(Type type, std::span<const std::byte> bytes) noexcept;

}  // namespace nano::quant
