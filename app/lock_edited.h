// app/lock_edited.h: what a lock says that no registry ever said, wherever it is found out.
#pragma once

#include <string>

#include "base/error.h"
#include "schemas/name.h"
#include "schemas/version.h"

namespace nano::app {

/// untrusted: "nano.lock " + what, and how to come by a lock that nobody edited.
[[nodiscard]] Error lock_edited(const std::string& what);
/// The release of the version `is` stands under the version `locked`.
[[nodiscard]] Error lock_has_other_release(const schemas::PackageName& name, const schemas::Version& is, const schemas::Version& locked);
/// The locked variant is none of this version's.
[[nodiscard]] Error lock_has_no_such_variant(const schemas::PackageName& name, const schemas::Version& version, const std::string& variant);

}  // namespace nano::app
