// runtime_shim/tasks/classify.cpp: logits to probabilities.
#include "runtime_shim/tasks/classify.h"

#include <algorithm>

#include "runtime_shim/tasks/run_texts.h"

namespace nano::tasks {

Result<std::vector<Classified>> classify(const Model& model, std::span<const std::string_view> texts) {
  const models::Head& head = model.heads().front().head;
  if (head.task() != models::HeadTask::classify) {
    const bool tags = head.task() == models::HeadTask::tag;
    return make_error(Errc::unsupported, "'" + model.info().name + "' has no classifier",
                      tags ? "it tags words: `nano run`" : "it makes embeddings: `nano embed`");
  }
  return run_texts<Classified>(
      model, texts, head.needs_all() ? models::Want::all : models::Want::first,
      [&](const Model::Out& out, Classified& answer) -> Status {
        answer.scores.assign(head.outputs(), 0.0f);
        NANO_TRY(head.score(model.kernels(), out.states, out.length, answer.scores, out.scratch));
        answer.logits = answer.scores;
        head.probabilities(model.kernels(), answer.scores);
        answer.best = static_cast<std::size_t>(std::max_element(answer.logits.begin(), answer.logits.end()) -
                                               answer.logits.begin());
        return Unit{};
      });
}

}  // namespace nano::tasks
