// Dates: one text form, exact both ways.
#include "base/clock.h"

#include <cstdlib>
#include <ctime>

#include <catch2/catch.hpp>

namespace nano {
namespace {

TEST_CASE("times format and parse as timegm and strftime do") {
  for (const UnixTime t :
       {0LL, 951782400LL, 1709164800LL, 1735689599LL, 4102444800LL, 253402300799LL, 1LL, 86399LL, 86400LL}) {
    const std::time_t tt = t;
    std::tm tm{};
    gmtime_r(&tt, &tm);
    char buf[64];
    std::strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm);
    CHECK(format_time(t) == buf);
    CHECK(parse_time(buf).value() == t);
  }
}

TEST_CASE("every day of four centuries round-trips") {
  for (UnixTime t = 0; t < 146097LL * 86400; t += 86400) REQUIRE(parse_time(format_time(t)).value() == t);
}

TEST_CASE("other date forms are refused") {
  for (const char* bad :
       {"", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20t10:00:00Z", "2026-11-20T10:00:00.0Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "1969-12-31T23:59:59Z", "2026-01-01T00:00:00+00:00", "+026-01-01T00:00:00Z"})
    CHECK(parse_time(bad).error().code == Errc::invalid);
  CHECK(parse_time("2000-02-29T00:00:00Z"));
}

TEST_CASE("SOURCE_DATE_EPOCH sets the build time and nonsense in it is an error") {
  setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  CHECK(build_time().value() == 1700000000);
  setenv("SOURCE_DATE_EPOCH", "soon", 1);
  CHECK(build_time().error().code == Errc::usage);
  unsetenv("SOURCE_DATE_EPOCH");
  CHECK(build_time().value() >= 1763596800);
}

}  // namespace
}  // namespace nano
