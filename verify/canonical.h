// verify/canonical.h: OLPC canonical JSON, the bytes that key ids and TUF signatures cover.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace nano::verify {

/// Keys sorted by code point, no white space, only `"` and `\` escaped (control characters raw), integers only.
///   errors  invalid: a number that is not a 64-bit integer, text that is not UTF-8
///   source  TUF specification 4.1; http://wiki.laptop.org/go/Canonical_JSON
[[nodiscard]] Result<std::string> canonical_json(const Json& doc);

}  // namespace nano::verify
