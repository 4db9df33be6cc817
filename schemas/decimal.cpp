// schemas/decimal.cpp: decimal text, checked and made without a locale.
#include "schemas/decimal.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace nano::schemas {

Result<Decimal> Decimal::parse(std::string_view text) {
  const auto digits_from = [&](std::size_t i) {
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i;
  };
  const std::size_t begin = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t point = digits_from(begin);
  bool good = text.size() <= kMaxDecimalBytes && point > begin && !(point - begin > 1 && text[begin] == '0');
  if (good && point < text.size()) good = text[point] == '.' && point + 1 < text.size() && digits_from(point + 1) == text.size();
  if (!good)
    return make_error(Errc::invalid, "'" + sanitize(text.substr(0, 60)) + "' is not a decimal number", "write digits with at most one point, as in \"0.8612\"");
  Decimal d;
  d.text_ = std::string(text);
  return d;
}

Result<Decimal> Decimal::of(double value, int digits) {
  if (!std::isfinite(value) || std::fabs(value) >= 1e18)
    return make_error(Errc::invalid, "a number that is not finite, or is too large, cannot be written as a decimal");
  char buffer[64];
  const int places = digits < 0 ? 0 : digits > 15 ? 15 : digits;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, places);
  std::string text(buffer, end.ptr);
  if (text[0] == '-' && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);  // no minus zero
  return parse(text);
}

double Decimal::value() const {
  double v = 0;
  std::from_chars(text_.data(), text_.data() + text_.size(), v);
  return v;
}

}  // namespace nano::schemas
