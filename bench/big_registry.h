// bench/big_registry.h: a made-up registry of many packages, as the repository side writes and signs it.
#pragma once

#include <string>
#include <vector>

#include "base/fs.h"
#include "schemas/name.h"

namespace nano::bench {

struct BigRegistryShape {
  std::size_t packages = 10'000;  ///< five to a namespace, each namespace with a key of its own
  std::size_t versions = 20;
  /// false: as models depend (half on nothing, heads on a base, grids on a router and three to six experts).
  /// true: 0 to 4 dependencies each, as in bench_resolver's row of the same size.
  bool dense = false;
};

struct BigRegistry {
  std::size_t namespaces = 0;
  uint64_t metadata_bytes = 0;  ///< of all namespaces' roles
  std::vector<schemas::PackageName> roots{};  ///< packages to be asked for
  std::vector<std::string> reached{};         ///< namespaces that resolving them may look into
};

/// Write it into the new folder `dir`, signed by keys that are forgotten afterwards; what an earlier call with the same arguments
/// wrote there is used as it is. Every version has two variants, four claims
/// and a range on each dependency. Release documents are written for all versions of what `roots` reach; blobs for none.
/// Ends the program with a message on any error.
[[nodiscard]] BigRegistry make_big_registry(const fs::Path& dir, const BigRegistryShape& shape, std::size_t roots);

}  // namespace nano::bench
