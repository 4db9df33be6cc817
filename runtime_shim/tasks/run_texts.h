// runtime_shim/tasks/run_texts.h: what every task does with its texts: encode, run, share out the time.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "runtime_shim/session.h"

namespace nano::tasks {

/// Encode `texts`, run them for the states that are wanted, call `each(out, encoding)` for every text in order, and give each answer its share of the time.
/// Answer has tokens, truncated and ms.
template <class Answer, class Each>
[[nodiscard]] Result<std::vector<Answer>> run_texts(const Model& model,
                                                    std::span<const std::string_view> texts,
                                                    models::Want want, Each&& each) {
  const double start = monotonic_ms();
  std::vector<Answer> answers(texts.size());
  std::vector<std::vector<int32_t>> sequences;
  sequences.reserve(texts.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto encoding = model.encode(texts[i]);
    answers[i].tokens = encoding.ids.size();
    answers[i].truncated = encoding.truncated;
    total += encoding.ids.size();
    sequences.push_back(std::move(encoding.ids));
  }
  NANO_TRY(model.run(sequences, want,
                     [&](const Model::Out& out) -> Status { return each(out, answers[out.index]); }));
  const double spent = monotonic_ms() - start;
  for (Answer& a : answers) a.ms = spent * static_cast<double>(a.tokens) / static_cast<double>(std::max<std::size_t>(total, 1));
  return answers;
}

}  // namespace nano::tasks
