// runtime_shim/gguf/value.h: one metadata value of a GGUF file, as bytes that have been checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nano::gguf {

/// The value types of GGUF v3, with their ids on disk. source: ggml docs/gguf.md, enum gguf_metadata_value_type.
enum class ValueType : uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

/// "u8", "string", "array", …; "?" for an id that is none of them.
[[nodiscard]] std::string_view type_name(ValueType type) noexcept;
/// Bytes of one value of a fixed-width type; 0 for string and array.
[[nodiscard]] std::size_t fixed_width(ValueType type) noexcept;

/// A value as it lies in the file (little-endian, any alignment). Views into the file's bytes: it must outlive them.
struct Value {
  ValueType type = ValueType::u8;
  ValueType element = ValueType::u8;  ///< of an array: its elements' type (never array)
  uint64_t count = 1;                 ///< of an array: how many; else 1
  /// Fixed width: the value, or an array's values. String: its text. Array of strings: (u64 length, text)…
  std::span<const std::byte> bytes{};
};

/// A key with its value.
struct Entry {
  std::string_view key{};
  Value value{};
};

}  // namespace nano::gguf
