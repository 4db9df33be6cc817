// base/base64.cpp: written out, because OpenSSL's decoder forgives white space and loose padding.
#include "base/base64.h"

#include <array>
#include <cstdint>

namespace nano {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> make_values() {
  std::array<int8_t, 256> v{};
  for (auto& x : v) x = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) v[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  return v;
}
constexpr std::array<int8_t, 256> kValues = make_values();

}  // namespace

std::string to_base64(std::string_view in) {
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return k < in.size() ? uint32_t{static_cast<unsigned char>(in[k])} : 0U; };
    const uint32_t v = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kAlphabet[v >> 18];
    out += kAlphabet[v >> 12 & 63];
    out += i + 1 < in.size() ? kAlphabet[v >> 6 & 63] : '=';
    out += i + 2 < in.size() ? kAlphabet[v & 63] : '=';
  }
  return out;
}

Result<std::string> from_base64(std::string_view in) {
  if (in.size() % 4 != 0)
    return make_error(Errc::invalid, "base64 text has " + std::to_string(in.size()) + " characters, not a multiple of four");
  std::size_t pad = 0;
  if (!in.empty() && in.back() == '=') pad = in[in.size() - 2] == '=' ? 2 : 1;
  std::string out;
  out.reserve(in.size() / 4 * 3);
  uint32_t bits = 0;
  for (std::size_t i = 0; i < in.size() - pad; ++i) {
    const int8_t v = kValues[static_cast<unsigned char>(in[i])];
    if (v < 0) return make_error(Errc::invalid, "base64 text has a character outside its alphabet at " + std::to_string(i + 1));
    bits = bits << 6 | static_cast<uint32_t>(v);
    if (i % 4 == 1) out += static_cast<char>(bits >> 4 & 255);
    if (i % 4 == 2) out += static_cast<char>(bits >> 2 & 255);
    if (i % 4 == 3) out += static_cast<char>(bits & 255);
  }
  // A second text for the same bytes would let one document have two names.
  if ((pad == 1 && (bits & 3) != 0) || (pad == 2 && (bits & 15) != 0))
    return make_error(Errc::invalid, "base64 text has set bits behind its last byte");
  return out;
}

}  // namespace nano
