// runtime_shim/kernels/table.h: the one table of function pointers through which every hot loop is called.
// Files compiled for other CPUs include this header. It holds declarations and plain structs only: no inline functions,
// no std:: containers (ctest kernel_symbols checks the objects).
//
// Every function has ONE definition of its result, down to the last bit, and ref.cpp is it. Where floats are added the
// order is fixed here, so that any vector unit can follow it:
//   over k           one fused multiply-add after the other, k ascending; vector lanes are outputs, never parts of a sum
//   over a row       sixteen lanes, lane l adding elements l, l + 16, …; then lanes l and l + 8 are added, then 4, 2, 1
//   blocks           products of 8-bit integers are added exactly; one fused multiply-add a block
//   exp, erf, tanh   the polynomials of ref.cpp
// Equal inputs give equal bits in every table, as long as all values are finite.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nano::kernels {

constexpr std::size_t kBlock = 32;  ///< values that share one scale, in weights and in activations
constexpr std::size_t kLanes = 16;  ///< of a sum over a row; and the width of a panel of weight rows

/// Weight types, by their ids in GGUF (quant/types.h).
enum class WeightType : uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q4_1 = 3, q5_0 = 6, q5_1 = 7, q8_0 = 8, bf16 = 30 };

/// A matrix as it lies in the file: n rows (outputs) of k values (inputs), rows contiguous, any alignment.
struct Weights {
  const void* data = nullptr;
  std::size_t n = 0;
  std::size_t k = 0;          ///< a multiple of kBlock for the block types
  std::size_t row_bytes = 0;  ///< bytes from one row to the next
  WeightType type = WeightType::f32;
};

/// Activations as 8-bit integers: x[t][i] ~ scale[t][i / 32] * q[t][i]. Rows are contiguous.
struct QuantRows {
  const int8_t* q = nullptr;       ///< (rows, k), in [-127, 127]
  const float* scale = nullptr;    ///< (rows, k / 32), >= 0
  const int32_t* sum = nullptr;    ///< (rows, k / 32): the sum of a block's q
  std::size_t rows = 0;
  std::size_t k = 0;               ///< a multiple of kBlock
};

struct Table {
  const char* name;  ///< "ref", "avx2", "avx512": what `nano doctor` prints and NANO_KERNELS takes
  bool (*usable)();  ///< can this CPU *and* its system run it?

  /// Quantize x (rows, k; rows `ldx` floats apart) to q, scale, sum as in QuantRows: a = max |x| of a block,
  /// scale = a / 127, q = x * (127 / a) rounded to nearest even; a block with a < 2^-100 becomes zero.
  void (*quantize_rows)(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, int8_t* q, float* scale,
                        int32_t* sum);

  /// out[t][j] = bias[j] + sum over blocks of w[j] * x[t], for j in [begin, end), every t. Block types only.
  ///
  ///   block    acc = fma(d * s, float(isum), acc), then for types with a minimum acc = fma(m * s, float(sum), acc);
  ///            d, m the block's scale and minimum as f32, s the activation's scale, isum the exact sum of (w / d) * q
  ///   bias     (n), or null: zeros
  ///   out      (rows, n), rows `ldo` floats apart
  ///   begin    a multiple of kLanes
  ///   scratch  scratch_bytes(k) bytes, 64-byte aligned, this thread's own
  void (*matmul_quant)(const Weights* w, const QuantRows* x, std::size_t begin, std::size_t end, const float* bias,
                       float* out, std::size_t ldo, void* scratch);

  /// The same for f32, f16 and bf16 weights, x (rows, k) with rows `ldx` floats apart: k fused multiply-adds in order.
  void (*matmul_float)(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                       std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch);

  /// c[i][j] = sum over k of a[i][k] * b[k][j]: (rows, k) x (k, n). Strides in floats. No overlap.
  void (*gemm)(const float* a, std::size_t lda, std::size_t rows, const float* b, std::size_t ldb, std::size_t k,
               std::size_t n, float* c, std::size_t ldc);

  /// v = x + residual (null: zeros); y = (v - mean(v)) / sqrt(var(v) + eps) * gain + bias. All (n). y may be x.
  void (*layer_norm)(const float* x, const float* residual, std::size_t n, const float* gain, const float* bias, float eps,
                     float* y);

  void (*softmax)(float* x, std::size_t n, float scale);  ///< x = softmax(scale * x), scale > 0, n >= 1
  void (*gelu)(float* x, std::size_t n);                  ///< x * Phi(x), the erf form; within 1e-6 of it for |x| < 10
  void (*tanh)(float* x, std::size_t n);                  ///< within 2e-7
  void (*add)(float* x, const float* y, std::size_t n);   ///< x += y
};

/// Bytes of scratch that matmul_* need for rows of k values.
std::size_t scratch_bytes(std::size_t k);

extern const Table ref;     ///< kernels/ref.cpp: the definition of correct
extern const Table avx2;    ///< kernels/avx2.cpp: AVX2 + FMA
extern const Table avx512;  ///< kernels/avx512.cpp: AVX-512 F, BW, VL, DQ, VNNI

}  // namespace nano::kernels
