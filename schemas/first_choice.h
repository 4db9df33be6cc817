// schemas/first_choice.h: the one rule for pre-releases, wherever a version is chosen or shown as the newest.
#pragma once

#include <algorithm>
#include <span>

#include "schemas/version.h"

namespace nano::schemas {

/// A pre-release is taken only when no release fits, or when the range names one of the same x.y.z to begin from
/// (`^2.0.0-rc.1`, `>=2.0.0-rc.1`, `2.0.0-rc.1`; an upper bound names none). Is `v` of those that are taken first?
///   named  Range::named() of the ranges that count
[[nodiscard]] inline bool is_first_choice(const Version& v, std::span<const Version> named = {}) {
  return !v.is_prerelease() || std::any_of(named.begin(), named.end(), [&](const Version& n) { return n.same_core(v); });
}

/// Is `a` taken before `b`: by that rule, then the newer one?
[[nodiscard]] inline bool is_taken_before(const Version& a, const Version& b, std::span<const Version> named = {}) {
  const bool first = is_first_choice(a, named);
  return first != is_first_choice(b, named) ? first : b < a;
}

}  // namespace nano::schemas
