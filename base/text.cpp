// base/text.cpp: UTF-8, the sanitiser, nearest names and human-readable numbers.
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace nano {
namespace {

constexpr uint32_t kBad = 0xFFFFFFFF;

/// One code point at `at`, or kBad (then `at` moves on by one byte).
uint32_t decode_strict(std::string_view s, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t b = byte(at);
  if (b < 0x80) {
    ++at;
    return b;
  }
  const int n = b >= 0xC2 && b <= 0xDF ? 1 : (b & 0xF0) == 0xE0 ? 2 : b >= 0xF0 && b <= 0xF4 ? 3 : 0;
  if (n == 0 || s.size() - at < static_cast<std::size_t>(n) + 1) {
    ++at;
    return kBad;
  }
  uint32_t cp = b & (n == 1 ? 0x1FU : n == 2 ? 0x0FU : 0x07U);
  for (int i = 1; i <= n; ++i) {
    const uint8_t c = byte(at + static_cast<std::size_t>(i));
    if ((c & 0xC0) != 0x80) {
      ++at;
      return kBad;
    }
    cp = (cp << 6) | (c & 0x3FU);
  }
  const bool overlong = (n == 2 && cp < 0x800) || (n == 3 && cp < 0x10000);
  if (overlong || (cp >= 0xD800 && cp <= 0xDFFF) || cp > 0x10FFFF) {
    ++at;
    return kBad;
  }
  at += static_cast<std::size_t>(n) + 1;
  return cp;
}

bool harmful(uint32_t c, bool multiline) {
  if (c == '\n' || c == '\t') return !multiline;
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

bool is_utf8(std::string_view s) {
  std::size_t at = 0;
  while (at < s.size()) {
    uint64_t eight = 0;  // of which most documents have nothing but ASCII
    if (s.size() - at >= sizeof eight) {
      std::memcpy(&eight, s.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    if (decode_strict(s, at) == kBad) return false;
  }
  return true;
}

uint32_t decode_utf8(std::string_view s, std::size_t& at) {
  const uint32_t c = decode_strict(s, at);
  return c == kBad ? 0xFFFD : c;
}

void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string sanitize(std::string_view s, bool multiline) {
  std::string out;
  out.reserve(s.size());
  std::size_t at = 0;
  while (at < s.size()) {
    const uint32_t c = decode_strict(s, at);
    append_utf8(out, c == kBad || harmful(c, multiline) ? 0xFFFD : c);
  }
  return out;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::size_t limit = 1 + word.size() / 4;
  std::size_t best = limit + 1;
  std::optional<std::string> found;
  for (const auto& c : candidates) {
    if (c.size() > word.size() + limit || word.size() > c.size() + limit) continue;
    // Three rows of the optimal-string-alignment table: insert, delete, replace, swap neighbours.
    std::vector<std::size_t> before(c.size() + 1), last(c.size() + 1), row(c.size() + 1);
    for (std::size_t j = 0; j <= c.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= c.size(); ++j) {
        const std::size_t cost = word[i - 1] == c[j - 1] ? 0 : 1;
        row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
        if (i > 1 && j > 1 && word[i - 1] == c[j - 2] && word[i - 2] == c[j - 1])
          row[j] = std::min(row[j], before[j - 2] + 1);
      }
      before.swap(last);
      last.swap(row);
    }
    if (last[c.size()] < best) {
      best = last[c.size()];
      found = c;
    }
  }
  return found;
}

std::string human_bytes(uint64_t n) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KB", "MB", "GB", "TB"};
  double v = static_cast<double>(n);
  std::size_t u = 0;
  while (v >= 999.95 && u + 1 < kUnits.size()) {
    v /= 1000;
    ++u;
  }
  char buf[32];
  std::snprintf(buf, sizeof buf, u == 0 ? "%.0f %s" : "%.1f %s", v, kUnits[u]);
  return buf;
}

std::string human_duration(double s) {
  char buf[48];
  if (s < 1) {
    std::snprintf(buf, sizeof buf, "%.0f ms", s * 1000);
  } else if (s < 60) {
    std::snprintf(buf, sizeof buf, "%.1fs", s);
  } else if (s < 3600) {
    std::snprintf(buf, sizeof buf, "%dm %02ds", static_cast<int>(s) / 60, static_cast<int>(s) % 60);
  } else {
    std::snprintf(buf, sizeof buf, "%dh %02dm", static_cast<int>(s / 3600), static_cast<int>(s / 60) % 60);
  }
  return buf;
}

std::vector<std::string> split(std::string_view s, char sep) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (true) {
    const auto at = s.find(sep, from);
    out.emplace_back(s.substr(from, at == std::string_view::npos ? at : at - from));
    if (at == std::string_view::npos) return out;
    from = at + 1;
  }
}

std::string listed(std::span<const std::string> words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

std::string_view trim(std::string_view s) {
  static constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto a = s.find_first_not_of(kSpace);
  if (a == std::string_view::npos) return {};
  return s.substr(a, s.find_last_not_of(kSpace) - a + 1);
}

std::size_t columns(std::string_view s) {
  std::size_t n = 0, at = 0;
  while (at < s.size()) {
    (void)decode_utf8(s, at);
    ++n;
  }
  return n;
}

}  // namespace nano
