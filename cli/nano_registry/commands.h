// cli/nano_registry/commands.h: the commands of `nano-registry`.
#pragma once

#include "cli/table.h"

namespace nano::cli {

[[nodiscard]] const Program& registry_program();

}  // namespace nano::cli
