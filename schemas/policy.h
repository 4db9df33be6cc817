// schemas/policy.h: policy.json: what may be installed, by globs of package names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/name.h"
#include "schemas/problem.h"
#include "schemas/vocabulary.h"

namespace nano::schemas {

inline constexpr std::string_view kPolicySchema = "nano.policy/1";
inline constexpr uint64_t kMaxPolicyBytes = 1'000'000;
inline constexpr std::size_t kMaxPolicyRules = 1'000;

enum class PolicyMode {
  enforce,  ///< what breaks the rule is not installed
  warn,     ///< it is, with a warning
  off,      ///< the rule is not looked at
};
[[nodiscard]] std::string_view to_text(PolicyMode m);

/// At least `threshold` of these keys must have signed.
struct PolicySigners {
  std::vector<std::string> keys{};  ///< key ids, 64 hex digits, no two equal
  uint64_t threshold = 1;           ///< 1 to the number of keys
  friend bool operator==(const PolicySigners&, const PolicySigners&) = default;
};

/// Holds for the packages that a glob of `packages` names and none of `except`. What is empty is not asked for.
struct PolicyRule {
  std::string name{};  ///< for messages
  std::vector<std::string> packages{};
  std::vector<std::string> except{};
  PolicyMode mode = PolicyMode::enforce;
  PolicySigners signers{};              ///< no keys: any signer
  std::string min_release_age{};        ///< "7d", "12h", "30m", "45s"; "" = any
  std::vector<std::string> licenses{};  ///< SPDX ids, or `permissive`
  std::vector<Kind> kinds{};
  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

struct Policy {
  std::vector<PolicyRule> rules{};  ///< each one that applies must hold; their order says nothing
  friend bool operator==(const Policy&, const Policy&) = default;
};

/// `*` alone: every package. Else `NAMESPACE/NAME` with `*` (any run of characters but `/`) and `?` (one); the root
/// namespace is `_`, and a glob without `/` speaks of it: `tiny-*` is `_/tiny-*`.
[[nodiscard]] bool is_package_glob(std::string_view glob);
[[nodiscard]] bool glob_matches(std::string_view glob, const PackageName& name);
/// Seconds; the text of a valid rule. 0 for "".
[[nodiscard]] int64_t age_seconds(std::string_view text);

/// errors  invalid
[[nodiscard]] Result<Policy> parse_policy(std::string_view bytes);
[[nodiscard]] Problems check_policy(std::string_view bytes);
[[nodiscard]] std::string write_policy(const Policy& policy);

}  // namespace nano::schemas
