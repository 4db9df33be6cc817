// app/golden_answers.h: what a model answers to golden inputs, before it is compared or written down.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/spans.h"
#include "schemas/golden.h"

namespace nano::app {

inline constexpr double kGoldenChosen = 0.5;  ///< a multi-label classifier gives a label from here on

/// What one input gave: as its form of answer asks.
struct GoldenAnswer {
  std::vector<std::pair<std::string, double>> scores{};  ///< in the order of the labels
  std::size_t best = 0;
  std::vector<tasks::Span> spans{};
  std::vector<float> vector{};
  double ms = 0;
};

/// All texts in as few passes as they fit into: those to embed, and those to answer. The first head counts.
///   errors  those of running the model
[[nodiscard]] Result<std::vector<GoldenAnswer>> answer_golden_inputs(const nano::Model& model, const std::vector<schemas::GoldenInput>& inputs);

/// "input 3: ", of the input with this index.
[[nodiscard]] std::string golden_input(std::size_t index);
/// printf with one or two numbers.
[[nodiscard]] std::string golden_numbers(const char* how, double a, double b = 0);

}  // namespace nano::app
