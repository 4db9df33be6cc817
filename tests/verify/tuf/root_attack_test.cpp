// tests/verify/tuf/root_attack_test.cpp: attacks on the root of trust (TUF 5.2, 5.3).
#include <catch2/catch.hpp>

#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

TEST_CASE("an honest repository: the first refresh takes five requests, an unchanged one two") {
  Repo repo;
  Client client(repo);
  REQUIRE(client.refresh());
  CHECK(repo.asked ==
        std::vector<std::string>{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"});
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) CHECK(client.version(role) == 1);
  CHECK(client.local("timestamp.json") == repo.files["timestamp.json"]);  // the raw bytes
  repo.asked.clear();
  REQUIRE(client.refresh());
  CHECK(repo.asked == std::vector<std::string>{"2.root.json", "timestamp.json"});
  CHECK(client.updater().notes().empty());
}

TEST_CASE("root: the trusted root must be signed by its own keys") {
  Repo repo;
  repo.after_signing = [](const std::string&, Document& doc) {
    doc.signatures[0].sig[0] = doc.signatures[0].sig[0] == '0' ? '1' : '0';
  };
  repo.publish({"root"});
  CHECK(TrustedSet::start(repo.files["2.root.json"], {}).error().code == Errc::untrusted);
  TempDir dir;
  CHECK(fails(Updater::init(dir / "m", repo.files["2.root.json"]), Errc::untrusted, "0 of the 1"));
  CHECK_FALSE(std::filesystem::exists(dir / "m"));
}

TEST_CASE("root arbitrary software: a new root without the old keys' signatures is refused") {
  Repo repo;
  Client client(repo);
  repo.rotate("root");
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::untrusted, "by the keys of version 1"));
  CHECK(client.version("root") == 1);
}

TEST_CASE("root arbitrary software: a new root without its own keys' signatures is refused") {
  Repo repo;
  Client client(repo);
  const auto old = repo.signers["root"];
  repo.rotate("root");
  repo.signers["root"] = old;
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::untrusted, "by its own keys"));
  CHECK(client.version("root") == 1);
}

TEST_CASE("root rotation: signed by the old and the new keys, it is followed, and every version is kept") {
  Repo repo;
  Client client(repo);
  for (int i = 0; i < 3; ++i) {
    const auto old = repo.signers["root"];
    repo.rotate("root");
    repo.signers["root"].push_back(old[0]);
    repo.publish({"root"});
    repo.signers["root"].pop_back();
  }
  REQUIRE(client.refresh());
  CHECK(client.version("root") == 4);
  for (int n = 1; n <= 4; ++n) {
    const std::string file = std::to_string(n) + ".root.json";
    CHECK(client.local("root_history/" + file) == repo.files[file]);
  }
}

TEST_CASE("root wrong threshold: the old threshold counts also when the new one is lower") {
  Repo repo;
  repo.signers["root"].push_back(Signer::ecdsa());
  repo.root.add_key("root", repo.signers["root"].back().key());
  repo.root.roles["root"].threshold = 2;
  repo.publish({"root"});  // 2
  repo.root.roles["root"].threshold = 1;
  repo.signers["root"].pop_back();
  repo.publish({"root"});  // 3, signed once
  Client client(repo);
  CHECK(fails(client.refresh(), Errc::untrusted, "1 of the 2"));
  CHECK(client.version("root") == 2);
}

TEST_CASE("root wrong threshold: one key listed under two ids does not make two signatures") {
  Repo repo;
  Client client(repo);
  const Json extra = {{"x-second", 1}};
  const Signer one = repo.signers["root"][0];
  repo.root.add_key("root", one.key(extra));
  repo.root.roles["root"].threshold = 2;
  repo.after_signing = [&](const std::string& role, Document& doc) {
    if (role == "root") add_signature(doc, one, one.id(extra));
  };
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::untrusted, "1 of the 2"));
}

TEST_CASE("root threshold 0 is refused even when signed by the old keys") {
  Repo repo;
  Client client(repo);
  repo.before_signing = [](const std::string& role, Json& body) {
    if (role == "root") body["roles"]["timestamp"]["threshold"] = 0;
  };
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::invalid, "threshold"));
  CHECK(client.version("root") == 1);
}

TEST_CASE("root rollback: an older or the same root in the place of the next is refused") {
  Repo repo;
  Client client(repo);
  repo.publish({"root"});
  repo.files["3.root.json"] = repo.files["2.root.json"];
  CHECK(fails(client.refresh(), Errc::untrusted, "version 2 came where version 3 was due"));
  repo.files["3.root.json"] = repo.files["1.root.json"];
  CHECK(fails(client.refresh(), Errc::untrusted, "version 1 came where version 3 was due"));
  CHECK(client.version("root") == 2);
}

TEST_CASE("root leap: a version that skips one is refused") {
  Repo repo;
  Client client(repo);
  ++repo.root.header.version;
  repo.publish({"root"});  // 3
  repo.files["2.root.json"] = repo.files["3.root.json"];
  CHECK(fails(client.refresh(), Errc::untrusted, "version 3 came where version 2 was due"));
}

TEST_CASE("root freeze: an expired newest root is kept, and nothing after it is believed") {
  Repo repo;
  Client client(repo);
  repo.root.header.expires = kNow;
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::untrusted, "root version 2 expired"));
  CHECK(client.version("root") == 2);
  CHECK(repo.times_asked("timestamp.json") == 0);
  repo.root.header.expires = kExpires;
  repo.publish({"root"});  // 3: an expired one in between does not matter
  CHECK(client.refresh());
  CHECK(client.version("root") == 3);
}

TEST_CASE("root rotations: at most 256 are followed in one refresh, and the next one goes on") {
  Repo repo;
  Client client(repo);
  for (int i = 0; i < 260; ++i) repo.publish({"root"});
  REQUIRE(client.refresh());
  CHECK(client.version("root") == 257);
  CHECK(std::count_if(repo.asked.begin(), repo.asked.end(),
                      [](const std::string& p) { return p.find("root") != std::string::npos; }) == 256);
  REQUIRE(client.refresh());
  CHECK(client.version("root") == 261);
}

TEST_CASE("root: an answer other than 'not there' is no end of the chain") {
  Repo repo;
  Client client(repo);
  repo.answer = [](const std::string& path, uint64_t, Sink&) -> std::optional<Status> {
    if (path == "2.root.json") return make_error(Errc::network, "HTTP 500");
    return std::nullopt;
  };
  CHECK(fails(client.refresh(), Errc::network, "HTTP 500"));
  CHECK(repo.times_asked("timestamp.json") == 0);
}

TEST_CASE("root of another specification version is refused") {
  Repo repo;
  Client client(repo);
  repo.before_signing = [](const std::string&, Json& body) { body["spec_version"] = "2.0.0"; };
  repo.publish({"root"});
  CHECK(fails(client.refresh(), Errc::unsupported, "2.0.0"));
}

TEST_CASE("fast-forward recovery: new timestamp keys let the timestamp start again") {
  Repo repo;
  Client client(repo);
  repo.timestamp.header.version = 1'000'000;
  repo.publish({"timestamp"});
  REQUIRE(client.refresh());
  repo.rotate("timestamp");
  repo.publish({"root"});
  repo.timestamp.header.version = 1;
  repo.publish({"timestamp"});  // 2
  CHECK(client.refresh());
  CHECK(client.version("timestamp") == 2);
}

TEST_CASE("fast-forward recovery: it works while one of two old keys stays, for timestamp and for snapshot") {
  for (const std::string role : {"timestamp", "snapshot"}) {
    INFO(role);
    Repo repo;
    Client client(repo);
    const Signer second = Signer::ed25519();
    repo.signers[role].push_back(second);
    repo.root.add_key(role, second.key());
    repo.publish({"root"});
    repo.snapshot.header.version = repo.timestamp.header.version = 1'000'000;
    repo.publish({"snapshot", "timestamp"});
    REQUIRE(client.refresh());
    // The stolen key goes; files signed by the one that stays would still be good.
    repo.root.roles[role].key_ids.erase(repo.root.roles[role].key_ids.begin());
    repo.signers[role].erase(repo.signers[role].begin());
    repo.publish({"root"});
    repo.snapshot.header.version = repo.timestamp.header.version = 5;
    repo.publish({"snapshot", "timestamp"});
    CHECK(client.refresh());
    CHECK(client.version("timestamp") == 6);
    CHECK(client.version("snapshot") == 6);
  }
}

TEST_CASE("a new root that leaves the online keys alone does not forget what was seen") {
  Repo repo;
  Client client(repo);
  repo.publish_all();
  REQUIRE(client.refresh());
  const std::string old = repo.files["timestamp.json"];
  repo.publish({"timestamp"});
  REQUIRE(client.refresh());
  repo.publish({"root"});
  repo.files["timestamp.json"] = old;
  CHECK(fails(client.refresh(), Errc::untrusted, "rollback"));
  CHECK(client.version("root") == 2);
}

TEST_CASE("root endless data: more than 512,000 bytes are refused while they arrive") {
  Repo repo;
  Client client(repo);
  uint64_t sent = 0;
  repo.answer = [&](const std::string& path, uint64_t, Sink& into) -> std::optional<Status> {
    if (path != "2.root.json") return std::nullopt;
    const std::string chunk(1000, ' ');
    for (int i = 0; i < 1'000'000; ++i) {
      const Status s = into.write(chunk);
      if (!s) return s;
      sent += chunk.size();
    }
    return Unit{};
  };
  CHECK(fails(client.refresh(), Errc::integrity, "512000 bytes allowed"));
  CHECK(sent == 512'000);
}
