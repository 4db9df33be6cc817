// runtime_shim/convert/safetensors.h: a strict reader of .safetensors files: names, types, shapes, and where the bytes lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/result.h"
#include "runtime_shim/quant/types.h"

namespace nano::convert {

inline constexpr uint64_t kMaxHeaderBytes = 16ull << 20;  ///< of the JSON
inline constexpr std::size_t kMaxSourceTensors = 16'384;
inline constexpr std::size_t kMaxSourceRank = 8;

/// One tensor, row-major: shape.back() is the row length. Views into the file.
struct SourceTensor {
  std::string name{};                  ///< foreign text
  std::string dtype{};                 ///< "F32", "BF16", "I64", …
  std::vector<uint64_t> shape{};       ///< empty: one value
  std::span<const std::byte> bytes{};  ///< exactly the shape's, any alignment

  [[nodiscard]] uint64_t elements() const;  ///< checked not to overflow
};

/// The type of GGUF that holds a dtype as it is: f32, f16 or bf16; nullptr for all others.
[[nodiscard]] const quant::TypeInfo* float_type(std::string_view dtype);

/// The format: u64 (little-endian) length of a JSON object; the object, perhaps with spaces after it: name ->
/// {"dtype", "shape", "data_offsets": [begin, end)} and "__metadata__" with strings; then the data, which the offsets count
/// from its beginning. The tensors cover the data without a gap or an overlap.
/// source: github.com/huggingface/safetensors README.md ("Format")
class Safetensors {
 public:
  /// errors  not_found, store; invalid: what breaks the format, by tensor and number; unsupported: an unknown dtype
  [[nodiscard]] static Result<Safetensors> open(const fs::Path& path);
  /// Of bytes that the caller keeps alive; `name` stands for the path in messages.
  [[nodiscard]] static Result<Safetensors> parse(std::span<const std::byte> bytes, std::string name);

  [[nodiscard]] std::span<const SourceTensor> tensors() const { return tensors_; }  ///< sorted by name
  [[nodiscard]] const SourceTensor* find(std::string_view name) const;              ///< nullptr when absent

 private:
  fs::MappedFile map_{};
  std::vector<SourceTensor> tensors_{};
};

}  // namespace nano::convert
