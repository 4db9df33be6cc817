// tests/registry/signed_fixture.h: a signed registry that can be published to, and clients that remember what they saw of it.
#pragma once

#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "base/hash.h"
#include "registry/client/signed_tree.h"
#include "registry/tree.h"
#include "tests/registry/client_fixture.h"

namespace nano::test {

/// A log that keeps what was said.
struct HeardLog final : Log {
  std::string warnings{};
  std::string details{};
  void note(std::string_view) override {}
  void warn(std::string_view text) override { warnings += std::string(text) + "\n"; }
  void detail(std::string_view text) override { details += std::string(text) + "\n"; }
};

/// A registry in a folder, with all its keys at hand. Everything is dated kDate unless `now` is moved.
struct SignedRepo {
  TempDir temp{};
  std::filesystem::path dir = temp / "tree";
  UnixTime now = kDate;
  registry::MemoryKeys keys{};
  int packages = 0;

  SignedRepo() {
    auto repo = registry::Repository::init(dir, {.name = "test", .now = now, .adopt_namespaces = true}, keys);
    if (!repo) FAIL(repo.error().render());
  }
  /// Open for one change; closed (and the lock given back) when the result goes.
  [[nodiscard]] registry::Repository open() {
    auto repo = registry::Repository::open(dir, {.now = now, .adopt_namespaces = true}, keys);
    if (!repo) FAIL(repo.error().render());
    return std::move(*repo);
  }
  registry::Packed publish(std::string_view name = "tiny", std::string_view version = "1.0.0") {
    const auto folder = temp / ("package" + std::to_string(++packages));
    write_package(folder, name, version);
    auto packed = pack(folder);
    const auto added = open().add(packed, {.now = now});
    if (!added) FAIL(added.error().render());
    return packed;
  }
  [[nodiscard]] std::string root() const { return read(dir / "metadata/1.root.json"); }
  [[nodiscard]] std::string url() const { return "file://" + dir.string(); }
  /// The file of a role as it is served now, "timestamp.json" or the newest "<N>.<role>.json".
  [[nodiscard]] std::filesystem::path served(const std::string& role) const {
    if (role == "timestamp") return dir / "metadata/timestamp.json";
    std::filesystem::path best;
    uint64_t newest = 0;
    for (const auto& e : std::filesystem::directory_iterator(dir / "metadata")) {
      const std::string name = e.path().filename().string();
      const auto dot = name.find('.');
      if (name.substr(dot + 1) != role + ".json") continue;
      const uint64_t version = std::stoull(name.substr(0, dot));
      if (version > newest) best = e.path();
      newest = std::max(newest, version);
    }
    REQUIRE_FALSE(best.empty());
    return best;
  }
};

/// One run of a client: its folder outlives it.
struct Run {
  HeardLog log{};
  NullProgress progress{};
  std::unique_ptr<registry::Client> client{};
  std::optional<registry::SignedTree> tree{};
  std::optional<Error> error{};  ///< that opening gave

  Run(const std::string& url, const std::filesystem::path& dir, const std::string& root, UnixTime now = kDate, bool offline = false,
      registry::ClientOptions options = quick()) {
    setenv("no_proxy", "127.0.0.1,localhost", 1);
    auto c = registry::Client::open(url, std::move(options), log, progress);
    REQUIRE(c);
    client = std::make_unique<registry::Client>(std::move(*c));
    auto t = registry::SignedTree::open({.dir = dir, .pinned_root = root, .id = sha256(root), .time = {.now = now, .max_stale_s = 0}, .what = "the registry 'test'"},
                                        offline ? nullptr : client.get(), log);
    if (t) {
      tree.emplace(std::move(*t));
    } else {
      error = t.error();
    }
  }
  registry::SignedTree* operator->() { return &*tree; }
  /// What an install asks: advisories, the package, its newest release.
  [[nodiscard]] Result<registry::VouchedRelease> install(const std::string& name = "tiny") {
    if (error) return *error;
    const auto parsed = schemas::PackageName::parse(name).value();
    NANO_TRY(tree->advisories());
    NANO_TRY_ASSIGN(const auto* package, tree->package(parsed));
    if (package == nullptr) return make_error(Errc::not_found, "no such package");
    const auto& newest = package->versions.back();
    return tree->release(parsed, newest.version, newest.release);
  }
};

}  // namespace nano::test
