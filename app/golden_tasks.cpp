// app/golden_tasks.cpp: classification compares labels and scores, tagging stretches of the text, embedding directions.
#include "app/golden_tasks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/embed.h"

namespace nano::app {
namespace {

using schemas::GoldenEntity;
using schemas::GoldenInput;
using Form = GoldenInput::Answer;

constexpr double kChosen = 0.5;  // a multi-label classifier gives a label from here on
constexpr int kDigits = 6;

std::string input_number(std::size_t index) {
  return "input " + std::to_string(index + 1) + ": ";
}

std::string numbers(const char* how, double a, double b = 0) {
  char text[64];
  std::snprintf(text, sizeof text, how, a, b);
  return text;
}

/// What one input gave.
struct Seen {
  std::vector<std::pair<std::string, double>> scores{};  ///< in the order of the labels
  std::size_t best = 0;
  std::vector<tasks::Span> spans{};
  std::vector<float> vector{};
  double ms = 0;
};

const char* form_name(models::HeadTask task) {
  switch (task) {
    case models::HeadTask::classify: return "label";
    case models::HeadTask::tag: return "entities";
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
  return make_error(Errc::invalid, "the golden file's " + input_number(index) + "it has " + have + "; '" + sanitize(head.name) +
                                       "' answers with " + form_name(task),
                    "`nano golden` writes the file");
}

/// All texts in as few passes as they fit into: those to embed, and those to answer.
Result<std::vector<Seen>> run_all(const nano::Model& model, const std::vector<GoldenInput>& inputs) {
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
  std::vector<Seen> out;
  std::size_t next_answer = 0, next_embed = 0;
  for (const GoldenInput& i : inputs) {
    Seen& seen = out.emplace_back();
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

// --- label, labels --------------------------------------------------------------------------------------------

Status check_labels(const GoldenInput& want, const std::vector<std::string>& known, std::size_t index) {
  const auto check = [&](const std::string& label) -> Status {
    if (std::find(known.begin(), known.end(), label) != known.end()) return Unit{};
    const auto near = nearest(label, known);
    return make_error(Errc::invalid,
                      "the golden file's " + input_number(index) + "the model has no label '" + sanitize(label) + "'",
                      near ? "did you mean '" + sanitize(*near) + "'?" : "");
  };
  for (const std::string& label : want.labels) NANO_TRY(check(label));
  for (const auto& [label, score] : want.scores) NANO_TRY(check(label));
  return Unit{};
}

/// Every comparison is written so that what is not a number fails.
void compare_labels(const GoldenInput& want, const Seen& seen, const std::string& at, GoldenOutputs& out) {
  const std::string& best = seen.scores[seen.best].first;
  out.text += best + "\n";
  if (want.answer == Form::label && best != want.labels.front())
    out.failures.push_back(at + sanitize(best) + ", not " + sanitize(want.labels.front()));
  for (const auto& [label, score] : seen.scores) {
    out.text += label + numbers(" %.6f\n", score);
    if (want.answer == Form::labels) {
      const bool wanted = std::find(want.labels.begin(), want.labels.end(), label) != want.labels.end();
      if (wanted && !(score >= kChosen - kGoldenTolerance))
        out.failures.push_back(at + "no label " + sanitize(label) + numbers(" (%.4f)", score));
      if (!wanted && !(score < kChosen + kGoldenTolerance))
        out.failures.push_back(at + "the label " + sanitize(label) + numbers(" (%.4f), which the file does not have", score));
    }
    const auto expected = want.scores.find(label);
    if (expected == want.scores.end() || std::abs(score - expected->second.value()) <= kGoldenTolerance) continue;
    out.failures.push_back(at + "score of " + sanitize(label) + numbers(" %.4f, not %.4f", score, expected->second.value()));
  }
}

// --- entities -------------------------------------------------------------------------------------------------

std::string entity_text(const std::string& label, std::size_t begin, std::size_t end) {
  return sanitize(label) + " at bytes " + std::to_string(begin) + "-" + std::to_string(end);
}

/// Both are in the order of the text and do not overlap: they are walked side by side.
void compare_entities(const GoldenInput& want, const Seen& seen, const std::string& at, GoldenOutputs& out) {
  for (const tasks::Span& s : seen.spans)
    out.text += s.label + " " + std::to_string(s.begin) + "-" + std::to_string(s.end) + numbers(" %.6f\n", static_cast<double>(s.score));
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
      out.failures.push_back(at + "score of " + wanted + numbers(" %.4f, not %.4f", score, expected->score->value()));
    ++have;
    ++expected;
  }
}

// --- vector ---------------------------------------------------------------------------------------------------

/// By the angle between them: a vector's length says nothing (the runtime's is 1), and single numbers are small.
void compare_vectors(const GoldenInput& want, const Seen& seen, const std::string& at, GoldenOutputs& out) {
  double product = 0, own = 0, other = 0;
  for (std::size_t k = 0; k < seen.vector.size(); ++k) {
    const double x = static_cast<double>(seen.vector[k]);
    out.text += numbers("%.6f\n", x);
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
  out.failures.push_back(at + numbers("points elsewhere: cosine %.4f, not %.4f or more", cosine, 1 - kGoldenTolerance));
}

// --- writing down -----------------------------------------------------------------------------------------------

Status check_texts(const std::vector<GoldenText>& texts) {
  if (texts.empty() || texts.size() > schemas::kMaxGoldenInputs)
    return make_error(Errc::usage, "a golden file holds 1 to " + std::to_string(schemas::kMaxGoldenInputs) + " inputs, " +
                                       std::to_string(texts.size()) + " are given");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const std::string* text : {&texts[i].text, texts[i].pair ? &*texts[i].pair : nullptr}) {
      if (text == nullptr) continue;
      if (text->size() > schemas::kMaxGoldenTextBytes)
        return make_error(Errc::usage, input_number(i) + "the text has " + std::to_string(text->size()) + " bytes, more than " +
                                           std::to_string(schemas::kMaxGoldenTextBytes),
                          "short texts are replayed in milliseconds");
      if (!is_utf8(*text)) return make_error(Errc::usage, input_number(i) + "the text is not UTF-8");
    }
  }
  return Unit{};
}

/// The answer that was seen, into the input.
Status write_down(const Seen& seen, GoldenInput& to) {
  switch (to.answer) {
    case Form::label: to.labels = {seen.scores[seen.best].first}; [[fallthrough]];
    case Form::labels:
      for (const auto& [label, score] : seen.scores) {
        NANO_TRY_ASSIGN(to.scores[label], schemas::Decimal::of(score, kDigits));
        if (to.answer == Form::labels && score >= kChosen) to.labels.push_back(label);
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
void doubt(const Seen& seen, Form form, std::size_t index, std::vector<std::string>& out) {
  if (form != Form::label || seen.scores.size() < 2) return;
  double second = -1;
  for (std::size_t l = 0; l < seen.scores.size(); ++l)
    if (l != seen.best) second = std::max(second, seen.scores[l].second);
  const double apart = seen.scores[seen.best].second - second;
  if (apart <= 2 * kGoldenTolerance)
    out.push_back(input_number(index) + "the two most probable labels lie " + numbers("%.4f", apart) + " apart; another machine may answer with the other");
}

}  // namespace

Result<GoldenOutputs> replay_golden_inputs(const schemas::GoldenFile& golden, const nano::Model& model) {
  const AnsweringHead& head = model.heads().front();
  for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
    const GoldenInput& want = golden.inputs[i];
    NANO_TRY(check_form(head, want.answer, i));
    NANO_TRY(check_labels(want, head.labels, i));
  }
  NANO_TRY_ASSIGN(const auto all, run_all(model, golden.inputs));
  GoldenOutputs out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const GoldenInput& want = golden.inputs[i];
    out.ms += all[i].ms;
    switch (want.answer) {
      case Form::label:
      case Form::labels: compare_labels(want, all[i], input_number(i), out); break;
      case Form::entities: compare_entities(want, all[i], input_number(i), out); break;
      case Form::vector: compare_vectors(want, all[i], input_number(i), out);
    }
  }
  return out;
}

Result<GoldenRecord> record_golden_inputs(const nano::Model& model, const std::vector<GoldenText>& texts) {
  NANO_TRY(check_texts(texts));
  if (model.heads().size() != 1)
    return make_error(Errc::usage, "a golden file is of one head, " + std::to_string(model.heads().size()) + " are opened");
  const models::Head& head = model.heads().front().head;
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
  NANO_TRY_ASSIGN(const auto all, run_all(model, out.golden.inputs));
  for (std::size_t i = 0; i < all.size(); ++i) {
    NANO_TRY(write_down(all[i], out.golden.inputs[i]));
    doubt(all[i], form, i, out.doubts);
  }
  return out;
}

}  // namespace nano::app
