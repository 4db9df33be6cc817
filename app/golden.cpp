// app/golden.cpp: golden files read as hostile input, the model opened on its base, its answers compared; and files written.
#include "app/golden.h"

#include <algorithm>

#include "app/golden_tasks.h"
#include "app/installed.h"
#include "app/project.h"
#include "app/record.h"
#include "app/run.h"
#include "base/fs_output.h"
#include "base/hash.h"
#include "base/text.h"
#include "runtime_shim/locate.h"

namespace nano::app {
namespace {

/// The package whose weights these are, with its base in front of it. nullopt: why it cannot be replayed, in `skipped`.
Result<std::unique_ptr<nano::Model>> open_to_replay(const GoldenPlace& place, const schemas::Manifest& m, const BaseOf& base_of,
                                                    std::string& skipped) {
  std::vector<Located> parts;
  if (const auto* base = golden_base(m); base != nullptr) {
    NANO_TRY_ASSIGN(const auto found, base_of(*base));
    if (!found) {
      skipped = "its base " + base->text() + " is not here";
      return std::unique_ptr<nano::Model>();
    }
    NANO_TRY_ASSIGN(parts.emplace_back(), locate_in_folder(found->dir, found->variant));
  }
  NANO_TRY_ASSIGN(parts.emplace_back(), locate_in_folder(place.dir, place.variant));
  const bool alone = parts.size() == 1;
  // One thread: a handful of sentences is not worth starting more.
  auto model = nano::Model::open_located(std::move(parts), {.threads = 1});
  if (model || model.error().code != Errc::unsupported || !alone) return model;
  skipped = "nano does not run it: " + model.error().message;
  return std::unique_ptr<nano::Model>();
}

}  // namespace

const schemas::PackageName* golden_base(const schemas::Manifest& manifest) {
  for (const auto& d : manifest.dependencies)
    if (d.use == schemas::DependencyUse::base) return &d.name;
  return nullptr;
}

Result<std::optional<GoldenReport>> replay_golden(const GoldenPlace& place, const schemas::Manifest& m, const BaseOf& base_of) {
  const auto* golden = m.file_of(schemas::Role::golden, place.variant);
  if (golden == nullptr) return std::optional<GoldenReport>();
  GoldenReport report{.package = m.name.text() + " " + m.version.text(), .variant = place.variant};
  const auto while_reading = [&](Error e) { return std::move(e).while_("reading " + golden->path + " of " + report.package); };
  auto bytes = fs::read_file(place.dir / golden->path, schemas::kMaxGoldenBytes);
  if (!bytes) return while_reading(std::move(bytes.error()));
  report.file = sha256(*bytes);
  auto parsed = schemas::parse_golden(*bytes);
  if (!parsed) return while_reading(std::move(parsed.error()));
  if (m.file_of(schemas::Role::weights, place.variant) == nullptr) {
    report.skipped = "it has no weights";
    return std::optional<GoldenReport>(std::move(report));
  }
  auto model = open_to_replay(place, m, base_of, report.skipped);
  if (!model) return std::move(model.error()).while_("opening " + report.package + " to replay its golden inputs");
  if (*model == nullptr) return std::optional<GoldenReport>(std::move(report));
  auto seen = replay_golden_inputs(*parsed, **model);
  if (!seen) return std::move(seen.error()).while_("replaying " + golden->path + " of " + report.package);
  report.inputs = parsed->inputs.size();
  report.failures = std::move(seen->failures);
  report.outputs = sha256(seen->text);
  report.ms = seen->ms;
  return std::optional<GoldenReport>(std::move(report));
}

Result<std::vector<GoldenReport>> verify_behaviour(Context& ctx, const std::vector<std::string>& names) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  std::vector<schemas::GenerationEntry> entries, all;
  NANO_TRY_ASSIGN(const Scene scene, scene_of(ctx));
  if (scene.project) all = scene.current.entries;
  NANO_TRY_ASSIGN(const auto installed, store::installed(store));
  for (const auto& e : installed)
    if (std::none_of(all.begin(), all.end(), [&](const auto& x) { return x.name == e.entry.name; })) all.push_back(e.entry);
  if (!names.empty()) {
    for (const auto& n : names) {
      NANO_TRY_ASSIGN(const auto want, wanted_package(n));
      if (const auto* e = scene.current.find(want.name); e != nullptr && scene.project) {
        entries.push_back(*e);
        continue;
      }
      NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, n));
      entries.push_back(found.entry);
    }
  } else {
    entries = scene.project ? scene.current.entries : all;
  }
  const BaseOf base_of = [&](const schemas::PackageName& name) -> Result<std::optional<GoldenPlace>> {
    for (const auto& e : all) {
      if (e.name != name) continue;
      NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
      return std::optional(GoldenPlace{package.dir, e.variant});
    }
    return std::optional<GoldenPlace>();
  };
  std::vector<GoldenReport> out;
  for (const auto& e : entries) {
    NANO_TRY_ASSIGN(const auto package, store::open_package(store, e.dir));
    NANO_TRY_ASSIGN(auto report, replay_golden({package.dir, e.variant}, package.release.manifest, base_of));
    if (report) out.push_back(std::move(*report));
  }
  return out;
}

Result<GoldenWritten> write_golden_file(Context& ctx, const GoldenOptions& given) {
  GoldenOptions options = given;
  RecordPlace place;
  if (options.record) {
    NANO_TRY_ASSIGN(place, record_place(options.model));
    if (options.out.empty()) options.out = place.dir / (place.only_variant ? "golden.json" : "golden-" + place.variant + ".json");
  }
  if (!options.out.empty()) NANO_TRY(fs::check_output(options.out, options.force));
  NANO_TRY_ASSIGN(OpenModel model, OpenModel::open(ctx, {.model = options.model, .install_missing = options.install_missing, .threads = 1}));
  NANO_TRY_ASSIGN(GoldenRecord record, model.record_golden(options.texts));
  GoldenWritten out{.name = model.name(), .version = model.version(), .variant = model.variant()};
  out.text = schemas::write_golden(record.golden);
  out.digest = sha256(out.text);
  out.inputs = record.golden.inputs.size();
  out.doubts = std::move(record.doubts);
  // A model's labels are its own; what a golden file cannot hold is not written into one.
  auto parsed = schemas::parse_golden(out.text);
  if (!parsed) return std::move(parsed.error()).while_("writing down the answers of '" + sanitize(out.name) + "'");
  out.out = options.out;
  if (!options.out.empty()) NANO_TRY(fs::write_output(options.out, out.text, {.replace = options.force}));
  if (options.record) {
    NANO_TRY(record_golden_file(place, options.out));
    out.recorded = place.dir / "nano.json";
  }
  return out;
}

}  // namespace nano::app
