// base/base64.h: strict base64 (RFC 4648 section 4): one text for each byte string.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nano {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// errors  invalid: white space, the URL-safe alphabet, missing or misplaced padding, set bits behind the last byte
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace nano
