// tests/registry/repository_namespaces_test.cpp: who may publish where, and every way to get there that is refused.
#include "tests/registry/roles_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::error_of;
using test::path_of;
using Repo = test::RolesRepo;

TEST_CASE("attack: a foreign key cannot publish in a namespace") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate}));
  const std::string owner = repo.open().namespaces()->front().key_ids.front();
  repo.keys.forget(owner);
  (void)repo.key();
  const auto r = repo.open().add(repo.package("acme/tiny", "1.1.0"), {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::denied);
  CHECK(r.error().message.find("ns.acme") != std::string::npos);
  CHECK(test::Reader(repo.dir).digest(path_of(repo.package("acme/tiny", "1.1.0"))) == "");
}

TEST_CASE("attack: a namespace nobody registered is not published in where registrar and publisher differ") {
  Repo repo;
  const auto r = repo.open(test::kDate, false).add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::not_found);
}

TEST_CASE("attack: a namespace that looks like another's is refused") {
  Repo repo;
  REQUIRE(repo.open().add_namespace("lol-models", {repo.key()}));
  for (const char* name : {"lolmodels", "l0l-models", "1ol-mode1s", "lol-m-odels", "l-o-l-m0de1s"}) {
    const auto e = error_of(repo.open().add_namespace(name, {repo.key()}));
    CHECK(e.code == Errc::refused);
    CHECK(e.message.find("looks like") != std::string::npos);
  }
  const auto same = error_of(repo.open().add_namespace("lol-models", {repo.key()}));
  CHECK(same.code == Errc::refused);
  CHECK(same.message.find("exists or existed") != std::string::npos);
  CHECK(error_of(repo.open().add_namespace("Lol", {repo.key()})).code == Errc::usage);
  CHECK(repo.open().add_namespace("lol-model", {repo.key()}));
}

TEST_CASE(
    "attack: a removed namespace is never reused: its tombstone stays, for clients and for the registrar") {
  Repo repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  test::Reader reader(repo.dir);
  REQUIRE(reader.digest(path_of(packed)) == packed.digest.hex());
  CHECK(error_of(repo.open().remove_namespace("acme", "")).code == Errc::usage);
  REQUIRE(repo.open().remove_namespace("acme", "the project ended"));
  CHECK(reader.digest(path_of(packed)) ==
        "");  // the same client, which saw it: no error, and nothing vouched for
  CHECK(repo.open().index().packages.empty());
  CHECK(error_of(repo.open().add_namespace("acme", {repo.key()})).code == Errc::refused);
  CHECK(error_of(repo.open().add_namespace("a-cme", {repo.key()})).code == Errc::refused);
  CHECK(error_of(repo.open().rekey_namespace("acme", {repo.key()})).code == Errc::refused);
  const auto again = repo.open().add(repo.package("acme/tiny", "2.0.0"), {.now = test::kDate});
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::refused);
  const auto all = repo.open().namespaces();
  REQUIRE(all);
  CHECK(all->front().tombstone == "the project ended");
}

TEST_CASE("a namespace with two keys of two is signed by both, or not at all") {
  Repo repo;
  const auto a = repo.key();
  const auto b = repo.key();
  REQUIRE(repo.open().add_namespace("acme", {a, b}, 2));
  REQUIRE(repo.open().add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate}));
  repo.keys.forget(b.key_id());
  const auto r = repo.open().add(repo.package("acme/tiny", "1.1.0"), {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::denied);
  CHECK(r.error().message.find("only 1") != std::string::npos);
}

TEST_CASE("a release key publishes, and cannot change the namespace") {
  Repo repo;
  const auto owner = repo.key();
  const auto ci = repo.key();
  REQUIRE(repo.open().add_namespace("acme", {owner}));
  REQUIRE(repo.open().set_release_key("acme", ci));
  repo.keys.forget(owner.key_id());
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  test::Reader reader(repo.dir);
  const auto role = reader.with(
      [&](verify::tuf::Updater& u) { return u.target_info(path_of(packed)).value()->chain.back().role; });
  CHECK(role == "ns.acme.rel");
  CHECK(repo.open().index().find(packed.release.manifest.name) != nullptr);
  CHECK(error_of(repo.open().set_release_key("acme", repo.key())).code == Errc::denied);
  REQUIRE(repo.open().yank(packed.release.manifest.name, packed.release.manifest.version, "wrong labels"));
}
