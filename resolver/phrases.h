// resolver/phrases.h: incompatibilities in the user's words.
#pragma once

#include <string>

#include "resolver/explain.h"

namespace nano::resolver {

/// "1.0.0", "<=1.1.0", ">=1.2.0 <=1.4.0 or 2.0.0", "other than 1.0.0": ranges over the versions that exist.
[[nodiscard]] std::string versions_text(const Package& package, const IndexSet& versions);
/// "foo 1.0.0", "every version of foo".
[[nodiscard]] std::string subject_text(const Package& package, const IndexSet& versions);

/// A clause that can stand after "because" and after a comma: "foo <=1.1.0 needs bar 2.0.0".
[[nodiscard]] std::string clause(const Knowledge& known, IncompatibilityId id);
/// Two clauses in one: "you ask for both a and b", "a depends on b which depends on c", else "... and ...".
[[nodiscard]] std::string clauses(const Knowledge& known, IncompatibilityId a, IncompatibilityId b);

}  // namespace nano::resolver
