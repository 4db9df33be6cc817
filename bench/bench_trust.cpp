// bench/bench_trust.cpp: what trust costs: metadata requests and bytes of an install and an update, and the time to verify
// the whole chain, in registries of 100, 10,000 and 100,000 synthetic packages (five to a namespace).
//
// The layout is docs/REGISTRY_TREE.md's: root, targets, advisory, index, reg.<hh>, ns.<name>, snapshot, timestamp; every role is
// signed by one Ed25519 key. A package has three versions, each with what the released sentiment-50m says of itself: three
// variants, six claims, what a variant needs, a dependency on its evaluation set. There are twenty advisories. Bytes are counted
// as served and as gzip level 6 would send them. Verifying is what an offline look at one package does: read the kept files,
// check them from the pinned root on, find the release; in wall and in CPU time, least and median.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "bench/options.h"
#include "schemas/target_info.h"
#include "verify/tuf/metadata.h"
#include "verify/tuf/updater.h"

namespace {

using namespace nano;
using namespace nano::verify;

constexpr std::size_t kPerNamespace = 5;
constexpr int kRuns = 41;
constexpr std::size_t kVersions = 3;  ///< of a package
constexpr std::size_t kAdvisories = 20;

template <class T>
T must(Result<T> r, const char* what) {
  if (r) return std::move(*r);
  std::fprintf(stderr, "%s: %s\n", what, r.error().render().c_str());
  std::exit(1);
}

std::size_t gzip_bytes(const std::string& bytes) {
  std::vector<char> out(bytes.size() + 4096);
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_raw(a);
  archive_write_add_filter_gzip(a);
  archive_write_set_filter_option(a, "gzip", "compression-level", "6");
  archive_write_set_bytes_in_last_block(a, 1);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  archive_entry* e = archive_entry_new();
  archive_entry_set_filetype(e, AE_IFREG);
  archive_write_header(a, e);
  archive_write_data(a, bytes.data(), bytes.size());
  archive_entry_free(e);
  archive_write_close(a);
  archive_write_free(a);
  return used;
}

struct Traffic {
  std::size_t requests = 0;
  std::size_t bytes = 0;
  std::size_t gzip = 0;
};

/// The registry's files in memory; counts what is asked.
class Registry final : public tuf::Fetcher {
 public:
  explicit Registry(std::size_t packages);
  Status fetch(tuf::Area, std::string_view path, uint64_t, tuf::Sink& into) override {
    ++traffic_.requests;
    const auto it = files_.find(std::string(path));
    if (it == files_.end()) return make_error(Errc::not_found, "404");
    traffic_.bytes += it->second.size();
    traffic_.gzip += gzip_bytes(it->second);
    return into.write(it->second);
  }
  Traffic take() { return std::exchange(traffic_, Traffic{}); }
  /// One namespace publishes: its role, the snapshot and the timestamp change.
  void publish_one();

  std::string root{};
  std::string target{};  ///< the path of one release
  std::string name_space{};
  std::size_t namespaces = 0;
  std::size_t snapshot_gzip = 0;

 private:
  template <class T>
  std::string signed_file(const T& body) {
    auto doc = must(tuf::make_document(body.to_json()), "document");
    (void)must(tuf::sign_document(doc, key_), "sign");
    return tuf::write_document(doc);
  }
  void put_role(const std::string& role, const tuf::Targets& body) {
    files_[std::to_string(body.header.version) + "." + role + ".json"] = signed_file(body);
    snapshot_.meta[role + ".json"] = {.version = body.header.version};
  }
  void put_snapshot() {
    const std::string bytes = signed_file(snapshot_);
    files_[std::to_string(snapshot_.header.version) + ".snapshot.json"] = bytes;
    snapshot_gzip = gzip_bytes(bytes);
    tuf::Timestamp t;
    t.header = header(snapshot_.header.version);
    t.snapshot = {.version = snapshot_.header.version,
                  .length = bytes.size(),
                  .hashes = {{"sha256", sha256(bytes).hex()}}};
    files_["timestamp.json"] = signed_file(t);
  }
  [[nodiscard]] static tuf::Header header(uint64_t version) {
    tuf::Header h;
    h.version = version;
    h.expires = 2'000'000'000;
    return h;
  }
  tuf::Delegation delegation(const std::string& name, const std::string& path, bool terminating) const {
    return {.name = name,
            .keys = {.key_ids = {key_.public_key().key_id()}},
            .terminating = terminating,
            .paths = {{path}}};
  }

  PrivateKey key_ = must(PrivateKey::generate(), "key");
  std::map<std::string, std::string> files_{};
  tuf::Snapshot snapshot_{};
  tuf::Targets last_{};
  std::string last_role_{};
  Traffic traffic_{};
};

std::string shard_of(const std::string& ns) {
  return sha256(ns).hex().substr(0, 2);
}

/// What a small model's release says of itself.
Json custom_of(std::size_t i) {
  schemas::TargetInfo info;
  info.title = "Sentiment of English sentences, synthetic package " + std::to_string(i);
  info.task = "text-classification";
  info.license = "Apache-2.0";
  info.abi = "bert-512-" + sha256("abi" + std::to_string(i)).hex().substr(0, 16);
  info.parameters = 47'000'000 + i;
  info.published = "2026-01-01T00:00:00Z";
  for (const char* v : {"f32", "q8", "q4"}) {
    schemas::IndexVariant variant;
    variant.name = v;
    variant.is_default = variant.name == "q8";
    variant.quantization = variant.name == "q8" ? "q8_0" : variant.name == "q4" ? "q4_0" : "f32";
    variant.size = 50'000'000 + i;
    variant.needs.memory_bytes = 80'000'000 + i;
    info.variants.push_back(variant);
    for (const int quality : {0, 1}) {
      schemas::HeadlineClaim claim;
      claim.variant = v;
      claim.task = "text-classification";
      claim.metric = quality == 0 ? "accuracy" : "f1";
      claim.value = must(schemas::Decimal::parse("0.84" + std::to_string(10 + i % 90)), "decimal");
      claim.dataset = "sst2";
      claim.dataset_digest = sha256("sst2");
      claim.p50_ms = must(schemas::Decimal::parse("2.2"), "decimal");
      claim.p95_ms = must(schemas::Decimal::parse("3.81"), "decimal");
      claim.memory_bytes = 73'700'000 + i;
      claim.device = "cpu";
      claim.threads = 2;
      claim.conditions = sha256("conditions" + std::to_string(i));
      info.claims.push_back(std::move(claim));
    }
  }
  schemas::Dependency d;
  d.name = must(schemas::PackageName::parse("sst2-dev"), "name");
  d.range = must(schemas::Range::parse("^1.0.0"), "range");
  d.use = schemas::DependencyUse::dataset;
  info.dependencies.push_back(std::move(d));
  return must(parse_json(schemas::write_target_info(info)), "custom");
}

Registry::Registry(std::size_t packages) {
  namespaces = std::max<std::size_t>(1, packages / kPerNamespace);
  snapshot_.header = header(1);
  std::map<std::string, tuf::Targets> shards;
  for (std::size_t n = 0; n < namespaces; ++n) {
    const std::string ns = "publisher-" + std::to_string(n);
    const std::string hh = shard_of(ns);
    // Each publisher has a key of its own: 2,000 of them make the shards as large as they are.
    const auto publisher = must(PrivateKey::generate(), "key");
    tuf::Targets role;
    role.header = header(1);
    for (std::size_t p = 0; p < kPerNamespace; ++p) {
      const std::size_t i = n * kPerNamespace + p;
      const Json custom = custom_of(i);
      for (std::size_t v = 0; v < kVersions; ++v) {
        const std::string path =
            hh + "/" + ns + "/model-" + std::to_string(p) + "/1." + std::to_string(v) + ".0.json";
        tuf::TargetFile file;
        file.length = 4'000 + i % 500;
        file.hashes = {{"sha256", sha256(path).hex()}};
        file.custom = custom;
        role.targets[path] = std::move(file);
        target = path;
      }
    }
    const std::string name = "ns." + ns;
    auto doc = must(tuf::make_document(role.to_json()), "document");
    (void)must(tuf::sign_document(doc, publisher), "sign");
    files_["1." + name + ".json"] = tuf::write_document(doc);
    snapshot_.meta[name + ".json"] = {.version = 1};
    tuf::Targets& shard = shards[hh];
    if (!shard.delegations) shard.delegations.emplace();
    auto d = delegation(name, hh + "/" + ns + "/*/*", true);
    const tuf::Key key = tuf::Key::of(publisher.public_key());
    d.keys.key_ids = {key.id()};
    shard.delegations->keys.emplace(key.id(), key);
    shard.delegations->roles.push_back(std::move(d));
    if (n + 1 == namespaces) {
      name_space = ns;
      last_ = role;
      last_role_ = name;
    }
  }
  const tuf::Key own = tuf::Key::of(key_.public_key());
  tuf::Targets targets;
  targets.header = header(1);
  targets.delegations.emplace();
  targets.delegations->keys.emplace(own.id(), own);
  targets.delegations->roles.push_back(delegation("advisory", "advisory/*", true));
  targets.delegations->roles.push_back(delegation("index", "index/*", true));
  for (auto& [hh, shard] : shards) {
    shard.header = header(1);
    put_role("reg." + hh, shard);
    targets.delegations->roles.push_back(delegation("reg." + hh, hh + "/*/*/*", false));
  }
  tuf::Targets index;
  index.header = header(1);
  index.targets["index/search.json"] = {.length = 1'000'000, .hashes = {{"sha256", sha256("index").hex()}}};
  put_role("index", index);
  tuf::Targets advisories;
  advisories.header = header(1);
  for (std::size_t i = 0; i < kAdvisories; ++i) {
    const std::string id = "nano-2026-" + std::to_string(1000 + i);
    advisories.targets["advisory/" + id + ".json"] = {
        .length = 900,
        .hashes = {{"sha256", sha256(id).hex()}},
        .custom = Json{{"schema", "nano.advisory/1"},
                   {"id", id},
                   {"title", "Labels of one class were swapped in the published weights"},
                   {"severity", "high"},
                   {"published", "2026-01-01T00:00:00Z"},
                   {"url", "https://example.org/advisories/" + id},
                   {"affected", {{{"name", "publisher-1/model-1"}, {"range", "<1.2.0"}}}}}};
  }
  put_role("advisory", advisories);
  put_role("targets", targets);
  tuf::Root r;
  r.header = header(1);
  for (const auto role : {tuf::kRoot, tuf::kTargets, tuf::kSnapshot, tuf::kTimestamp}) r.add_key(role, own);
  root = signed_file(r);
  put_snapshot();
}

void Registry::publish_one() {
  // The same publisher key is not kept: a new shard entry with another one is what a re-keyed publisher costs, too.
  snapshot_.header.version = 2;
  const auto publisher = must(PrivateKey::generate(), "key");
  const std::string hh = shard_of(name_space);
  auto shard =
      must(tuf::read_metadata<tuf::Targets>(files_["1.reg." + hh + ".json"], 8'000'000), "shard").second;
  const tuf::Key key = tuf::Key::of(publisher.public_key());
  for (auto& d : shard.delegations->roles)
    if (d.name == last_role_) d.keys.key_ids = {key.id()};
  shard.delegations->keys.emplace(key.id(), key);
  shard.header.version = 2;
  put_role("reg." + hh, shard);
  last_.header.version = 2;
  auto doc = must(tuf::make_document(last_.to_json()), "document");
  (void)must(tuf::sign_document(doc, publisher), "sign");
  files_["2." + last_role_ + ".json"] = tuf::write_document(doc);
  snapshot_.meta[last_role_ + ".json"] = {.version = 2};
  put_snapshot();
}

/// What an install of one package asks: the top level, the advisories, the release.
void look(const Registry& registry, const fs::Path& dir, tuf::Fetcher* fetcher) {
  auto updater = must(tuf::Updater::open({.dir = dir,
                                          .time = {.now = 1'790'000'000, .max_stale_s = 0},
                                          .limits = {},
                                          .trusted_root = registry.root},
                                         fetcher),
                      "open");
  (void)must(updater.refresh(), "refresh");
  (void)must(updater.load_role("advisory"), "advisory");
  if (!must(updater.target_info(registry.target), "target")) std::exit(1);
}

/// Milliseconds of several runs.
struct Times {
  double least = 0, median = 0;
  static Times of(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return {all.front(), all[all.size() / 2]};
  }
};

double cpu_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1000 + static_cast<double>(t.tv_nsec) / 1e6;
}

struct Row {
  std::size_t packages = 0, namespaces = 0, snapshot_gzip = 0;
  Traffic fresh{}, unchanged{}, update{};
  Times wall{}, cpu{};
};

Row measure(std::size_t packages) {
  Registry registry(packages);
  std::error_code none;
  const fs::Path base =
      std::filesystem::is_directory("/dev/shm", none) ? "/dev/shm" : std::filesystem::temp_directory_path();
  const fs::Path dir = base / ("nano-bench-trust-" + std::to_string(getpid()));
  (void)fs::remove_tree(dir);
  Row row{.packages = packages, .namespaces = registry.namespaces, .snapshot_gzip = registry.snapshot_gzip};
  look(registry, dir, &registry);
  row.fresh = registry.take();
  look(registry, dir, &registry);
  row.unchanged = registry.take();
  // Offline everything is read from the folder and verified from the root on, and nothing is written.
  std::vector<double> wall, cpu;
  for (int i = 0; i < kRuns; ++i) {
    const double start = monotonic_ms(), busy = cpu_ms();
    look(registry, dir, nullptr);
    wall.push_back(monotonic_ms() - start);
    cpu.push_back(cpu_ms() - busy);
  }
  row.wall = Times::of(std::move(wall));
  row.cpu = Times::of(std::move(cpu));
  registry.publish_one();
  look(registry, dir, &registry);
  row.update = registry.take();
  (void)fs::remove_tree(dir);
  return row;
}

Json json_of(const Traffic& t) {
  return {{"requests", t.requests}, {"bytes", t.bytes}, {"gzip_bytes", t.gzip}};
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::vector<unsigned> sizes{100, 10'000, 100'000};
  nano::bench::Options words("What trust costs: requests and bytes of metadata of an install and an update, and the time to verify the chain.");
  words.numbers("packages", sizes, "in the registry").flag("--json", json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  Json rows = Json::array();
  if (!json)
    std::printf("%9s %10s | %-25s | %-25s | %-10s | %12s | %s\n", "packages", "namespaces",
                "fresh: requests, KB, gzip", "update: requests, KB, gzip", "unchanged", "snapshot gz",
                "verify ms: cpu least, median; wall least, median");
  for (const std::size_t n : sizes) {
    const Row r = measure(n);
    const auto kb = [](std::size_t bytes) { return static_cast<double>(bytes) / 1000; };
    if (!json)
      std::printf(
          "%9zu %10zu | %5zu %9.1f %9.1f | %5zu %9.1f %9.1f | %10zu | %9.1f KB | %.2f %.2f; %.2f %.2f\n",
          r.packages, r.namespaces, r.fresh.requests, kb(r.fresh.bytes), kb(r.fresh.gzip), r.update.requests,
          kb(r.update.bytes), kb(r.update.gzip), r.unchanged.requests, kb(r.snapshot_gzip), r.cpu.least,
          r.cpu.median, r.wall.least, r.wall.median);
    std::fflush(stdout);
    rows.push_back({{"packages", r.packages},
                    {"namespaces", r.namespaces},
                    {"fresh", json_of(r.fresh)},
                    {"update", json_of(r.update)},
                    {"unchanged", json_of(r.unchanged)},
                    {"snapshot_gzip_bytes", r.snapshot_gzip},
                    {"verify_cpu_ms_least", r.cpu.least},
                    {"verify_cpu_ms_median", r.cpu.median},
                    {"verify_ms_least", r.wall.least},
                    {"verify_ms_median", r.wall.median}});
  }
  if (json) std::printf("%s", dump_pretty({{"schema", "nano.bench-trust/1"}, {"rows", rows}}).c_str());
  return 0;
}
