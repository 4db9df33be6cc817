// app/record.cpp: finds the package folder, changes its manifest, and refuses to write one that would not pack.
#include "app/record.h"

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/fs_change.h"
#include "base/hash.h"
#include "base/text.h"
#include "schemas/manifest.h"
#include "schemas/store_layout.h"

namespace nano::app {
namespace {

namespace stdfs = std::filesystem;
constexpr const char* kManifest = "nano.json";
constexpr unsigned kUsualTokens = 32;
constexpr uint64_t kWarmup = 5;  // of bench

Result<schemas::Manifest> read_own_manifest(const fs::Path& dir) {
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(dir / kManifest, schemas::kMaxManifestBytes));
  auto m = schemas::parse_manifest(bytes);
  if (!m) {
    Error e = std::move(m.error()).while_("reading " + (dir / kManifest).string());
    if (e.hint.empty()) e.hint = "`nano pack` lists everything that is wrong in it";
    return e;
  }
  return m;
}

/// Read, change and write under the folder's lock: of two that record at once both are in it.
Status change_own_manifest(const fs::Path& dir, const std::function<Status(schemas::Manifest&)>& change) {
  NANO_TRY_ASSIGN(const fs::Path folder, fs::folder_of_target(dir / kManifest));
  NANO_TRY_ASSIGN(const auto lock, fs::FolderLock::acquire(folder, {}, "nano"));
  NANO_TRY_ASSIGN(schemas::Manifest m, read_own_manifest(dir));
  NANO_TRY(change(m));
  const std::string text = schemas::write_manifest(m);
  if (const auto problems = schemas::check_manifest(text); !problems.empty()) return schemas::to_error(problems.front(), kManifest);
  return fs::rewrite(dir / kManifest, text);
}

/// The folder with the manifest that holds `file`; empty: none.
fs::Path folder_of(const fs::Path& file) {
  std::error_code ec;
  for (fs::Path dir = stdfs::absolute(file, ec).lexically_normal().parent_path(); !dir.empty(); dir = dir.parent_path()) {
    if (stdfs::exists(dir / kManifest, ec)) return dir;
    if (dir == dir.parent_path()) break;
  }
  return {};
}

bool same_figure(const schemas::Claim& a, const schemas::Claim& b) {
  if (a.variant != b.variant || a.metric.has_value() != b.metric.has_value()) return false;
  if (a.metric) return a.metric->id == b.metric->id && a.dataset && b.dataset && a.dataset->digest == b.dataset->digest;
  return a.conditions && b.conditions && a.conditions->cpu == b.conditions->cpu && a.conditions->threads == b.conditions->threads &&
         a.conditions->batch == b.conditions->batch;
}

void put_claim(schemas::Manifest& m, schemas::Claim claim) {
  for (auto& old : m.claims)
    if (same_figure(old, claim)) {
      if (claim.dataset && old.dataset) {  // how its author calls the data
        claim.dataset->id = old.dataset->id;
        claim.dataset->split = old.dataset->split;
      }
      old = std::move(claim);
      return;
    }
  m.claims.push_back(std::move(claim));
}

/// The path that a file of the folder has in the package; "" = it lies elsewhere, or no package may have it.
std::string path_inside(const RecordPlace& place, const fs::Path& file) {
  std::error_code ec;
  const std::string name = stdfs::absolute(file, ec).lexically_normal().lexically_relative(stdfs::absolute(place.dir, ec).lexically_normal()).generic_string();
  return fs::is_package_path(name) ? name : "";
}

Result<schemas::Claim> accuracy_claim(const RecordPlace& place, const BenchEval& eval) {
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(eval.file, uint64_t{1} << 30));
  const std::string inside = path_inside(place, eval.file);
  schemas::Claim c;
  c.dataset = schemas::ClaimDataset{.id = !inside.empty() ? inside : fs::Path(eval.file).filename().string(),
                                    .digest = sha256(bytes),
                                    .split = "all",
                                    .n = eval.texts};
  const double share = static_cast<double>(eval.right) / static_cast<double>(eval.texts);
  c.metric.emplace().id = "accuracy";
  NANO_TRY_ASSIGN(c.metric->value, schemas::Decimal::of(share, 4));
  c.metric->unit = schemas::find_metric("accuracy")->unit;
  NANO_TRY_ASSIGN(auto low, schemas::Decimal::of(eval.low, 4));
  NANO_TRY_ASSIGN(auto high, schemas::Decimal::of(eval.high, 4));
  NANO_TRY_ASSIGN(auto level, schemas::Decimal::of(0.95, 2));
  c.metric->interval = schemas::ClaimInterval{std::move(low), std::move(high), std::move(level)};
  return c;
}

Result<schemas::Claim> latency_claim(const BenchReport& report, const BenchRow& row, const BenchOptions& options, const std::string& version,
                                     const std::string& quantization) {
  schemas::Claim c;
  c.conditions = schemas::ClaimConditions{.device = "cpu",
                                          .cpu = report.cpu,
                                          .isa = report.kernels,
                                          .threads = row.threads,
                                          .batch = row.batch,
                                          .runtime_version = version,
                                          .runs = options.runs,
                                          .warmup = kWarmup,
                                          .calibration_us = {}};
  if (const auto us = report.calibration_us.find(quantization); us != report.calibration_us.end()) {
    NANO_TRY_ASSIGN(c.conditions->calibration_us, schemas::Decimal::of(us->second, 2));
  }
  c.latency.emplace();
  NANO_TRY_ASSIGN(c.latency->p50_ms, schemas::Decimal::of(row.p50_ms, 3));
  NANO_TRY_ASSIGN(c.latency->p95_ms, schemas::Decimal::of(std::max(row.p95_ms, row.p50_ms), 3));
  NANO_TRY_ASSIGN(c.latency->p99_ms, schemas::Decimal::of(std::max(row.p99_ms, row.p95_ms), 3));
  if (report.cold_peak_mb && *report.cold_peak_mb > 0) c.peak_memory_bytes = static_cast<uint64_t>(*report.cold_peak_mb * 1e6);
  return c;
}

}  // namespace

Result<RecordPlace> record_place(const std::string& model) {
  const fs::Path path = model.substr(model.rfind('+') == std::string::npos ? 0 : model.rfind('+') + 1);
  std::error_code ec;
  RecordPlace out;
  const bool folder = stdfs::is_directory(path, ec);
  if (folder && stdfs::exists(path / kManifest, ec)) out.dir = path;
  if (!folder && stdfs::is_regular_file(path, ec)) out.dir = folder_of(path);
  if (out.dir.empty())
    return make_error(Errc::usage, "--record writes into a package's nano.json, and '" + sanitize(model) + "' is no package folder",
                      "name the folder, as `my-model/`, or weights in it");
  if (stdfs::exists(out.dir / schemas::StoreLayout::Path("~release.json"), ec))
    return make_error(Errc::usage, "'" + sanitize(model) + "' is an installed package: nothing is changed in it", "record in the folder it is packed from");
  NANO_TRY_ASSIGN(const schemas::Manifest m, read_own_manifest(out.dir));
  out.only_variant = m.variants.size() < 2;
  if (const auto* one = m.default_variant()) out.variant = one->name;
  if (folder) return out;
  const std::string name = stdfs::absolute(path, ec).lexically_normal().lexically_relative(stdfs::absolute(out.dir, ec).lexically_normal()).generic_string();
  for (const auto& v : m.variants)
    if (std::find(v.files.begin(), v.files.end(), name) != v.files.end()) {
      out.variant = v.name;
      return out;
    }
  return make_error(Errc::usage, "no variant in " + sanitize((out.dir / kManifest).string()) + " has the file '" + sanitize(name) + "'",
                    "list it under a variant's files");
}

Status record_golden_file(const RecordPlace& place, const fs::Path& file) {
  const std::string name = path_inside(place, file);
  if (name.empty())
    return make_error(Errc::usage, "'" + sanitize(file.string()) + "' is not a file in the package folder '" + sanitize(place.dir.string()) + "'",
                      "write it there: -o " + sanitize((place.dir / "golden.json").string()));
  return change_own_manifest(place.dir, [&](schemas::Manifest& m) -> Status {
    const auto at = std::find_if(m.files.begin(), m.files.end(), [&](const auto& f) { return f.path == name; });
    if (at != m.files.end() && at->role != schemas::Role::golden)
      return make_error(Errc::usage, "nano.json names '" + sanitize(name) + "' with the role '" + std::string(schemas::to_text(at->role)) + "'",
                        "choose another name with -o");
    if (at == m.files.end()) m.files.push_back({name, schemas::Role::golden, ""});
    for (auto& v : m.variants) {
      if (place.only_variant || v.name != place.variant) continue;
      if (std::find(v.files.begin(), v.files.end(), name) == v.files.end()) v.files.push_back(name);
    }
    return Unit{};
  });
}

Result<std::vector<std::string>> record_claims(const Context& ctx, const RecordPlace& place, const BenchReport& report,
                                               const BenchOptions& options, const std::string& version) {
  NANO_TRY_ASSIGN(const schemas::Manifest m, read_own_manifest(place.dir));
  const schemas::Variant* variant = m.find_variant(place.variant);
  std::vector<schemas::Claim> claims;
  std::vector<std::string> out;
  if (report.eval) {
    NANO_TRY_ASSIGN(auto claim, accuracy_claim(place, *report.eval));
    out.push_back("accuracy " + claim.metric->value.text() + " on " + claim.dataset->id);
    claims.push_back(std::move(claim));
  }
  unsigned nearest_tokens = 0;
  const auto away = [](unsigned tokens) { return std::abs(static_cast<int>(tokens) - static_cast<int>(kUsualTokens)); };
  for (const auto& row : report.rows)
    if (nearest_tokens == 0 || away(row.tokens) < away(nearest_tokens)) nearest_tokens = row.tokens;
  for (const auto& row : report.rows) {
    if (row.batch != 1 || row.tokens != nearest_tokens) continue;
    NANO_TRY_ASSIGN(auto claim, latency_claim(report, row, options, version, variant == nullptr ? "" : variant->quantization));
    out.push_back("latency p50 " + claim.latency->p50_ms.text() + " ms of " + std::to_string(row.tokens) + " tokens, " + std::to_string(row.threads) +
                  (row.threads == 1 ? " thread" : " threads"));
    claim.command = "nano bench " + m.name.text() + ":" + place.variant + " --tokens " + std::to_string(row.tokens) + " --threads " +
                    std::to_string(row.threads) + " --runs " + std::to_string(options.runs);
    claims.push_back(std::move(claim));
  }
  for (auto& claim : claims) {
    claim.variant = place.variant;
    claim.task = m.task.empty() ? "feature-extraction" : m.task;
    claim.harness_version = version;
    claim.date = format_time(ctx.now);
    if (claim.command.empty()) claim.command = "nano bench " + m.name.text() + ":" + place.variant + " --eval";
  }
  NANO_TRY(change_own_manifest(place.dir, [&](schemas::Manifest& now) -> Status {
    for (const auto& claim : claims) put_claim(now, claim);
    // Texts that lie in the package are packed with the claim that was measured on them.
    const std::string texts = report.eval ? path_inside(place, report.eval->file) : "";
    if (!texts.empty() && now.find_file(texts) == nullptr) now.files.push_back({texts, schemas::Role::eval, ""});
    return Unit{};
  }));
  return out;
}

}  // namespace nano::app
