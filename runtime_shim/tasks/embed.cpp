// runtime_shim/tasks/embed.cpp: hidden states to one vector a text.
#include "runtime_shim/tasks/embed.h"

#include "runtime_shim/tasks/run_texts.h"

namespace nano::tasks {

Result<std::vector<Embedded>> embed(const Model& model, std::span<const std::string_view> texts) {
  const models::Head& head = model.heads().front().head;
  const bool own = head.task() == models::HeadTask::embed;
  const models::Pooling pooling = own ? head.pooling() : model.shape().pooling;
  const models::Want want = pooling == models::Pooling::cls ? models::Want::first : models::Want::all;
  return run_texts<Embedded>(model, texts, want, [&](const Model::Out& out, Embedded& answer) -> Status {
    answer.vector.assign(own ? head.width() : model.shape().hidden, 0.0f);
    if (own) return head.embed(model.kernels(), out.states, out.length, answer.vector, out.scratch);
    models::pool(pooling, out.states, out.length, answer.vector);
    models::normalize(answer.vector);
    return Unit{};
  });
}

}  // namespace nano::tasks
