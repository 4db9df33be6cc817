// app/golden.cpp: golden files read as hostile input, the model opened, the task's replay called.
#include "app/golden.h"

#include "app/golden_tasks.h"
#include "app/installed.h"
#include "app/project.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/session.h"

namespace nano::app {
namespace {

/// The inputs of a golden file. How each task writes them is golden_tasks.cpp's.
Result<Json> inputs_of(const std::string& bytes) {
  JsonLimits limits;
  limits.max_bytes = kMaxGoldenBytes;
  NANO_TRY_ASSIGN(Json doc, parse_json(bytes, limits));
  const auto inputs = doc.is_object() ? doc.find("inputs") : doc.end();
  if (!doc.is_object() || inputs == doc.end() || !inputs->is_array()) return golden_fault("has no list 'inputs'");
  if (inputs->size() > kMaxGoldenInputs) return golden_fault("has more than " + std::to_string(kMaxGoldenInputs) + " inputs");
  return std::move(*inputs);
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
  const auto replay = golden_replay_of(m.task);
  if (m.kind != schemas::Kind::model || replay == nullptr || weights == nullptr) {
    report.skipped = "models of this kind and task are not replayed";
    return std::optional<GoldenReport>(std::move(report));
  }
  const auto while_reading = [&](Error e) {
    return std::move(e).while_("reading " + golden->path + " of " + report.package);
  };
  auto inputs = inputs_of(*bytes);
  if (!inputs) return while_reading(std::move(inputs.error()));
  // One thread: a handful of sentences is not worth starting more.
  auto model = nano::Model::open((dir / weights->path).string(), {.threads = 1});
  if (!model)
    return std::move(model.error()).while_("opening " + report.package + " to replay its golden inputs");
  auto seen = replay(*inputs, **model, m);
  if (!seen) return seen.error().code == Errc::invalid ? while_reading(std::move(seen.error())) : std::move(seen.error());
  report.inputs = seen->inputs;
  report.failures = std::move(seen->failures);
  report.outputs = sha256(seen->text);
  report.ms = seen->ms;
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
