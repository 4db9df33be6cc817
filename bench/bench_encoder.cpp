// bench/bench_encoder.cpp: how fast an encoder answers: median and p95 per kernel table, tokens and threads; load time and
// memory. Prints a table, or JSON with --json.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "bench/options.h"
#include "bench/random_bert.h"
#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/classify.h"

namespace {

using nano::Errc;
using nano::make_error;
using nano::Result;
using nano::Status;
using nano::Unit;

struct Options {
  std::string model{};
  std::string shape{};
  std::string write{};
  std::string type = "q8_0";
  std::vector<unsigned> tokens{16, 32, 128};
  std::vector<unsigned> threads{1, 2};
  std::vector<std::string> kernels{};
  unsigned runs = 50;
  bool json = false;
};

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// CPU time of all threads so far: what a pass costs even where other programs take the cores away.
double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

// Milliseconds of `runs` passes over one sequence of `tokens`, and CPU time of each; sorted.
struct Times {
  std::vector<double> wall{}, cpu{};
};
Result<Times> measure(const nano::Model& model, unsigned tokens, unsigned runs) {
  std::vector<int32_t> ids(std::min<std::size_t>(tokens, model.info().context_length), 0);
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<int32_t>(5 + i * 7919 % (model.info().vocabulary - 5));
  const std::vector<std::vector<int32_t>> sequences{ids};
  const nano::models::Head& head = model.encoder().head();
  std::vector<float> logits(head.task() == nano::models::HeadTask::classify ? head.outputs() : 0);
  // A classifier looks at the first state alone, as `nano run` does; an embedder at all.
  const auto want = logits.empty() || head.needs_all() ? nano::models::Want::all : nano::models::Want::first;
  Times times;
  for (unsigned i = 0; i < runs + 3; ++i) {
    const double start = nano::monotonic_ms(), cpu = cpu_ms();
    NANO_TRY(model.run(sequences, want, [&](const nano::Model::Out& out) -> Status {
      if (logits.empty()) return Unit{};
      return head.score(model.kernels(), out.states, out.length, logits, out.scratch);
    }));
    if (i < 3) continue;
    times.wall.push_back(nano::monotonic_ms() - start);
    times.cpu.push_back(cpu_ms() - cpu);
  }
  std::sort(times.wall.begin(), times.wall.end());
  std::sort(times.cpu.begin(), times.cpu.end());
  return times;
}

Status run(const Options& o, const std::string& path) {
  nano::Json rows = nano::Json::array();
  std::string name;
  for (const auto& kernels : o.kernels) {
    for (const unsigned tokens : o.tokens) {
      double first_median = 0.0;
      for (const unsigned threads : o.threads) {
        const double start = nano::monotonic_ms();
        nano::OpenOptions options;
        options.threads = threads;
        options.kernels = kernels;
        NANO_TRY_ASSIGN(const auto model, nano::Model::open(path, options));
        const double load = nano::monotonic_ms() - start;
        name = model->info().name;
        const unsigned runs = kernels == "ref" ? std::max(1u, o.runs / 10) : o.runs;
        NANO_TRY_ASSIGN(const Times all, measure(*model, tokens, runs));
        const auto& times = all.wall;
        const double cpu = all.cpu.front();
        const double median = times[times.size() / 2], p95 = times[times.size() * 95 / 100];
        if (threads == o.threads.front()) first_median = median;
        rows.push_back({{"kernels", kernels},
                        {"tokens", tokens},
                        {"threads", threads},
                        {"runs", runs},
                        {"median_ms", median},
                        {"p95_ms", p95},
                        {"min_ms", times.front()},
                        {"load_ms", load},
                        {"min_cpu_ms", cpu},
                        {"speedup", first_median / median}});
      }
    }
  }
  const nano::Json document = {
      {"bench", "encoder"}, {"model", name}, {"rows", rows}, {"peak_rss_mb", peak_mb()}};
  if (o.json) {
    std::fputs(nano::dump_pretty(document).c_str(), stdout);
    return Unit{};
  }
  std::printf("%s\n%-8s %7s %8s %10s %10s %10s %10s %9s %9s\n", name.c_str(), "kernels", "tokens", "threads",
              "median ms", "p95 ms", "min ms", "min cpu", "load ms", "speed-up");
  for (const auto& r : rows) {
    std::printf("%-8s %7u %8u %10.3f %10.3f %10.3f %10.3f %9.1f %9.2f\n",
                r["kernels"].get<std::string>().c_str(), r["tokens"].get<unsigned>(),
                r["threads"].get<unsigned>(), r["median_ms"].get<double>(), r["p95_ms"].get<double>(),
                r["min_ms"].get<double>(), r["min_cpu_ms"].get<double>(), r["load_ms"].get<double>(),
                r["speedup"].get<double>());
  }
  std::printf("peak resident memory %.1f MB (all rows together)\n", peak_mb());
  return Unit{};
}

Status run_all(Options o) {
  if (o.model.empty() == o.shape.empty()) return make_error(Errc::usage, "give a model or a --shape");
  if (o.kernels.empty())
    for (const auto* table : nano::kernels::compiled())
      if (table->usable()) o.kernels.emplace_back(table->name);
  const auto type = nano::quant::parse_type(o.type);
  if (!type) return make_error(Errc::usage, "no type is called '" + o.type + "'");
  if (o.shape.empty()) return run(o, o.model);
  NANO_TRY_ASSIGN(nano::bench::RandomBert shape, nano::bench::shape_named(o.shape));
  shape.type = *type;
  if (!o.write.empty()) return nano::bench::write_random_bert(shape, o.write);
  const auto path =
      std::filesystem::temp_directory_path() / ("nano-bench-" + std::to_string(getpid()) + ".gguf");
  NANO_TRY(nano::bench::write_random_bert(shape, path));
  const Status status = run(o, path.string());
  NANO_TRY(nano::fs::remove_file(path));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  nano::bench::Options words("How fast an encoder answers: median, p95 and least time per kernel table, tokens and threads; load time, memory.");
  words.text("model", o.model, "a .gguf, or the name of an installed model");
  words.text("--shape", o.shape, "instead of a model: random weights of this shape (bert-50m, minilm-23m, sentiment-50m)");
  words.text("--type", o.type, "the random weights' type").text("--write", o.write, "only write the random model to this file");
  words.numbers("--tokens", o.tokens, "tokens of each text").numbers("--threads", o.threads, "sizes of the team");
  words.words("--kernels", o.kernels, "kernel tables; all that can run here if absent").number("--runs", o.runs, "passes of each row");
  words.flag("--json", o.json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  const Status status = run_all(std::move(o));
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().render().c_str());
  return static_cast<int>(status.error().code);
}
