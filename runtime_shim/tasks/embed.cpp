// runtime_shim/tasks/embed.cpp: hidden states to one vector a text.
#include "runtime_shim/tasks/embed.h"

#include "runtime_shim/tasks/run_texts.h"

namespace nano::tasks {

Result<std::vector<Embedded>> embed(const Model& model, std::span<const std::string_view> texts) {
  const bool cls = model.shape().pooling == models::Pooling::cls;
  const models::Want want = cls ? models::Want::first : models::Want::all;
  return run_texts<Embedded>(model, texts, want, [&](const Model::Out& out, Embedded& answer) -> Status {
    answer.vector.assign(model.shape().hidden, 0.0f);
    model.encoder().pool(out.states, out.length, answer.vector);
    return Unit{};
  });
}

}  // namespace nano::tasks
