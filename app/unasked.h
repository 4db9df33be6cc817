// app/unasked.h: which registries could not be asked for newer versions. Nothing is "up to date" that nobody was asked about.
#pragma once

#include <string>
#include <vector>

#include "app/remote.h"
#include "schemas/name.h"

namespace nano::app {

/// A package that is there, to be asked about.
struct AskedFor {
  schemas::PackageName name{};
  std::string registry_id{};  ///< it came from; "" = unknown
  bool from_starter = false;  ///< the registry that came with nano, whose id is another one in each build
};

/// A package whose registry could not say whether there is something newer.
struct Unasked {
  schemas::PackageName name{};
  Error why{};
};

/// Ask for each package: its registry is down, removed, hidden by --registry, another than it came from, its metadata have
/// expired, or nano works offline and what was fetched last is all there is. Each is warned of (and so stands in JSON `warnings`).
/// That a registry was asked and lists the package no more is warned of, too; it is not among what is returned.
[[nodiscard]] std::vector<Unasked> ask_for_each(const Context& ctx, Remotes& remotes, const std::vector<AskedFor>& packages);

}  // namespace nano::app
