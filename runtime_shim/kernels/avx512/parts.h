// runtime_shim/kernels/avx512/parts.h: functions of this folder that its other files call. What those of the table must
// give is said in table.h.
#pragma once

#include "runtime_shim/kernels/table.h"

namespace nano::kernels::avx512_parts {

// rows.cpp
void gelu(float* x, std::size_t n);
void tanh_all(float* x, std::size_t n);
void add(float* x, const float* y, std::size_t n);
void times(float* x, const float* y, std::size_t n);
void rotate(float* x, std::size_t half, const float* cosine, const float* sine);
void softmax(float* x, std::size_t n, float scale);
void layer_norm(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias,
                float eps, float* y);
void quantize(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u, float* scale);
/// x = exp((x - max x) * scale) for n values; returns 1 / their sum.
float exponentials(float* x, std::size_t n, float scale);

// floats.cpp
/// c = a b for 1 to 6 rows of a and n columns of b; each row's sums are multiplied by by[r] (null: by one) and then added
/// to `bias` (null: nothing is added).
void float_product(std::size_t rows, const float* a, std::size_t lda, const float* b, std::size_t ldb,
                   std::size_t k, std::size_t n, const float* by, const float* bias, float* c,
                   std::size_t ldc);
void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch);

// integers.cpp
/// 1 to 4 panels of 8-bit weights, and what to do with them.
struct Group {
  const uint8_t* panels = nullptr;
  std::size_t panel_bytes = 0;
  std::size_t k = 0;
  const int32_t* sum = nullptr;  // from here on: of the group's first row
  const float* scale = nullptr;
  const float* bias = nullptr;
  Then then = Then::nothing;
};
/// The product of `count` panels with all rows of x. Meanwhile `ahead_bytes` from `ahead` on are asked for.
void multiply_group(const Group& g, std::size_t count, const QuantRows* x, float* out, std::size_t ldo,
                    const char* ahead, std::size_t ahead_bytes);

// attention.cpp, attention_integers.cpp
void attend(const Head* head, float* scratch);
void attend_quant(const Head* head, float* scratch);
/// to[d][j] = from[j][d] for sixteen rows j (those from `rows` on are zeros) and up to sixteen columns d.
void turn16(const float* from, std::size_t stride, std::size_t rows, std::size_t columns, float* to,
            std::size_t ldt);

}  // namespace nano::kernels::avx512_parts
