// base/env.h: variables of the environment that are yes or no, read one way by every program.
#pragma once

#include <optional>

#include "base/result.h"

namespace nano {

/// 1, true, yes, on; 0, false, no, off; nullopt: unset or empty. errors  usage: anything else
[[nodiscard]] Result<std::optional<bool>> env_bool(const char* name);

}  // namespace nano
