// runtime_shim/session_parts.h: the names in `base+head1+adapter`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nano {

/// At least one name. Names hold no '+' (versions are without build metadata); a path may: one that exists
/// is one name.
[[nodiscard]] std::vector<std::string> split_parts(std::string_view text);

}  // namespace nano
