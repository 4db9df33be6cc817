// runtime_shim/convert/safetensors.cpp: see the header.
#include "runtime_shim/convert/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

struct Dtype {
  std::string_view name;
  uint64_t bytes;
};
// source: safetensors src/tensor.rs, enum Dtype (whole bytes only)
constexpr Dtype kDtypes[] = {
    {"BOOL", 1}, {"U8", 1},   {"I8", 1},      {"F8_E5M2", 1},     {"F8_E4M3", 1},    {"I16", 2}, {"U16", 2},
    {"F16", 2},  {"BF16", 2}, {"I32", 4},     {"U32", 4},         {"F32", 4},        {"F64", 8}, {"I64", 8},
    {"U64", 8},  {"C64", 8},  {"F8_E8M0", 1}, {"F8_E4M3FNUZ", 1}, {"F8_E5M2FNUZ", 1}};

struct Reader {
  std::string file;

  [[nodiscard]] Error invalid(const std::string& why) const {
    return make_error(Errc::invalid, gguf::shown(file) + ": " + why);
  }

  /// A whole number of the JSON, or nullopt.
  static std::optional<uint64_t> whole(const Json& v) {
    if (!v.is_number_unsigned()) return std::nullopt;
    return v.get<uint64_t>();
  }

  [[nodiscard]] Result<SourceTensor> tensor(const std::string& name, const Json& entry,
                                            std::span<const std::byte> data) const {
    const std::string who = "tensor '" + gguf::shown(name) + "'";
    if (!entry.is_object()) return invalid(who + " is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        return invalid(who + " has the key '" + gguf::shown(key) + "', which the format does not have");
    }
    if (!entry.contains("dtype") || !entry.at("dtype").is_string()) return invalid(who + " has no dtype");
    SourceTensor out;
    out.name = name;
    out.dtype = entry.at("dtype").get<std::string>();
    const auto* dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                     [&](const Dtype& d) { return d.name == out.dtype; });
    if (dtype == std::end(kDtypes))
      return make_error(Errc::unsupported, gguf::shown(file) + ": " + who + " is of type '" +
                                               gguf::shown(out.dtype) + "', which this build does not know");
    if (!entry.contains("shape") || !entry.at("shape").is_array() ||
        entry.at("shape").size() > kMaxSourceRank)
      return invalid(who + " has no shape of at most " + std::to_string(kMaxSourceRank) + " dimensions");
    uint64_t length = dtype->bytes;
    for (const Json& d : entry.at("shape")) {
      const auto dim = whole(d);
      if (!dim) return invalid(who + " has a dimension that is no whole number");
      if (*dim == 0) return invalid(who + " has a dimension of 0");
      if (__builtin_mul_overflow(length, *dim, &length)) return invalid(who + " is larger than 2^64 bytes");
      out.shape.push_back(*dim);
    }
    const bool pair = entry.contains("data_offsets") && entry.at("data_offsets").is_array() &&
                      entry.at("data_offsets").size() == 2;
    const auto begin = pair ? whole(entry.at("data_offsets")[0]) : std::nullopt;
    const auto end = pair ? whole(entry.at("data_offsets")[1]) : std::nullopt;
    if (!begin || !end) return invalid(who + " has no data_offsets");
    if (*begin > *end || *end > data.size())
      return invalid(who + " lies at " + std::to_string(*begin) + " to " + std::to_string(*end) + ", of " +
                     std::to_string(data.size()) + " bytes of data");
    if (*end - *begin != length)
      return invalid(who + " has " + std::to_string(*end - *begin) + " bytes; its shape and type make " +
                     std::to_string(length));
    out.bytes = data.subspan(static_cast<std::size_t>(*begin), static_cast<std::size_t>(length));
    return out;
  }
};

}  // namespace

uint64_t SourceTensor::elements() const {
  uint64_t n = 1;
  for (const uint64_t d : shape) n *= d;
  return n;
}

const quant::TypeInfo* float_type(std::string_view dtype) {
  if (dtype == "F32") return &quant::info(quant::Type::f32);
  if (dtype == "F16") return &quant::info(quant::Type::f16);
  if (dtype == "BF16") return &quant::info(quant::Type::bf16);
  return nullptr;
}

Result<Safetensors> Safetensors::open(const fs::Path& path) {
  NANO_TRY_ASSIGN(fs::MappedFile map, fs::MappedFile::open(path));
  NANO_TRY_ASSIGN(Safetensors out, parse(map.bytes(), path.string()));
  out.map_ = std::move(map);
  return out;
}

Result<Safetensors> Safetensors::parse(std::span<const std::byte> bytes, std::string name) {
  const Reader reader{std::move(name)};
  uint64_t length = 0;
  if (bytes.size() < sizeof length) return reader.invalid("too short for a safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  const uint64_t rest = bytes.size() - sizeof length;
  if (length > kMaxHeaderBytes || length > rest)
    return reader.invalid("its header would be " + std::to_string(length) + " bytes long; " +
                          std::to_string(std::min(kMaxHeaderBytes, rest)) + " are possible");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length,
                              static_cast<std::size_t>(length));
  if (!text.starts_with('{')) return reader.invalid("its header does not begin with '{'");
  const auto data = bytes.subspan(sizeof length + static_cast<std::size_t>(length));
  auto header = parse_json(text, {.max_bytes = kMaxHeaderBytes, .max_depth = 4, .allow_floats = false});
  if (!header) return std::move(header).error().while_("reading the header of " + gguf::shown(reader.file));
  if (!header->is_object()) return reader.invalid("its header is not an object");
  if (header->size() > kMaxSourceTensors + 1)
    return reader.invalid("it has " + std::to_string(header->size()) + " tensors, more than " +
                          std::to_string(kMaxSourceTensors));
  Safetensors out;
  for (const auto& [key, entry] : header->items()) {
    if (key == "__metadata__") {
      const bool strings = entry.is_object() && std::all_of(entry.begin(), entry.end(),
                                                            [](const Json& v) { return v.is_string(); });
      if (!strings) return reader.invalid("__metadata__ is not an object of strings");
      continue;
    }
    NANO_TRY_ASSIGN(SourceTensor tensor, reader.tensor(key, entry, data));
    out.tensors_.push_back(std::move(tensor));
  }
  std::vector<const SourceTensor*> order;
  for (const SourceTensor& t : out.tensors_) order.push_back(&t);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return a->bytes.data() < b->bytes.data(); });
  const std::byte* at = data.data();
  for (const SourceTensor* t : order) {
    if (t->bytes.data() != at)
      return reader.invalid("tensor '" + gguf::shown(t->name) +
                            "' does not begin where the one before it ends");
    at += t->bytes.size();
  }
  if (at != data.data() + data.size())
    return reader.invalid(std::to_string(data.data() + data.size() - at) + " bytes after the last tensor");
  return out;  // sorted by name, as the JSON's keys are
}

const SourceTensor* Safetensors::find(std::string_view name) const {
  const auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                   [](const SourceTensor& t, std::string_view n) { return t.name < n; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

}  // namespace nano::convert
