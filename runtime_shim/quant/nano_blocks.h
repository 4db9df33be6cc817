// runtime_shim/quant/nano_blocks.h: what quantize.cpp needs of nano_blocks.cpp.
#pragma once

#include <cstddef>

#include "runtime_shim/quant/types.h"

namespace nano::quant {

/// One block of nano_q3 or nano_q2 from kBlock finite values: the scale with the least squared error of all that could be it.
/// false: the values are greater than the greatest scale can hold.
[[nodiscard]] bool quantize_nano_block(Type type, const float* values, std::byte* out);

}  // namespace nano::quant
