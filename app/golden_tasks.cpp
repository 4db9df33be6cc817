// app/golden_tasks.cpp: classification compares labels and scores, tagging stretches of the text, embedding directions.
#include "app/golden_tasks.h"

#include <algorithm>
#include <cmath>

#include "app/golden_answers.h"
#include "base/text.h"

namespace nano::app {
namespace {

using schemas::GoldenInput;
using Form = GoldenInput::Answer;

const char* form_name(models::HeadTask task) {
  switch (task) {
    case models::HeadTask::classify: return "label";
    case models::HeadTask::tag: return "entities";
    case models::HeadTask::find: return "answers to questions";
    case models::HeadTask::embed: break;
  }
  return "vector";
}

/// Does the model answer in this form? Every model embeds.
Status check_form(const AnsweringHead& head, Form form, std::size_t index) {
  const models::HeadTask task = head.head.task();
  const bool fits = form == Form::vector || (form == Form::entities && task == models::HeadTask::tag) ||
                    (form != Form::entities && task == models::HeadTask::classify);
  if (fits) return Unit{};
  const char* have = form == Form::entities ? "entities" : form == Form::labels ? "labels" : "a label";
  return make_error(Errc::invalid, "the golden file's " + golden_input(index) + "it has " + have + "; '" + sanitize(head.name) +
                                       "' answers with " + form_name(task),
                    "`nano golden` writes the file");
}

// --- label, labels --------------------------------------------------------------------------------------------

Status check_labels(const GoldenInput& want, const std::vector<std::string>& known, std::size_t index) {
  const auto check = [&](const std::string& label) -> Status {
    if (std::find(known.begin(), known.end(), label) != known.end()) return Unit{};
    const auto near = nearest(label, known);
    return make_error(Errc::invalid,
                      "the golden file's " + golden_input(index) + "the model has no label '" + sanitize(label) + "'",
                      near ? "did you mean '" + sanitize(*near) + "'?" : "");
  };
  for (const std::string& label : want.labels) NANO_TRY(check(label));
  for (const auto& [label, score] : want.scores) NANO_TRY(check(label));
  return Unit{};
}

/// Every comparison is written so that what is not a number fails.
void compare_labels(const GoldenInput& want, const GoldenAnswer& seen, const std::string& at, GoldenOutputs& out) {
  const std::string& best = seen.scores[seen.best].first;
  out.text += best + "\n";
  if (want.answer == Form::label && best != want.labels.front())
    out.failures.push_back(at + sanitize(best) + ", not " + sanitize(want.labels.front()));
  for (const auto& [label, score] : seen.scores) {
    out.text += label + golden_numbers(" %.6f\n", score);
    if (want.answer == Form::labels) {
      const bool wanted = std::find(want.labels.begin(), want.labels.end(), label) != want.labels.end();
      if (wanted && !(score >= kGoldenChosen - kGoldenTolerance))
        out.failures.push_back(at + "no label " + sanitize(label) + golden_numbers(" (%.4f)", score));
      if (!wanted && !(score < kGoldenChosen + kGoldenTolerance))
        out.failures.push_back(at + "the label " + sanitize(label) + golden_numbers(" (%.4f), which the file does not have", score));
    }
    const auto expected = want.scores.find(label);
    if (expected == want.scores.end() || std::abs(score - expected->second.value()) <= kGoldenTolerance) continue;
    out.failures.push_back(at + "score of " + sanitize(label) + golden_numbers(" %.4f, not %.4f", score, expected->second.value()));
  }
}

// --- entities -------------------------------------------------------------------------------------------------

std::string entity_text(const std::string& label, std::size_t begin, std::size_t end) {
  return sanitize(label) + " at bytes " + std::to_string(begin) + "-" + std::to_string(end);
}

/// Both are in the order of the text and do not overlap: they are walked side by side.
void compare_entities(const GoldenInput& want, const GoldenAnswer& seen, const std::string& at, GoldenOutputs& out) {
  for (const tasks::Span& s : seen.spans)
    out.text += s.label + " " + std::to_string(s.begin) + "-" + std::to_string(s.end) + golden_numbers(" %.6f\n", static_cast<double>(s.score));
  auto have = seen.spans.begin();
  auto expected = want.entities.begin();
  while (have != seen.spans.end() || expected != want.entities.end()) {
    const bool only_have = expected == want.entities.end() || (have != seen.spans.end() && have->begin < expected->begin);
    const bool only_expected = have == seen.spans.end() || (expected != want.entities.end() && expected->begin < have->begin);
    if (only_have) {
      out.failures.push_back(at + entity_text(have->label, have->begin, have->end) + ", which the file does not have");
      ++have;
      continue;
    }
    const std::string wanted = entity_text(expected->label, expected->begin, expected->end);
    if (only_expected) {
      out.failures.push_back(at + "no " + wanted);
      ++expected;
      continue;
    }
    const double score = static_cast<double>(have->score);
    if (have->end != expected->end || have->label != expected->label)
      out.failures.push_back(at + entity_text(have->label, have->begin, have->end) + ", not " + wanted);
    else if (expected->score && !(std::abs(score - expected->score->value()) <= kGoldenTolerance))
      out.failures.push_back(at + "score of " + wanted + golden_numbers(" %.4f, not %.4f", score, expected->score->value()));
    ++have;
    ++expected;
  }
}

// --- vector ---------------------------------------------------------------------------------------------------

/// By the angle between them: a vector's length says nothing (the runtime's is 1), and single numbers are small.
void compare_vectors(const GoldenInput& want, const GoldenAnswer& seen, const std::string& at, GoldenOutputs& out) {
  double product = 0, own = 0, other = 0;
  for (std::size_t k = 0; k < seen.vector.size(); ++k) {
    const double x = static_cast<double>(seen.vector[k]);
    out.text += golden_numbers("%.6f\n", x);
    if (k >= want.vector.size()) continue;
    const double y = want.vector[k].value();
    product += x * y;
    own += x * x;
    other += y * y;
  }
  if (seen.vector.size() != want.vector.size()) {
    out.failures.push_back(at + "a vector of " + std::to_string(seen.vector.size()) + " numbers, not " + std::to_string(want.vector.size()));
    return;
  }
  const double cosine = product / std::sqrt(own * other);  // not a number when one of them is zero: fails below
  if (cosine >= 1 - kGoldenTolerance) return;
  out.failures.push_back(at + golden_numbers("points elsewhere: cosine %.4f, not %.4f or more", cosine, 1 - kGoldenTolerance));
}

}  // namespace

Result<GoldenOutputs> replay_golden_inputs(const schemas::GoldenFile& golden, const nano::Model& model) {
  const AnsweringHead& head = model.heads().front();
  for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
    const GoldenInput& want = golden.inputs[i];
    NANO_TRY(check_form(head, want.answer, i));
    NANO_TRY(check_labels(want, head.labels, i));
  }
  NANO_TRY_ASSIGN(const auto all, answer_golden_inputs(model, golden.inputs));
  GoldenOutputs out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const GoldenInput& want = golden.inputs[i];
    out.ms += all[i].ms;
    switch (want.answer) {
      case Form::label:
      case Form::labels: compare_labels(want, all[i], golden_input(i), out); break;
      case Form::entities: compare_entities(want, all[i], golden_input(i), out); break;
      case Form::vector: compare_vectors(want, all[i], golden_input(i), out);
    }
  }
  return out;
}

}  // namespace nano::app
