// schemas/decimal.h: a number that is not whole, as the decimal text that signed documents carry.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nano::schemas {

inline constexpr std::size_t kMaxDecimalBytes = 40;

/// `-?(0|[1-9][0-9]*)(.[0-9]+)?`, at most 40 bytes: no exponent, no sign `+`, no leading zeros. Canonical JSON has
/// integers only, and text survives every parser unchanged.
class Decimal {
 public:
  Decimal() = default;  ///< "0"
  /// errors  invalid
  [[nodiscard]] static Result<Decimal> parse(std::string_view text);
  /// Rounded to `digits` (0..15) after the point. errors  invalid: not finite, or 1e18 or more
  [[nodiscard]] static Result<Decimal> of(double value, int digits);
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] double value() const;  ///< the nearest double
  friend bool operator==(const Decimal&, const Decimal&) = default;  ///< of the text: "0.5" and "0.50" differ

 private:
  std::string text_ = "0";
};

}  // namespace nano::schemas
