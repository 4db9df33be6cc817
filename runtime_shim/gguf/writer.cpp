// runtime_shim/gguf/writer.cpp: the layout of reader.cpp, written. Nothing here depends on time, place or machine.
#include "runtime_shim/gguf/writer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "runtime_shim/gguf/reader.h"

namespace nano::gguf {
namespace {

template <class T>
void put(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof raw);
  out.append(raw, sizeof raw);
}

void put_text(std::string& out, std::string_view s) {
  put(out, static_cast<uint64_t>(s.size()));
  out += s;
}

void put_array(std::string& out, ValueType element, std::size_t count) {
  put(out, static_cast<uint32_t>(element));
  put(out, static_cast<uint64_t>(count));
}

std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

uint64_t padding(uint64_t at) {
  return (kDefaultAlignment - at % kDefaultAlignment) % kDefaultAlignment;
}

}  // namespace

std::string& Builder::slot(std::string_view key, ValueType type) {
  for (Pair& p : pairs_) {
    if (p.key != key) continue;
    p.type = type;
    p.payload.clear();
    return p.payload;
  }
  return pairs_.emplace_back(Pair{.key = std::string(key), .type = type, .payload = {}}).payload;
}

void Builder::set_u32(std::string_view key, uint32_t value) {
  put(slot(key, ValueType::u32), value);
}
void Builder::set_u64(std::string_view key, uint64_t value) {
  put(slot(key, ValueType::u64), value);
}
void Builder::set_i32(std::string_view key, int32_t value) {
  put(slot(key, ValueType::i32), value);
}
void Builder::set_f32(std::string_view key, float value) {
  put(slot(key, ValueType::f32), value);
}
void Builder::set_bool(std::string_view key, bool value) {
  put(slot(key, ValueType::boolean), static_cast<uint8_t>(value));
}
void Builder::set_string(std::string_view key, std::string_view value) {
  put_text(slot(key, ValueType::string), value);
}

void Builder::set_string_array(std::string_view key, std::span<const std::string> values) {
  std::string& out = slot(key, ValueType::array);
  put_array(out, ValueType::string, values.size());
  for (const std::string& s : values) put_text(out, s);
}

void Builder::set_i32_array(std::string_view key, std::span<const int32_t> values) {
  std::string& out = slot(key, ValueType::array);
  put_array(out, ValueType::i32, values.size());
  out += chars(std::as_bytes(values));
}

void Builder::set_f32_array(std::string_view key, std::span<const float> values) {
  std::string& out = slot(key, ValueType::array);
  put_array(out, ValueType::f32, values.size());
  out += chars(std::as_bytes(values));
}

void Builder::set_bool_array(std::string_view key, const std::vector<bool>& values) {
  std::string& out = slot(key, ValueType::array);
  put_array(out, ValueType::boolean, values.size());
  for (const bool v : values) out += v ? '\1' : '\0';
}

void Builder::set_bytes(std::string_view key, std::string_view bytes) {
  std::string& out = slot(key, ValueType::array);
  put_array(out, ValueType::u8, bytes.size());
  out += bytes;
}
void Builder::copy(const Entry& entry) {
  if (entry.key == "general.alignment") return;
  const Value& v = entry.value;
  std::string& out = slot(entry.key, v.type);
  if (v.type == ValueType::array) {
    put_array(out, v.element, static_cast<std::size_t>(v.count));
    out += chars(v.bytes);
  } else if (v.type == ValueType::string) {
    put_text(out, chars(v.bytes));
  } else {
    out += chars(v.bytes);
  }
}

void Builder::remove(std::string_view key) {
  std::erase_if(pairs_, [&](const Pair& p) { return p.key == key; });
}

Result<Builder::Planned> Builder::plan(std::string_view name, quant::Type type,
                                       std::span<const uint64_t> dims) const {
  const std::string who = "tensor '" + shown(name) + "'";
  if (name.empty() || name.size() > kMaxTensorNameBytes)
    return make_error(Errc::invalid,
                      who + " needs a name of 1 to " + std::to_string(kMaxTensorNameBytes) + " bytes");
  for (const Planned& t : tensors_)
    if (t.name == name) return make_error(Errc::invalid, who + " stands there twice");
  if (dims.empty() || dims.size() > kMaxDims)
    return make_error(Errc::invalid, who + " needs 1 to 4 dimensions");
  Planned out{.name = std::string(name),
              .type = &quant::info(type),
              .dims = {dims.begin(), dims.end()},
              .length = 0,
              .bytes = {},
              .producer = {}};
  const auto row = quant::row_bytes(*out.type, dims[0]);
  if (!row)
    return make_error(Errc::invalid,
                      who + " has rows that are not of whole " + std::string(out.type->name) + " blocks");
  out.length = *row;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0) return make_error(Errc::invalid, who + " has a dimension of 0");
    if (d > 0 && __builtin_mul_overflow(out.length, dims[d], &out.length))
      return make_error(Errc::invalid, who + " is larger than 2^64 bytes");
  }
  return out;
}

Status Builder::add_tensor(std::string_view name, quant::Type type, std::span<const uint64_t> dims,
                           std::span<const std::byte> bytes) {
  NANO_TRY_ASSIGN(Planned planned, plan(name, type, dims));
  if (bytes.size() != planned.length)
    return make_error(Errc::invalid, "tensor '" + shown(name) + "' needs " + std::to_string(planned.length) +
                                         " bytes and was given " + std::to_string(bytes.size()));
  planned.bytes = bytes;
  tensors_.push_back(std::move(planned));
  return Unit{};
}

Status Builder::add_tensor(std::string_view name, quant::Type type, std::span<const uint64_t> dims,
                           Producer producer) {
  NANO_TRY_ASSIGN(Planned planned, plan(name, type, dims));
  planned.producer = std::move(producer);
  tensors_.push_back(std::move(planned));
  return Unit{};
}

Status Builder::add_f32(std::string_view name, std::initializer_list<uint64_t> dims,
                        std::span<const float> values) {
  return add_tensor(name, quant::Type::f32, std::span(dims.begin(), dims.size()), std::as_bytes(values));
}

std::string Builder::header() const {
  std::string out = "GGUF";
  put(out, uint32_t{3});
  put(out, static_cast<uint64_t>(tensors_.size()));
  put(out, static_cast<uint64_t>(pairs_.size()));
  for (const Pair& p : pairs_) {
    put_text(out, p.key);
    put(out, static_cast<uint32_t>(p.type));
    out += p.payload;
  }
  uint64_t offset = 0;
  for (const Planned& t : tensors_) {
    put_text(out, t.name);
    put(out, static_cast<uint32_t>(t.dims.size()));
    for (const uint64_t dim : t.dims) put(out, dim);
    put(out, static_cast<uint32_t>(t.type->type));
    put(out, offset);
    offset += t.length + padding(t.length);
  }
  return out;
}

Status Builder::emit(const Sink& sink) const {
  const std::string zeros(kDefaultAlignment, '\0');
  const std::string head = header();
  NANO_TRY(sink(head));
  if (!tensors_.empty()) NANO_TRY(sink(std::string_view(zeros).substr(0, padding(head.size()))));
  for (const Planned& t : tensors_) {
    if (t.producer) {
      NANO_TRY_ASSIGN(const std::vector<std::byte> made, t.producer());
      if (made.size() != t.length)
        return make_error(Errc::internal, "tensor '" + shown(t.name) + "' was planned with " +
                                              std::to_string(t.length) + " bytes and made with " +
                                              std::to_string(made.size()));
      NANO_TRY(sink(chars(made)));
    } else {
      NANO_TRY(sink(chars(t.bytes)));
    }
    NANO_TRY(sink(std::string_view(zeros).substr(0, padding(t.length))));
  }
  return Unit{};
}

Result<std::string> Builder::bytes() const {
  std::string out;
  NANO_TRY(emit([&](std::string_view part) -> Status {
    out += part;
    return Unit{};
  }));
  return out;
}

Status Builder::write_to(fs::Writer& out) const {
  return emit([&](std::string_view part) { return out.write(part); });
}

Status Builder::write(const fs::Path& path) const {
  NANO_TRY_ASSIGN(fs::Output out, fs::Output::open(path, {.replace = true}));
  NANO_TRY(write_to(out.writer()));
  return out.commit();
}

}  // namespace nano::gguf
