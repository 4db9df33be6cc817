// bench/bench_metadata.cpp: resolving from signed metadata on disk.
//
// A registry of 10,000 packages of 20 versions in 2,000 namespaces is written and signed by the repository side
// (big_registry.h), read over file:// by the client, and asked for a number of packages. After a first round, which fetches
// and keeps the metadata, rows:
//
//   resolve   versions and variants chosen: the kept metadata read, each role's hash, signatures, version and expiry checked, parsed,
//             judged by filters and policy, and solved. Everything anew for each request, as a new process would
//   plan      the same, and the releases of the plan read and checked: what `nano install --dry-run` does
//   process   `nano install NAME --dry-run --json`, from start to end of the process
//
// Wall time and CPU time of each, so that a busy machine can be told from a slow program.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>

#include "app/install.h"
#include "app/installed.h"
#include "app/offers.h"
#include "app/plan.h"
#include "app/registries.h"
#include "base/clock.h"
#include "base/json.h"
#include "bench/big_registry.h"
#include "bench/options.h"

namespace {

using namespace nano;

constexpr int kRounds = 5;

struct Time {
  double wall_ms = 0;
  double cpu_ms = 0;
};

double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

void need(const Status& s, const char* what) {
  if (s) return;
  std::fprintf(stderr, "%s: %s\n", what, s.error().render().c_str());
  std::exit(1);
}

Time timed(const std::function<Status()>& work) {
  const double wall = monotonic_ms(), cpu = cpu_ms();
  need(work(), "measuring");
  return {monotonic_ms() - wall, cpu_ms() - cpu};
}

/// A process of its own, with no output. Spawned, not forked: a copy of this program's page tables, which has made a large
/// registry, would be most of what is measured.
Time process(const std::vector<std::string>& args) {
  std::vector<char*> argv;
  for (const auto& a : args) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_WRONLY, 0);
  const double start = monotonic_ms();
  pid_t pid = 0;
  int status = -1;
  rusage used{};
  if (posix_spawn(&pid, argv[0], &quiet, nullptr, argv.data(), environ) == 0) wait4(pid, &status, 0, &used);
  posix_spawn_file_actions_destroy(&quiet);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "'%s %s %s' failed\n", args[0].c_str(), args[1].c_str(), args[2].c_str());
    std::exit(1);
  }
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) * 1e-3; };
  return {monotonic_ms() - start, ms(used.ru_utime) + ms(used.ru_stime)};
}

struct Row {
  std::string what{};
  std::vector<Time> times{};
  [[nodiscard]] double median(double Time::*part) const { return at(part, 0.5); }
  [[nodiscard]] double at(double Time::*part, double q) const {
    std::vector<double> v;
    for (const Time& t : times) v.push_back(t.*part);
    std::sort(v.begin(), v.end());
    return v.empty() ? 0 : v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
  }
};

/// Chooses versions and variants, and nothing else. Returns how many packages.
Result<std::size_t> resolve(app::Context& ctx, const store::Store& store, const schemas::PackageName& name) {
  const schemas::Generation nothing;
  const std::vector<app::BundleRequest> no_bundles;
  app::Remotes remotes(ctx);
  app::Offers offers(ctx, remotes, store, nothing, no_bundles);
  resolver::Memory memory(offers);
  resolver::ChooseRequest request;
  NANO_TRY(app::apply(ctx, {}, request));
  request.requirements.push_back({.name = name});
  request.asked.push_back(name);
  // A calibration is measured once a machine; here it would be all that is measured.
  request.machine.calibration_us["q8_0"] = 24;
  NANO_TRY_ASSIGN(const auto outcome, app::choose_here(ctx, request, offers, memory));
  const auto* choices = std::get_if<resolver::Choices>(&outcome);
  if (choices == nullptr) return make_error(Errc::no_solution, "no solution for " + name.text());
  return choices->size();
}

}  // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  bench::BigRegistryShape shape;
  std::string kept;
  unsigned packages_wanted = static_cast<unsigned>(shape.packages), versions = static_cast<unsigned>(shape.versions), roots = 20;
  bench::Options words("Resolving from signed metadata on disk: choosing, planning, and `nano install NAME --dry-run` as a process.");
  words.number("--packages", packages_wanted, "in the registry").number("--versions", versions, "of each package");
  words.number("--roots", roots, "requests").flag("--dense", shape.dense, "more dependencies between packages");
  words.text("--dir", kept, "a folder in which registry and client are kept for the next run with the same numbers");
  words.flag("--json", as_json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  shape.packages = packages_wanted;
  shape.versions = versions;
  const bool keep = !kept.empty();
  const fs::Path base = keep ? std::filesystem::absolute(kept) : std::filesystem::temp_directory_path() / ("nano-bench-metadata-" + std::to_string(getpid()));
  const fs::Path tree = base / "registry";
  const double began = monotonic_ms();
  const auto big = bench::make_big_registry(tree, shape, roots);
  if (!as_json)
    std::printf("%zu packages x %zu versions in %zu namespaces, %.1f KB of metadata each on average; made in %.0f s\n", shape.packages,
                shape.versions, big.namespaces, static_cast<double>(big.metadata_bytes) / 1e3 / static_cast<double>(big.namespaces),
                (monotonic_ms() - began) / 1e3);
  setenv("NANO_HOME", (base / "home").c_str(), 1);
  setenv("NANO_STARTER", (base / "none").c_str(), 1);
  NullLog log;
  NullProgress progress;
  auto ctx = app::make_context({}, log, progress);
  if (!ctx) need(ctx.error(), "context");
  if (keep) (void)app::registry_remove(*ctx, "big");
  const auto added = app::registry_add(*ctx, {.name = "big", .url = tree.string(), .namespaces = big.reached,
                                              .root = (tree / "metadata/1.root.json").string()});
  if (!added) need(added.error(), "registry add");
  auto store = app::open_store(*ctx, store::Mode::write);
  if (!store) need(store.error(), "store");
  const std::string nano = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "nano").string();

  std::size_t packages = 0;
  for (const auto& name : big.roots) {
    const auto chosen = resolve(*ctx, *store, name);  // fetches and keeps the metadata
    if (!chosen) need(chosen.error(), "resolving");
    packages += *chosen;
  }
  std::vector<Row> rows{{.what = "resolve"}, {.what = "plan"}, {.what = "process"}};
  for (int round = 0; round < kRounds; ++round)
    for (const auto& name : big.roots) {
      rows[0].times.push_back(timed([&]() -> Status {
        NANO_TRY(resolve(*ctx, *store, name));
        return Unit{};
      }));
      rows[1].times.push_back(timed([&]() -> Status {
        NANO_TRY(app::install(*ctx, {.requests = {name.text()}, .dry_run = true}));
        return Unit{};
      }));
      rows[2].times.push_back(process({nano, "install", name.text(), "--dry-run", "--json"}));
    }
  if (!keep) (void)fs::remove_tree(base);

  const double mean = static_cast<double>(packages) / static_cast<double>(big.roots.size());
  if (as_json) {
    Json out = Json::array();
    for (const Row& r : rows)
      out.push_back({{"name", r.what}, {"wall_ms_p50", r.median(&Time::wall_ms)}, {"cpu_ms_p50", r.median(&Time::cpu_ms)},
                     {"cpu_ms_p95", r.at(&Time::cpu_ms, 0.95)}, {"cpu_ms_least", r.at(&Time::cpu_ms, 0)}});
    std::printf("%s\n", dump_line(Json{{"schema", "nano.bench.metadata/1"}, {"packages", shape.packages}, {"versions", shape.versions},
                                       {"dense", shape.dense}, {"plan_packages", mean}, {"rows", out}}).c_str());
    return 0;
  }
  std::printf("%zu requests, %.1f packages in a plan on average\n%-10s %12s %12s %12s %12s\n", big.roots.size(), mean, "", "wall ms p50",
              "cpu ms p50", "cpu ms p95", "cpu ms least");
  for (const Row& r : rows)
    std::printf("%-10s %12.2f %12.2f %12.2f %12.2f\n", r.what.c_str(), r.median(&Time::wall_ms), r.median(&Time::cpu_ms),
                r.at(&Time::cpu_ms, 0.95), r.at(&Time::cpu_ms, 0));
  return 0;
}
