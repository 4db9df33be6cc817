// base/clock.h: the time as a value that is passed in, and its one text form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano {

using UnixTime = int64_t;  ///< seconds since 1970-01-01T00:00:00Z

/// Now, from the system clock. Take it once at the start of a use case and pass it on.
[[nodiscard]] UnixTime now();
/// Now, or SOURCE_DATE_EPOCH when that is set (reproducible-builds.org): for documents made in a build.
[[nodiscard]] Result<UnixTime> build_time();
/// `YYYY-MM-DDTHH:MM:SSZ`, years 1970..9999.
[[nodiscard]] std::string format_time(UnixTime t);
/// Exactly `YYYY-MM-DDTHH:MM:SSZ` (TUF specification 4.2). errors  invalid
[[nodiscard]] Result<UnixTime> parse_time(std::string_view text);
/// Monotonic milliseconds since some fixed point, for measuring.
[[nodiscard]] double monotonic_ms();

}  // namespace nano
