// bench/bench_heads.cpp: three heads on one trunk in one pass, against a pass for each head.
//
// The base has random weights; its heads classify (3 labels), tag (9) and embed (128). Both sides take turns in every round;
// the least CPU time of a round counts, and the least wall time.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "bench/options.h"
#include "bench/random_bert.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/answer.h"

namespace {

using nano::Result;
using nano::Status;
using nano::Unit;
namespace stdfs = std::filesystem;

struct Options {
  std::string shape = "minilm-23m";
  std::vector<unsigned> tokens{16, 32, 128};
  unsigned threads = 1;
  unsigned rounds = 15;
  bool json = false;
};

Status write_head(const stdfs::path& path, const char* task, uint32_t hidden, uint32_t outputs, bool dense) {
  std::mt19937 rng(outputs);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  const auto floats = [&](std::size_t n) {
    std::vector<float> v(n);
    for (float& x : v) x = normal(rng);
    return v;
  };
  const auto square = floats(std::size_t{hidden} * hidden), bias = floats(hidden),
             out = floats(std::size_t{hidden} * outputs), out_bias = floats(outputs);
  nano::gguf::Builder b;
  b.set_string("general.type", "head");
  b.set_string("general.architecture", "bert");
  b.set_u32("bert.embedding_length", hidden);
  b.set_string("nano.head.abi", "bert/" + std::to_string(hidden) + "/random");
  b.set_string("nano.task", task);
  if (dense) {
    NANO_TRY(b.add_f32("cls.weight", {hidden, hidden}, square));
    NANO_TRY(b.add_f32("cls.bias", {hidden}, bias));
  }
  NANO_TRY(b.add_f32("cls.output.weight", {hidden, outputs}, out));
  NANO_TRY(b.add_f32("cls.output.bias", {outputs}, out_bias));
  return b.write(path);
}

double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

struct Times {
  double wall = 1e300, cpu = 1e300;
};

Status time_of(const std::vector<const nano::Model*>& models, const std::string& text, Times& best) {
  const nano::tasks::Input input{text, {}};
  const double start = nano::monotonic_ms(), cpu = cpu_ms();
  for (const auto* model : models) NANO_TRY(nano::tasks::answer(*model, {&input, 1}));
  best.wall = std::min(best.wall, nano::monotonic_ms() - start);
  best.cpu = std::min(best.cpu, cpu_ms() - cpu);
  return Unit{};
}

Status measure(const Options& o, const stdfs::path& folder) {
  NANO_TRY_ASSIGN(auto shape, nano::bench::shape_named(o.shape));
  shape.labels = 0;
  shape.pooling = 1;
  NANO_TRY(nano::bench::write_random_bert(shape, folder / "base.gguf"));
  NANO_TRY(write_head(folder / "classify.gguf", "text-classification", shape.hidden, 3, true));
  NANO_TRY(write_head(folder / "tag.gguf", "token-classification", shape.hidden, 9, false));
  NANO_TRY(write_head(folder / "embed.gguf", "feature-extraction", shape.hidden, 128, false));
  const auto open = [&](const std::vector<const char*>& heads) {
    std::string name = (folder / "base.gguf").string();
    for (const char* head : heads) name += "+" + (folder / head).string();
    nano::OpenOptions options;
    options.threads = o.threads;
    return nano::Model::open(name, options);
  };
  NANO_TRY_ASSIGN(const auto all, open({"classify.gguf", "tag.gguf", "embed.gguf"}));
  std::vector<std::unique_ptr<nano::Model>> alone;
  for (const char* head : {"classify.gguf", "tag.gguf", "embed.gguf"}) {
    NANO_TRY_ASSIGN(auto one, open({head}));
    alone.push_back(std::move(one));
  }
  const std::vector<const nano::Model*> together{all.get()},
      apart{alone[0].get(), alone[1].get(), alone[2].get()};
  nano::Json rows = nano::Json::array();
  if (!o.json)
    std::printf("%s, %u threads, %s\ntokens  3 heads, one pass   3 passes   ratio (CPU ms; wall ms)\n",
                o.shape.c_str(), o.threads, all->info().kernels.c_str());
  for (const unsigned tokens : o.tokens) {
    std::string text;
    for (unsigned i = 2; i < tokens; ++i) text += "w" + std::to_string(10 + i) + " ";
    Times one, three;
    for (unsigned round = 0; round < o.rounds + 2; ++round) {
      Times warm;
      NANO_TRY(time_of(together, text, round < 2 ? warm : one));
      NANO_TRY(time_of(apart, text, round < 2 ? warm : three));
    }
    if (o.json) {
      rows.push_back({{"tokens", tokens},
                      {"one_pass_cpu_ms", one.cpu},
                      {"three_passes_cpu_ms", three.cpu},
                      {"one_pass_wall_ms", one.wall},
                      {"three_passes_wall_ms", three.wall}});
    } else {
      std::printf("%6u  %8.2f (%.2f)   %8.2f (%.2f)   %.2f (%.2f)\n", tokens, one.cpu, one.wall, three.cpu,
                  three.wall, three.cpu / one.cpu, three.wall / one.wall);
    }
  }
  if (o.json) std::printf("%s\n", rows.dump().c_str());
  return Unit{};
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  nano::bench::Options words("Three heads on one trunk in one pass, against a pass for each head; least times of a round, both sides in turn.");
  words.text("--shape", o.shape, "of the base, whose weights are random (bert-50m, minilm-23m)");
  words.numbers("--tokens", o.tokens, "tokens of each text").number("--threads", o.threads, "the team");
  words.number("--rounds", o.rounds, "each measures both sides").flag("--json", o.json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  const stdfs::path folder = stdfs::temp_directory_path() / ("nano-bench-heads-" + std::to_string(getpid()));
  stdfs::create_directories(folder);
  const Status status = measure(o, folder);
  std::error_code ec;
  stdfs::remove_all(folder, ec);
  if (status) return 0;
  std::fprintf(stderr, "bench_heads: %s\n", status.error().message.c_str());
  return 1;
}
