// schemas/requirement.cpp: the three parts of a requirement.
#include "schemas/requirement.h"

#include "base/text.h"

namespace nano::schemas {

Result<Requirement> Requirement::parse(std::string_view text) {
  Requirement r;
  std::string_view rest = trim(text);
  if (rest.empty()) return make_error(Errc::usage, "the requirement is empty", "write name[@range][:variant], as in sentiment-50m@^1.2:q4");
  // Neither a range nor a name holds a colon, so the last one begins the variant.
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    const std::string_view variant = rest.substr(colon + 1);
    NANO_TRY(check_simple_name(variant, "the variant"));
    r.variant = std::string(variant);
    rest = rest.substr(0, colon);
  }
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    NANO_TRY_ASSIGN(r.range, Range::parse(rest.substr(at + 1)));
    rest = rest.substr(0, at);
  }
  NANO_TRY_ASSIGN(r.name, PackageName::parse(rest));
  return r;
}

std::string Requirement::text() const {
  std::string out = name.text();
  if (!range.is_any()) out += "@" + range.text();
  if (!variant.empty()) out += ":" + variant;
  return out;
}

}  // namespace nano::schemas
