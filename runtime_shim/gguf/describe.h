// runtime_shim/gguf/describe.h: what a GGUF file holds, as short text and numbers (`nano inspect`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime_shim/gguf/reader.h"

namespace nano::gguf {

/// One metadata pair. `text` is raw foreign text: sanitise before printing. Strings beyond 200 bytes are cut, arrays
/// summarised by their first three elements and their length.
struct DescribedValue {
  std::string key{};
  std::string type{};  ///< "u32", "string", "array of i32"
  std::string text{};
};

struct DescribedTensor {
  std::string name{};
  std::string type{};            ///< "q8_0"
  std::vector<uint64_t> dims{};  ///< dims[0] is the row length
  uint64_t bytes = 0;
  uint64_t offset = 0;
};

struct TypeTotal {
  std::string type{};
  uint64_t tensors = 0;
  uint64_t elements = 0;
  uint64_t bytes = 0;
};

struct Description {
  uint32_t version = 0;
  uint32_t alignment = 0;
  uint64_t file_bytes = 0;
  uint64_t tensor_bytes = 0;
  uint64_t parameters = 0;                 ///< elements of all tensors
  std::vector<DescribedValue> metadata{};  ///< in file order
  std::vector<DescribedTensor> tensors{};  ///< in file order
  std::vector<TypeTotal> totals{};         ///< by type, in order of first appearance
};

[[nodiscard]] Description describe(const File& file);
/// The value as short text, as in DescribedValue.
[[nodiscard]] std::string short_text(const Value& value);

}  // namespace nano::gguf
