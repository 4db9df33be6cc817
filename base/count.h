// base/count.h: a number of things, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nano {

/// "1 package", "2 packages", "0 packages"; `many` where an s is not enough: counted(n, "entry", "entries").
[[nodiscard]] inline std::string counted(uint64_t n, std::string_view one, std::string_view many = {}) {
  std::string out = std::to_string(n) + " ";
  if (n == 1) return out.append(one);
  return many.empty() ? out.append(one).append("s") : out.append(many);
}

}  // namespace nano
