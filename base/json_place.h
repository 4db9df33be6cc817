// base/json_place.h: on which line of a document a JSON pointer's value stands, for messages about files that people write.
#pragma once

#include <cstddef>
#include <string_view>

namespace nano {

/// The line (from 1) of the member or element that `pointer` (RFC 6901) names in a JSON text that parses; where a part of it is
/// not there, the line of the last part that is. 1 for "".
[[nodiscard]] std::size_t json_line(std::string_view text, std::string_view pointer);

}  // namespace nano
