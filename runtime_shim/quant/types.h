// runtime_shim/quant/types.h: the tensor types of ggml, by id: name, block length, block bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace nano::quant {

/// Tensor type ids as written in GGUF. source: ggml include/ggml.h, enum ggml_type. The named ones are those this
/// build computes with; the table knows the sizes of the others too, so that their files can be inspected.
enum class Type : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  bf16 = 30,
  // Ours, from 1000 on (docs/FORMATS.md): files with them open only here.
  nano_q3 = 1000,  ///< 3.25 bits a value
  nano_q2 = 1001,  ///< 2.25 bits a value
};

/// One row of the table.
struct TypeInfo {
  Type type = Type::f32;
  std::string_view name{};  ///< as ggml prints it: "q8_0"
  uint32_t block = 1;       ///< values in a block; row lengths must be a multiple of it
  uint32_t bytes = 4;       ///< bytes of a block
  bool computable = false;  ///< can this build (de)quantize and multiply it?
  int32_t file_type = -1;   ///< general.file_type of files mostly of it (llama_ftype); -1 = none
};

/// The row of a type id, or nullptr for an id ggml does not define.
[[nodiscard]] const TypeInfo* find_type(uint32_t id) noexcept;
/// The row of a type this build computes with. The enum's named values are all in the table.
[[nodiscard]] const TypeInfo& info(Type type) noexcept;
/// By any spelling of schemas::quantization_spellings(), whatever the case. Computable types only.
[[nodiscard]] std::optional<Type> parse_type(std::string_view name);
/// Every row, in id order.
[[nodiscard]] std::span<const TypeInfo> all_types() noexcept;

/// Bytes of a row of `n` values (n must be a multiple of the block), or nullopt on overflow or a ragged row.
[[nodiscard]] std::optional<uint64_t> row_bytes(const TypeInfo& type, uint64_t n) noexcept;

}  // namespace nano::quant
