// runtime_shim/kernels/avx2/parts.h: functions of this folder that its other files call. What they must give is said in
// table.h.
#pragma once

#include "runtime_shim/kernels/table.h"

namespace nano::kernels::avx2_parts {

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
void matmul_float(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                  std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch);
void attend(const Head* head, float* scratch);

// integers.cpp
void matmul(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then, float* out,
            std::size_t ldo, void* scratch);

// attention_integers.cpp
void attend_quant(const Head* head, float* scratch);

}  // namespace nano::kernels::avx2_parts
