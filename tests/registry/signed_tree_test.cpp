// tests/registry/signed_tree_test.cpp: what a client reads of a registry through the updater, and what that costs.
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "tests/registry/signed_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::HttpRequest;
using test::HttpServer;
using test::kDate;
using test::Run;
using test::SignedRepo;

namespace {

HttpServer::Handler files_of(const SignedRepo& repo) {
  return [dir = repo.dir.string()](const HttpRequest& r) { return test::serve_file(dir, r); };
}

std::vector<std::string> roles_of(const std::vector<schemas::TrustLink>& chain) {
  std::vector<std::string> out;
  for (const auto& l : chain) out.push_back(l.role);
  return out;
}

}  // namespace

TEST_CASE("a release is read with the chain of roles that vouches for it") {
  SignedRepo repo;
  const Packed packed = repo.publish();
  for (const bool web : {false, true}) {
    const HttpServer server(files_of(repo));
    Run run(web ? server.url() : repo.url(), repo.temp / (web ? "w" : "f"), repo.root());
    const auto got = run.install();
    if (!got) FAIL(got.error().render());
    CHECK(got->bytes == packed.release_bytes);
    CHECK(got->digest == packed.digest);
    const std::string shard = tree::shard("_");
    CHECK(roles_of(got->chain) == std::vector<std::string>{"root", "targets", "reg." + shard, "ns._"});
    for (const auto& link : got->chain) {
      REQUIRE(link.keys.size() == 1);
      CHECK(link.keys[0].size() == 64);
      CHECK(link.expires > format_time(kDate));
    }
    CHECK(run.log.warnings.empty());
  }
}

TEST_CASE("what a package's role lists is what a resolver needs") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  const Packed second = repo.publish("tiny", "1.1.0");
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto package = run->package(schemas::PackageName::parse("tiny").value());
  if (!package) FAIL(package.error().render());
  REQUIRE(*package != nullptr);
  REQUIRE((*package)->versions.size() == 2);
  const auto& v = (*package)->versions[1];
  CHECK(v.version.text() == "1.1.0");
  CHECK(v.release == second.digest);
  CHECK(v.release_size == second.release_bytes.size());
  CHECK(v.variants.size() == 2);
  CHECK(v.published == format_time(kDate));
  CHECK(run->package(schemas::PackageName::parse("acme/none").value()).value() == nullptr);
}

TEST_CASE("the first install of one package costs at most 8 metadata requests, an unchanged registry 2") {
  SignedRepo repo;
  repo.publish();
  const HttpServer server(files_of(repo));
  {
    Run first(server.url(), repo.temp / "t", repo.root());
    REQUIRE(first.install());
    CHECK(first.client->requests().metadata <= 8);
    CHECK(first.client->requests().metadata == server.count("/metadata/"));
    CHECK(first.client->requests().targets == 1);
    INFO(first.log.details);
    CHECK(first.log.details.find("timestamp.json") != std::string::npos);
  }
  const std::size_t before = server.count("/metadata/");
  Run again(server.url(), repo.temp / "t", repo.root());
  REQUIRE(again.install());
  CHECK(again.client->requests().metadata == 2);
  CHECK(server.count("/metadata/") - before == 2);
}

TEST_CASE("a publish costs an unchanged namespace nothing but timestamp and snapshot") {
  SignedRepo repo;
  repo.publish("tiny");
  const HttpServer server(files_of(repo));
  REQUIRE(Run(server.url(), repo.temp / "t", repo.root()).install());
  repo.publish("acme/other");
  Run again(server.url(), repo.temp / "t", repo.root());
  REQUIRE(again.install());
  // The next root, timestamp, snapshot; and targets, which may have had to delegate a new shard.
  CHECK(again.client->requests().metadata <= 4);
}

TEST_CASE("the search index comes through its role and is cached by digest") {
  SignedRepo repo;
  repo.publish();
  struct Cache final : IndexCache {
    std::map<Digest, std::string> kept{};
    std::optional<std::string> get(const Digest& d) override { return kept.contains(d) ? std::optional(kept[d]) : std::nullopt; }
    void put(const Digest& d, std::string_view bytes) override { kept[d] = bytes; }
  } cache;
  {
    Run run(repo.url(), repo.temp / "t", repo.root());
    const auto index = run->index(&cache);
    if (!index) FAIL(index.error().render());
    CHECK((*index)->packages.at(0).name.text() == "tiny");
    CHECK(run->newest_date() >= kDate);
    CHECK(run.client->requests().targets == 1);
  }
  {
    Run run(repo.url(), repo.temp / "t", repo.root());
    REQUIRE(run->index(&cache));
    CHECK(run.client->requests().targets == 0);
  }
  cache.kept.begin()->second[5] ^= 1;
  Run run(repo.url(), repo.temp / "t", repo.root());
  REQUIRE(run->index(&cache));
  CHECK(run.client->requests().targets == 1);
}

TEST_CASE("advisories are read, and one that cannot be read is said") {
  SignedRepo repo;
  repo.publish();
  schemas::Advisory a{.id = "nano-2026-0001", .title = "weights were swapped", .severity = schemas::Severity::malware, .published = format_time(kDate)};
  a.affected.push_back({.name = schemas::PackageName::parse("tiny").value(), .range = schemas::Range::parse("*").value()});
  REQUIRE(repo.open().put_advisory(a));
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto got = run->advisories();
  if (!got) FAIL(got.error().render());
  REQUIRE((*got)->size() == 1);
  CHECK((*got)->at(0) == a);
  CHECK((*got)->at(0).hits(schemas::PackageName::parse("tiny").value(), schemas::Version::parse("1.0.0").value()));
}

TEST_CASE("offline, what was fetched is used as long as it has not expired, and nothing else") {
  SignedRepo repo;
  const Packed packed = repo.publish();
  const auto name = packed.release.manifest.name;
  Run never(repo.url(), repo.temp / "t", repo.root(), kDate, true);
  CHECK(never.install().error().code == Errc::refused);
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  Run offline(repo.url(), repo.temp / "t", repo.root(), kDate, true);
  CHECK(offline->package(name).value() != nullptr);
  CHECK(offline->vouch(name, packed.release.manifest.version, packed.release_bytes));
  CHECK(offline.install().error().code == Errc::refused);  // the document itself would have to be fetched
  Run late(repo.url(), repo.temp / "t", repo.root(), kDate + 30 * 86'400, true);
  CHECK(late->package(name).error().code == Errc::untrusted);
}
