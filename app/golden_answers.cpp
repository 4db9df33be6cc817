// app/golden_answers.cpp: the model run over golden inputs, once for each of its two ways to answer.
#include "app/golden_answers.h"

#include <cstdio>

#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/embed.h"

namespace nano::app {

using schemas::GoldenInput;
using Form = GoldenInput::Answer;

Result<std::vector<GoldenAnswer>> answer_golden_inputs(const nano::Model& model, const std::vector<GoldenInput>& inputs) {
  std::vector<tasks::Input> answers;
  std::vector<std::string_view> embeds;
  for (const GoldenInput& i : inputs) {
    if (i.answer == Form::vector)
      embeds.emplace_back(i.text);
    else
      answers.push_back({i.text, i.pair ? std::optional<std::string_view>(*i.pair) : std::nullopt});
  }
  std::vector<tasks::Answered> answered;
  std::vector<tasks::Embedded> embedded;
  if (!answers.empty()) {
    NANO_TRY_ASSIGN(answered, tasks::answer(model, answers));
  }
  if (!embeds.empty()) {
    NANO_TRY_ASSIGN(embedded, tasks::embed(model, embeds));
  }
  const AnsweringHead& head = model.heads().front();
  std::vector<GoldenAnswer> out;
  std::size_t next_answer = 0, next_embed = 0;
  for (const GoldenInput& i : inputs) {
    GoldenAnswer& seen = out.emplace_back();
    if (i.answer == Form::vector) {
      tasks::Embedded& from = embedded[next_embed++];
      seen.vector = std::move(from.vector);
      seen.ms = from.ms;
      continue;
    }
    tasks::Answered& from = answered[next_answer++];
    tasks::HeadAnswer& first = from.heads.front();
    for (std::size_t l = 0; l < first.scores.size(); ++l)
      seen.scores.emplace_back(head.labels[l], static_cast<double>(first.scores[l]));
    seen.best = first.best;
    seen.spans = std::move(first.spans);
    seen.ms = from.ms;
  }
  return out;
}

std::string golden_input(std::size_t index) {
  return "input " + std::to_string(index + 1) + ": ";
}

std::string golden_numbers(const char* how, double a, double b) {
  char text[64];
  std::snprintf(text, sizeof text, how, a, b);
  return text;
}

}  // namespace nano::app
