#include "base/digest.h"

#include <array>

namespace nano {
namespace {

/// By character; -1: no digit. A table, because a registry's metadata and what a client remembers of it are full of digests.
constexpr std::array<int8_t, 256> kNibbles = [] {
  std::array<int8_t, 256> out{};
  out.fill(-1);
  for (int i = 0; i < 10; ++i) out[static_cast<std::size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) out[static_cast<std::size_t>('a' + i)] = static_cast<int8_t>(10 + i);
  return out;
}();

int nibble(char c) { return kNibbles[static_cast<unsigned char>(c)]; }

}  // namespace

std::string to_hex(const uint8_t* bytes, std::size_t n) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(2 * n, '0');
  for (std::size_t i = 0; i < n; ++i) {
    out[2 * i] = kDigits[bytes[i] >> 4];
    out[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return out;
}

Result<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return make_error(Errc::invalid, "hex text has an odd length");
  std::string out(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int hi = nibble(hex[2 * i]);
    const int lo = nibble(hex[2 * i + 1]);
    if (hi < 0 || lo < 0) return make_error(Errc::invalid, "hex text holds a character that is not 0-9a-f");
    out[i] = static_cast<char>(hi * 16 + lo);
  }
  return out;
}

Result<Digest> Digest::parse_hex(std::string_view hex) {
  if (hex.size() != 64)
    return make_error(Errc::invalid, "a SHA-256 digest has 64 hex digits, not " + std::to_string(hex.size()));
  std::array<uint8_t, 32> bytes{};
  int all = 0;  // negative: one of them was no digit
  for (std::size_t i = 0; i < 32; ++i) {
    const int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);
    all |= hi | lo;
    bytes[i] = static_cast<uint8_t>(hi * 16 + lo);
  }
  if (all < 0) return make_error(Errc::invalid, "hex text holds a character that is not 0-9a-f");
  return Digest(bytes);
}

Result<Digest> Digest::parse(std::string_view text) {
  static constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) return make_error(Errc::invalid, "a digest begins with 'sha256:'");
  return parse_hex(text.substr(kPrefix.size()));
}

std::string Digest::hex() const {
  return to_hex(bytes_.data(), bytes_.size());
}
std::string Digest::text() const {
  return "sha256:" + hex();
}

}  // namespace nano
