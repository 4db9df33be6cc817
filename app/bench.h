// app/bench.h: how fast a model answers here, what it needs, and how often it is right on labelled texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct BenchOptions {
  std::string model{};  ///< as for run
  std::vector<unsigned> tokens{16, 32, 128};
  std::vector<unsigned> threads{1};  ///< 1..64 each
  std::vector<unsigned> batch{1};    ///< sequences in one call
  unsigned runs = 100;               ///< timed calls a row; 5 more before them are not counted
  std::string program{};             ///< the nano to start for cold starts; "" = none are measured
  bool eval_of_package = false;      ///< answer the package's own eval file
  bool calibrate = false;            ///< with the micro-benchmark's figures (measured, if none are kept)
  std::string eval_file{};           ///< or this one: lines of `label TAB … TAB text`
};

struct BenchRow {
  unsigned tokens = 0;  ///< of each sequence, special ones included
  unsigned threads = 1;
  unsigned batch = 1;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;  ///< of a call
  double cpu_ms = 0;                          ///< least CPU time of a call, all threads
  double tokens_per_second = 0;               ///< at the median
};

struct BenchEval {
  std::string file{};
  std::size_t texts = 0;
  std::size_t right = 0;
  double low = 0, high = 0;  ///< Wilson's 95% interval of the accuracy
};

struct BenchReport {
  std::string name{}, version{}, variant{}, path{};
  uint64_t file_bytes = 0;
  std::string kernels{};
  bool mapped = false;  ///< the packed weights were mapped from derived/
  std::string cpu{};
  unsigned cores = 0;
  std::map<std::string, double> calibration_us{};  ///< app/machine.h, if asked for; a claim made of these figures states it
  double load_ms = 0;                    ///< opening in this process, the file's pages in memory
  std::optional<double> cold_ms{};       ///< process start to first answer, median of 7
  std::optional<double> cold_peak_mb{};  ///< greatest resident memory of those processes
  std::vector<BenchRow> rows{};
  std::optional<BenchEval> eval{};
};

/// errors  as OpenModel::open; not_found: no eval file; invalid: an eval file without texts, or labels the model has not;
///         unsupported: eval of a model without a classifier
[[nodiscard]] Result<BenchReport> bench(const Context& ctx, const BenchOptions& options);

/// Answer the labelled texts of `file` with `model` (as for run). errors  as bench
[[nodiscard]] Result<BenchEval> evaluate_model(const Context& ctx, const std::string& model, const std::string& file);

}  // namespace nano::app
