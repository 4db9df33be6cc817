// app/bench.cpp: timed calls, cold starts in processes of their own, accuracy.
#include "app/bench.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "app/machine.h"
#include "app/project.h"
#include "base/clock.h"
#include "base/text.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/classify.h"
#include "schemas/manifest.h"

extern char** environ;

namespace nano::app {
namespace {

constexpr unsigned kWarmUp = 5;
constexpr unsigned kColdStarts = 7;
constexpr uint64_t kMaxEvalBytes = uint64_t{256} << 20;

Result<std::unique_ptr<nano::Model>> open(const Context& ctx, const BenchOptions& options, unsigned threads) {
  nano::OpenOptions o;
  o.threads = threads;
  o.store = ctx.places.store.string();
  NANO_TRY_ASSIGN(o.project, project_for_model(ctx, options.model));
  return nano::Model::open(options.model, o);
}

double process_cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

// The value that `part` of the sorted values do not exceed (nearest rank).
double percentile(const std::vector<double>& sorted, double part) {
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Result<BenchRow> measure(const nano::Model& model, unsigned tokens, unsigned batch, unsigned runs) {
  const uint32_t vocabulary = model.info().vocabulary;
  std::vector<std::vector<int32_t>> sequences(
      batch, std::vector<int32_t>(std::min(tokens, model.info().context_length)));
  uint32_t next = 1;  // any tokens: the time of a pass does not depend on which
  for (auto& s : sequences) {
    for (int32_t& id : s) id = static_cast<int32_t>((next = next * 1664525u + 1013904223u) % vocabulary);
  }
  const models::Head& head = model.encoder().head();
  const bool labels = head.task() == models::HeadTask::classify;
  std::vector<float> logits(model.shape().labels);
  const auto call = [&]() -> Status {
    return model.run(sequences, labels && !head.needs_all() ? models::Want::first : models::Want::all,
                     [&](const nano::Model::Out& out) -> Status {
                       if (!labels) return Unit{};
                       return head.score(
                           model.kernels(), out.states, out.length, logits, out.scratch);
                     });
  };
  for (unsigned i = 0; i < kWarmUp; ++i) NANO_TRY(call());
  BenchRow row{.tokens = static_cast<unsigned>(sequences.front().size()),
               .threads = model.info().threads,
               .batch = batch};
  std::vector<double> wall;
  for (unsigned i = 0; i < runs; ++i) {
    const double start = monotonic_ms(), cpu = process_cpu_ms();
    NANO_TRY(call());
    wall.push_back(monotonic_ms() - start);
    const double used = process_cpu_ms() - cpu;
    row.cpu_ms = i == 0 ? used : std::min(row.cpu_ms, used);
  }
  std::sort(wall.begin(), wall.end());
  row.p50_ms = percentile(wall, 0.50);
  row.p95_ms = percentile(wall, 0.95);
  row.p99_ms = percentile(wall, 0.99);
  row.tokens_per_second = 1e3 * static_cast<double>(row.tokens) * static_cast<double>(batch) / row.p50_ms;
  return row;
}

// Start `nano run` (or embed) anew, and wait for its answer and its end. Done before this process grows: the greatest
// memory of a child counts from the moment of its birth, when it still is a copy of its parent (getrusage(2)).
Status cold_starts(const Context& ctx, const BenchOptions& options, BenchReport& report) {
  std::vector<std::string> words = {options.program, "run", "--store",     ctx.places.store.string(),
                                    "--offline",     "--",  options.model, "a short text"};
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::vector<double> ms;
  long peak_kb = 0;
  while (ms.size() < kColdStarts) {
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const double start = monotonic_ms();
    const int failed = ::posix_spawn(&pid, options.program.c_str(), &quiet, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&quiet);
    int status = 0;
    rusage used{};
    const bool ended = failed == 0 && ::wait4(pid, &status, 0, &used) == pid && WIFEXITED(status);
    if (ended && WEXITSTATUS(status) == static_cast<int>(Errc::unsupported) && words[1] == "run") {
      words[1] = "embed";  // a model without a classifier
      argv[1] = words[1].data();
      continue;
    }
    if (!ended || WEXITSTATUS(status) != 0) {
      return make_error(Errc::internal, "a new process did not answer with '" + sanitize(options.model) + "'",
                        "try `nano run`; --no-cold-start leaves this out");
    }
    ms.push_back(monotonic_ms() - start);
    peak_kb = std::max(peak_kb, used.ru_maxrss);
  }
  std::sort(ms.begin(), ms.end());
  report.cold_ms = ms[ms.size() / 2];
  report.cold_peak_mb = static_cast<double>(peak_kb) * 1024.0 / 1e6;
  return Unit{};
}

// The package's file of labelled texts.
Result<std::string> eval_file_of(const nano::Model& model) {
  const fs::Path folder = fs::Path(model.info().path).parent_path();
  const auto bytes = fs::read_file(folder / "nano.json", schemas::kMaxManifestBytes);
  if (bytes) {
    NANO_TRY_ASSIGN(const schemas::Manifest manifest, schemas::parse_manifest(*bytes));
    for (const auto& file : manifest.files) {
      if (file.role == schemas::Role::eval && file.path.ends_with(".tsv"))
        return (folder / file.path).string();
    }
  }
  return make_error(Errc::not_found, "'" + sanitize(model.info().name) + "' brings no file of labelled texts",
                    "give one: --eval-file FILE, with lines of `label TAB text`");
}

Result<BenchEval> evaluate(const nano::Model& model, const std::string& path) {
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(path, kMaxEvalBytes));
  BenchEval eval{.file = path, .texts = 0, .right = 0, .low = 0, .high = 0};
  std::vector<std::string_view> texts;
  std::vector<std::size_t> labels;
  const auto& names = model.info().labels;
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + sanitize(name);
  std::size_t number = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t first = line.find('\t'), last = line.rfind('\t');
    const auto label = std::find(names.begin(), names.end(), line.substr(0, first));
    if (first == std::string_view::npos || label == names.end()) {
      return make_error(Errc::invalid,
                        sanitize(path) + " line " + std::to_string(number) +
                            ": it does not begin with a label of the model and a tab",
                        "the labels are " + all);
    }
    labels.push_back(static_cast<std::size_t>(label - names.begin()));
    texts.push_back(line.substr(last + 1));
  }
  if (texts.empty()) return make_error(Errc::invalid, sanitize(path) + " holds no texts");
  NANO_TRY_ASSIGN(const auto answers, tasks::classify(model, texts));
  for (std::size_t i = 0; i < answers.size(); ++i) eval.right += answers[i].best == labels[i] ? 1 : 0;
  eval.texts = texts.size();
  // Wilson, E. B. (1927): the score interval, z = 1.96.
  const double n = static_cast<double>(eval.texts), p = static_cast<double>(eval.right) / n, z = 1.959964;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  eval.low = std::max(0.0, centre - half);  // none right: rounding would leave a little below
  eval.high = std::min(1.0, centre + half);
  return eval;
}

}  // namespace

Result<BenchEval> evaluate_model(const Context& ctx, const std::string& model, const std::string& file) {
  BenchOptions options;
  options.model = model;
  NANO_TRY_ASSIGN(const auto opened, open(ctx, options, 1));
  return evaluate(*opened, file);
}

Result<BenchReport> bench(const Context& ctx, const BenchOptions& options) {
  BenchReport report;
  NANO_TRY(open(ctx, options, 1));  // its errors are said here, and its files are in memory from now on
  if (!options.program.empty()) NANO_TRY(cold_starts(ctx, options, report));
  const double start = monotonic_ms();
  NANO_TRY_ASSIGN(const auto first, open(ctx, options, options.threads.front()));
  report.load_ms = monotonic_ms() - start;
  const nano::ModelInfo& info = first->info();
  report.name = info.name;
  report.version = info.version;
  report.variant = info.variant;
  report.path = info.path;
  report.file_bytes = info.file_bytes;
  report.kernels = info.kernels;
  report.mapped = info.mapped;
  report.cpu = cpu_name();
  if (options.calibrate) {
    NANO_TRY_ASSIGN(auto measured, calibrate(ctx));
    report.calibration_us = std::move(measured.us);
  }
  report.cores = std::max(1u, std::thread::hardware_concurrency());
  for (const unsigned threads : options.threads) {
    NANO_TRY_ASSIGN(const auto model, open(ctx, options, threads));
    for (const unsigned batch : options.batch) {
      for (const unsigned tokens : options.tokens) {
        NANO_TRY_ASSIGN(const BenchRow row, measure(*model, tokens, batch, options.runs));
        report.rows.push_back(row);
      }
    }
  }
  std::string file = options.eval_file;
  if (file.empty() && options.eval_of_package) {
    NANO_TRY_ASSIGN(file, eval_file_of(*first));
  }
  if (!file.empty()) {
    NANO_TRY_ASSIGN(report.eval, evaluate(*first, file));
  }
  return report;
}

}  // namespace nano::app
