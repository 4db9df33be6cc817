// bench/bench_resolver.cpp: time and memory of resolving.
//
// Rows: every version of the real graph of NANO_SHARED (resolver/large_graph.json, or GRAPH.json) as a root; the two traps
// for backtracking (200 levels of 99 versions); a made-up registry of 10,000 packages of 20 versions. The source is in
// memory and copies what it is asked for; building it is not counted.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "bench/options.h"
#include "resolver/resolver.h"

namespace {

using namespace nano;
using resolver::PackageName;
using resolver::Version;
using resolver::VersionInfo;
using resolver::VersionSet;

class Registry final : public resolver::PackageSource {
 public:
  Result<std::vector<VersionInfo>> versions(const PackageName& name) override {
    const auto it = packages.find(name);
    return it == packages.end() ? std::vector<VersionInfo>{} : it->second;
  }
  std::map<PackageName, std::vector<VersionInfo>> packages{};
};

PackageName name(const std::string& text) { return PackageName{.name = text}; }
Version major(uint64_t n) { return Version{.major = n}; }

struct Row {
  std::string what{};
  std::size_t resolves = 0;
  std::size_t solved = 0;
  uint64_t decisions = 0;
  double median_ms = 0;   ///< of one resolve
  double slowest_ms = 0;
  double total_ms = 0;
  long peak_kib = 0;      ///< of the process so far
};

long peak_kib() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

Row measure(const std::string& what, Registry& registry, const std::vector<resolver::Request>& requests) {
  Row row{.what = what, .resolves = requests.size()};
  std::vector<double> times;
  for (const auto& request : requests) {
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = resolver::resolve(request, registry);
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    if (!outcome) {
      std::fprintf(stderr, "%s: %s\n", what.c_str(), outcome.error().message.c_str());
      continue;
    }
    if (const auto* solution = std::get_if<resolver::Solution>(&outcome.value())) {
      ++row.solved;
      row.decisions += solution->effort.decisions;
    } else {
      row.decisions += std::get<resolver::NoSolution>(outcome.value()).effort.decisions;
    }
  }
  for (const double t : times) row.total_ms += t;
  std::sort(times.begin(), times.end());
  row.median_ms = times.empty() ? 0 : times[times.size() / 2];
  row.slowest_ms = times.empty() ? 0 : times.back();
  row.peak_kib = peak_kib();
  return row;
}

resolver::Request ask(const PackageName& package, const VersionSet& set) {
  resolver::Request request;
  request.requirements.push_back({.name = package, .set = set});
  return request;
}

bool real_graph(const std::string& path, Registry& registry, std::vector<resolver::Request>& requests) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto graph = parse_json(bytes);
  if (!in || !graph) return false;
  for (const auto& [package, versions] : graph->items()) {
    for (const auto& [v, needs] : versions.items()) {
      VersionInfo info{.version = major(std::stoull(v))};
      for (const auto& [to, ranges] : needs.items()) {
        VersionSet set;
        for (const Json& r : ranges) {
          const auto high = r[1].is_null() ? std::nullopt : std::optional(major(r[1].get<uint64_t>()));
          set = set.unite(VersionSet::between(major(r[0].get<uint64_t>()), high));
        }
        info.dependencies.push_back({.name = name(to), .set = set});
      }
      requests.push_back(ask(name(package), VersionSet::exactly(info.version)));
      registry.packages[name(package)].push_back(std::move(info));
    }
  }
  return true;
}

/// Version v of each level needs version v of the next; nothing fits at the bottom.
void trap_all_fail(Registry& registry) {
  for (int l = 0; l < 200; ++l)
    for (uint64_t v = 1; v <= 99; ++v)
      registry.packages[name("level" + std::to_string(l))].push_back(
          {.version = major(v), .dependencies = {{.name = name("level" + std::to_string(l + 1)), .set = VersionSet::exactly(major(v))}}});
  registry.packages[name("level200")].push_back({.version = major(100)});
}

/// Every level is free to choose; the first and the last disagree on a switch for all but one of the first's versions.
void trap_far_conflict(Registry& registry) {
  const auto set_to = [](uint64_t v) { return resolver::Dependency{.name = name("switch"), .set = VersionSet::exactly(major(v))}; };
  for (int l = 0; l <= 200; ++l) {
    for (uint64_t v = 1; v <= 99; ++v) {
      VersionInfo info{.version = major(v)};
      if (l < 200) info.dependencies.push_back({.name = name("level" + std::to_string(l + 1)), .set = VersionSet::all()});
      if (l == 0 && v > 1) info.dependencies.push_back(set_to(1));
      if (l == 200) info.dependencies.push_back(set_to(2));
      registry.packages[name("level" + std::to_string(l))].push_back(std::move(info));
    }
  }
  for (const uint64_t v : {uint64_t{1}, uint64_t{2}}) registry.packages[name("switch")].push_back({.version = major(v)});
}

/// 10,000 packages of 20 versions, 0 to 4 dependencies each, mostly on the older (and so the more popular) tenth; a caret
/// range that begins at a version near the dependent's own place in time.
void made_up(Registry& registry, std::vector<resolver::Request>& requests) {
  std::mt19937_64 rng(2026);
  const auto below = [&](uint64_t n) { return rng() % n; };
  const auto at = [](uint64_t i) { return Version{.major = 1 + i / 8, .minor = i % 8}; };
  for (uint64_t p = 0; p < 10'000; ++p) {
    std::vector<VersionInfo>& versions = registry.packages[name("p" + std::to_string(p))];
    std::vector<uint64_t> needs;
    for (uint64_t d = p == 0 ? 0 : below(5); d > 0; --d) needs.push_back(below(4) > 0 ? below(std::min<uint64_t>(p, 1000)) : below(p));
    for (uint64_t v = 0; v < 20; ++v) {
      VersionInfo info{.version = at(v)};
      for (const uint64_t to : needs) {
        const uint64_t from = v - below(std::min<uint64_t>(v + 1, 4));
        info.dependencies.push_back({.name = name("p" + std::to_string(to)), .set = VersionSet::between(at(from), Version{.major = at(from).major + 1, .pre = {"0"}})});
      }
      versions.push_back(std::move(info));
    }
  }
  for (uint64_t i = 0; i < 1'000; ++i) requests.push_back(ask(name("p" + std::to_string(below(10'000))), VersionSet::all()));
}

}  // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  std::string graph;
  if (const char* shared = std::getenv("NANO_SHARED")) graph = std::string(shared) + "/resolver/large_graph.json";
  bench::Options words("Time and memory of resolving: the real graph, the traps for backtracking, a made-up registry of 10,000 x 20.");
  words.text("graph", graph, "large_graph.json; else the one of NANO_SHARED").flag("--json", as_json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;

  std::vector<Row> rows;
  {
    Registry registry;
    std::vector<resolver::Request> requests;
    if (real_graph(graph, registry, requests))
      rows.push_back(measure("real graph, each version as the root", registry, requests));
    else
      std::fprintf(stderr, "no graph: set NANO_SHARED or name the file\n");
  }
  {
    Registry registry;
    trap_all_fail(registry);
    rows.push_back(measure("trap, 200 x 99, nothing fits", registry, {ask(name("level0"), VersionSet::all())}));
  }
  {
    Registry registry;
    trap_far_conflict(registry);
    rows.push_back(measure("trap, 200 x 99, far conflict", registry, {ask(name("level0"), VersionSet::all())}));
  }
  {
    Registry registry;
    std::vector<resolver::Request> requests;
    made_up(registry, requests);
    const long before = peak_kib();
    rows.push_back(measure("made up, 10,000 x 20, 1,000 roots", registry, requests));
    std::fprintf(stderr, "the made-up registry alone: %ld KiB\n", before);
  }

  if (as_json) {
    Json out = Json::array();
    for (const Row& r : rows)
      out.push_back({{"name", r.what}, {"resolves", r.resolves}, {"solved", r.solved}, {"decisions", r.decisions}, {"median_ms", r.median_ms},
                     {"slowest_ms", r.slowest_ms}, {"total_ms", r.total_ms}, {"peak_kib", r.peak_kib}});
    std::printf("%s\n", dump_line(Json{{"schema", "nano.bench.resolver/1"}, {"rows", out}}).c_str());
    return 0;
  }
  std::printf("%-38s %8s %7s %10s %10s %11s %10s %10s\n", "", "resolves", "solved", "decisions", "median ms", "slowest ms", "total ms", "peak KiB");
  for (const Row& r : rows)
    std::printf("%-38s %8zu %7zu %10llu %10.3f %11.3f %10.1f %10ld\n", r.what.c_str(), r.resolves, r.solved, static_cast<unsigned long long>(r.decisions),
                r.median_ms, r.slowest_ms, r.total_ms, r.peak_kib);
  return 0;
}
