// verify/policy/policy.h: what policy rules say of one release. Pure: facts in, decisions with reasons out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "schemas/name.h"
#include "schemas/policy.h"
#include "schemas/version.h"
#include "schemas/vocabulary.h"

namespace nano::verify {

/// What is known of a release, all of it out of signed documents but `now`.
struct ReleaseFacts {
  schemas::PackageName name{};
  schemas::Version version{};
  schemas::Kind kind = schemas::Kind::model;
  std::string license{};  ///< SPDX expression; "" = none stated
  std::vector<std::string>
      signers{};  ///< key ids whose signatures counted for the role that lists the release; none = unsigned
  /// Since when it can be thought public: the later of what its publisher says and of when the registry first served it
  /// (a stolen key could backdate the first). nullopt = not known: then it is too young for any age asked for.
  std::optional<UnixTime> public_since{};
};

/// One demand of one rule.
struct PolicyDecision {
  std::string rule{};    ///< its name
  std::string where{};   ///< the file it stands in
  std::string demand{};  ///< "signers", "min_release_age", "licenses", "kinds"
  schemas::PolicyMode mode = schemas::PolicyMode::enforce;  ///< never off
  bool holds = false;
  std::string reason{};  ///< either way: "signed by 1 of the 2 keys needed (ab12…)"
};

struct PolicySource {
  std::string where{};  ///< the file, for messages
  schemas::Policy policy{};
};

/// Does some way of reading an SPDX expression lie within the allowed words? Passed in: the resolver owns that rule.
using LicenseAllowed =
    std::function<bool(const std::string& expression, const std::vector<std::string>& allowed)>;

/// Every demand of every rule that speaks of this package, in the order written. Rules that are off give none. All sources
/// count: a second policy can only add demands.
[[nodiscard]] std::vector<PolicyDecision> judge(const std::vector<PolicySource>& sources,
                                                const ReleaseFacts& facts, UnixTime now,
                                                const LicenseAllowed& license_allowed);

}  // namespace nano::verify
