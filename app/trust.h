// app/trust.h: the one place in app/ that decides which keys vouch for a package.
#pragma once

#include <memory>
#include <string>

#include "app/context.h"
#include "schemas/generation.h"
#include "schemas/name.h"
#include "schemas/version.h"
#include "verify/release_verifier.h"

namespace nano::app {

/// The verifier for one registry's documents: its pinned keys. errors  invalid: a configured key is not one
[[nodiscard]] Result<std::shared_ptr<const verify::ReleaseVerifier>> verifier_of(const Registry& registry);

/// Check the envelope of a release (out of a bundle) against the registry that owns the package's namespace.
///   errors  untrusted, invalid, not_found: no registry owns the namespace
[[nodiscard]] Result<verify::Verified> verify_envelope_for(const Context& ctx,
                                                           const schemas::PackageName& name,
                                                           const schemas::Version& version,
                                                           const std::string& envelope);

/// The starter registry is signed by a key that lives for one build, so an upgrade of nano brings another.
/// Each key that something was installed under is remembered in `<config>/starter.keys`: it was the program's
/// own key then.
[[nodiscard]] Status remember_starter_key(const Context& ctx, const Registry& starter);

/// Check the envelope of what is installed: against the registry it is installed from now, or, for the
/// starter registry, its key of today and the remembered ones. errors  untrusted, invalid, not_found
[[nodiscard]] Result<verify::Verified> verify_installed(const Context& ctx,
                                                        const schemas::GenerationEntry& entry,
                                                        const std::string& envelope);

}  // namespace nano::app
