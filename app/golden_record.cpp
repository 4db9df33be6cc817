// app/golden_record.cpp: the answers of a model, written down as golden inputs.
#include <algorithm>

#include "app/golden_answers.h"
#include "app/golden_tasks.h"
#include "base/text.h"

namespace nano::app {
namespace {

using schemas::GoldenInput;
using Form = GoldenInput::Answer;

constexpr int kDigits = 6;

Status check_texts(const std::vector<GoldenText>& texts) {
  if (texts.empty() || texts.size() > schemas::kMaxGoldenInputs)
    return make_error(Errc::usage, "a golden file holds 1 to " + std::to_string(schemas::kMaxGoldenInputs) + " inputs, " +
                                       std::to_string(texts.size()) + " are given");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const std::string* text : {&texts[i].text, texts[i].pair ? &*texts[i].pair : nullptr}) {
      if (text == nullptr) continue;
      if (text->size() > schemas::kMaxGoldenTextBytes)
        return make_error(Errc::usage, golden_input(i) + "the text has " + std::to_string(text->size()) + " bytes, more than " +
                                           std::to_string(schemas::kMaxGoldenTextBytes),
                          "short texts are replayed in milliseconds");
      if (!is_utf8(*text)) return make_error(Errc::usage, golden_input(i) + "the text is not UTF-8");
    }
  }
  return Unit{};
}

/// The answer that was seen, into the input.
Status write_down(const GoldenAnswer& seen, GoldenInput& to) {
  switch (to.answer) {
    case Form::label: to.labels = {seen.scores[seen.best].first}; [[fallthrough]];
    case Form::labels:
      for (const auto& [label, score] : seen.scores) {
        NANO_TRY_ASSIGN(to.scores[label], schemas::Decimal::of(score, kDigits));
        if (to.answer == Form::labels && score >= kGoldenChosen) to.labels.push_back(label);
      }
      break;
    case Form::entities:
      for (const tasks::Span& s : seen.spans) {
        NANO_TRY_ASSIGN(auto score, schemas::Decimal::of(static_cast<double>(s.score), kDigits));
        to.entities.push_back({s.begin, s.end, s.label, std::move(score)});
      }
      break;
    case Form::vector:
      for (const float x : seen.vector) {
        NANO_TRY_ASSIGN(to.vector.emplace_back(), schemas::Decimal::of(static_cast<double>(x), kDigits));
      }
  }
  return Unit{};
}

/// Two labels nearer to each other than the tolerance may change places on another machine, and then the file fails there.
void doubt(const GoldenAnswer& seen, Form form, std::size_t index, std::vector<std::string>& out) {
  if (form != Form::label || seen.scores.size() < 2) return;
  double second = -1;
  for (std::size_t l = 0; l < seen.scores.size(); ++l)
    if (l != seen.best) second = std::max(second, seen.scores[l].second);
  const double apart = seen.scores[seen.best].second - second;
  if (apart <= 2 * kGoldenTolerance)
    out.push_back(golden_input(index) + "the two most probable labels lie " + golden_numbers("%.4f", apart) + " apart; another machine may answer with the other");
}

}  // namespace

Result<GoldenRecord> record_golden_inputs(const nano::Model& model, const std::vector<GoldenText>& texts) {
  NANO_TRY(check_texts(texts));
  if (model.heads().size() != 1)
    return make_error(Errc::usage, "a golden file is of one head, " + std::to_string(model.heads().size()) + " are opened");
  const models::Head& head = model.heads().front().head;
  if (head.task() == models::HeadTask::find)
    return make_error(Errc::unsupported, "the model answers questions: a golden file holds no such answers");
  Form form = Form::vector;
  if (head.task() == models::HeadTask::tag) form = Form::entities;
  if (head.task() == models::HeadTask::classify) form = head.multi_label() ? Form::labels : Form::label;
  GoldenRecord out;
  for (const GoldenText& t : texts) {
    if (t.pair && form == Form::vector)
      return make_error(Errc::usage, "the model embeds: it takes one text at a time", "leave --pair out");
    GoldenInput& input = out.golden.inputs.emplace_back();
    input.text = t.text;
    input.pair = t.pair;
    input.answer = form;
  }
  NANO_TRY_ASSIGN(const auto all, answer_golden_inputs(model, out.golden.inputs));
  for (std::size_t i = 0; i < all.size(); ++i) {
    NANO_TRY(write_down(all[i], out.golden.inputs[i]));
    doubt(all[i], form, i, out.doubts);
  }
  return out;
}

}  // namespace nano::app
