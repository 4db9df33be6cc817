// runtime_shim/tokenizer/charsmap.cpp: see the header.
#include "runtime_shim/tokenizer/charsmap.h"

#include <cstring>

namespace nano::tokenizer {
namespace {

constexpr uint32_t kIsValue = 1u << 31;

uint32_t offset_of(uint32_t node) {
  return (node >> 10) << ((node & (1u << 9)) >> 6);
}

}  // namespace

Result<Charsmap> Charsmap::load(const gguf::File& file) {
  constexpr std::string_view kKey = "tokenizer.ggml.precompiled_charsmap";
  Charsmap out;
  const gguf::Value* value = file.find(kKey);
  if (value == nullptr) return out;
  if (value->type != gguf::ValueType::array ||
      (value->element != gguf::ValueType::u8 && value->element != gguf::ValueType::i8))
    return file.invalid(std::string(kKey) + " is not an array of bytes");
  const auto bytes = value->bytes;
  if (bytes.empty()) return out;
  uint32_t length = 0;
  if (bytes.size() < 4) return file.invalid(std::string(kKey) + " is too short");
  std::memcpy(&length, bytes.data(), 4);
  if (length % 4 != 0 || length == 0 || length > bytes.size() - 4)
    return file.invalid(std::string(kKey) + " announces a trie of " + std::to_string(length) + " bytes, in " +
                        std::to_string(bytes.size()));
  out.trie_ = bytes.subspan(4, length);
  const auto rest = bytes.subspan(4 + std::size_t{length});
  out.texts_ = {reinterpret_cast<const char*>(rest.data()), rest.size()};
  return out;
}

uint32_t Charsmap::node(std::size_t index) const {
  if (index >= trie_.size() / 4) return 0xFF;
  uint32_t out = 0;
  std::memcpy(&out, trie_.data() + index * 4, 4);
  return out;
}

Charsmap::Replaced Charsmap::prefix(std::string_view text, std::size_t at) const {
  if (trie_.empty()) return {};
  Replaced best;
  std::size_t place = offset_of(node(0));
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0) break;
    place ^= c;
    const uint32_t here = node(place);
    if ((here & (kIsValue | 0xFFu)) != c) break;
    place ^= offset_of(here);
    if ((here >> 8 & 1) == 0) continue;
    const std::size_t from = node(place) & (kIsValue - 1);
    if (from >= texts_.size()) break;  // damaged
    const std::string_view rest = texts_.substr(from);
    best = {i - at + 1, rest.substr(0, rest.find('\0'))};
  }
  return best;
}

}  // namespace nano::tokenizer
