// runtime_shim/gguf/metadata.cpp: looking up keys and tensors, and reading checked values as C++ types.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime_shim/gguf/reader.h"

namespace nano::gguf {
namespace {

struct TypeRow {
  std::string_view name{};
  std::size_t width = 0;
};
constexpr std::array<TypeRow, 13> kTypes{{{"u8", 1},
                                          {"i8", 1},
                                          {"u16", 2},
                                          {"i16", 2},
                                          {"u32", 4},
                                          {"i32", 4},
                                          {"f32", 4},
                                          {"bool", 1},
                                          {"string", 0},
                                          {"array", 0},
                                          {"u64", 8},
                                          {"i64", 8},
                                          {"f64", 8}}};

template <class T>
T load(const std::byte* p) {
  T v{};
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// An integer of any width: `negative` says that `bits` is a two's complement int64.
struct Whole {
  bool negative = false;
  uint64_t bits = 0;
};

bool load_whole(ValueType type, const std::byte* p, Whole& out) {
  const auto is_signed = [&](int64_t v) { out = {v < 0, static_cast<uint64_t>(v)}; };
  switch (type) {
    case ValueType::u8: out = {false, load<uint8_t>(p)}; return true;
    case ValueType::u16: out = {false, load<uint16_t>(p)}; return true;
    case ValueType::u32: out = {false, load<uint32_t>(p)}; return true;
    case ValueType::u64: out = {false, load<uint64_t>(p)}; return true;
    case ValueType::i8: is_signed(load<int8_t>(p)); return true;
    case ValueType::i16: is_signed(load<int16_t>(p)); return true;
    case ValueType::i32: is_signed(load<int32_t>(p)); return true;
    case ValueType::i64: is_signed(load<int64_t>(p)); return true;
    default: return false;
  }
}

std::string text_of(const Whole& w) {
  return w.negative ? std::to_string(static_cast<int64_t>(w.bits)) : std::to_string(w.bits);
}

bool load_real(ValueType type, const std::byte* p, float& out) {
  if (type == ValueType::f32)
    out = load<float>(p);
  else if (type == ValueType::f64)
    out = static_cast<float>(load<double>(p));
  else
    return false;
  return true;
}

}  // namespace

std::string_view type_name(ValueType type) noexcept {
  const auto id = static_cast<std::size_t>(type);
  return id < kTypes.size() ? kTypes[id].name : "?";
}

std::size_t fixed_width(ValueType type) noexcept {
  const auto id = static_cast<std::size_t>(type);
  return id < kTypes.size() ? kTypes[id].width : 0;
}

Error File::invalid(std::string message) const {
  return make_error(Errc::invalid, shown(name_) + ": " + std::move(message));
}
Error File::unsupported(std::string message, std::string hint) const {
  return make_error(Errc::unsupported, shown(name_) + ": " + std::move(message), std::move(hint));
}

const Value* File::find(std::string_view key) const {
  const auto it = std::lower_bound(by_key_.begin(), by_key_.end(), key,
                                   [&](uint32_t i, std::string_view k) { return entries_[i].key < k; });
  return it != by_key_.end() && entries_[*it].key == key ? &entries_[*it].value : nullptr;
}

const Tensor* File::find_tensor(std::string_view tensor) const {
  const auto it = std::lower_bound(by_name_.begin(), by_name_.end(), tensor,
                                   [&](uint32_t i, std::string_view n) { return tensors_[i].name < n; });
  return it != by_name_.end() && tensors_[*it].name == tensor ? &tensors_[*it] : nullptr;
}

Result<const Tensor*> File::tensor(std::string_view tensor) const {
  const Tensor* found = find_tensor(tensor);
  if (found == nullptr) return invalid("tensor '" + shown(tensor) + "' is missing");
  return found;
}

Result<const Value*> File::require(std::string_view key) const {
  const Value* found = find(key);
  if (found == nullptr) return invalid("metadata key '" + shown(key) + "' is missing");
  return found;
}

Error File::wrong_type(std::string_view key, const Value& value, std::string_view wanted) const {
  std::string is(type_name(value.type));
  if (value.type == ValueType::array) is += " of " + std::string(type_name(value.element));
  return invalid("metadata key '" + shown(key) + "' is of type " + is + ", not " + std::string(wanted));
}

Result<uint64_t> File::get_u64(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  Whole w;
  if (!load_whole(v->type, v->bytes.data(), w)) return wrong_type(key, *v, "an integer");
  if (w.negative)
    return invalid("metadata key '" + shown(key) + "' is " + text_of(w) + ", which is negative");
  return w.bits;
}

Result<uint32_t> File::get_u32(std::string_view key) const {
  NANO_TRY_ASSIGN(const uint64_t v, get_u64(key));
  if (v > std::numeric_limits<uint32_t>::max())
    return invalid("metadata key '" + shown(key) + "' is " + std::to_string(v) +
                   ", which is more than 32 bits hold");
  return static_cast<uint32_t>(v);
}

Result<int64_t> File::get_i64(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  Whole w;
  if (!load_whole(v->type, v->bytes.data(), w)) return wrong_type(key, *v, "an integer");
  if (!w.negative && w.bits > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return invalid("metadata key '" + shown(key) + "' is " + text_of(w) +
                   ", which is more than 63 bits hold");
  return static_cast<int64_t>(w.bits);
}

Result<float> File::get_f32(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  float out = 0;
  if (!load_real(v->type, v->bytes.data(), out)) return wrong_type(key, *v, "a number");
  if (!std::isfinite(out)) return invalid("metadata key '" + shown(key) + "' is not a finite number");
  return out;
}

Result<bool> File::get_bool(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  if (v->type != ValueType::boolean) return wrong_type(key, *v, "a bool");
  return v->bytes[0] == std::byte{1};
}

Result<std::string_view> File::get_string(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  if (v->type != ValueType::string) return wrong_type(key, *v, "a string");
  return std::string_view(reinterpret_cast<const char*>(v->bytes.data()), v->bytes.size());
}

Result<std::vector<std::string_view>> File::get_string_array(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  if (v->type != ValueType::array || v->element != ValueType::string)
    return wrong_type(key, *v, "an array of strings");
  std::vector<std::string_view> out;
  // The parser has seen `count` strings of 8 or more bytes each in the file.
  out.reserve(static_cast<std::size_t>(v->count));
  const std::byte* p = v->bytes.data();
  for (uint64_t i = 0; i < v->count; ++i) {
    const auto length = load<uint64_t>(p);
    out.emplace_back(reinterpret_cast<const char*>(p + 8), static_cast<std::size_t>(length));
    p += 8 + length;
  }
  return out;
}

Result<std::vector<int32_t>> File::get_i32_array(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  const std::size_t width = v->type == ValueType::array ? fixed_width(v->element) : 0;
  Whole probe;
  const std::array<std::byte, 8> zero{};
  if (width == 0 || !load_whole(v->element, zero.data(), probe))
    return wrong_type(key, *v, "an array of integers");
  std::vector<int32_t> out(static_cast<std::size_t>(v->count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    Whole w;
    (void)load_whole(v->element, v->bytes.data() + i * width, w);
    const auto n = static_cast<int64_t>(w.bits);
    if ((!w.negative && w.bits > INT32_MAX) || (w.negative && n < INT32_MIN))
      return invalid("element " + std::to_string(i) + " of metadata key '" + shown(key) +
                     "' does not fit in 32 bits");
    out[i] = static_cast<int32_t>(n);
  }
  return out;
}

Result<std::vector<float>> File::get_f32_array(std::string_view key) const {
  NANO_TRY_ASSIGN(const Value* v, require(key));
  if (v->type != ValueType::array || (v->element != ValueType::f32 && v->element != ValueType::f64))
    return wrong_type(key, *v, "an array of numbers");
  std::vector<float> out(static_cast<std::size_t>(v->count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    (void)load_real(v->element, v->bytes.data() + i * fixed_width(v->element), out[i]);
    if (!std::isfinite(out[i]))
      return invalid("element " + std::to_string(i) + " of metadata key '" + shown(key) +
                     "' is not a finite number");
  }
  return out;
}

Result<uint32_t> File::get_u32_or(std::string_view key, uint32_t absent) const {
  return has(key) ? get_u32(key) : Result<uint32_t>(absent);
}
Result<float> File::get_f32_or(std::string_view key, float absent) const {
  return has(key) ? get_f32(key) : Result<float>(absent);
}
Result<bool> File::get_bool_or(std::string_view key, bool absent) const {
  return has(key) ? get_bool(key) : Result<bool>(absent);
}
Result<std::string_view> File::get_string_or(std::string_view key, std::string_view absent) const {
  return has(key) ? get_string(key) : Result<std::string_view>(absent);
}

}  // namespace nano::gguf
