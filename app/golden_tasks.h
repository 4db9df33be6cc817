// app/golden_tasks.h: what a model answers to golden inputs, as a golden file writes it, and against what one says.
#pragma once

#include <string>
#include <vector>

#include "app/golden.h"
#include "base/result.h"
#include "runtime_shim/session.h"

namespace nano::app {

inline constexpr double kGoldenTolerance = 0.01;  ///< of a score, and of 1 - cosine

/// What came out of the inputs here.
struct GoldenOutputs {
  std::vector<std::string> failures{};  ///< "input 3: negative, not positive"
  std::string text{};                   ///< all that was seen, for a digest
  double ms = 0;                        ///< of all inputs
};

/// Run the inputs and compare. `model` has one head, or its first counts.
///   errors  invalid: the file's answers are not of the kind the model gives, or name labels it has not; those of running it
[[nodiscard]] Result<GoldenOutputs> replay_golden_inputs(const schemas::GoldenFile& golden, const nano::Model& model);

/// The answers of the model's head, written down with six digits.
///   errors  usage: too many texts, or one too long or not UTF-8; a model of several heads; pairs for a model that embeds;
///           those of running the model
[[nodiscard]] Result<GoldenRecord> record_golden_inputs(const nano::Model& model, const std::vector<GoldenText>& texts);

}  // namespace nano::app
