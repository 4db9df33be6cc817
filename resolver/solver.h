// resolver/solver.h: one run of PubGrub.
#pragma once

#include <map>
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
  /// Somebody asks for a variant of `on`. Returns the facts by which that excludes who asks for another one.
  struct Demander {
    PackageId package = kNone;  ///< kNone: the request
    IndexSet versions{};
    std::string variant{};
    std::string asker{};        ///< of the request
  };
  std::vector<IncompatibilityId> add_demand(PackageId on, Demander by);
  IncompatibilityId add_fact(std::vector<Term> terms, Cause cause);

  // solver.cpp
  [[nodiscard]] Status propagate();
  enum class Effect { nothing, never, derived, conflict };  ///< never: nothing, and never more than nothing
  [[nodiscard]] Effect apply(IncompatibilityId id);
  [[nodiscard]] Status resolve_conflict(IncompatibilityId id);
  [[nodiscard]] Result<bool> decide();  ///< false = everything needed is decided
  [[nodiscard]] std::size_t best_version(PackageId p) const;
  /// The pre-releases that the ranges on `p` begin from: those of the request, and of what is decided.
  [[nodiscard]] std::vector<Version> named_prereleases(PackageId p) const;
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
  std::map<PackageId, std::vector<Demander>> demanders_{};  ///< by the package whose variant they ask for
  std::optional<IncompatibilityId> contradiction_{};
  bool backtracking_ = false;
  uint64_t steps_ = 0;
  Effort effort_{};
};

}  // namespace nano::resolver
