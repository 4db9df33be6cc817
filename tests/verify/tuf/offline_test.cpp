// tests/verify/tuf/offline_test.cpp: use of the folder without the repository, and expiry that is never skipped in silence.
#include <catch2/catch.hpp>

#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

namespace {

void prepare(Repo& repo) {
  repo.delegate("targets", "A", {"a"});
  repo.delegate("targets", "B", {"b"});
  repo.add_target("A", "a", "x");
  repo.publish_all();
}

}  // namespace

TEST_CASE("offline: what was fetched is found, nothing is asked and nothing is written") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  REQUIRE(client.find("a") == "A");
  repo.asked.clear();
  std::map<std::string, std::filesystem::file_time_type> before;
  for (const auto& e : std::filesystem::recursive_directory_iterator(client.dir()))
    before[e.path()] = e.last_write_time();
  REQUIRE(client.refresh(true));
  CHECK(client.updater().offline());
  CHECK(client.updater().target_info("a").value()->chain.back().role == "A");
  CHECK(client.updater().stale().empty());
  std::size_t n = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(client.dir())) {
    CHECK(before[e.path()] == e.last_write_time());
    ++n;
  }
  CHECK(n == before.size());
  CHECK(repo.asked.empty());
}

TEST_CASE("offline: what was never fetched is refused, not 'not found'") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  CHECK(fails(client.refresh(true), Errc::refused, "never fetched"));
  REQUIRE(client.find("a") == "A");
  REQUIRE(client.refresh(true));
  CHECK(client.updater().target_info("b").error().code == Errc::refused);
  CHECK(client.updater().fetch_target(*client.updater().target_info("a").value(), 10).error().code ==
        Errc::refused);
  std::filesystem::remove(client.dir() / "snapshot.json");
  CHECK(fails(client.refresh(true), Errc::refused, "'snapshot' were never fetched"));
}

TEST_CASE("offline: each expired document is refused") {
  for (const std::string role : {"root", "timestamp", "snapshot", "targets", "A"}) {
    INFO(role);
    Repo repo;
    prepare(repo);
    const UnixTime soon = kNow + 60;
    if (role == "root")
      repo.root.header.expires = soon;
    else if (role == "timestamp")
      repo.timestamp.header.expires = soon;
    else if (role == "snapshot")
      repo.snapshot.header.expires = soon;
    else
      repo.targets[role].header.expires = soon;
    repo.publish({"root"});
    repo.publish_all();
    Client client(repo);
    REQUIRE(client.find("a") == "A");
    client.now = soon;
    Status done = client.refresh(true);
    if (role == "A") {
      REQUIRE(done);
      CHECK(client.updater().target_info("a").error().message.find("expired") != std::string::npos);
    } else {
      CHECK(fails(done, Errc::untrusted, role + " version"));
    }
    // Within the staleness that a person has allowed it is accepted, and named.
    client.max_stale_s = 100;
    REQUIRE(client.refresh(true));
    REQUIRE(client.updater().target_info("a").value().has_value());
    REQUIRE(client.updater().stale().size() == 1);
    CHECK(client.updater().stale()[0].role == role);
    CHECK(client.updater().stale()[0].expires == soon);
    client.now = soon + 99;
    CHECK(client.refresh(true));
    client.now = soon + 100;
    CHECK_FALSE((client.refresh(true) && client.updater().target_info("a")));
  }
}

TEST_CASE("offline: damaged or changed files are refused, each for what it is") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  REQUIRE(client.find("a") == "A");
  for (const std::string file : {"timestamp.json", "snapshot.json", "targets.json"}) {
    const std::string good = client.local(file);
    write(client.dir() / file, "{");
    CHECK(fails(client.refresh(true), file == "targets.json" ? Errc::integrity : Errc::invalid, ""));
    write(client.dir() / file, good);
  }
  write(client.dir() / "targets.json", client.local("targets.json") + " ");
  CHECK(fails(client.refresh(true), Errc::integrity, "targets version"));
}

TEST_CASE("offline: files of two different refreshes are not mixed") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  REQUIRE(client.refresh());
  const std::string old = client.local("snapshot.json");
  repo.publish_all();
  REQUIRE(client.refresh());
  write(client.dir() / "snapshot.json", old);
  CHECK(fails(client.refresh(true), Errc::untrusted, "is not version"));
  repo.hashes = false;
  repo.publish_all();
  repo.publish_all();
  REQUIRE(client.refresh());
  REQUIRE(client.refresh(true));
}

TEST_CASE("offline: a snapshot whose bytes the timestamp does not name is refused") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  REQUIRE(client.refresh());
  write(client.dir() / "snapshot.json", client.local("snapshot.json") + " ");
  CHECK(fails(client.refresh(true), Errc::untrusted, "bytes that the timestamp names"));
}

TEST_CASE("staleness also holds online, for a registry that has not been signed anew, and is named") {
  Repo repo;
  prepare(repo);
  Client client(repo);
  client.now = kExpires + 10;
  CHECK(fails(client.refresh(), Errc::untrusted, "root version 1 expired"));
  client.max_stale_s = 100;
  REQUIRE(client.refresh());
  REQUIRE(client.updater().target_info("a").value().has_value());
  std::vector<std::string> names;
  for (const Voucher& v : client.updater().stale()) names.push_back(v.role);
  CHECK(names == std::vector<std::string>{"root", "timestamp", "snapshot", "targets", "A"});
}
