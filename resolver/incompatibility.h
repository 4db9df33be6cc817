// resolver/incompatibility.h: sets of terms that must not all hold, and where they come from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resolver/index_set.h"
#include "resolver/universe.h"

namespace nano::resolver {

using IncompatibilityId = uint32_t;
inline constexpr uint32_t kNone = UINT32_MAX;

/// "The state of `package` (absent, or one of its versions) is in `states`". Never empty, never full.
struct Term {
  PackageId package = 0;
  IndexSet states{};
  [[nodiscard]] bool is_positive() const { return !states.test(kAbsent); }
};

/// Why an incompatibility that was not learned holds: the internal form of Fact.
struct Cause {
  Fact::Kind kind = Fact::Kind::requirement;
  PackageId package = kNone;     ///< whose versions it is about; kNone for a requirement
  IndexSet versions{};           ///< of `package`
  PackageId dependency = kNone;  ///< of a requirement or dependency
  IndexSet allowed{};            ///< of `dependency`; empty = no version matches
  std::string range{};           ///< of the dependency, for people
  std::string abi{};             ///< asked of the dependency
  std::string variant{};         ///< asked of the dependency
  PackageId other = kNone;       ///< of variants: who asks for `other_variant` of it; kNone for a requirement
  IndexSet other_versions{};     ///< of `other`
  std::string other_variant{};
  std::string other_asker{};     ///< of variants, where `other` is kNone
  std::string asker{};           ///< of a requirement; of variants, where `package` is kNone
  std::string reason{};          ///< of unusable, yanked
  std::string filter{};          ///< of unusable
  bool overridden = false;
};

struct Incompatibility {
  std::vector<Term> terms{};       ///< rising by package, at most one each; none = a contradiction
  IncompatibilityId left = kNone;  ///< learned from these two
  IncompatibilityId right = kNone;
  uint32_t cause = kNone;          ///< not learned: index of its Cause
};

}  // namespace nano::resolver
