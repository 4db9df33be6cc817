// resolver/partial_solution.h: what is decided and derived so far, in order, so that it can be taken back.
#pragma once

#include <cstdint>
#include <vector>

#include "resolver/incompatibility.h"

namespace nano::resolver {

struct Assignment {
  PackageId package = 0;
  uint32_t level = 0;                 ///< decisions before it, itself included
  IncompatibilityId cause = kNone;    ///< kNone = a decision
  IndexSet states{};                  ///< what `package` may be after it
};

class PartialSolution {
 public:
  /// Begin to follow a package that has `domain` states. Ids in rising order.
  void add_package(std::size_t domain);
  [[nodiscard]] bool knows(PackageId p) const { return p < packages_.size(); }

  [[nodiscard]] uint32_t level() const { return level_; }
  [[nodiscard]] const IndexSet& states(PackageId p) const { return packages_[p].states; }
  [[nodiscard]] bool is_decided(PackageId p) const { return packages_[p].decided; }
  /// Packages that must be present and have no version yet, in the order in which that became known.
  [[nodiscard]] const std::vector<PackageId>& undecided();

  void decide(PackageId p, std::size_t state);
  void derive(PackageId p, const IndexSet& keep, IncompatibilityId cause);
  void backtrack(uint32_t level);  ///< forget everything above that level

  /// Position of the first assignment after which `p` is within `states`; it must be now.
  [[nodiscard]] std::size_t satisfier(PackageId p, const IndexSet& states) const;
  [[nodiscard]] const Assignment& operator[](std::size_t i) const { return trail_[i]; }

 private:
  struct Package {
    IndexSet states{};
    std::vector<uint32_t> trail{};  ///< positions of its assignments
    bool decided = false;
    bool listed = false;            ///< in present_
  };
  void push(PackageId p, IndexSet states, IncompatibilityId cause);

  uint32_t level_ = 0;
  std::vector<Assignment> trail_{};
  std::vector<Package> packages_{};
  std::vector<PackageId> present_{};  ///< may hold packages no longer present or decided: undecided() sweeps
};

}  // namespace nano::resolver
