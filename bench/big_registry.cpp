// bench/big_registry.cpp: names, dependencies and releases from a seed; one edition signs them all.
#include "bench/big_registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "base/clock.h"
#include "base/hash.h"
#include "registry/repository/edition.h"
#include "registry/repository/repository.h"
#include "registry/tree.h"
#include "schemas/release.h"
#include "schemas/target_info.h"
#include "schemas/to_json.h"

namespace nano::bench {
namespace {

namespace tuf = verify::tuf;
namespace roles = registry::roles;
using schemas::PackageName;
using schemas::Version;

constexpr std::size_t kPerNamespace = 5;

template <class T>
T must(Result<T> r, const std::string& what) {
  if (r) return std::move(*r);
  std::fprintf(stderr, "%s: %s\n", what.c_str(), r.error().render().c_str());
  std::exit(1);
}
void must(const Status& s, const std::string& what) {
  if (s) return;
  std::fprintf(stderr, "%s: %s\n", what.c_str(), s.error().render().c_str());
  std::exit(1);
}

std::string space(std::size_t p) { return "publisher-" + std::to_string(p / kPerNamespace); }
PackageName name(std::size_t p) { return {.ns = space(p), .name = "model-" + std::to_string(p % kPerNamespace)}; }
Version version(std::size_t v) { return {.major = 1 + v / 8, .minor = v % 8}; }

struct Node {
  schemas::Kind kind = schemas::Kind::model;
  std::vector<std::size_t> needs{};
};

/// Packages depend on older ones, and mostly on the oldest tenth, which is what is popular.
std::vector<Node> graph(const BigRegistryShape& shape) {
  std::mt19937_64 rng(2026);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng() % n); };
  const std::size_t popular = std::max<std::size_t>(1, shape.packages / 10);
  std::vector<Node> out(shape.packages);
  for (std::size_t p = 0; p < shape.packages; ++p) {
    std::size_t count = 0;
    if (shape.dense) {
      count = below(5);
    } else {
      const std::size_t lot = below(20);
      using schemas::Kind;
      out[p].kind = lot < 11 ? Kind::model : lot < 16 ? Kind::head : lot < 17 ? Kind::base : lot < 18 ? Kind::dataset : Kind::grid;
      count = out[p].kind == Kind::head ? 1 : out[p].kind == Kind::grid ? 4 + below(4) : out[p].kind == Kind::model && below(3) == 0 ? 1 : 0;
    }
    std::set<std::size_t> needs;
    for (; p > 0 && count > 0; --count) needs.insert(below(4) > 0 ? below(std::min(p, popular)) : below(p));
    out[p].needs.assign(needs.begin(), needs.end());
  }
  return out;
}

schemas::Claim claim(const char* variant, std::size_t p, std::size_t v, bool of_speed) {
  schemas::Claim c{.variant = variant, .task = "text-classification", .harness_version = "1", .command = "nano bench", .date = "2026-01-01T00:00:00Z"};
  const auto decimal = [](const std::string& text) { return must(schemas::Decimal::parse(text), "decimal"); };
  if (!of_speed) {
    c.dataset = schemas::ClaimDataset{.id = "sst2", .digest = sha256("sst2"), .split = "dev", .n = 872};
    c.metric = schemas::ClaimMetric{.id = "accuracy", .value = decimal("0." + std::to_string(700 + (p * 7 + v * 3) % 250)), .unit = "fraction"};
    return c;
  }
  c.conditions = schemas::ClaimConditions{.device = "cpu", .cpu = "some cpu", .isa = "avx512", .threads = 1, .batch = 1, .runtime_version = "0.1.0",
                                          .runs = 300, .warmup = 20, .calibration_us = decimal("24.17")};
  c.latency = schemas::ClaimLatency{.p50_ms = decimal(std::to_string(1 + p % 9) + ".25"), .p95_ms = decimal("12.5"), .p99_ms = decimal("14")};
  c.peak_memory_bytes = 70'000'000;
  return c;
}

schemas::Release release(const std::vector<Node>& nodes, std::size_t p, std::size_t v) {
  schemas::Release r;
  schemas::Manifest& m = r.manifest;
  m.name = name(p);
  m.version = version(v);
  m.kind = nodes[p].kind;
  m.title = "Made-up package " + std::to_string(p);
  m.description = "Nothing is in it.";
  m.license = {.spdx = "Apache-2.0", .file = ""};
  m.files = {{.path = "README.md", .role = schemas::Role::card, .variant = ""}};
  if (m.kind != schemas::Kind::dataset) {
    m.task = "text-classification";
    m.languages = {"en"};
    m.model = schemas::ModelInfo{.family = "bert", .architecture = "bert", .parameters = 48'000'000, .context_length = 512};
    for (const char* variant : {"q8", "q4"}) {
      const std::string file = std::string("model-") + variant + ".gguf";
      m.variants.push_back({.name = variant, .is_default = m.variants.empty(), .quantization = std::string(variant) + "_0", .files = {file}});
      m.files.push_back({.path = file, .role = schemas::Role::weights, .variant = variant});
      for (const bool of_speed : {false, true}) m.claims.push_back(claim(variant, p, v, of_speed));
    }
  }
  for (const std::size_t to : nodes[p].needs) {
    // Begins at a version near the dependent's own place in time.
    const Version from = version(v - std::min(v, (p + to) % 4));
    schemas::Dependency d;
    d.name = name(to);
    d.range = must(schemas::Range::parse("^" + from.text()), "range");
    d.use = schemas::DependencyUse::base;
    m.dependencies.push_back(std::move(d));
  }
  r.created = "2026-01-01T00:00:00Z";
  for (const auto& f : m.files)
    r.files.push_back({.path = f.path, .size = 25'000'000 + p, .sha256 = sha256(f.path + std::to_string(p * 100 + v)), .role = f.role, .variant = f.variant});
  std::sort(r.files.begin(), r.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return r;
}

/// Of all files of namespaces' roles.
uint64_t role_bytes(const fs::Path& metadata) {
  uint64_t out = 0;
  for (const auto& file : std::filesystem::directory_iterator(metadata))
    if (file.path().filename().string().find(".ns.") != std::string::npos) out += file.file_size();
  return out;
}

std::set<std::size_t> reached(const std::vector<Node>& nodes, const std::vector<std::size_t>& roots) {
  std::set<std::size_t> out;
  std::vector<std::size_t> open = roots;
  while (!open.empty()) {
    const std::size_t p = open.back();
    open.pop_back();
    if (out.insert(p).second) open.insert(open.end(), nodes[p].needs.begin(), nodes[p].needs.end());
  }
  return out;
}

}  // namespace

BigRegistry make_big_registry(const fs::Path& dir, const BigRegistryShape& shape, std::size_t count) {
  BigRegistry out;
  out.namespaces = (shape.packages + kPerNamespace - 1) / kPerNamespace;
  const std::vector<Node> nodes = graph(shape);
  std::mt19937_64 rng(7);
  std::vector<std::size_t> roots;
  for (std::size_t i = 0; i < count; ++i) {
    roots.push_back(static_cast<std::size_t>(rng() % shape.packages));
    out.roots.push_back(name(roots.back()));
  }
  const std::set<std::size_t> documented = reached(nodes, roots);
  std::set<std::string> spaces;
  for (const std::size_t p : documented) spaces.insert(space(p));
  out.reached.assign(spaces.begin(), spaces.end());
  std::error_code none;
  if (std::filesystem::exists(dir / "metadata/timestamp.json", none)) {
    out.metadata_bytes = role_bytes(dir / "metadata");
    return out;
  }

  const UnixTime now = nano::now();
  registry::MemoryKeys keys;
  const auto lifetimes = roles::Lifetimes::all(400 * roles::kDay);
  must(registry::Repository::init(dir, {.name = "big", .now = now, .lifetimes = lifetimes, .all_shards = true}, keys), "init");
  const registry::TreeWriter tree(dir);
  auto served = must(registry::Served::open(tree, now), "open");
  registry::Edition edition(tree, &served, keys, lifetimes, now);
  const tuf::Targets targets = *must(served.targets(), "targets");

  std::map<std::string, tuf::Targets> shards;
  for (std::size_t n = 0; n < out.namespaces; ++n) {
    const std::string ns = space(n * kPerNamespace);
    const std::string role = roles::ns(ns);
    tuf::Targets body;
    for (std::size_t p = n * kPerNamespace; p < std::min(shape.packages, (n + 1) * kPerNamespace); ++p)
      for (std::size_t v = 0; v < shape.versions; ++v) {
        const schemas::Release r = release(nodes, p, v);
        const std::string bytes = must(schemas::release_bytes(r), "release");
        const Digest digest = sha256(bytes);
        tuf::TargetFile file{.length = bytes.size(), .hashes = {{"sha256", digest.hex()}}};
        file.custom = schemas::to_json(schemas::target_info(r, r.created));
        body.targets.emplace(registry::tree::release_target(r.manifest.name, r.manifest.version), std::move(file));
        if (!documented.contains(p)) continue;
        const fs::Path path = tree.at(registry::tree::release(r.manifest.name, r.manifest.version, digest));
        must(fs::make_dirs(path.parent_path()), "folder");
        // Not fs::write_atomic: nobody needs thousands of these after a power cut.
        std::ofstream(path, std::ios::binary) << bytes;
      }
    const verify::PublicKey owner = must(keys.make(role), "key");
    tuf::Targets& shard = shards[registry::tree::shard(ns)];
    if (!shard.delegations) shard.delegations.emplace();
    shard.delegations->roles.push_back(roles::delegate_namespace(ns, role));
    shard.add_key(role, tuf::Key::of(owner));
    edition.put(role, std::move(body), {.key_ids = {owner.key_id()}});
  }
  for (auto& [hh, shard] : shards) edition.put(roles::reg(hh), std::move(shard), targets.delegations->find(roles::reg(hh))->keys);
  must(edition.commit(), "commit");
  out.metadata_bytes = role_bytes(dir / "metadata");
  return out;
}

}  // namespace nano::bench
