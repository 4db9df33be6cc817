// resolver/explain.h: from a learned contradiction to sentences, facts and a proof.
#pragma once

#include <vector>

#include "resolver/incompatibility.h"

namespace nano::resolver {

/// All that was known and learned; lives as long as the solver.
struct Knowledge {
  const Universe& universe;
  const std::vector<Incompatibility>& incompatibilities;
  const std::vector<Cause>& causes;
};

inline constexpr std::size_t kMaxExplanationLines = 40;  ///< a longer argument is replaced by a list of its facts
inline constexpr std::size_t kMaxListedFacts = 24;       ///< of that list

/// Everything of a NoSolution but the effort.
///   contradiction  an incompatibility without terms
[[nodiscard]] NoSolution explain(const Knowledge& known, IncompatibilityId contradiction);

/// The argument in sentences, each step once; steps that are used again, or that a second argument comes between, are
/// numbered. Longer than kMaxExplanationLines: empty.
///   source  the error reporting of doc/solver.md of Dart's pub; here without recursion, since proofs can be deep
[[nodiscard]] std::vector<std::string> argue(const Knowledge& known, IncompatibilityId contradiction);

}  // namespace nano::resolver
