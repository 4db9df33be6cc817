// base/env.cpp: see env.h.
#include "base/env.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"

namespace nano {

Result<std::optional<bool>> env_bool(const char* name) {
  const char* v = std::getenv(name);
  const std::string_view s(v == nullptr ? "" : v);
  if (s.empty()) return std::optional<bool>();
  if (s == "1" || s == "true" || s == "yes" || s == "on") return std::optional<bool>(true);
  if (s == "0" || s == "false" || s == "no" || s == "off") return std::optional<bool>(false);
  return make_error(Errc::usage, std::string(name) + " is '" + sanitize(s) + "', which is neither yes nor no",
                    "set it to 1 or 0, or unset it");
}

}  // namespace nano
