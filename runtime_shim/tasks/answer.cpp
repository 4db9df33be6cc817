// runtime_shim/tasks/answer.cpp: encode, one pass, every head over its states.
#include "runtime_shim/tasks/answer.h"

#include <algorithm>

#include "base/clock.h"
#include "runtime_shim/tasks/find.h"

namespace nano::tasks {
namespace {

Status answer_head(const Model& model, const AnsweringHead& which, const Input& input,
                   const tokenizer::Encoding& encoding, const Model::Out& out, HeadAnswer& to) {
  const models::Head& head = which.head;
  const kernels::Table& table = model.kernels();
  const std::size_t hidden = model.shape().hidden;
  switch (head.task()) {
    case models::HeadTask::classify: {
      to.scores.assign(head.outputs(), 0.0f);
      NANO_TRY(head.score(table, out.states, out.length, to.scores, out.scratch));
      to.logits = to.scores;
      head.probabilities(table, to.scores);
      to.best =
          static_cast<std::size_t>(std::max_element(to.logits.begin(), to.logits.end()) - to.logits.begin());
      return Unit{};
    }
    case models::HeadTask::embed:
      to.vector.assign(head.width(), 0.0f);
      return head.embed(table, out.states, out.length, to.vector, out.scratch);
    case models::HeadTask::find:
    case models::HeadTask::tag: break;
  }
  const std::size_t n = head.outputs();
  std::vector<float> scores(out.length * n);
  NANO_TRY(head.apply(table, out.states.data(), hidden, out.length, scores.data(), out.scratch));
  if (head.task() == models::HeadTask::find) {
    if (!input.pair) return Unit{};
    FoundAnswers found = find_answers(*input.pair, encoding, scores);
    to.spans = std::move(found.spans);
    to.no_answer = found.no_answer;
    return Unit{};
  }
  for (std::size_t t = 0; t < out.length; ++t) head.probabilities(table, std::span(scores).subspan(t * n, n));
  if (!input.pair) {
    to.spans = decode_spans(input.text, encoding, which.labels, scores);
    return Unit{};
  }
  tokenizer::Encoding first = encoding;
  first.ids.resize(encoding.second);
  to.spans = decode_spans(input.text, first, which.labels, scores);
  return Unit{};
}

Status check_form(const Model& model, const Input& input) {
  if (model.heads().size() != 1) return Unit{};  // of several, one takes pairs and another does not
  const AnsweringHead& head = model.heads().front();
  const std::string who = "'" + head.name + "'";
  if (head.head.task() == models::HeadTask::tag && input.pair)
    return make_error(Errc::usage, who + " tags the words of one text: it takes no pair", "give each text by itself");
  if (head.head.task() == models::HeadTask::find && !input.pair)
    return make_error(Errc::usage, who + " answers a question from a text: it takes two texts",
                      "`nano run --pair MODEL QUESTION TEXT`");
  return Unit{};
}

}  // namespace

Result<std::vector<Answered>> answer(const Model& model, std::span<const Input> inputs) {
  const double start = monotonic_ms();
  std::vector<Answered> answers(inputs.size());
  std::vector<tokenizer::Encoding> encodings;
  std::vector<std::vector<int32_t>> ids, types;
  bool any_types = false;
  std::size_t total = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Input& in = inputs[i];
    NANO_TRY(check_form(model, in));
    auto& encoding =
        encodings.emplace_back(in.pair ? model.encode_pair(in.text, *in.pair) : model.encode(in.text));
    ids.push_back(encoding.ids);
    types.push_back(encoding.types);
    any_types = any_types || !encoding.types.empty();
    answers[i].tokens = encoding.ids.size();
    answers[i].truncated = encoding.truncated;
    answers[i].heads.resize(model.heads().size());
    total += encoding.ids.size();
  }
  if (!any_types) types.clear();
  bool all = false;
  for (const AnsweringHead& head : model.heads()) all = all || head.head.needs_all();
  const auto each = [&](const Model::Out& out) -> Status {
    for (std::size_t h = 0; h < model.heads().size(); ++h) {
      NANO_TRY(answer_head(model, model.heads()[h], inputs[out.index], encodings[out.index], out,
                           answers[out.index].heads[h]));
    }
    return Unit{};
  };
  NANO_TRY(model.run(ids, all ? models::Want::all : models::Want::first, each, types));
  const double spent = monotonic_ms() - start;
  for (Answered& a : answers) a.ms = spent * static_cast<double>(a.tokens) / static_cast<double>(std::max<std::size_t>(total, 1));
  return answers;
}

}  // namespace nano::tasks
