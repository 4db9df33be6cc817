// resolver/solver.h: one run of PubGrub.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resolver/partial_solution.h"
#include "resolver/resolver.h"

namespace nano::resolver {

class Solver {
 public:
  Solver(const Request& request, PackageSource& source) : request_(request), universe_(request, source) {}
  [[nodiscard]] Result<Outcome> run();

 private:
  // facts.cpp: what is given becomes incompatibilities
  [[nodiscard]] Status add_requirements();
  [[nodiscard]] Status know(const std::vector<PackageId>& wanted);
  [[nodiscard]] Result<bool> add_dependencies(PackageId p, std::size_t version);
  void add_limits(PackageId p);
  IncompatibilityId add_fact(std::vector<Term> terms, Cause cause);

  // solver.cpp
  [[nodiscard]] Status propagate();
  enum class Effect { nothing, derived, conflict };
  [[nodiscard]] Effect apply(IncompatibilityId id);
  [[nodiscard]] Status resolve_conflict(IncompatibilityId id);
  [[nodiscard]] Result<bool> decide();  ///< false = everything needed is decided
  [[nodiscard]] std::size_t best_version(PackageId p) const;
  [[nodiscard]] std::optional<std::size_t> kept_version(PackageId p) const;
  IncompatibilityId learn(IncompatibilityId left, IncompatibilityId right, PackageId on, const IndexSet& both);
  void attach(IncompatibilityId id);
  void touch(PackageId p);
  [[nodiscard]] Status count_step();
  [[nodiscard]] Solution solution();

  const Request& request_;
  Universe universe_;
  PartialSolution partial_{};
  std::vector<Incompatibility> incompatibilities_{};
  std::vector<Cause> causes_{};
  std::vector<std::vector<IncompatibilityId>> by_package_{};
  std::vector<PackageId> queue_{};  ///< whose states changed since their incompatibilities were looked at
  std::vector<bool> queued_{};
  std::optional<IncompatibilityId> contradiction_{};
  bool backtracking_ = false;
  uint64_t steps_ = 0;
  Effort effort_{};
};

}  // namespace nano::resolver
