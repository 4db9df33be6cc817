// schemas/version_set.h: sets of versions as sorted, disjoint, half-open intervals: exact set algebra for the resolver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/version.h"

namespace nano::schemas {

/// [low, high): every version v with low <= v and, when `high` is set, v < high.
/// One form is enough because each version has a successor: `> v` is `>= successor(v)`, `<= v` is `< successor(v)`.
struct Interval {
  Version low{.pre = {"0"}};  ///< 0.0.0-0, the least version there is
  std::optional<Version> high{};
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// A value; equal sets compare equal. Pure order: pre-releases are elements like others (Range has the preference).
class VersionSet {
 public:
  VersionSet() = default;  ///< empty
  [[nodiscard]] static VersionSet all();
  [[nodiscard]] static VersionSet exactly(const Version& v);
  /// Empty when `high` is not above `low`.
  [[nodiscard]] static VersionSet between(Version low, std::optional<Version> high);

  [[nodiscard]] bool is_empty() const { return intervals_.empty(); }
  [[nodiscard]] bool is_all() const { return *this == all(); }
  [[nodiscard]] bool contains(const Version& v) const;
  [[nodiscard]] bool contains_all(const VersionSet& other) const;  ///< `other` is a subset
  [[nodiscard]] VersionSet complement() const;
  [[nodiscard]] VersionSet unite(const VersionSet& other) const;
  [[nodiscard]] VersionSet intersect(const VersionSet& other) const;
  [[nodiscard]] VersionSet minus(const VersionSet& other) const { return intersect(other.complement()); }
  /// The one version in the set, if there is exactly one.
  [[nodiscard]] std::optional<Version> single() const;
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

  /// Text that Range::parse reads back to this very set (but "none" for the empty one, which it refuses):
  /// "^1.2.0", ">=1.2.0 <3.0.0 || 4.0.0", "*".
  [[nodiscard]] std::string to_text() const;
  friend bool operator==(const VersionSet&, const VersionSet&) = default;

 private:
  std::vector<Interval> intervals_{};  ///< sorted by low; a gap of at least one version between neighbours
};

}  // namespace nano::schemas
