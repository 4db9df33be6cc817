// runtime_shim/kernels/table.h: the one table of function pointers through which every hot loop is called.
// Files compiled for other CPUs include this header. It holds declarations and plain structs only: no inline functions,
// no std:: containers (ctest kernel_symbols checks the objects).
//
// Every function has ONE definition of its result, down to the last bit, and ref.cpp is it. Where floats are added the
// order is fixed here, so that any vector unit can follow it:
//   over k           one fused multiply-add after the other, k ascending; vector lanes are outputs, never parts of a sum
//   over a row       sixteen lanes, lane l adding elements l, l + 16, …; then lanes l and l + 8 are added, then 4, 2, 1
//   8-bit products   added exactly, in 32-bit integers
//   exp, erf, tanh   the polynomials of ref.cpp
// Equal inputs give equal bits in every table, as long as all values are finite.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nano::kernels {

constexpr std::size_t kLanes = 16;  ///< of a sum over a row; and the rows of a panel
constexpr std::size_t kGroup = 4;   ///< neighbouring inputs of one row that lie together in a panel
constexpr std::size_t kBlock = 32;  ///< inputs that share one factor in a 4-bit panel; k is a multiple of it
constexpr std::size_t kMaxPackedK = 65'536;  ///< 65,536 * 128 * 255 < 2^31: no sum overflows

/// Weight types of the float product, by their ids in GGUF (quant/types.h).
enum class WeightType : uint32_t { f32 = 0, f16 = 1, bf16 = 30 };

/// A float matrix as it lies in the file: n rows (outputs) of k values (inputs), rows contiguous, any alignment.
struct Weights {
  const void* data = nullptr;
  std::size_t n = 0;
  std::size_t k = 0;
  std::size_t row_bytes = 0;  ///< bytes from one row to the next
  WeightType type = WeightType::f32;
};

/// An integer matrix in panels of sixteen rows (packed/panels.h makes them): W[j][i] ~ scale[j] * w[j][i].
///
///   8 bits   a panel is k / 4 groups of 64 bytes: for each of its sixteen rows four neighbouring w, -127..127
///   4 bits   a panel is k / 32 blocks of 256 bytes of nibbles p, then k / 32 times 32 bytes of factors, then zeros up
///            to a multiple of 64. Byte 64 g + 4 r + i of a block holds p of row r, input 4 g + i in its low and of
///            input 16 + 4 g + i in its high nibble; of the 32 bytes the first sixteen are the rows' factors f (0..15),
///            the others what is taken off (7 f or 8 f): w = p * f - off, -120..120
struct Packed {
  const uint8_t* panels = nullptr;  ///< 64-byte aligned, as all arrays here
  const float* scale = nullptr;     ///< (rows of all panels)
  const int32_t* sum = nullptr;     ///< (rows of all panels): 128 times the sum of a row's w
  const float* bias = nullptr;      ///< (rows of all panels)
  std::size_t n = 0;  ///< rows of all panels: a multiple of kLanes; those that mean nothing are zeros
  std::size_t k = 0;  ///< a multiple of kBlock, at most kMaxPackedK
  std::size_t panel_bytes = 0;
  int bits = 8;  ///< 8 or 4
};

/// Activations as 8-bit integers: x[t][i] ~ scale[t] * (u[t][i] - 128). Rows are contiguous.
struct QuantRows {
  const uint8_t* u = nullptr;    ///< (rows, k), 1..255
  const float* scale = nullptr;  ///< (rows), >= 0
  std::size_t rows = 0;
  std::size_t k = 0;
};

/// What follows a product before it is stored.
enum class Then : uint32_t { nothing, gelu };

/// One head of attention over one sequence: out[i] = softmax(scale * q[i] k') v.
struct Head {
  const float* q = nullptr;  ///< (length, width), rows `stride` floats apart, as k and v
  const float* k = nullptr;
  const float* v = nullptr;
  std::size_t stride = 0;
  std::size_t queries = 0;  ///< rows of q and out: the first of the sequence; 1..length
  std::size_t length = 0;   ///< >= 1
  std::size_t width = 0;    ///< >= 1
  float scale = 1.0f;       ///< > 0
  float* out = nullptr;     ///< (queries, width), rows `out_stride` floats apart; overlaps nothing
  std::size_t out_stride = 0;
  std::size_t window = 0;   ///< attend only: query i sees the keys first_key + i - window to first_key + i + window; 0: all
  std::size_t first_key = 0;  ///< with a window: the key at the first query's own place; each query sees a key
};

struct Table {
  const char* name;  ///< "ref", "avx2", "avx512", "neon", "neon-dotprod": what `nano doctor` prints and NANO_KERNELS takes
  bool (*usable)();  ///< can this CPU *and* its system run it?

  /// Quantize x (rows, k; rows `ldx` floats apart) to u (rows, k) and scale (rows): a = max |x| of a row, scale = a / 127,
  /// u = 128 + x * (127 / a) rounded to nearest even; a row with a < 2^-100 becomes zero. k is a multiple of kBlock.
  void (*quantize)(const float* x, std::size_t ldx, std::size_t rows, std::size_t k, uint8_t* u,
                   float* scale);

  /// out[t][j] = fma(float(isum), scale[j] * x.scale[t], bias[j]), isum the exact sum of w[j][i] * (u[t][i] - 128), then
  /// `then`; for every t and the rows j of the panels [begin, end).
  ///
  ///   out      (rows, n), rows `ldo` floats apart
  ///   scratch  scratch_bytes(k) bytes, 64-byte aligned, this thread's own
  void (*matmul)(const Packed* w, const QuantRows* x, std::size_t begin, std::size_t end, Then then,
                 float* out, std::size_t ldo, void* scratch);

  /// The same for f32, f16 and bf16 weights and x (rows, k) with rows `ldx` floats apart: k fused multiply-adds in order,
  /// then + bias. Rows j in [begin, end), begin a multiple of kLanes; bias (n), or null: zeros.
  void (*matmul_float)(const Weights* w, const float* x, std::size_t ldx, std::size_t rows, std::size_t begin,
                       std::size_t end, const float* bias, float* out, std::size_t ldo, void* scratch);

  /// One head: scores are k' fused multiply-adds in order, e = exp((score - max) * scale), the sum of e over sixteen
  /// lanes, out = (fused multiply-adds of e and v in order) * (1 / sum). With a window: all of it over the keys a query
  /// sees, the first of them in lane 0.
  /// scratch: attend_floats(length, width) floats, 64-byte aligned, this thread's own
  void (*attend)(const Head* head, float* scratch);

  /// The same in integers, for long sequences of quantized models (width a multiple of kBlock, at most kMaxPackedK). The
  /// rows of q, k and v are quantized as by `quantize`: q, k, v ~ sq, sk, sv times whole numbers.
  ///
  ///   score    fma(float(isum), sk * sq, 0), isum the exact product of a row of q and one of k; e and its sum as above
  ///   weights  p = e * sv, P = nearest(p * (top / m)), m the greatest p of the query, top = min(32767, 2^24 / length),
  ///            rounded down; all P are 0 where m < 2^-100
  ///   out      float(exact sum of P v) * ((m / top) * (1 / sum of e))
  void (*attend_quant)(const Head* head, float* scratch);

  /// v = x + residual (null: zeros); y = (v - mean(v)) / sqrt(var(v) + eps) * gain + bias. All (n). y may be x.
  void (*layer_norm)(const float* x, const float* residual, std::size_t n, const float* gain,
                     const float* bias, float eps, float* y);

  void (*softmax)(float* x, std::size_t n, float scale);  ///< x = softmax(scale * x), scale > 0, n >= 1
  void (*gelu)(float* x, std::size_t n);                  ///< x * Phi(x), the erf form; within 2e-6 of it
  void (*tanh)(float* x, std::size_t n);                  ///< within 2e-7
  void (*add)(float* x, const float* y, std::size_t n);   ///< x += y
  void (*times)(float* x, const float* y, std::size_t n); ///< x *= y
  /// Rotate the pairs (a, b) = (x[d], x[half + d]): a' = fma(a, c, -(b * s)), b' = fma(b, c, a * s), c and s those of d.
  void (*rotate)(float* x, std::size_t half, const float* cosine, const float* sine);
};

/// The keys [begin, end) that query i of a head sees.
void seen_keys(const Head* head, std::size_t i, std::size_t* begin, std::size_t* end);

/// Bytes of scratch that matmul and matmul_float need for rows of k values.
std::size_t scratch_bytes(std::size_t k);
/// Floats of scratch that attend and attend_quant need.
std::size_t attend_floats(std::size_t length, std::size_t width);

extern const Table ref;           ///< kernels/ref.cpp: the definition of correct
extern const Table avx2;          ///< kernels/avx2: AVX2 + FMA
extern const Table avx512;        ///< kernels/avx512: AVX-512 F, BW, VL, DQ, VNNI
extern const Table neon;          ///< kernels/neon: every AArch64
extern const Table neon_dotprod;  ///< kernels/neon: and DotProd (optional from Armv8.2 on)

}  // namespace nano::kernels
