// runtime_shim/kernels/dispatch.h: which table a model uses.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime_shim/kernels/table.h"

namespace nano::kernels {

/// Every table compiled into this binary, best first; the last one is always `ref`.
[[nodiscard]] std::span<const Table* const> compiled();

/// The best usable table, or the one named (NANO_KERNELS, an option).
/// errors  usage: no table has that name; unsupported: it has, but this CPU cannot run it. Never falls back silently.
[[nodiscard]] Result<const Table*> choose(std::string_view forced);

}  // namespace nano::kernels
