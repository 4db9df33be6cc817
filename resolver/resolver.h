// resolver/resolver.h: from requirements to one exact version of each package, or the reason why there is none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "schemas/name.h"
#include "schemas/version.h"
#include "schemas/version_set.h"

namespace nano::resolver {

using schemas::PackageName;
using schemas::Version;
using schemas::VersionSet;

/// One package that a version needs.
struct Dependency {
  PackageName name{};
  VersionSet set{};    ///< versions that will do
  std::string text{};  ///< the range as written, for sentences; "" = made from `set`
  std::string abi{};   ///< only versions with this very `VersionInfo::abi` will do; "" = any
  std::string variant{};  ///< only versions that have this variant will do; "" = any
  std::vector<Version> named{};  ///< the pre-releases that the range begins from (schemas/first_choice.h)
};

/// What the resolver knows of one version.
struct VersionInfo {
  Version version{};
  std::vector<Dependency> dependencies{};
  std::optional<std::string> yanked{};    ///< the reason ("" = none given); such a version is taken only if locked
  std::optional<std::string> filtered{};  ///< why it may not be used here (licence, age, size, CPU, trust ...), as the end of
                                          ///< the sentence "NAME VERSION ...": "is 2 days old (--min-age is 7 days)"
  std::string filter{};                   ///< which filter that was, a stable word for suggestions; "" = none
  std::string abi{};                      ///< of a base: architecture, hidden size, tokenizer digest in one text
  std::vector<std::string> variants{};    ///< names of those that may be used here
};

/// Where versions come from. Called from the resolving thread only, at most once a package.
class PackageSource {
 public:
  PackageSource() = default;
  PackageSource(const PackageSource&) = delete;
  PackageSource& operator=(const PackageSource&) = delete;
  virtual ~PackageSource() = default;

  /// Every version of `name`, in any order; none = no registry has that package (so does the error not_found).
  /// errors  any other error ends the resolve and is handed on
  [[nodiscard]] virtual Result<std::vector<VersionInfo>> versions(const PackageName& name) = 0;
  /// These packages are going to be asked for next: a source behind a network may fetch them all at once.
  [[nodiscard]] virtual Status prefetch(const std::vector<PackageName>& names) {
    (void)names;
    return Unit{};
  }
};

/// One package asked for from outside.
struct Requirement {
  PackageName name{};
  VersionSet set = VersionSet::all();
  std::string text{};                 ///< the range as written; "" = made from `set`
  std::string asker = "you ask for";  ///< begins the sentence: "you ask for", "the project requires"
  std::string variant{};              ///< only versions that have this variant will do; "" = any
  std::vector<Version> named{};       ///< the pre-releases that the range begins from (schemas/first_choice.h)
  std::string remedy{};               ///< how a person takes this requirement back: "`nano unpin foo`"; "" = by not asking
  bool fixed = false;                 ///< what the question is about: no suggestion changes it
};

/// Stands in for every range that anyone, root included, has on a package. It does not ask for the package by itself.
struct Override {
  VersionSet set = VersionSet::all();
  std::string text{};  ///< the range as written; "" = made from `set`
  std::vector<Version> named{};  ///< the pre-releases that the range begins from
};

/// The package that asks, where it has a name of its own (a project): others may depend on it, in this version only.
struct Root {
  PackageName name{};
  Version version{};
};

inline constexpr uint64_t kMaxResolveSteps = 500'000;  ///< decisions + steps of learning; hostile graphs end here

struct Request {
  std::vector<Requirement> requirements{};       ///< order does not matter; a package may stand here more than once
  std::map<PackageName, Override> overrides{};
  std::map<PackageName, Version> locked{};       ///< taken where allowed, even when yanked
  std::map<PackageName, Version> installed{};    ///< taken where allowed and nothing is locked
  std::optional<Root> root{};
  bool lowest = false;                           ///< --minimal: the lowest versions instead of the highest
  uint64_t max_steps = kMaxResolveSteps;
};

/// How hard it was. Deterministic.
struct Effort {
  uint64_t tries = 1;         ///< solutions begun: 1 + those given up
  uint64_t decisions = 0;     ///< versions tried
  uint64_t conflicts = 0;
  uint64_t incompatibilities = 0;  ///< known and learned
  uint64_t packages = 0;      ///< read from the source
};

struct Solution {
  std::map<PackageName, Version> versions{};  ///< without the root
  Effort effort{};
};

/// One fact that the proof of "no solution" stands on. The facts of a NoSolution alone contradict each other.
struct Fact {
  enum class Kind {
    requirement,  ///< from outside: `dependency` is needed, in one of `allowed` (none: no version matches)
    dependency,   ///< each of `versions` of `package` needs `dependency`, in one of `allowed` (none: no version matches)
    unusable,     ///< `versions` of `package` are filtered: `reason`
    yanked,       ///< `versions` of `package` are yanked: `reason`
    root,         ///< `package` is the root: only `versions` (one) exists
    variants,     ///< `versions` of `package` (or the request) need `dependency` in another variant than `other_versions` of
                  ///< `other` (or the request) do, and one variant of a package is installed at a time
  };
  Kind kind = Kind::requirement;
  PackageName package{};           ///< not of a requirement; "" in a `variants` fact = the request
  std::vector<Version> versions{};  ///< rising
  PackageName dependency{};        ///< of a requirement or dependency
  std::vector<Version> allowed{};  ///< rising; existing versions only
  PackageName other{};                   ///< of variants; "" = the request
  std::vector<Version> other_versions{};  ///< rising
  bool unknown = false;            ///< no registry has `dependency`
  bool overridden = false;         ///< `allowed` comes from an override
  std::string reason{};            ///< of unusable (a predicate) or yanked
  std::string filter{};            ///< of unusable: VersionInfo::filter
  std::string asker{};             ///< of a requirement
  std::string text{};              ///< the whole fact as a clause
};

/// One step of the proof: a fact, or what follows from two earlier steps.
struct Step {
  std::string text{};              ///< a clause: "foo <=1.1.0 needs bar 2.0.0"
  std::optional<uint32_t> fact{};  ///< index into facts
  uint32_t left = 0;               ///< when not a fact: indices of the two steps it follows from, both smaller
  uint32_t right = 0;
};

struct NoSolution {
  std::vector<std::string> lines{};  ///< the explanation, whole sentences; "" = an empty line between two arguments
  std::vector<Fact> facts{};
  std::vector<Step> proof{};         ///< the last one is the contradiction
  Effort effort{};
};

using Outcome = std::variant<Solution, NoSolution>;

/// PubGrub: unit propagation, learning from conflicts, backjumping.
///
/// Of the versions that may still be used it takes the locked one, else the installed one, else the highest release
/// (the lowest with `lowest`), else the highest pre-release: a pre-release is taken while a release fits only where one of the
/// ranges that hold for the package names it (schemas/first_choice.h).
/// Among packages it decides the one with the fewest choices first. Same request and same source, same outcome.
///
///   errors   invalid: the source lists a version twice
///            no_solution: given up after `max_steps` (not proven unsolvable; that is a NoSolution)
///            whatever the source returns
///   threads  no state is shared: one resolve a thread
///   source   Weizenbaum, "PubGrub: Next-Generation Version Solving", 2018; doc/solver.md of Dart's pub
[[nodiscard]] Result<Outcome> resolve(const Request& request, PackageSource& source);

}  // namespace nano::resolver
