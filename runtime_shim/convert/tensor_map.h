// runtime_shim/convert/tensor_map.h: which tensor of a Hugging Face folder becomes which one of the GGUF.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime_shim/convert/config.h"
#include "runtime_shim/convert/safetensors.h"

namespace nano::convert {

class Folder;

/// One tensor to write: rows [first_row, first_row + rows) of `source`.
struct Placed {
  std::string name{};  ///< as llama.cpp calls it
  const SourceTensor* source = nullptr;
  std::vector<uint64_t> shape{};  ///< row-major, as it is written
  uint64_t first_row = 0;
  std::shared_ptr<const std::vector<float>> values{};  ///< in place of the source's, where they were made from several
};

struct TensorMap {
  std::vector<Placed> tensors{};
  std::vector<std::string>
      left_out{};  ///< of the folder: pre-training heads, a pooler that nothing reads, position ids
};

/// Every tensor the model needs, with its shape checked against the configuration.
///
///   errors  invalid: a tensor is missing or has another shape (both are named), or is not finite;
///           unsupported: a tensor that is of no float type, or that the architecture does not know (it is named)
[[nodiscard]] Result<TensorMap> map_tensors(const Folder& folder, const ModelConfig& config);

}  // namespace nano::convert
