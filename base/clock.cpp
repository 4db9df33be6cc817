// base/clock.cpp: civil dates from days by H. Hinnant's algorithm ("chrono-Compatible Low-Level Date
// Algorithms").
#include "base/clock.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace nano {
namespace {

constexpr int64_t kDay = 86400;
constexpr UnixTime kMax = 253402300799;  // 9999-12-31T23:59:59Z

int64_t days_from_civil(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = y / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

bool digits(std::string_view s, std::size_t at, std::size_t n, int64_t& out) {
  out = 0;
  for (std::size_t i = at; i < at + n; ++i) {
    if (s[i] < '0' || s[i] > '9') return false;
    out = out * 10 + (s[i] - '0');
  }
  return true;
}

int64_t days_in_month(int64_t y, int64_t m) {
  static constexpr int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))) return 29;
  return kDays[m - 1];
}

}  // namespace

UnixTime now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<UnixTime> build_time() {
  const char* env = std::getenv("SOURCE_DATE_EPOCH");
  if (env == nullptr || *env == '\0') return now();
  const std::string_view s(env);
  UnixTime t = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), t);
  if (ec != std::errc{} || end != s.data() + s.size() || t < 0 || t > kMax)
    return make_error(Errc::usage, "SOURCE_DATE_EPOCH is not a number of seconds: '" + std::string(s) + "'",
                      "set it to whole seconds since 1970, or unset it");
  return t;
}

std::string format_time(UnixTime t) {
  if (t < 0) t = 0;
  if (t > kMax) t = kMax;
  const int64_t z = t / kDay + 719468;
  const int64_t era = z / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t d = doy - (153 * mp + 2) / 5 + 1;
  const int64_t m = mp < 10 ? mp + 3 : mp - 9;
  const int64_t y = yoe + era * 400 + (m <= 2 ? 1 : 0);
  const int64_t s = t % kDay;
  char buf[64];
  std::snprintf(buf, sizeof buf, "%04d-%02d-%02dT%02d:%02d:%02dZ", static_cast<int>(y), static_cast<int>(m),
                static_cast<int>(d), static_cast<int>(s / 3600), static_cast<int>(s / 60 % 60),
                static_cast<int>(s % 60));
  return buf;
}

Result<UnixTime> parse_time(std::string_view s) {
  const auto bad = [&] { return make_error(Errc::invalid, "a date is written YYYY-MM-DDTHH:MM:SSZ"); };
  if (s.size() != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
      s[19] != 'Z')
    return bad();
  int64_t y = 0, mo = 0, d = 0, h = 0, mi = 0, sec = 0;
  if (!digits(s, 0, 4, y) || !digits(s, 5, 2, mo) || !digits(s, 8, 2, d) || !digits(s, 11, 2, h) ||
      !digits(s, 14, 2, mi) || !digits(s, 17, 2, sec))
    return bad();
  if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h > 23 || mi > 59 || sec > 59)
    return bad();
  return days_from_civil(y, mo, d) * kDay + h * 3600 + mi * 60 + sec;
}

double monotonic_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace nano
