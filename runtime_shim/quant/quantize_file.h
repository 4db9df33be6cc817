// runtime_shim/quant/quantize_file.h: rewrite a GGUF with its weights in another type (`nano quantize`).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/fs_output.h"
#include "base/result.h"
#include "runtime_shim/quant/types.h"

namespace nano::quant {

struct QuantizeOptions {
  /// Our own low types only: give every weight the asked type, and none a wider one (see quantize_file).
  bool uniform = false;
  /// Weights whose names contain one of these stay F32, beside those that always do (see quantize_file).
  std::vector<std::string> keep_f32{};
  bool replace = true;  ///< a file that is there already (--force)
  /// Told of the input's bytes as they are done; empty: nobody is.
  std::function<void(uint64_t bytes)> done{};
};

struct TensorReport {
  std::string name{};  ///< foreign text
  Type from = Type::f32;
  Type to = Type::f32;
  uint64_t elements = 0;
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
  double rms_error = 0;  ///< root of the mean squared difference between old and new values
  double max_error = 0;  ///< largest absolute difference
  double rms_value = 0;  ///< root of the mean square of the old values; 0 where the type did not change
  std::string note{};    ///< of a weight that is not of the asked type: why
};

struct QuantizeReport {
  std::string architecture{};           ///< general.architecture; foreign text
  std::vector<TensorReport> tensors{};  ///< in file order
  uint64_t parameters = 0;
  uint64_t bytes_before = 0;  ///< of the whole file
  uint64_t bytes_after = 0;
};

/// Write `out` as `in` with its 2-D weights in `target`, the way llama.cpp chooses them: names ending in ".weight" of
/// rank 2 or more; norms, position_embd, token_types, the last classifier layer (cls.output) and everything of rank 1
/// become F32. A weight whose rows are no multiple of 32 becomes F16, with a note. Sets general.file_type and
/// general.quantization_version. With nano_q3 the values, outputs and ffn_down of the first and last layer become q4_0; with
/// nano_q2 those as well, and the token embeddings and those matrices of the other layers nano_q3: what is added to the
/// stream unweighted costs most when it is off. All other metadata stays as it is, in its order.
///
///   in       of types that this build computes with, or K-quants (k_blocks.h)
///   target   any computable type
///   out      whatever it is (base/fs_output.h); the same bytes on every machine (scalar code, fixed order)
///   errors   not_found, store; usage: `out` is `in`, or not to be replaced; invalid: `in` breaks the format, or holds a value that is not
///            finite or that `target` cannot hold (names the tensor); unsupported: a tensor's type is not computed here
[[nodiscard]] Result<QuantizeReport> quantize_file(const fs::Path& in, const fs::Path& out, Type target,
                                                   const QuantizeOptions& options = {});

}  // namespace nano::quant
