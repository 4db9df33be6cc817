// runtime_shim/tasks/classify.cpp: logits to probabilities.
#include "runtime_shim/tasks/classify.h"

#include <algorithm>

#include "runtime_shim/tasks/run_texts.h"

namespace nano::tasks {

Result<std::vector<Classified>> classify(const Model& model, std::span<const std::string_view> texts) {
  const std::size_t labels = model.shape().labels;
  if (labels == 0) {
    return make_error(Errc::unsupported, "'" + model.info().name + "' has no classifier",
                      "it makes embeddings: `nano embed`");
  }
  return run_texts<Classified>(
      model, texts, models::Want::first, [&](const Model::Out& out, Classified& answer) -> Status {
        answer.scores.assign(labels, 0.0f);
        const auto first = out.states.first(model.shape().hidden);
        NANO_TRY(model.encoder().classify(model.kernels(), first, answer.scores, out.scratch));
        model.kernels().softmax(answer.scores.data(), labels, 1.0f);
        answer.best = static_cast<std::size_t>(std::max_element(answer.scores.begin(), answer.scores.end()) -
                                               answer.scores.begin());
        return Unit{};
      });
}

}  // namespace nano::tasks
