// app/judge.h: what is said, refused and recorded of a release that is about to be installed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/context.h"
#include "schemas/advisory.h"
#include "schemas/generation.h"

namespace nano::app {

/// Write down who vouched, so that `nano verify` can say it without a network.
void record_chain(schemas::GenerationEntry& entry, std::vector<schemas::TrustLink> chain, const Digest& registry_id, UnixTime now);

/// Warns of each advisory that hits this version. errors  untrusted: it is known as malware
[[nodiscard]] Status heed_advisories(const Context& ctx, std::span<const schemas::Advisory> advisories, const schemas::PackageName& name,
                                     const schemas::Version& version);

/// A loud warning when none of the keys that vouch for a package now vouched for what is installed of it, or stands in a
/// lockfile: a stolen account looks like this, and so does a publisher who lost a key.
///   before, after  key ids of the role that lists the package; empty = not known, and nothing is said
void warn_of_other_keys(const Context& ctx, const schemas::PackageName& name, std::span<const std::string> before,
                        std::span<const std::string> after);

/// The keys of the role that lists the package: those of the last link. Empty when unsigned.
[[nodiscard]] std::vector<std::string> signing_keys(const std::vector<schemas::TrustLink>& chain);

}  // namespace nano::app
