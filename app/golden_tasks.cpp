// app/golden_tasks.cpp: classification compares labels and scores, embedding compares directions.
#include "app/golden_tasks.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <string_view>

#include "app/golden.h"
#include "base/text.h"
#include "runtime_shim/tasks/classify.h"
#include "runtime_shim/tasks/embed.h"
#include "schemas/decimal.h"

namespace nano::app {
namespace {

constexpr std::size_t kMaxVector = 8192;  // numbers of one golden vector

Result<double> number_of(const Json& value, const char* what) {
  auto number = value.is_string() ? schemas::Decimal::parse(value.get_ref<const std::string&>())
                                  : Result<schemas::Decimal>(golden_fault("has no decimal text"));
  if (!number) return golden_fault(std::string("has a ") + what + " that is no decimal text");
  return number->value();
}

/// The texts of all inputs; views into `inputs`.
Result<std::vector<std::string_view>> texts_of(const Json& inputs) {
  std::vector<std::string_view> out;
  for (const Json& i : inputs) {
    const auto text = i.is_object() ? i.find("text") : i.end();
    if (!i.is_object() || text == i.end() || !text->is_string()) return golden_fault("has an input without 'text'");
    out.emplace_back(text->get_ref<const std::string&>());
  }
  return out;
}

std::string at(std::size_t index) {
  return "input " + std::to_string(index + 1) + ": ";
}

std::string format(const char* how, double a, double b) {
  char text[64];
  std::snprintf(text, sizeof text, how, a, b);
  return text;
}

// --- {"text", "label", "scores": {label: decimal}} ------------------------------------------------------------

struct GoldenLabel {
  std::string label{};
  std::map<std::string, double> scores{};
};

Result<std::vector<GoldenLabel>> labels_of(const Json& inputs) {
  std::vector<GoldenLabel> out;
  for (const Json& i : inputs) {
    GoldenLabel& g = out.emplace_back();
    const auto label = i.find("label");
    if (label == i.end() || !label->is_string()) return golden_fault("has an input without 'label'");
    g.label = label->get<std::string>();
    const auto scores = i.find("scores");
    if (scores == i.end()) continue;
    if (!scores->is_object()) return golden_fault("has 'scores' that are no object");
    for (const auto& [name, score] : scores->items()) {
      NANO_TRY_ASSIGN(g.scores[name], number_of(score, "score"));
    }
  }
  return out;
}

Result<GoldenOutputs> replay_labels(const Json& inputs, const nano::Model& model, const schemas::Manifest& manifest) {
  NANO_TRY_ASSIGN(const auto texts, texts_of(inputs));
  NANO_TRY_ASSIGN(const auto wanted, labels_of(inputs));
  NANO_TRY_ASSIGN(const auto results, tasks::classify(model, texts));
  const std::vector<std::string>& labels = manifest.labels.empty() ? model.info().labels : manifest.labels;
  GoldenOutputs out{.inputs = results.size()};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const tasks::Classified& got = results[i];
    const std::string label = got.best < labels.size() ? labels[got.best] : "";
    out.text += label + "\n";
    out.ms += got.ms;
    if (label != wanted[i].label)
      out.failures.push_back(at(i) + sanitize(label) + ", not " + sanitize(wanted[i].label));
    for (std::size_t l = 0; l < got.scores.size() && l < labels.size(); ++l) {
      const double score = static_cast<double>(got.scores[l]);
      out.text += labels[l] + format(" %.6f\n", score, 0);
      const auto expected = wanted[i].scores.find(labels[l]);
      // Written so that a score that is not a number fails.
      if (expected == wanted[i].scores.end() || std::abs(score - expected->second) <= kGoldenTolerance) continue;
      out.failures.push_back(at(i) + "score of " + sanitize(labels[l]) + format(" %.4f, not %.4f", score, expected->second));
    }
  }
  return out;
}

// --- {"text", "vector": [decimal]} ----------------------------------------------------------------------------

Result<std::vector<std::vector<double>>> vectors_of(const Json& inputs) {
  std::vector<std::vector<double>> out;
  for (const Json& i : inputs) {
    std::vector<double>& g = out.emplace_back();
    const auto vector = i.find("vector");
    if (vector == i.end() || !vector->is_array() || vector->empty() || vector->size() > kMaxVector)
      return golden_fault("has an input without 'vector', a list of at most " + std::to_string(kMaxVector) + " numbers");
    for (const Json& x : *vector) {
      NANO_TRY_ASSIGN(g.emplace_back(), number_of(x, "number in 'vector'"));
    }
  }
  return out;
}

/// By the angle between them: a vector's length says nothing (the runtime's is 1), and single numbers are small.
Result<GoldenOutputs> replay_vectors(const Json& inputs, const nano::Model& model, const schemas::Manifest&) {
  NANO_TRY_ASSIGN(const auto texts, texts_of(inputs));
  NANO_TRY_ASSIGN(const auto wanted, vectors_of(inputs));
  NANO_TRY_ASSIGN(const auto results, tasks::embed(model, texts));
  GoldenOutputs out{.inputs = results.size()};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const tasks::Embedded& got = results[i];
    out.ms += got.ms;
    double product = 0, own = 0, other = 0;
    for (std::size_t k = 0; k < got.vector.size(); ++k) {
      const double x = static_cast<double>(got.vector[k]);
      out.text += format("%.6f\n", x, 0);
      if (k >= wanted[i].size()) continue;
      product += x * wanted[i][k];
      own += x * x;
      other += wanted[i][k] * wanted[i][k];
    }
    if (got.vector.size() != wanted[i].size()) {
      out.failures.push_back(at(i) + "a vector of " + std::to_string(got.vector.size()) + " numbers, not " +
                             std::to_string(wanted[i].size()));
      continue;
    }
    const double cosine = product / std::sqrt(own * other);  // not a number when one of them is zero: fails below
    if (cosine >= 1 - kGoldenTolerance) continue;
    out.failures.push_back(at(i) + format("points elsewhere: cosine %.4f, not %.4f or more", cosine, 1 - kGoldenTolerance));
  }
  return out;
}

struct Line {
  const char* task;
  GoldenReplay replay;
};
constexpr std::array<Line, 3> kTasks{
    {{"text-classification", replay_labels}, {"feature-extraction", replay_vectors}, {"sentence-similarity", replay_vectors}}};

}  // namespace

GoldenReplay golden_replay_of(const std::string& task) {
  for (const Line& l : kTasks)
    if (task == l.task) return l.replay;
  return nullptr;
}

Error golden_fault(const std::string& why) {
  return make_error(Errc::invalid, "the golden file " + why,
                    R"(it is {"inputs": [{"text", "label", "scores"}]} or {"inputs": [{"text", "vector"}]}, numbers as decimal texts)");
}

}  // namespace nano::app
