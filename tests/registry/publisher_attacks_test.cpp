// tests/registry/publisher_attacks_test.cpp: lies that are signed well: by a publisher's key, an advisory's, or root's.
#include <catch2/catch.hpp>

#include <functional>

#include "base/json.h"
#include "tests/registry/signed_fixture.h"
#include "verify/tuf/document.h"

using namespace nano;
using namespace nano::registry;
using test::Run;
using test::SignedRepo;

namespace tuf = verify::tuf;

namespace {

/// The document with its body changed, signed again by whoever has signed it.
std::string signed_anew(SignedRepo& repo, const std::string& bytes, const std::function<void(Json&)>& change) {
  const auto old = tuf::parse_document(bytes, 1 << 20);
  REQUIRE(old);
  Json body = old->body;
  change(body);
  auto doc = tuf::make_document(std::move(body));
  REQUIRE(doc);
  for (const auto& s : old->signatures) {
    const auto key = repo.keys.find(s.key_id);
    REQUIRE(key);
    REQUIRE(tuf::sign_document(*doc, **key));
  }
  return tuf::write_document(*doc);
}

/// Serve a new version of a role, with the snapshot and the timestamp that name it.
void serve_changed(SignedRepo& repo, const std::string& role, const std::function<void(Json&)>& change) {
  const auto metadata = repo.dir / "metadata";
  uint64_t version = 0;
  const auto next = [&](Json& body) {
    version = body["version"].get<uint64_t>() + 1;
    body["version"] = version;
  };
  const auto listed = [](Json& entry, uint64_t v, const std::string& bytes) {
    entry["version"] = v;
    if (entry.contains("length")) entry["length"] = bytes.size();
    if (entry.contains("hashes")) entry["hashes"] = {{"sha256", sha256(bytes).hex()}};
  };
  const std::string changed = signed_anew(repo, test::read(repo.served(role)), [&](Json& body) {
    next(body);
    change(body);
  });
  test::write(metadata / (std::to_string(version) + "." + role + ".json"), changed);
  const uint64_t role_version = version;
  const std::string snapshot = signed_anew(repo, test::read(repo.served("snapshot")), [&](Json& body) {
    next(body);
    listed(body["meta"][role + ".json"], role_version, changed);
  });
  test::write(metadata / (std::to_string(version) + ".snapshot.json"), snapshot);
  const uint64_t snapshot_version = version;
  const std::string timestamp = signed_anew(repo, test::read(repo.served("timestamp")), [&](Json& body) {
    next(body);
    listed(body["meta"]["snapshot.json"], snapshot_version, snapshot);
  });
  std::filesystem::remove(repo.served("timestamp"));
  test::write(metadata / "timestamp.json", timestamp);
}

std::string folder_of(const std::string& name) { return tree::package_target(schemas::PackageName::parse(name).value()) + "/"; }

/// The root role's next version, signed well, with the id it states changed.
std::string next_root(SignedRepo& repo, const std::function<void(Json&)>& change) {
  return signed_anew(repo, repo.root(), [&](Json& body) {
    body["version"] = 2;
    change(body);
  });
}

}  // namespace

TEST_CASE("attack: a new root that names another registry, or none, is not followed") {
  SignedRepo repo;
  repo.publish();
  const std::string id = sha256(repo.root()).hex();
  const auto follows = [&](const std::string& folder, const std::function<void(Json&)>& change) {
    const auto file = repo.dir / "metadata/2.root.json";
    std::filesystem::remove(file);
    test::write(file, next_root(repo, change));
    return Run(repo.url(), repo.temp / folder, repo.root()).install();
  };
  CHECK(follows("named", [&](Json& body) { body[tree::kIdField] = id; }));
  for (const Json& other : {Json(sha256("another").hex()), Json(1), Json()}) {
    const auto got = follows("other" + std::to_string(other.type() == Json::value_t::null ? 0 : other.is_number() ? 1 : 2), [&](Json& body) {
      if (!other.is_null()) body[tree::kIdField] = other;
    });
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::untrusted);
    CHECK(got.error().message.find("does not name it") != std::string::npos);
  }
}

TEST_CASE("attack: another registry's root planted among the kept ones is not begun with") {
  SignedRepo repo;
  repo.publish();
  SignedRepo impostor;
  impostor.publish();
  const auto dir = repo.temp / "t";
  REQUIRE(Run(repo.url(), dir, repo.root()).install());
  // Without root.json the updater begins with the first root that it kept.
  std::filesystem::remove(dir / "root.json");
  for (const auto& e : std::filesystem::directory_iterator(dir / "root_history")) std::filesystem::remove(e.path());
  test::write(dir / "root_history/1.root.json", impostor.root());
  Run run(impostor.url(), dir, repo.root());
  CHECK(run.install().error().code == Errc::untrusted);
  CHECK(run.log.warnings.find("another registry's") != std::string::npos);
  REQUIRE(Run(repo.url(), dir, repo.root()).install());
}

TEST_CASE("attack: a publisher who lists another package's release, or another version's, under a name") {
  SignedRepo repo;
  const Packed other = repo.publish("other", "1.0.0");
  const Packed one = repo.publish("tiny", "1.0.0");
  const Packed two = repo.publish("tiny", "2.0.0");
  const auto& m = one.release.manifest;
  std::string number = "0";
  for (const Packed* in_its_place : {&other, &two}) {
    serve_changed(repo, "ns._", [&](Json& body) {
      Json& file = body["targets"][folder_of("tiny") + "1.0.0.json"];
      file["length"] = in_its_place->release_bytes.size();
      file["hashes"] = {{"sha256", in_its_place->digest.hex()}};
    });
    const auto file = repo.dir / tree::release(m.name, m.version, in_its_place->digest);
    std::filesystem::remove(file);
    test::write(file, in_its_place->release_bytes);
    Run run(repo.url(), repo.temp / (number += "x"), repo.root());
    const auto got = run->release(m.name, m.version, in_its_place->digest);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::untrusted);
    CHECK(got.error().message.find("in the place of") != std::string::npos);
  }
}

TEST_CASE("attack: a release with another digest than the one that was resolved") {
  SignedRepo repo;
  const Packed one = repo.publish("tiny", "1.0.0");
  const Packed two = repo.publish("tiny", "1.1.0");
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto& m = one.release.manifest;
  CHECK(run->release(m.name, m.version, one.digest));
  const auto got = run->release(m.name, m.version, two.digest);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Errc::untrusted);
}

TEST_CASE("attack: targets that are no releases, among a publisher's, stop nobody and are said") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  const std::string dir = folder_of("tiny");
  serve_changed(repo, "ns._", [&](Json& body) {
    const Json whole = body["targets"][dir + "1.0.0.json"];
    Json bare = whole;
    bare.erase("custom");
    body["targets"][dir + "2.0.0.html"] = whole;
    body["targets"][dir + "3.0.0.json"] = bare;
    body["targets"][dir + "newest.json"] = whole;
  });
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto package = run->package(schemas::PackageName::parse("tiny").value());
  if (!package) FAIL(package.error().render());
  REQUIRE(*package != nullptr);
  REQUIRE((*package)->versions.size() == 1);
  CHECK((*package)->versions[0].version.text() == "1.0.0");
  for (const char* odd : {"2.0.0.html", "3.0.0.json", "newest.json"}) {
    INFO(odd);
    CHECK(run.log.warnings.find(odd) != std::string::npos);
  }
}

TEST_CASE("an advisory that cannot be read stops nothing and is said, and the newest come first") {
  SignedRepo repo;
  repo.publish();
  for (const char* id : {"nano-1", "nano-3", "nano-2"}) {
    schemas::Advisory a{.id = id, .title = "x", .published = format_time(test::kDate + (id[5] - '0'))};
    a.affected.push_back({.name = schemas::PackageName::parse("tiny").value(), .range = schemas::Range::parse("*").value()});
    REQUIRE(repo.open().put_advisory(a));
  }
  serve_changed(repo, "advisory", [](Json& body) {
    body["targets"]["advisory/nano-9"] = body["targets"].begin().value();
    body["targets"]["advisory/nano-9"]["custom"] = {{"schema", "nano.advisory/7"}};
  });
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto got = run->advisories();
  if (!got) FAIL(got.error().render());
  std::string order;
  for (const auto& a : **got) order += a.id + " ";
  CHECK(order == "nano-3 nano-2 nano-1 ");
  CHECK(run.log.warnings.find("nano-9") != std::string::npos);
}
