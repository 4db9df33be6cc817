// app/derived.h: is what models are run from, the packed form under derived/, really what their weights give?
#pragma once

#include <string>
#include <vector>

#include "schemas/name.h"
#include "store/generations.h"
#include "store/store.h"

namespace nano::app {

struct DerivedDamage {
  std::string package{};  ///< whose weights they are; "" = of no installed one (a project's)
  std::string path{};     ///< relative to its store
  bool mended = false;    ///< packed anew
};
struct DerivedReport {
  std::vector<DerivedDamage> damage{};
  std::size_t checked = 0;
};

/// Pack each model's weights anew and compare, byte for byte. Files of other packers, of sources that are not in the store and
/// those this user may not read are not used by anybody here and are passed over. `only` (names; empty = all): of these packages.
///   mend    write the right form where it is wrong (in the writable store)
///   errors  store: a folder or file cannot be read
[[nodiscard]] Result<DerivedReport> check_derived(const store::Store& store, const std::vector<schemas::PackageName>& only, bool mend);

}  // namespace nano::app
