// tests/verify/tuf/timestamp_attack_test.cpp: attacks on timestamp and snapshot (TUF 5.4, 5.5).
#include <catch2/catch.hpp>

#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

TEST_CASE("timestamp arbitrary software: one not signed by root's timestamp key is refused") {
  Repo repo;
  Client client(repo);
  repo.signers["timestamp"] = repo.signers["snapshot"];
  repo.publish({"timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "timestamp version 2 has 0 of the 1"));
  CHECK(client.version("timestamp") == 0);
}

TEST_CASE("timestamp of another type: a snapshot signed by the timestamp key is no timestamp") {
  Repo repo;
  Client client(repo);
  repo.signers["snapshot"].push_back(repo.signers["timestamp"][0]);
  repo.before_signing = [](const std::string&, Json& body) {
    body["meta"]["snapshot.json"] = {{"version", 1}};
  };
  repo.publish({"snapshot"});
  repo.files["timestamp.json"] = repo.files["2.snapshot.json"];
  CHECK(fails(client.refresh(), Errc::invalid, "of type 'snapshot'"));
}

TEST_CASE("timestamp rollback: a lower version is refused, and the local one stays") {
  Repo repo;
  Client client(repo);
  const std::string old = repo.files["timestamp.json"];
  repo.publish({"timestamp"});
  REQUIRE(client.refresh());
  repo.files["timestamp.json"] = old;
  CHECK(fails(client.refresh(), Errc::untrusted, "timestamp version 1 is older than version 2"));
  CHECK(client.version("timestamp") == 2);
}

TEST_CASE("timestamp rollback: an expired local one is still the measure") {
  Repo repo;
  Client client(repo);
  const std::string old = repo.files["timestamp.json"];
  repo.timestamp.header.expires = kNow + 60;
  repo.publish({"timestamp"});
  REQUIRE(client.refresh());
  client.now = kNow + 61;
  repo.files["timestamp.json"] = old;
  CHECK(fails(client.refresh(), Errc::untrusted, "rollback"));
}

TEST_CASE("an equal timestamp version is quiet, and its other content is not believed") {
  Repo repo;
  Client client(repo);
  REQUIRE(client.refresh());
  const std::string first = client.local("timestamp.json");
  --repo.timestamp.header.version;
  repo.timestamp.snapshot.version = 100;
  repo.publish({"timestamp"});
  repo.asked.clear();
  CHECK(client.refresh());
  CHECK(repo.asked == std::vector<std::string>{"2.root.json", "timestamp.json"});
  CHECK(client.local("timestamp.json") == first);
}

TEST_CASE("snapshot rollback by the timestamp: the snapshot version in it must not fall") {
  Repo repo;
  repo.publish({"snapshot", "timestamp"});
  Client client(repo);
  REQUIRE(client.refresh());
  repo.timestamp.snapshot.version = 1;
  repo.timestamp.snapshot.hashes.clear();
  repo.timestamp.snapshot.length.reset();
  repo.publish({"timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "names snapshot version 1, and version 2 was seen"));
  CHECK(client.version("timestamp") == 2);
}

TEST_CASE("timestamp freeze: a new one that has expired is refused") {
  Repo repo;
  Client client(repo);
  repo.timestamp.header.expires = kNow;  // "MUST be higher than" the start time
  repo.publish({"timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "timestamp version 2 expired"));
  CHECK(client.version("timestamp") == 0);
  repo.timestamp.header.expires = kNow + 1;
  repo.publish({"timestamp"});
  CHECK(client.refresh());
}

TEST_CASE(
    "timestamp freeze: the same old timestamp for ever ends with its expiry, before anything else is asked") {
  Repo repo;
  Client client(repo);
  REQUIRE(client.refresh());
  client.now = kExpires;
  repo.root.header.expires = kExpires + 86'400;
  repo.publish({"root"});
  repo.asked.clear();
  CHECK(fails(client.refresh(), Errc::untrusted, "timestamp version 1 expired"));
  CHECK(repo.asked == std::vector<std::string>{"2.root.json", "3.root.json", "timestamp.json"});
}

TEST_CASE("timestamp endless data: more than 16,384 bytes are refused while they arrive") {
  Repo repo;
  Client client(repo);
  uint64_t sent = 0;
  repo.answer = [&](const std::string& path, uint64_t max_bytes, Sink& into) -> std::optional<Status> {
    if (path != "timestamp.json") return std::nullopt;
    CHECK(max_bytes == 16'384);
    while (into.write("x")) ++sent;
    CHECK_FALSE(into.write("x"));  // the limit stays passed
    return Unit{};                 // a fetcher that swallows the sink's error must not turn it into success
  };
  CHECK(fails(client.refresh(), Errc::integrity, "16384 bytes allowed"));
  CHECK(sent == 16'384);
}

TEST_CASE("a timestamp that is not there is the network's fault, not 'not found'") {
  Repo repo;
  Client client(repo);
  repo.files.erase("timestamp.json");
  CHECK(fails(client.refresh(), Errc::network, "lacks the metadata of 'timestamp'"));
}

TEST_CASE("snapshot mix and match: bytes other than those the timestamp names are refused") {
  Repo repo;
  Client client(repo);
  repo.publish({"snapshot", "timestamp"});
  std::string& file = repo.files["2.snapshot.json"];
  file.back() = ' ';  // as long as before, and correctly signed
  CHECK(fails(client.refresh(), Errc::integrity, "snapshot version 2 has the sha256"));
  CHECK(client.version("snapshot") == 0);
  CHECK(client.version("timestamp") == 2);
}

TEST_CASE("snapshot length: a longer one is cut off at the promised length, a shorter one is refused") {
  Repo repo;
  Client client(repo);
  const std::string good = repo.files["1.snapshot.json"];
  repo.files["1.snapshot.json"] = good + " ";
  CHECK(fails(client.refresh(), Errc::integrity, std::to_string(good.size()) + " bytes allowed"));
  repo.timestamp.snapshot.hashes.clear();
  repo.timestamp.snapshot.length = good.size() + 1;
  repo.publish({"timestamp"});
  repo.files["1.snapshot.json"] = good;
  CHECK(fails(client.refresh(), Errc::integrity, "promised"));
}

TEST_CASE("snapshot mix and match: another version under the promised name is refused") {
  Repo repo;
  repo.hashes = false;
  repo.publish_all();
  repo.publish_all();
  Client client(repo);
  repo.files["3.snapshot.json"] = repo.files["2.snapshot.json"];
  CHECK(fails(client.refresh(), Errc::untrusted,
              "snapshot version 2 came where the timestamp names version 3"));
  repo.files["3.snapshot.json"] = repo.files["1.snapshot.json"];
  CHECK(fails(client.refresh(), Errc::untrusted, "snapshot version 1 came"));
  // And a newer one than promised.
  repo.timestamp.snapshot.version = 2;
  repo.publish({"timestamp"});
  repo.publish({"snapshot"});
  repo.files["2.snapshot.json"] = repo.files["4.snapshot.json"];
  CHECK(fails(Client(repo).refresh(), Errc::untrusted,
              "snapshot version 4 came where the timestamp names version 2"));
}

TEST_CASE("snapshot arbitrary software: one not signed by root's snapshot key is refused") {
  Repo repo;
  Client client(repo);
  repo.signers["snapshot"] = repo.signers["timestamp"];
  repo.publish({"snapshot", "timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "snapshot version 2 has 0 of the 1"));
}

TEST_CASE("snapshot rollback: no role's version may fall") {
  Repo repo;
  repo.publish({"targets", "snapshot", "timestamp"});
  Client client(repo);
  REQUIRE(client.refresh());
  repo.snapshot.meta["targets.json"] = {};  // version 1 again
  repo.publish({"snapshot", "timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "'targets.json' at version 1, and version 2 was seen"));
  CHECK(client.version("snapshot") == 2);
}

TEST_CASE(
    "snapshot rollback: the measure is the local snapshot, also when it is expired or not the one last "
    "named") {
  Repo repo;
  repo.publish({"targets"});
  repo.snapshot.header.expires = kNow + 60;
  repo.publish({"snapshot", "timestamp"});
  Client client(repo);
  REQUIRE(client.refresh());
  client.now = kNow + 61;
  repo.snapshot.header.expires = kExpires;
  repo.snapshot.meta["targets.json"] = {};
  repo.publish({"snapshot", "timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "version 2 was seen"));
  CHECK(fails(client.refresh(), Errc::untrusted,
              "version 2 was seen"));  // the timestamp has moved on, the snapshot has not
}

TEST_CASE("snapshot: no role that was listed may disappear") {
  Repo repo;
  repo.delegate("targets", "A", {"*"});
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.refresh());
  repo.snapshot.meta.erase("A.json");
  repo.publish({"snapshot", "timestamp"});
  CHECK(fails(client.refresh(), Errc::untrusted, "no longer lists 'A.json'"));
}

TEST_CASE("snapshot rollback: its own version may not fall when the local timestamp was lost") {
  Repo repo;
  Client client(repo);
  const std::string old = repo.files["timestamp.json"];
  repo.publish({"snapshot", "timestamp"});
  REQUIRE(client.refresh());
  write(client.dir() / "timestamp.json", "{");
  repo.files["timestamp.json"] = old;
  CHECK(fails(client.refresh(), Errc::untrusted, "snapshot version 1 is older than version 2"));
}

TEST_CASE("snapshot freeze: an expired one is refused, new or local") {
  Repo repo;
  Client client(repo);
  repo.snapshot.header.expires = kNow + 60;
  repo.publish({"snapshot", "timestamp"});
  client.now = kNow + 60;
  CHECK(fails(client.refresh(), Errc::untrusted, "snapshot version 2 expired"));
  CHECK(client.version("snapshot") == 0);
  client.now = kNow;
  REQUIRE(client.refresh());
  client.now = kNow + 60;
  CHECK(fails(client.refresh(), Errc::untrusted, "snapshot version 2 expired"));
}

TEST_CASE("a local snapshot with other bytes than the timestamp names is fetched anew") {
  Repo repo;
  Client client(repo);
  REQUIRE(client.refresh());
  const std::string good = client.local("snapshot.json");
  write(client.dir() / "snapshot.json", good + " ");
  REQUIRE(client.refresh());
  CHECK(client.local("snapshot.json") == good);
}

TEST_CASE("snapshot endless data: without a promised length the limit is 8,000,000 bytes") {
  Repo repo;
  repo.hashes = false;
  repo.publish_all();
  Client client(repo);
  uint64_t sent = 0;
  repo.answer = [&](const std::string& path, uint64_t, Sink& into) -> std::optional<Status> {
    if (path != "2.snapshot.json") return std::nullopt;
    const std::string chunk(1000, ' ');
    Status s = into.write(chunk);
    while (s && sent < 100'000'000) {
      sent += chunk.size();
      s = into.write(chunk);
    }
    return s;
  };
  CHECK(fails(client.refresh(), Errc::integrity, "8000000 bytes allowed"));
  CHECK(sent == 8'000'000);
}

TEST_CASE("a promised length above the limit does not lift the limit") {
  Repo repo;
  Client client(repo);
  repo.timestamp.snapshot.length = 9'000'000'000;
  repo.publish({"timestamp"});
  repo.answer = [&](const std::string& path, uint64_t max_bytes, Sink&) -> std::optional<Status> {
    if (path == "1.snapshot.json") CHECK(max_bytes == 8'000'000);
    return std::nullopt;
  };
  CHECK_FALSE(client.refresh());
  CHECK(repo.times_asked("1.snapshot.json") == 1);
}

TEST_CASE("a repository without consistent snapshots is asked for names without versions") {
  Repo repo;
  repo.root.consistent_snapshot = false;
  repo.publish({"root"});
  repo.files["snapshot.json"] = repo.files["1.snapshot.json"];
  repo.files["targets.json"] = repo.files["1.targets.json"];
  Client client(repo);
  REQUIRE(client.refresh());
  CHECK(repo.asked == std::vector<std::string>{"2.root.json", "3.root.json", "timestamp.json",
                                               "snapshot.json", "targets.json"});
}
