// runtime_shim/gguf/describe.cpp: see the header.
#include "runtime_shim/gguf/describe.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace nano::gguf {
namespace {

constexpr std::size_t kMaxText = 200;  // bytes of one string
constexpr uint64_t kShownElements = 3;

template <class T>
std::string number(const std::byte* p) {
  T v{};
  std::memcpy(&v, p, sizeof v);
  char text[64];  // the shortest form that reads back as the same value, whatever the locale
  const auto end = std::to_chars(text, text + sizeof text, v);
  return std::string(text, end.ptr);
}

std::string cut(std::string_view s) {
  if (s.size() <= kMaxText) return std::string(s);
  std::size_t n = kMaxText;  // not through a character
  while (n > kMaxText - 4 && (static_cast<unsigned char>(s[n]) & 0xC0) == 0x80) --n;
  return std::string(s.substr(0, n)) + "…";
}

std::string scalar(ValueType type, const std::byte* p) {
  switch (type) {
    case ValueType::u8: return number<uint8_t>(p);
    case ValueType::i8: return number<int8_t>(p);
    case ValueType::u16: return number<uint16_t>(p);
    case ValueType::i16: return number<int16_t>(p);
    case ValueType::u32: return number<uint32_t>(p);
    case ValueType::i32: return number<int32_t>(p);
    case ValueType::u64: return number<uint64_t>(p);
    case ValueType::i64: return number<int64_t>(p);
    case ValueType::f32: return number<float>(p);
    case ValueType::f64: return number<double>(p);
    case ValueType::boolean: return *p == std::byte{1} ? "true" : "false";
    case ValueType::string:
    case ValueType::array: break;
  }
  return {};
}

}  // namespace

std::string short_text(const Value& value) {
  const std::byte* p = value.bytes.data();
  if (value.type == ValueType::string) return cut({reinterpret_cast<const char*>(p), value.bytes.size()});
  if (value.type != ValueType::array) return scalar(value.type, p);
  std::string out = "[";
  for (uint64_t i = 0; i < std::min(value.count, kShownElements); ++i) {
    if (i > 0) out += ", ";
    if (value.element == ValueType::string) {
      uint64_t length = 0;
      std::memcpy(&length, p, sizeof length);
      out += "\"" + cut({reinterpret_cast<const char*>(p + 8), static_cast<std::size_t>(length)}) + "\"";
      p += 8 + length;
    } else {
      out += scalar(value.element, p);
      p += fixed_width(value.element);
    }
  }
  if (value.count > kShownElements) out += ", … " + std::to_string(value.count) + " in all";
  return out + "]";
}

Description describe(const File& file) {
  Description out;
  out.version = file.version();
  out.alignment = file.alignment();
  out.file_bytes = file.bytes().size();
  for (const Entry& e : file.metadata()) {
    std::string type(type_name(e.value.type));
    if (e.value.type == ValueType::array) type += " of " + std::string(type_name(e.value.element));
    out.metadata.push_back({std::string(e.key), std::move(type), short_text(e.value)});
  }
  for (const Tensor& t : file.tensors()) {
    const std::string type(t.type->name);
    out.tensors.push_back(
        {std::string(t.name), type, {t.dims.begin(), t.dims.begin() + t.rank}, t.bytes.size(), t.offset});
    out.parameters += t.elements();
    out.tensor_bytes += t.bytes.size();
    auto total = std::find_if(out.totals.begin(), out.totals.end(),
                              [&](const TypeTotal& x) { return x.type == type; });
    if (total == out.totals.end()) total = out.totals.insert(total, TypeTotal{.type = type});
    ++total->tensors;
    total->elements += t.elements();
    total->bytes += t.bytes.size();
  }
  return out;
}

}  // namespace nano::gguf
