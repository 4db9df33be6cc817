// runtime_shim/gguf/writer.h: builds a GGUF v3 file; equal input gives equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs_output.h"
#include "base/result.h"
#include "runtime_shim/gguf/value.h"
#include "runtime_shim/quant/types.h"

namespace nano::gguf {

/// Collects metadata and tensors in the order given, then writes them: little-endian, version 3, alignment 32.
/// Not thread-safe. Setting a key again replaces its value where it stands.
class Builder {
 public:
  /// Makes a tensor's bytes when its turn to be written comes, so that one tensor is in memory at a time.
  using Producer = std::function<Result<std::vector<std::byte>>()>;

  void set_u32(std::string_view key, uint32_t value);
  void set_u64(std::string_view key, uint64_t value);
  void set_i32(std::string_view key, int32_t value);
  void set_f32(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_string(std::string_view key, std::string_view value);
  void set_string_array(std::string_view key, std::span<const std::string> values);
  void set_i32_array(std::string_view key, std::span<const int32_t> values);
  void set_f32_array(std::string_view key, std::span<const float> values);
  void set_bool_array(std::string_view key, const std::vector<bool>& values);
  void set_bytes(std::string_view key, std::string_view bytes);  ///< an array of u8
  /// A value read from another file, as it is. general.alignment is passed over: this writer's is 32.
  void copy(const Entry& entry);
  void remove(std::string_view key);

  /// Add a tensor. `dims[0]` is the row length; 1 to 4 dims of at least 1.
  ///
  ///   bytes    row bytes x rows of `type`, kept alive by the caller until write; or a producer of as many
  ///   errors   invalid: name empty, longer than 63 bytes or taken; dims; a row not of whole blocks; a wrong length
  [[nodiscard]] Status add_tensor(std::string_view name, quant::Type type, std::span<const uint64_t> dims,
                                  std::span<const std::byte> bytes);
  [[nodiscard]] Status add_tensor(std::string_view name, quant::Type type, std::span<const uint64_t> dims,
                                  Producer producer);
  /// F32 from floats (copied by reference, as above).
  [[nodiscard]] Status add_f32(std::string_view name, std::initializer_list<uint64_t> dims,
                               std::span<const float> values);

  /// The whole file in memory. errors  a producer's; invalid: it made a wrong number of bytes
  [[nodiscard]] Result<std::string> bytes() const;
  /// errors  store; as bytes()
  [[nodiscard]] Status write_to(fs::Writer& out) const;
  /// Write `path`, whatever it is (base/fs_output.h), over what is there. errors  store; as bytes(). No file is left behind on error.
  [[nodiscard]] Status write(const fs::Path& path) const;

 private:
  struct Pair {
    std::string key{};
    ValueType type = ValueType::u8;
    std::string payload{};  ///< as it is written after the type
  };
  struct Planned {
    std::string name{};
    const quant::TypeInfo* type = nullptr;
    std::vector<uint64_t> dims{};
    uint64_t length = 0;
    std::span<const std::byte> bytes{};
    Producer producer{};
  };
  using Sink = std::function<Status(std::string_view)>;

  std::string& slot(std::string_view key, ValueType type);
  [[nodiscard]] Result<Planned> plan(std::string_view name, quant::Type type,
                                     std::span<const uint64_t> dims) const;
  [[nodiscard]] std::string header() const;
  [[nodiscard]] Status emit(const Sink& sink) const;

  std::vector<Pair> pairs_{};
  std::vector<Planned> tensors_{};
};

}  // namespace nano::gguf
