// bench/bench_compare.cpp: nano, ONNX Runtime and llama.cpp on encoders of the same shape, in turn, in one go.
//
// The peers come from npm: `npm install onnxruntime-node node-llama-cpp` in a folder of your own, named by --node-modules
// (or NANO_BENCH_NODE). Without node or without them their columns are left out, saying so. All sides take turns, a few
// passes each, so that a machine that slows down slows all; every figure is the least CPU time of one pass (with one
// thread that is its latency on an idle core) and, where threads are more, the least wall time. Ratios are peer / nano.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "bench/options.h"
#include "bench/random_bert.h"
#include "runtime_shim/session.h"

namespace {

using nano::Errc;
using nano::Json;
using nano::make_error;
using nano::Result;
using nano::Status;
using nano::Unit;

struct Options {
  std::vector<std::string> shapes{"bert-50m", "minilm-23m"};
  std::vector<unsigned> tokens{16, 32, 128};
  std::vector<unsigned> threads{1, 2};
  unsigned rounds = 10;
  std::string modules{};
  bool json = false;
};

constexpr unsigned kPasses = 5;  // of one side before the next has its turn

double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

/// The least times of passes so far, and all wall times.
struct Times {
  std::vector<double> wall{};
  std::vector<double> cpu{};
};

/// One competitor.
class Side {
 public:
  virtual ~Side() = default;
  [[nodiscard]] virtual Status run(unsigned tokens, unsigned passes, Times& times) = 0;
};

class Nano : public Side {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Side>> open(const std::string& path, unsigned threads) {
    auto side = std::make_unique<Nano>();
    nano::OpenOptions options;
    options.threads = threads;
    NANO_TRY_ASSIGN(side->model_, nano::Model::open(path, options));
    return std::unique_ptr<Side>(std::move(side));
  }
  Status run(unsigned tokens, unsigned passes, Times& times) override {
    std::vector<int32_t> ids(tokens);
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = static_cast<int32_t>(5 + i * 7919 % (model_->info().vocabulary - 5));
    const std::vector<std::vector<int32_t>> sequences{ids};
    for (unsigned i = 0; i < passes; ++i) {
      const double start = nano::monotonic_ms(), cpu = cpu_ms();
      NANO_TRY(model_->run(sequences, want_, [](const nano::Model::Out&) -> Status { return Unit{}; }));
      times.wall.push_back(nano::monotonic_ms() - start);
      times.cpu.push_back(cpu_ms() - cpu);
    }
    return Unit{};
  }
  void want(nano::models::Want w) { want_ = w; }

 private:
  std::unique_ptr<nano::Model> model_{};
  nano::models::Want want_ = nano::models::Want::first;
};

/// A node process that answers requests (bench/compare/*.mjs).
class Worker : public Side {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Side>> start(const std::vector<std::string>& args) {
    auto w = std::make_unique<Worker>();
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
      return make_error(Errc::internal, "no pipe");
    w->pid_ = ::fork();
    if (w->pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      const int null = ::open("/dev/null", O_WRONLY);
      if (null >= 0) ::dup2(null, 2);
      std::vector<char*> argv;
      for (const auto& a : args) argv.push_back(const_cast<char*>(a.c_str()));
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    w->to_ = ::fdopen(in[1], "w");
    w->from_ = ::fdopen(out[0], "r");
    NANO_TRY_ASSIGN(const Json ready, w->answer());
    if (!ready.contains("ready")) return make_error(Errc::not_found, ready.value("error", "no answer"));
    return std::unique_ptr<Side>(std::move(w));
  }
  ~Worker() override {
    if (to_ != nullptr) std::fclose(to_);
    if (from_ != nullptr) std::fclose(from_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Status run(unsigned tokens, unsigned passes, Times& times) override {
    std::fprintf(to_, "{\"tokens\":%u,\"runs\":%u}\n", tokens, passes);
    std::fflush(to_);
    NANO_TRY_ASSIGN(const Json got, answer());
    if (!got.contains("ms")) return make_error(Errc::internal, got.value("error", "no answer"));
    for (const auto& v : got["ms"]) times.wall.push_back(v.get<double>());
    for (const auto& v : got["cpu"]) times.cpu.push_back(v.get<double>());
    return Unit{};
  }

 private:
  [[nodiscard]] Result<Json> answer() {
    std::string line;
    for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_))
      line += static_cast<char>(c);
    auto parsed = nano::parse_json(line, {.allow_floats = true});
    if (!parsed) return make_error(Errc::not_found, "the worker said '" + nano::sanitize(line) + "'");
    return std::move(*parsed);
  }
  pid_t pid_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

struct Named {
  std::string name{};
  std::unique_ptr<Side> side{};
};

std::string shape_json(const nano::bench::RandomBert& s) {
  return Json{{"vocabulary", s.vocabulary}, {"context", s.context}, {"hidden", s.hidden},
              {"layers", s.layers},         {"heads", s.heads},     {"feedForward", s.feed_forward}}
      .dump();
}

class Bench {
 public:
  explicit Bench(Options o) : o_(std::move(o)) {}

  Status run() {
    for (const auto& name : o_.shapes) {
      for (const unsigned threads : o_.threads) NANO_TRY(compare(name, threads));
    }
    print();
    return Unit{};
  }

 private:
  Status compare(const std::string& name, unsigned threads) {
    NANO_TRY_ASSIGN(nano::bench::RandomBert shape, nano::bench::shape_named(name));
    const auto folder =
        std::filesystem::temp_directory_path() / ("nano-compare-" + std::to_string(::getpid()));
    NANO_TRY(nano::fs::make_dirs(folder));
    const Status status = compare_in(name, shape, threads, folder);
    NANO_TRY(nano::fs::remove_tree(folder));
    return status;
  }

  Status compare_in(const std::string& name, nano::bench::RandomBert shape, unsigned threads,
                    const nano::fs::Path& folder) {
    const std::string q8 = (folder / "q8.gguf").string(), q4 = (folder / "q4.gguf").string();
    shape.labels = 0;
    shape.pooling = 2;
    NANO_TRY(nano::bench::write_random_bert(shape, q8));
    shape.type = nano::quant::Type::q4_0;
    NANO_TRY(nano::bench::write_random_bert(shape, q4));
    std::vector<Named> sides;
    NANO_TRY_ASSIGN(auto first, Nano::open(q8, threads));
    NANO_TRY_ASSIGN(auto whole, Nano::open(q8, threads));
    static_cast<Nano&>(*whole).want(nano::models::Want::all);
    NANO_TRY_ASSIGN(auto four, Nano::open(q4, threads));
    sides.push_back({"nano q8", std::move(first)});
    sides.push_back({"nano q8, all states", std::move(whole)});
    sides.push_back({"nano q4", std::move(four)});
    const std::string scripts = NANO_COMPARE_SCRIPTS, n = std::to_string(threads);
    add(sides, "ONNX Runtime int8", {"node", scripts + "/ort.mjs", o_.modules, shape_json(shape), n, "int8"});
    add(sides, "ONNX Runtime, fused",
        {"node", scripts + "/ort.mjs", o_.modules, shape_json(shape), n, "fused"});
    add(sides, "llama.cpp Q4_0", {"node", scripts + "/llama.mjs", o_.modules, q4, n});
    add(sides, "llama.cpp Q8_0", {"node", scripts + "/llama.mjs", o_.modules, q8, n});
    for (const unsigned tokens : o_.tokens) NANO_TRY(take_turns(name, threads, tokens, sides));
    return Unit{};
  }

  void add(std::vector<Named>& sides, const std::string& name, const std::vector<std::string>& args) {
    if (o_.modules.empty()) {
      missing_[name] = "no --node-modules given";
      return;
    }
    auto side = Worker::start(args);
    if (side) {
      sides.push_back({name, std::move(*side)});
    } else {
      missing_[name] = side.error().message;
    }
  }

  Status take_turns(const std::string& shape, unsigned threads, unsigned tokens, std::vector<Named>& sides) {
    std::vector<Times> times(sides.size());
    for (Named& s : sides) {
      Times warm;
      NANO_TRY(s.side->run(tokens, 3, warm));
    }
    for (unsigned round = 0; round < o_.rounds; ++round) {
      for (std::size_t i = 0; i < sides.size(); ++i) NANO_TRY(sides[i].side->run(tokens, kPasses, times[i]));
    }
    double ours = 0.0;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      auto& wall = times[i].wall;
      std::sort(wall.begin(), wall.end());
      const double cpu = *std::min_element(times[i].cpu.begin(), times[i].cpu.end());
      const double best = threads == 1 ? std::min(cpu, wall.front()) : wall.front();
      if (i == 0) ours = best;
      rows_.push_back({{"shape", shape},
                       {"threads", threads},
                       {"tokens", tokens},
                       {"side", sides[i].name},
                       {"best_ms", best},
                       {"wall_min_ms", wall.front()},
                       {"wall_median_ms", wall[wall.size() / 2]},
                       {"cpu_min_ms", cpu},
                       {"ratio", best / ours}});
    }
    return Unit{};
  }

  void print() const {
    if (o_.json) {
      std::fputs(
          nano::dump_pretty(Json{{"bench", "compare"}, {"rows", rows_}, {"missing", missing_}}).c_str(),
          stdout);
      return;
    }
    std::printf("%-12s %7s %6s  %-20s %9s %12s %9s\n", "shape", "threads", "tokens", "", "best ms",
                "median wall", "ratio");
    for (const auto& r : rows_) {
      std::printf("%-12s %7u %6u  %-20s %9.3f %12.3f %8.2fx\n", r["shape"].get<std::string>().c_str(),
                  r["threads"].get<unsigned>(), r["tokens"].get<unsigned>(),
                  r["side"].get<std::string>().c_str(), r["best_ms"].get<double>(),
                  r["wall_median_ms"].get<double>(), r["ratio"].get<double>());
    }
    for (const auto& [name, why] : missing_)
      std::printf("left out: %s (%s)\n", name.c_str(), nano::sanitize(why).c_str());
  }

  Options o_;
  Json rows_ = Json::array();
  std::map<std::string, std::string> missing_{};
};

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (const char* modules = std::getenv("NANO_BENCH_NODE")) o.modules = modules;
  nano::bench::Options words("nano, ONNX Runtime and llama.cpp on encoders of the same shape, in turn: least times and ratios (peer / nano).");
  words.words("--shape", o.shapes, "shapes of the encoders, whose weights are random");
  words.numbers("--tokens", o.tokens, "tokens of each text").numbers("--threads", o.threads, "sizes of the team");
  words.number("--rounds", o.rounds, "each gives every side its turn");
  words.text("--node-modules", o.modules, "where npm put onnxruntime-node and node-llama-cpp (or NANO_BENCH_NODE)");
  words.flag("--json", o.json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  ::signal(SIGPIPE, SIG_IGN);  // a worker that died is an answer, not the end
  const Status status = Bench(std::move(o)).run();
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().render().c_str());
  return static_cast<int>(status.error().code);
}
