// tests/registry/repository_roles_test.cpp: what a tree signs, read back by a TUF client: layout, yanks, rotations, documents.
#include "schemas/advisory.h"
#include "schemas/target_info.h"
#include "tests/registry/roles_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::error_of;
using test::path_of;
using Repo = test::RolesRepo;

TEST_CASE("a published release is vouched for by its namespace's role, with all a resolver needs") {
  Repo repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  test::Reader reader(repo.dir);
  reader.with([&](verify::tuf::Updater& u) {
    const auto info = u.target_info(path_of(packed));
    REQUIRE(info);
    REQUIRE(*info);
    CHECK((*info)->file.hashes.at("sha256") == packed.digest.hex());
    CHECK((*info)->chain.back().role == "ns.acme");
    const auto facts = schemas::parse_target_info((*info)->file.custom.text());
    REQUIRE(facts);
    CHECK(facts->license == "CC0-1.0");
    CHECK(facts->variants.size() == 2);
    CHECK(facts->published == format_time(test::kDate));
    const auto bytes = u.fetch_target(**info, 1 << 20);
    REQUIRE(bytes);
    CHECK(*bytes == packed.release_bytes);
    return 0;
  });
}

TEST_CASE("a first install of one package asks for at most 8 metadata files, an unchanged one for 2") {
  Repo repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  test::Reader reader(repo.dir);
  const auto look = [&] {
    reader.with([&](verify::tuf::Updater& u) {
      REQUIRE(u.target_info(path_of(packed)).value());
      REQUIRE(u.load_role("advisory"));
      return 0;
    });
    return reader.requests;
  };
  CHECK(look() <= 8);
  CHECK(look() == 2);
}

TEST_CASE("the index role vouches for the search index, which says when each release was first served") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("tiny", "1.0.0"), {.now = test::kDate}));
  REQUIRE(repo.open().add(repo.package("tiny", "1.1.0"), {.now = test::kDate + 1000}));
  test::Reader reader(repo.dir);
  const std::string digest = reader.digest("index/search.json");
  const auto index =
      schemas::parse_index(test::read(repo.dir / tree::index(Digest::parse_hex(digest).value())));
  REQUIRE(index);
  const auto* p = index->find({.ns = "_", .name = "tiny"});
  REQUIRE(p);
  CHECK(p->versions.at(0).first_served == format_time(test::kDate));
  CHECK(p->versions.at(1).first_served == format_time(test::kDate + 1000));
}

TEST_CASE("what a role signed is never overwritten: versions only rise, names are never used twice") {
  Repo repo;
  test::write(repo.dir / "metadata/2.snapshot.json", "left by a crash");
  REQUIRE(repo.open().add(repo.package("tiny", "1.0.0"), {.now = test::kDate}));
  CHECK(test::read(repo.dir / "metadata/2.snapshot.json") == "left by a crash");
  CHECK(repo.open().status()->back().version == 2);  // timestamp
  CHECK(test::Reader(repo.dir).fault() == "");
}

TEST_CASE("a tree whose metadata were changed is not opened") {
  for (const char* file : {"timestamp.json", "1.snapshot.json", "1.root.json", "1.targets.json"}) {
    Repo repo;
    test::flip_byte(repo.dir / "metadata" / file);
    auto r = Repository::open(repo.dir, {.now = test::kDate}, repo.keys);
    INFO(file);
    if (r) {
      const auto status = r->status();
      CHECK_FALSE(status);
    } else {
      CHECK((r.error().code == Errc::untrusted || r.error().code == Errc::invalid ||
             r.error().code == Errc::integrity));
    }
  }
}

TEST_CASE("attack: a version that exists is not replaced by other bytes") {
  Repo repo;
  const Packed first = repo.package("tiny", "1.0.0", "GGUF one");
  REQUIRE(repo.open().add(first, {.now = test::kDate}));
  const auto r = repo.open().add(repo.package("tiny", "1.0.0", "GGUF two"), {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::refused);
  CHECK(test::Reader(repo.dir).digest(path_of(first)) == first.digest.hex());
}

TEST_CASE("a yank is the publisher's signature, undone, the version is offered again") {
  Repo repo;
  const Packed packed = repo.package("tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  const auto& m = packed.release.manifest;
  CHECK(error_of(repo.open().yank(m.name, schemas::Version::parse("9.9.9").value(), "x")).code ==
        Errc::not_found);
  CHECK(error_of(repo.open().yank(m.name, m.version, "two\nlines")).code == Errc::usage);
  REQUIRE(repo.open().yank(m.name, m.version, "wrong labels"));
  CHECK(repo.open().index().find(m.name)->versions.at(0).yanked == "wrong labels");
  CHECK(test::Reader(repo.dir).digest(path_of(packed)) ==
        packed.digest.hex());  // a locked project still finds it
  REQUIRE(repo.open().yank(m.name, m.version, ""));
  CHECK(repo.open().index().find(m.name)->versions.at(0).yanked == "");
}

TEST_CASE("advisories stand in their role, word for word") {
  Repo repo;
  schemas::Advisory a{.id = "nano-2026-0001",
                      .title = "Bad weights",
                      .severity = schemas::Severity::malware,
                      .published = format_time(test::kDate)};
  CHECK_FALSE(repo.open().put_advisory(a));  // it affects nothing
  a.affected = {
      {.name = schemas::PackageName::parse("tiny").value(), .range = schemas::Range::parse("<2").value()}};
  REQUIRE(repo.open().put_advisory(a));
  CHECK(repo.open().advisories()->front() == a);
  test::Reader reader(repo.dir);
  const std::string digest = reader.digest("advisory/nano-2026-0001.json");
  CHECK(test::read(repo.dir / ("targets/advisory/" + digest + ".nano-2026-0001.json")) ==
        schemas::write_advisory(a));
  REQUIRE(repo.open().remove_advisory(a.id));
  CHECK(reader.digest("advisory/nano-2026-0001.json") == "");
  CHECK(error_of(repo.open().remove_advisory(a.id)).code == Errc::not_found);
}

TEST_CASE("refreshed metadata are fresh again, with if-due nothing happens before half life") {
  Repo repo;
  constexpr int64_t kDay = roles::kDay;
  test::Reader reader(repo.dir);
  CHECK(reader.fault(test::kDate) == "");
  CHECK(reader.fault(test::kDate + 2 * kDay) != "");
  CHECK_FALSE(repo.open(test::kDate + kDay / 4).refresh(true).value().done);
  CHECK(repo.open(test::kDate + kDay * 3 / 4).refresh(true).value().done);
  CHECK(repo.open(test::kDate + 2 * kDay).refresh().value().done);
  CHECK(reader.fault(test::kDate + 2 * kDay) == "");
}

TEST_CASE("rotated keys: a client that began with the first root follows, and the old key is worth nothing") {
  for (const char* role : {"root", "targets", "snapshot", "timestamp", "advisory", "index", "registrar"}) {
    INFO(role);
    Repo repo;
    const Packed packed = repo.package("acme/tiny", "1.0.0");
    REQUIRE(repo.open().add(packed, {.now = test::kDate}));
    test::Reader reader(repo.dir);
    REQUIRE(reader.digest(path_of(packed)) == packed.digest.hex());
    const auto before = repo.open().status().value();
    const auto fresh = repo.key();
    const auto done = repo.open().rotate(role, {fresh});
    if (!done) FAIL(done.error().render());
    CHECK(reader.digest(path_of(packed)) == packed.digest.hex());
    CHECK(test::Reader(repo.dir).digest(path_of(packed)) == packed.digest.hex());
    const std::string shown = std::string(role) == "registrar" ? "reg.d2" : role;
    for (const auto& s : before)
      if (s.role == shown) repo.keys.forget(s.key_ids.front());
    REQUIRE(repo.open().refresh());
    REQUIRE(repo.open().add(repo.package("acme/tiny", "1.1.0"), {.now = test::kDate}));
    CHECK(test::Reader(repo.dir).fault() == "");
    const auto after = repo.open().status();
    REQUIRE(after);
    for (const auto& s : *after)
      if (s.role == shown) CHECK(s.key_ids == std::vector<std::string>{fresh.key_id()});
  }
  Repo repo;
  CHECK(error_of(repo.open().rotate("ns.acme", {repo.key()})).code == Errc::usage);
  CHECK(error_of(repo.open().rotate("root", {repo.key()}, 2)).code == Errc::usage);
}

TEST_CASE("every root after the first says whose it is") {
  Repo repo;
  const std::string id = sha256(test::read(repo.dir / "metadata/1.root.json")).hex();
  CHECK(repo.open().id() == id);
  REQUIRE(repo.open().rotate("timestamp", {repo.key()}));
  REQUIRE(repo.open().renew("root"));
  for (const char* file : {"metadata/2.root.json", "metadata/3.root.json"}) {
    const Json doc = Json::parse(test::read(repo.dir / file));
    CHECK(doc["signed"]["x-nano-id"] == id);
  }
}

TEST_CASE("a rotation killed between the new root and the new timestamp is finished by a refresh") {
  Repo repo;
  const auto before = test::read(repo.dir / "metadata/timestamp.json");
  const auto old = repo.open().status().value().back().key_ids.front();
  repo.keys.forget(old);  // lost: the timestamp cannot suit both roots
  REQUIRE(repo.open().rotate("timestamp", {repo.key()}));
  test::write(repo.dir / "metadata/timestamp.json", before);  // as if killed before the rename
  CHECK(test::Reader(repo.dir).fault() != "");
  REQUIRE(repo.open().refresh(true).value().done);
  CHECK(test::Reader(repo.dir).fault() == "");
}

TEST_CASE("a fault at any write of a rotation leaves a tree that old and new clients accept") {
  for (const char* role : {"timestamp", "snapshot", "targets", "root", "registrar"}) {
    Repo repo;
    const Packed packed = repo.package("acme/tiny", "1.0.0");
    REQUIRE(repo.open().add(packed, {.now = test::kDate}));
    std::filesystem::copy(repo.dir, repo.temp / "before", std::filesystem::copy_options::recursive);
    const auto fresh = repo.key();
    int steps = 0;
    for (bool hit = true; hit; ++steps) {
      std::filesystem::remove_all(repo.dir);
      std::filesystem::copy(repo.temp / "before", repo.dir, std::filesystem::copy_options::recursive);
      test::Reader old_client(repo.dir);
      REQUIRE(old_client.fault() == "");
      hit = false;
      {
        Repository r = repo.open();
        int seen = 0;
        fs::inject_faults([&](fs::Op at, const fs::Path&, std::size_t&) {
          if (at != fs::Op::rename || seen++ != steps) return 0;
          hit = true;
          return EIO;
        });
        (void)r.rotate(role, {fresh});
        fs::inject_faults({});
      }
      INFO(role << ", step " << steps);
      REQUIRE(old_client.digest(path_of(packed)) == packed.digest.hex());
      REQUIRE(test::Reader(repo.dir).digest(path_of(packed)) == packed.digest.hex());
      const auto again = repo.open().rotate(role, {fresh});
      if (!again) FAIL(again.error().render());
      REQUIRE(old_client.digest(path_of(packed)) == packed.digest.hex());
    }
    CHECK(steps > 3);
  }
}

TEST_CASE("signed elsewhere: root, targets and reg go out as documents and come back signed") {
  for (const char* role : {"root", "targets", "reg"}) {
    INFO(role);
    Repo repo;
    MemoryKeys away;
    const auto all = repo.open().status().value();
    for (const auto& s : all)
      if (s.role == role || (std::string(role) == "reg" && roles::is_reg(s.role))) {
        away.add(test::registry_key(*repo.keys.find(s.key_ids.front()).value()));
        repo.keys.forget(s.key_ids.front());
      }
    CHECK(error_of(repo.open().renew(role)).code == Errc::denied);
    const auto drafts = repo.open(test::kDate + 1000).drafts(role);
    REQUIRE(drafts);
    REQUIRE(drafts->size() == 1);
    CHECK(error_of(repo.open().install({drafts->front().bytes})).code == Errc::untrusted);  // not signed yet
    MemoryKeys stranger;
    (void)stranger.make("x");
    CHECK(sign_elsewhere(drafts->front().bytes, stranger).error().code == Errc::denied);
    const auto done = sign_elsewhere(drafts->front().bytes, away);
    REQUIRE(done);
    if (std::string(role) != "reg") CHECK_FALSE(done->says.empty());
    REQUIRE(repo.open().install({done->bytes}));
    CHECK(test::Reader(repo.dir).fault() == "");
    // attack: the same document once more is a version that is not due
    CHECK(error_of(repo.open().install({done->bytes})).code == Errc::untrusted);
    std::string forged = done->bytes;
    const auto at = forged.find("\"version\":2");
    if (at != std::string::npos) {
      forged[at + 10] = '3';
      CHECK(error_of(repo.open().install({forged})).code == Errc::untrusted);
    }
  }
}

TEST_CASE("attack: a root that only its own new keys have signed is not installed") {
  Repo repo;
  repo.keys.forget(repo.open().status()->front().key_ids.front());
  const auto drafts =
      repo.open().rotation_drafts("root", {repo.key()});  // whoever took over the online machine
  REQUIRE(drafts);
  const auto e = error_of(repo.open().install({drafts->front().bytes}));
  CHECK(e.code == Errc::untrusted);
  CHECK(test::Reader(repo.dir).fault() == "");
  CHECK_FALSE(std::filesystem::exists(repo.dir / "metadata/2.root.json"));
}

TEST_CASE("with all shards delegated a registrar without the targets key takes in any namespace") {
  Repo repo(true);
  const auto all = repo.open().status().value();
  CHECK(all.size() == 2 + 2 + 256 + 2);
  for (const auto& s : all)
    if (s.role == "targets" || s.role == "root") repo.keys.forget(s.key_ids.front());
  REQUIRE(repo.open().add_namespace("acme", {repo.key()}));
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  CHECK(test::Reader(repo.dir).digest(path_of(packed)) == packed.digest.hex());
}
