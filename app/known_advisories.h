// app/known_advisories.h: the warnings of registries as they were last read, for commands that ask no registry.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "base/digest.h"
#include "schemas/advisory.h"

namespace nano::app {

/// `<trust>/<id>/advisories`: one advisory a line. Not signed any more: it warns, and decides nothing. A file that cannot be
/// written is reported when verbose.
void keep_advisories(const Context& ctx, const Digest& registry_id, const std::vector<schemas::Advisory>& advisories);

/// Warns of each kept advisory that hits a package which `model` names (`base+head`, `name:variant`), or which those run on.
void warn_of_known_advisories(const Context& ctx, const std::string& model);

}  // namespace nano::app
