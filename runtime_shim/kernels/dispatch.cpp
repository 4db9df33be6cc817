// runtime_shim/kernels/dispatch.cpp: the list of tables and the choice among them.
#include "runtime_shim/kernels/dispatch.h"

#include <array>

#include "base/text.h"

namespace nano::kernels {

std::span<const Table* const> compiled() {
#if defined(NANO_KERNELS_X86)
  static constexpr std::array<const Table*, 3> all = {&avx512, &avx2, &ref};
#elif defined(NANO_KERNELS_ARM)
  static constexpr std::array<const Table*, 3> all = {&neon_dotprod, &neon, &ref};
#else
  static constexpr std::array<const Table*, 1> all = {&ref};
#endif
  return all;
}

Result<const Table*> choose(std::string_view forced) {
  std::string names;
  for (const Table* table : compiled()) {
    names += (names.empty() ? "" : ", ") + std::string(table->name);
    if (forced.empty() ? table->usable() : forced == table->name) {
      if (table->usable()) return table;
      return make_error(Errc::unsupported, "this CPU cannot run the kernels '" + std::string(forced) + "'",
                        "unset NANO_KERNELS, and the best usable ones are taken");
    }
  }
  return make_error(Errc::usage, "no kernels are called '" + sanitize(forced) + "'",
                    "NANO_KERNELS takes " + names);
}

}  // namespace nano::kernels
