// runtime_shim/gguf/reader.h: a GGUF file: metadata and tensors, every count, length, dim and offset checked before use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/result.h"
#include "runtime_shim/gguf/value.h"
#include "runtime_shim/quant/types.h"

namespace nano::gguf {

// Limits. A file beyond one of them is refused (invalid).
inline constexpr uint64_t kMaxMetadataKeys = 65'536;
inline constexpr uint64_t kMaxTensors = 16'384;
inline constexpr uint64_t kMaxKeyBytes = 65'535;            ///< ggml docs/gguf.md
inline constexpr uint64_t kMaxStringBytes = 16ull << 20;    ///< of one string value
inline constexpr uint64_t kMaxArrayElements = 16ull << 20;  ///< of one array
inline constexpr uint64_t kMaxTensorNameBytes = 63;         ///< ggml's GGML_MAX_NAME less its NUL
inline constexpr uint32_t kMaxDims = 4;
inline constexpr uint32_t kDefaultAlignment = 32;  ///< bytes, where general.alignment is absent
inline constexpr uint32_t kMaxAlignment = 65'536;  ///< bytes

/// One tensor. Rows are contiguous: dims[0] is the row length (ggml's ne[0]), so a weight that maps k inputs to n
/// outputs has dims {k, n}. All dims are at least 1; those past `rank` are 1.
struct Tensor {
  std::string_view name{};
  const quant::TypeInfo* type = nullptr;  ///< never null in a File; see its `computable`
  uint32_t rank = 1;                      ///< 1..4
  std::array<uint64_t, kMaxDims> dims{1, 1, 1, 1};
  uint64_t offset = 0;  ///< from the start of the file, bytes
  std::span<const std::byte> bytes{};  ///< rows() * row_bytes(); aligned as the file's base is

  [[nodiscard]] uint64_t row_length() const { return dims[0]; }
  [[nodiscard]] uint64_t rows() const { return dims[1] * dims[2] * dims[3]; }
  [[nodiscard]] uint64_t elements() const { return row_length() * rows(); }  ///< checked not to overflow
  [[nodiscard]] uint64_t row_bytes() const { return row_length() / type->block * type->bytes; }
};

/// A parsed file. Read-only; any number of threads may use it. Every view it hands out points into the mapped bytes and
/// dies with the File (moving a File keeps them valid). Mapped files begin on a page, so tensors lie on multiples of
/// alignment(); bytes given to `parse` keep whatever alignment they have.
class File {
 public:
  /// Map and check. A symbolic link is followed only as fs::MappedFile does.
  /// errors  not_found, store; invalid: what breaks the format, with key or tensor and byte offset;
  ///         unsupported: GGUF v1 or a later version than 3, big-endian, a tensor type ggml does not define
  [[nodiscard]] static Result<File> open(const fs::Path& path);
  /// Check bytes that the caller keeps alive. `name` stands for the path in messages.
  [[nodiscard]] static Result<File> parse(std::span<const std::byte> bytes, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uint32_t version() const { return version_; }
  [[nodiscard]] uint32_t alignment() const { return alignment_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// These bytes are not needed soon: of a mapped file, their pages leave this process (read again, they come from the
  /// file). Bytes that are not of a mapped file stay as they are.
  void release(std::span<const std::byte> some) const;
  [[nodiscard]] std::span<const Entry> metadata() const { return entries_; }  ///< in file order
  [[nodiscard]] std::span<const Tensor> tensors() const { return tensors_; }  ///< in file order

  [[nodiscard]] const Value* find(std::string_view key) const;  ///< nullptr when absent
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] const Tensor* find_tensor(std::string_view tensor) const;  ///< nullptr when absent
  /// errors  invalid: no such tensor (names it)
  [[nodiscard]] Result<const Tensor*> tensor(std::string_view tensor) const;

  // Typed metadata. Any integer width and sign is accepted when the value fits; f64 is accepted for f32.
  // errors  invalid: the key is missing, of another type, out of range or not finite. The message names key and file.
  [[nodiscard]] Result<uint32_t> get_u32(std::string_view key) const;
  [[nodiscard]] Result<uint64_t> get_u64(std::string_view key) const;
  [[nodiscard]] Result<int64_t> get_i64(std::string_view key) const;
  [[nodiscard]] Result<float> get_f32(std::string_view key) const;
  [[nodiscard]] Result<bool> get_bool(std::string_view key) const;
  [[nodiscard]] Result<std::string_view> get_string(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::string_view>> get_string_array(std::string_view key) const;
  [[nodiscard]] Result<std::vector<int32_t>> get_i32_array(std::string_view key) const;
  [[nodiscard]] Result<std::vector<float>> get_f32_array(std::string_view key) const;
  // The same, with a value for a key that is absent. One that is present but wrong is still an error.
  [[nodiscard]] Result<uint32_t> get_u32_or(std::string_view key, uint32_t absent) const;
  [[nodiscard]] Result<float> get_f32_or(std::string_view key, float absent) const;
  [[nodiscard]] Result<bool> get_bool_or(std::string_view key, bool absent) const;
  [[nodiscard]] Result<std::string_view> get_string_or(std::string_view key, std::string_view absent) const;

  /// `file: message`, the form of every error about this file, for callers that check further (shapes, ids).
  [[nodiscard]] Error invalid(std::string message) const;
  [[nodiscard]] Error unsupported(std::string message, std::string hint = {}) const;

 private:
  friend class Parser;
  [[nodiscard]] Result<const Value*> require(std::string_view key) const;
  [[nodiscard]] Error wrong_type(std::string_view key, const Value& value, std::string_view wanted) const;

  fs::MappedFile map_{};
  std::span<const std::byte> bytes_{};
  std::string name_{};
  uint32_t version_ = 0;
  uint32_t alignment_ = kDefaultAlignment;
  std::vector<Entry> entries_{};
  std::vector<uint32_t> by_key_{};  ///< indices into entries_, sorted by key
  std::vector<Tensor> tensors_{};
  std::vector<uint32_t> by_name_{};  ///< indices into tensors_, sorted by name
};

/// A foreign name made safe and short for a message: sanitised, cut to 80 bytes.
[[nodiscard]] std::string shown(std::string_view foreign);

}  // namespace nano::gguf
