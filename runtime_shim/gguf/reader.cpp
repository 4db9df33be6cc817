// runtime_shim/gguf/reader.cpp: the one pass over a GGUF header. Nothing is believed: see each check's message.
//
//   bytes              what
//   4                  "GGUF"
//   u32                version (2 and 3 share this layout)
//   u64 u64            number of tensors, number of metadata pairs
//   pairs              key: u64 length + bytes; u32 type; value (string: u64 length + bytes; array: u32 type, u64 count, …)
//   tensor infos       name; u32 rank; rank x u64 dim; u32 type; u64 offset from the data's start
//   padding            to a multiple of general.alignment (default 32)
//   data               each tensor at its offset, a multiple of the alignment
//
// source: ggml docs/gguf.md
#include "runtime_shim/gguf/reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "runtime_shim/gguf/parser.h"

namespace nano::gguf {

static_assert(std::endian::native == std::endian::little, "the readers of fixed-width values assume it");

std::string shown(std::string_view foreign) {
  constexpr std::size_t kMax = 80;
  if (foreign.size() > kMax) return sanitize(foreign.substr(0, kMax)) + "…";
  return sanitize(foreign);
}

Result<File> File::open(const fs::Path& path) {
  NANO_TRY_ASSIGN(fs::MappedFile map, fs::MappedFile::open(path));
  const auto bytes = map.bytes();
  NANO_TRY_ASSIGN(File file, parse(bytes, path.string()));
  file.map_ = std::move(map);
  return file;
}

Result<File> File::parse(std::span<const std::byte> bytes, std::string name) {
  File file;
  file.bytes_ = bytes;
  file.name_ = std::move(name);
  Parser parser(file);
  NANO_TRY(parser.run());
  return file;
}

void File::release(std::span<const std::byte> some) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(map_.bytes().data()), from = reinterpret_cast<std::uintptr_t>(some.data());
  const std::size_t size = map_.bytes().size();
  if (some.empty() || from < begin || from - begin > size || some.size() > size - (from - begin)) return;
  // A mapping begins on a page and has its last page to itself.
  const std::uintptr_t page = from - (from - begin) % static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::madvise(reinterpret_cast<void*>(page), from + some.size() - page, MADV_DONTNEED);
}

Error Parser::broken(std::string message) const {
  return file_.invalid(std::move(message) + " (byte " + std::to_string(at_) + ")");
}

template <class T>
bool Parser::take(T& out) {
  if (left() < sizeof(T)) return false;
  std::memcpy(&out, file_.bytes_.data() + at_, sizeof(T));
  at_ += sizeof(T);
  return true;
}
template bool Parser::take<uint32_t>(uint32_t&);
template bool Parser::take<uint64_t>(uint64_t&);

std::span<const std::byte> Parser::skip(uint64_t n) {
  const auto out = file_.bytes_.subspan(at_, static_cast<std::size_t>(n));
  at_ += static_cast<std::size_t>(n);
  return out;
}

Result<std::string_view> Parser::text(uint64_t limit, std::string_view what) {
  uint64_t length = 0;
  if (!take(length)) return broken("the file ends in the length of " + std::string(what));
  if (length > limit)
    return broken(std::string(what) + " is " + std::to_string(length) + " bytes long; the limit is " +
                  std::to_string(limit));
  if (length > left()) return broken("the file ends in " + std::string(what));
  const auto bytes = skip(length);
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Status Parser::run() {
  NANO_TRY(header());
  NANO_TRY(pairs());
  NANO_TRY(alignment());
  NANO_TRY(tensor_infos());
  return place_tensors();
}

Status Parser::header() {
  if (left() == 0) return file_.invalid("the file is empty, not a GGUF");
  if (left() < 4 || std::memcmp(file_.bytes_.data(), "GGUF", 4) != 0)
    return file_.invalid("not a GGUF file: it does not begin with the letters GGUF");
  at_ = 4;
  uint32_t version = 0;
  if (!take(version)) return broken("the file ends in its header");
  if (version == 1)
    return file_.unsupported("GGUF version 1 is not read", "convert it again with a tool from after 2023");
  if (version != 2 && version != 3) {
    if ((version & 0xFFFFu) == 0 && version != 0) return file_.unsupported("a big-endian GGUF is not read");
    if (version == 0) return broken("version 0 does not exist");
    return file_.unsupported("GGUF version " + std::to_string(version) +
                             " is not known; versions 2 and 3 are");
  }
  file_.version_ = version;
  if (!take(tensor_count_) || !take(pair_count_)) return broken("the file ends in its header");
  if (tensor_count_ > kMaxTensors)
    return broken(std::to_string(tensor_count_) + " tensors; the limit is " + std::to_string(kMaxTensors));
  if (pair_count_ > kMaxMetadataKeys)
    return broken(std::to_string(pair_count_) + " metadata keys; the limit is " +
                  std::to_string(kMaxMetadataKeys));
  // A pair takes at least 14 bytes, a tensor 33: a count that cannot fit is refused before anything is reserved.
  if (pair_count_ > left() / 14 || tensor_count_ > (left() - pair_count_ * 14) / 33)
    return broken(std::to_string(pair_count_) + " metadata keys and " + std::to_string(tensor_count_) +
                  " tensors do not fit in the " + std::to_string(left()) + " bytes that follow");
  return Unit{};
}

Status Parser::pairs() {
  file_.entries_.reserve(static_cast<std::size_t>(pair_count_));
  for (uint64_t i = 0; i < pair_count_; ++i) {
    Entry entry;
    NANO_TRY_ASSIGN(entry.key, text(kMaxKeyBytes, "metadata key " + std::to_string(i)));
    if (entry.key.empty()) return broken("metadata key " + std::to_string(i) + " is empty");
    uint32_t type = 0;
    if (!take(type)) return broken("the file ends in the type of key '" + shown(entry.key) + "'");
    NANO_TRY(value(entry.key, type, entry.value));
    file_.entries_.push_back(entry);
  }
  auto& entries = file_.entries_;
  auto& order = file_.by_key_;
  const auto sort = [&] {
    order.resize(entries.size());
    for (uint32_t n = 0; n < order.size(); ++n) order[n] = n;
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return entries[a].key < entries[b].key; });
  };
  sort();
  // A key that stands there once more with the same value says nothing new; with another one nobody knows which counts.
  std::vector<uint32_t> again;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Entry &first = entries[order[i - 1]], &second = entries[order[i]];
    if (first.key != second.key) continue;
    const Value &a = first.value, &b = second.value;
    if (a.type != b.type || a.element != b.element || a.count != b.count || !std::ranges::equal(a.bytes, b.bytes))
      return file_.invalid("metadata key '" + shown(second.key) + "' stands there twice");
    again.push_back(order[i]);
  }
  if (again.empty()) return Unit{};
  std::sort(again.begin(), again.end());
  for (std::size_t i = again.size(); i-- > 0;) entries.erase(entries.begin() + again[i]);
  sort();
  return Unit{};
}

Status Parser::value(std::string_view key, uint32_t type, Value& out) {
  out.type = static_cast<ValueType>(type);
  if (out.type == ValueType::array) return array(key, out);
  if (out.type == ValueType::string) {
    NANO_TRY_ASSIGN(const std::string_view s,
                    text(kMaxStringBytes, "the string of key '" + shown(key) + "'"));
    out.bytes = std::as_bytes(std::span(s.data(), s.size()));
    return Unit{};
  }
  const std::size_t width = fixed_width(out.type);
  if (width == 0)
    return broken("key '" + shown(key) + "' has the unknown value type " + std::to_string(type));
  if (left() < width) return broken("the file ends in the value of key '" + shown(key) + "'");
  out.bytes = skip(width);
  return bools(key, out.type, out.bytes);
}

Status Parser::array(std::string_view key, Value& out) {
  uint32_t element = 0;
  if (!take(element) || !take(out.count))
    return broken("the file ends in the array of key '" + shown(key) + "'");
  out.element = static_cast<ValueType>(element);
  if (out.element == ValueType::array)
    return broken("key '" + shown(key) + "' is an array of arrays, which is not read");
  if (out.count > kMaxArrayElements)
    return broken("the array of key '" + shown(key) + "' has " + std::to_string(out.count) +
                  " elements; the limit is " + std::to_string(kMaxArrayElements));
  if (out.element == ValueType::string) {
    const std::size_t begin = at_;
    for (uint64_t i = 0; i < out.count; ++i) {
      // The hot loop of opening a file with a large vocabulary: no message is built unless it fails.
      uint64_t length = 0;
      if (!take(length) || length > kMaxStringBytes || length > left())
        return broken("string " + std::to_string(i) + " of the array of key '" + shown(key) +
                      "' does not fit in the file or is longer than " + std::to_string(kMaxStringBytes) +
                      " bytes");
      at_ += static_cast<std::size_t>(length);
    }
    out.bytes = file_.bytes_.subspan(begin, at_ - begin);
    return Unit{};
  }
  const std::size_t width = fixed_width(out.element);
  if (width == 0)
    return broken("the array of key '" + shown(key) + "' has the unknown element type " +
                  std::to_string(element));
  if (out.count > left() / width) return broken("the file ends in the array of key '" + shown(key) + "'");
  out.bytes = skip(out.count * width);
  return bools(key, out.element, out.bytes);
}

Status Parser::bools(std::string_view key, ValueType type, std::span<const std::byte> bytes) const {
  if (type != ValueType::boolean) return Unit{};
  for (const std::byte b : bytes)
    if (b > std::byte{1}) return broken("key '" + shown(key) + "' holds a boolean that is neither 0 nor 1");
  return Unit{};
}

Status Parser::alignment() {
  constexpr std::string_view kKey = "general.alignment";
  if (!file_.has(kKey)) return Unit{};
  NANO_TRY_ASSIGN(file_.alignment_, file_.get_u32(kKey));
  if (file_.alignment_ < 8 || file_.alignment_ > kMaxAlignment || !std::has_single_bit(file_.alignment_))
    return file_.invalid("general.alignment is " + std::to_string(file_.alignment_) +
                         "; it must be a power of two from 8 to " + std::to_string(kMaxAlignment));
  return Unit{};
}

}  // namespace nano::gguf
