// app/complete.h: names a shell can offer while somebody types: from this machine alone, quickly, and without a word of complaint.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

enum class Known { installed, packages, models, registries, tasks, languages, licences, generations };

/// The names that begin with `word`, sorted, each once. Of models `NAME:` has the variants of an installed package, of packages
/// those of the last index as well. What cannot be read is left out: no network, no errors.
[[nodiscard]] std::vector<std::string> complete(const Context& ctx, Known what, const std::string& word);

}  // namespace nano::app
