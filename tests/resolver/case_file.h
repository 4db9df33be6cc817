// tests/resolver/case_file.h: scenarios of the format of version_solver_cases.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nano::test {

struct CaseReport {
  uint64_t passed = 0;
  std::vector<std::string> failures{};  ///< "group | name, step 2: what differs", one line each
};

/// Run every case: `[{group, name, registry: [{n, v, deps}], steps: [{root, registry_size, result | error_contains, mode}]}]`.
///
/// A step sees the first `registry_size` entries of the registry and has the result of the step before it locked, but for one of
/// the mode `lowest` (--minimal), which drops the lock.
/// Ranges are pub's: `any`, a bare version is exactly it, `^0.0.3` ends below 0.1.0, a build (`1.0.2+2`) ranks above its
/// version; else as Range. `$i` and `$j` in an entry stand for 0 to 9. An empty result of a root that asks for something
/// says that there is one, whichever. The root itself is myapp 0.0.0. Every solution is checked, too.
///
///   errors  invalid: not of that format
[[nodiscard]] Result<CaseReport> run_cases(std::string_view bytes);

}  // namespace nano::test
