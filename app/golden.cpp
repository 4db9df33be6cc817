// app/golden.cpp: golden files read as hostile input, the model opened, label by label compared.
#include "app/golden.h"

#include <cmath>
#include <cstdio>

#include "app/installed.h"
#include "app/project.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/classify.h"
#include "schemas/decimal.h"

namespace nano::app {
namespace {

struct GoldenInput {
  std::string text{};
  std::string label{};
  std::map<std::string, double> scores{};
};

Result<std::vector<GoldenInput>> parse_golden(const std::string& bytes) {
  const auto bad = [](const std::string& why) {
    return make_error(Errc::invalid, "the golden file " + why,
                      R"(it is {"inputs": [{"text", "label", "scores"}]}, scores as decimal texts)");
  };
  JsonLimits limits;
  limits.max_bytes = kMaxGoldenBytes;
  NANO_TRY_ASSIGN(const Json doc, parse_json(bytes, limits));
  const auto inputs = doc.is_object() ? doc.find("inputs") : doc.end();
  if (!doc.is_object() || inputs == doc.end() || !inputs->is_array()) return bad("has no list 'inputs'");
  if (inputs->size() > kMaxGoldenInputs)
    return bad("has more than " + std::to_string(kMaxGoldenInputs) + " inputs");
  std::vector<GoldenInput> out;
  for (const Json& i : *inputs) {
    GoldenInput& g = out.emplace_back();
    if (!i.is_object() || !i.contains("text") || !i["text"].is_string() || !i.contains("label") ||
        !i["label"].is_string())
      return bad("has an input without 'text' and 'label'");
    g.text = i["text"].get<std::string>();
    g.label = i["label"].get<std::string>();
    if (!i.contains("scores")) continue;
    if (!i["scores"].is_object()) return bad("has 'scores' that are no object");
    for (const auto& [label, score] : i["scores"].items()) {
      auto value = score.is_string() ? schemas::Decimal::parse(score.get<std::string>())
                                     : Result<schemas::Decimal>(bad("has a score that is no decimal text"));
      if (!value) return bad("has a score that is no decimal text");
      g.scores[label] = value->value();
    }
  }
  return out;
}

void compare(const GoldenInput& want, const tasks::Classified& got, const std::vector<std::string>& labels,
             std::size_t index, GoldenReport& report, std::string& seen) {
  const std::string where = "input " + std::to_string(index + 1) + ": ";
  const std::string label = got.best < labels.size() ? labels[got.best] : "";
  seen += label + "\n";
  if (label != want.label)
    report.failures.push_back(where + sanitize(label) + ", not " + sanitize(want.label));
  for (std::size_t i = 0; i < got.scores.size() && i < labels.size(); ++i) {
    const double score = static_cast<double>(got.scores[i]);
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", score);
    seen += labels[i] + " " + text + "\n";
    const auto expected = want.scores.find(labels[i]);
    if (expected == want.scores.end()) continue;
    // Written so that a score that is not a number fails.
    if (std::abs(score - expected->second) <= kGoldenTolerance) continue;
    std::snprintf(text, sizeof text, "%.4f, not %.4f", score, expected->second);
    report.failures.push_back(where + "score of " + sanitize(labels[i]) + " " + text);
  }
}

}  // namespace

Result<std::optional<GoldenReport>> replay_golden(const fs::Path& dir, const schemas::Release& release,
                                                  const std::string& variant) {
  const schemas::Manifest& m = release.manifest;
  const auto* golden = m.file_of(schemas::Role::golden, variant);
  const auto* weights = m.file_of(schemas::Role::weights, variant);
  if (golden == nullptr) return std::optional<GoldenReport>();
  GoldenReport report{.package = m.name.text() + " " + m.version.text(), .variant = variant};
  auto bytes = fs::read_file(dir / golden->path, kMaxGoldenBytes);
  if (!bytes) return std::move(bytes.error()).while_("reading the golden file of " + report.package);
  report.file = sha256(*bytes);
  if (m.kind != schemas::Kind::model || m.task != "text-classification" || weights == nullptr) {
    report.skipped = "only text classifiers are replayed so far";
    return std::optional<GoldenReport>(std::move(report));
  }
  auto inputs = parse_golden(*bytes);
  if (!inputs) return std::move(inputs.error()).while_("reading " + golden->path + " of " + report.package);
  // One thread: a handful of sentences is not worth starting more.
  auto model = nano::Model::open((dir / weights->path).string(), {.threads = 1});
  if (!model)
    return std::move(model.error()).while_("opening " + report.package + " to replay its golden inputs");
  std::vector<std::string_view> texts;
  for (const auto& i : *inputs) texts.emplace_back(i.text);
  NANO_TRY_ASSIGN(const auto results, tasks::classify(**model, texts));
  const std::vector<std::string>& labels = m.labels.empty() ? (*model)->info().labels : m.labels;
  std::string seen;
  for (std::size_t i = 0; i < results.size(); ++i) {
    compare((*inputs)[i], results[i], labels, i, report, seen);
    report.ms += results[i].ms;
  }
  report.inputs = results.size();
  report.outputs = sha256(seen);
  return std::optional<GoldenReport>(std::move(report));
}

Result<std::vector<GoldenReport>> verify_behaviour(Context& ctx, const std::vector<std::string>& names) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  std::vector<schemas::GenerationEntry> entries;
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  if (!names.empty()) {
    for (const auto& n : names) {
      NANO_TRY_ASSIGN(const auto want, schemas::Requirement::parse(n));
      if (const auto* e = scene.current.find(want.name); e != nullptr && scene.project) {
        entries.push_back(*e);
        continue;
      }
      NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, n));
      entries.push_back(found.entry);
    }
  } else if (scene.project) {
    entries = scene.current.entries;
  } else {
    NANO_TRY_ASSIGN(const auto all, store::installed(store));
    for (const auto& e : all) entries.push_back(e.entry);
  }
  std::vector<GoldenReport> out;
  for (const auto& e : entries) {
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
    NANO_TRY_ASSIGN(auto report, replay_golden(package.dir, package.release, e.variant));
    if (report) out.push_back(std::move(*report));
  }
  return out;
}

}  // namespace nano::app
