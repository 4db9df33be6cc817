// cli/nano/answers.h: what a model answered, as JSON and as lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/run.h"
#include "cli/nano/texts.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace nano::cli {

/// How answers are shown.
struct AnswerForm {
  std::size_t top = 1;      ///< so many labels, or answers to a question
  bool logits = false;      ///< outputs, not probabilities
  std::size_t label_width = 0;  ///< of the widest label, on a terminal
};

/// The shortest decimals that read back as the same floats.
[[nodiscard]] OrderedJson floats_json(const std::vector<float>& v);

/// One text's result. Labels come with the model: they are foreign.
[[nodiscard]] OrderedJson answer_json(const TextInput& input, const app::Answer& a, const AnswerForm& form);

/// The lines for a text: of several heads each begins with the head's name. In a pipe fields are separated by tabs, on a
/// terminal they stand in columns.
[[nodiscard]] std::vector<std::string> answer_lines(const Terminal& t, const TextInput& input, uint64_t number,
                                                    const app::Answer& a, const AnswerForm& form);

}  // namespace nano::cli
