// schemas/version.h: Semantic Versioning 2.0.0 without build metadata.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nano::schemas {

inline constexpr std::size_t kMaxVersionBytes = 128;  ///< it becomes part of file names

/// `major.minor.patch[-pre.release]`. Totally ordered by SemVer's precedence (semver.org, item 11): since build
/// metadata is refused, equal precedence means equal text.
struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::vector<std::string> pre{};  ///< pre-release identifiers; empty = a release

  /// Strict: three numbers up to 2^64-1 without leading zeros, no `v`, no `+build`.
  /// errors  usage: the fault is named
  [[nodiscard]] static Result<Version> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_prerelease() const { return !pre.empty(); }
  [[nodiscard]] bool same_core(const Version& o) const {
    return major == o.major && minor == o.minor && patch == o.patch;
  }
  /// The least version above this one: 1.2.3 -> 1.2.4-0, 1.0.0-a -> 1.0.0-a.0; none above the greatest.
  [[nodiscard]] std::optional<Version> successor() const;

  friend bool operator==(const Version&, const Version&) = default;
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
};

}  // namespace nano::schemas

template <>
struct std::hash<nano::schemas::Version> {
  std::size_t operator()(const ::nano::schemas::Version& v) const noexcept;
};
