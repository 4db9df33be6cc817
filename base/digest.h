// base/digest.h: a SHA-256 name. The only way from wire text to a blob's path.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano {

/// 32 bytes of SHA-256. Text form: `sha256:` + 64 lower-case hex digits; nothing else parses
/// (Ollama CVE-2024-37032: a digest used as a path unparsed).
class Digest {
 public:
  Digest() = default;  ///< all zero; `is_zero()`
  explicit Digest(const std::array<uint8_t, 32>& bytes) : bytes_(bytes) {}

  /// errors  invalid: anything but `sha256:` + 64 lower-case hex digits
  [[nodiscard]] static Result<Digest> parse(std::string_view text);
  /// The bare 64 hex digits, as in file names. errors  invalid
  [[nodiscard]] static Result<Digest> parse_hex(std::string_view hex);

  [[nodiscard]] std::string hex() const;   ///< 64 lower-case hex digits
  [[nodiscard]] std::string text() const;  ///< "sha256:" + hex()
  [[nodiscard]] const std::array<uint8_t, 32>& bytes() const { return bytes_; }
  [[nodiscard]] bool is_zero() const { return bytes_ == std::array<uint8_t, 32>{}; }
  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  std::array<uint8_t, 32> bytes_{};
};

[[nodiscard]] std::string to_hex(const uint8_t* bytes, std::size_t n);
/// errors  invalid: odd length or a character that is not [0-9a-f]
[[nodiscard]] Result<std::string> from_hex(std::string_view hex);

}  // namespace nano

template <>
struct std::hash<::nano::Digest> {
  std::size_t operator()(const ::nano::Digest& d) const noexcept {
    std::size_t h = 0;
    for (std::size_t i = 0; i < sizeof h; ++i) h = (h << 8) | d.bytes()[i];
    return h;
  }
};
