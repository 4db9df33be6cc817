// bench/bench_callers.cpp: many threads with one handle: answers a second, and how long each waited.
//
// Every round measures each number of callers once; the best round counts, so that what else runs on the machine costs all
// of them alike. CPU time an answer shows what callers cost each other even where other programs take the cores away.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "bench/options.h"
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
  std::vector<unsigned> callers{1, 2, 16};
  unsigned tokens = 32;
  unsigned threads = 2;
  unsigned seconds = 2;
  unsigned rounds = 3;
  bool json = false;
};

// A text of about `tokens` tokens with the special ones.
std::string text_of(unsigned tokens) {
  std::string text;
  for (unsigned i = 2; i < tokens; ++i) text += "w" + std::to_string(100 + i * 7 % 800) + " ";
  return text;
}

double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

struct Round {
  double per_second = 0.0;
  double p50_ms = 0.0;
  double p95_ms = 0.0;
  double cpu_ms = 0.0;  // an answer
};

Result<Round> measure(const nano::Model& model, const Options& o, unsigned callers) {
  const std::string text = text_of(o.tokens);
  std::vector<std::vector<double>> waits(callers);
  std::vector<std::thread> threads;
  std::atomic<bool> failed{false};
  const double cpu = cpu_ms(), start = nano::monotonic_ms(), until = start + 1000.0 * o.seconds;
  for (unsigned c = 0; c < callers; ++c) {
    threads.emplace_back([&, c] {
      for (double now = nano::monotonic_ms(); now < until;) {
        const std::string_view view = text;
        if (!nano::tasks::classify(model, {&view, 1})) failed = true;
        const double then = nano::monotonic_ms();
        waits[c].push_back(then - now);
        now = then;
      }
    });
  }
  for (auto& t : threads) t.join();
  const double spent = nano::monotonic_ms() - start, used = cpu_ms() - cpu;
  if (failed) return make_error(Errc::invalid, "a caller got no answer");
  std::vector<double> all;
  for (const auto& w : waits) all.insert(all.end(), w.begin(), w.end());
  std::sort(all.begin(), all.end());
  return Round{static_cast<double>(all.size()) / spent * 1000.0, all[all.size() / 2],
               all[all.size() * 95 / 100], used / static_cast<double>(all.size())};
}

Status run(const Options& o) {
  nano::OpenOptions options;
  options.threads = o.threads;
  NANO_TRY_ASSIGN(const auto model, nano::Model::open(o.model, options));
  std::vector<Round> best(o.callers.size());
  for (unsigned round = 0; round < o.rounds; ++round) {
    for (std::size_t i = 0; i < o.callers.size(); ++i) {
      NANO_TRY_ASSIGN(const Round r, measure(*model, o, o.callers[i]));
      if (r.per_second > best[i].per_second) {
        const double least = round == 0 ? r.cpu_ms : std::min(r.cpu_ms, best[i].cpu_ms);
        best[i] = r;
        best[i].cpu_ms = least;
      } else {
        best[i].cpu_ms = std::min(r.cpu_ms, best[i].cpu_ms);
      }
    }
  }
  nano::Json rows = nano::Json::array();
  for (std::size_t i = 0; i < best.size(); ++i) {
    rows.push_back({{"callers", o.callers[i]},
                    {"answers_per_second", best[i].per_second},
                    {"p50_ms", best[i].p50_ms},
                    {"p95_ms", best[i].p95_ms},
                    {"cpu_ms", best[i].cpu_ms},
                    {"to_first", best[i].per_second / best[0].per_second}});
  }
  if (o.json) {
    const nano::Json document = {
        {"bench", "callers"},   {"model", model->info().name},      {"tokens", o.tokens},
        {"threads", o.threads}, {"kernels", model->info().kernels}, {"rows", rows}};
    std::fputs(nano::dump_pretty(document).c_str(), stdout);
    return Unit{};
  }
  std::printf("%s, %u tokens, a team of %u, %s\n%8s %12s %10s %10s %10s %10s\n", model->info().name.c_str(),
              o.tokens, o.threads, model->info().kernels.c_str(), "callers", "answers/s", "p50 ms", "p95 ms",
              "cpu ms", "to first");
  for (const auto& r : rows) {
    std::printf("%8u %12.1f %10.3f %10.3f %10.3f %10.2f\n", r["callers"].get<unsigned>(),
                r["answers_per_second"].get<double>(), r["p50_ms"].get<double>(), r["p95_ms"].get<double>(),
                r["cpu_ms"].get<double>(), r["to_first"].get<double>());
  }
  return Unit{};
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  nano::bench::Options words("Many threads with one handle: answers a second, how long each waited, CPU time an answer. The best round counts.");
  words.text("model", o.model, "a .gguf, or the name of an installed model").numbers("--callers", o.callers, "threads that ask at once");
  words.number("--tokens", o.tokens, "tokens of each text").number("--threads", o.threads, "the model's team");
  words.number("--seconds", o.seconds, "of one measurement").number("--rounds", o.rounds, "each measures every number of callers");
  words.flag("--json", o.json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  const Status status = o.model.empty() ? Status(make_error(Errc::usage, "give a model")) : run(o);
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().render().c_str());
  return static_cast<int>(status.error().code);
}
