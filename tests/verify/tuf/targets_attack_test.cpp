// tests/verify/tuf/targets_attack_test.cpp: attacks on targets roles: top-level, delegated, cached, delegating (TUF 5.6).
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

namespace {

/// targets -> A (the delegator) -> B, each for all paths; "f" is B's. The lies below are about `role`.
struct Chain {
  Repo repo{};
  Chain() {
    repo.delegate("targets", "A", {"*"});
    repo.delegate("A", "B", {"*"});
    repo.add_target("B", "f", "bytes");
    repo.publish_all();
  }
  /// Publish `role` anew, then snapshot and timestamp.
  void publish(const std::string& role) { repo.publish({role, "snapshot", "timestamp"}); }
  [[nodiscard]] std::string file(const std::string& role) const {
    return std::to_string(repo.targets.at(role).header.version) + "." + role + ".json";
  }
};

/// Where the lie is told: at the first look, or after an honest look has filled the cache.
const bool kFilled[] = {false, true};
const std::string kRoles[] = {"targets", "A", "B"};

}  // namespace

TEST_CASE("an honest chain of delegations is found, and says who vouched") {
  Chain c;
  Client client(c.repo);
  REQUIRE(client.find("f") == "B");
  const auto info = client.updater().target_info("f");
  REQUIRE((info && *info));
  CHECK((*info)->file.length == 5);
  REQUIRE((*info)->chain.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const Voucher& v = (*info)->chain[i];
    CHECK(v.role == kRoles[i]);
    CHECK(v.version == c.repo.targets[kRoles[i]].header.version);
    CHECK(v.expires == kExpires);
    CHECK(v.key_ids == std::vector<std::string>{c.repo.signers[kRoles[i]][0].id()});
  }
  const auto top = client.updater().trusted().top_level();
  REQUIRE(top.size() == 3);
  CHECK(top[0].role == "root");
  CHECK(top[1].version == c.repo.timestamp.header.version);
  CHECK(top[2].key_ids == std::vector<std::string>{c.repo.signers["snapshot"][0].id()});
  CHECK(client.updater().fetch_target(**info, 100).value() == "bytes");
}

TEST_CASE(
    "delegation checks, hash: other bytes than the snapshot names are refused for every role of the chain") {
  for (const std::string& role : kRoles)
    for (const bool filled : kFilled) {
      INFO(role << filled);
      Chain c;
      Client client(c.repo);
      if (filled) REQUIRE(client.find("f") == "B");
      c.publish(role);
      c.repo.files[c.file(role)].back() = ' ';
      CHECK(client.find("f").find("has the sha256") != std::string::npos);
    }
}

TEST_CASE(
    "delegation checks, signature: keys other than the delegator's are refused for every role of the chain") {
  for (const std::string& role : kRoles)
    for (const bool filled : kFilled) {
      INFO(role << filled);
      Chain c;
      Client client(c.repo);
      if (filled) REQUIRE(client.find("f") == "B");
      c.repo.signers[role] = {Signer::ed25519()};
      c.publish(role);
      CHECK(client.find("f").find("has 0 of the 1 good signature") != std::string::npos);
      CHECK(client.version(role) != c.repo.targets[role].header.version);
    }
}

TEST_CASE("delegation checks, signature: the keys of a sibling, of the parent or of root do not do") {
  Chain c;
  c.repo.delegate("targets", "sibling", {"x/*"});
  const auto own = c.repo.signers["B"];
  for (const char* other : {"A", "targets", "sibling", "root", "snapshot"}) {
    INFO(other);
    Client client(c.repo);
    c.repo.signers["B"] = c.repo.signers[other];
    c.repo.publish_all();
    CHECK(client.find("f").find("has 0 of the 1 good signature") != std::string::npos);
    c.repo.signers["B"] = own;
    c.repo.publish_all();
    CHECK(client.find("f") == "B");
  }
}

TEST_CASE(
    "delegation checks, version: another version under the promised name is refused for every role of the "
    "chain") {
  for (const std::string& role : kRoles)
    for (const bool filled : kFilled) {
      INFO(role << filled);
      Chain c;
      c.repo.hashes = false;
      c.repo.publish_all();
      Client client(c.repo);
      if (filled) REQUIRE(client.find("f") == "B");
      const std::string old = c.repo.files[c.file(role)];
      c.publish(role);
      const std::string newest = c.repo.files[c.file(role)];
      c.repo.files[c.file(role)] = old;
      CHECK(client.find("f").find("came where the snapshot names version") != std::string::npos);
      // And a newer one than promised.
      c.repo.files[c.file(role)] = newest;
      CHECK(client.find("f") == "B");
      const std::string promised = c.file(role);
      c.publish(role);
      c.repo.snapshot.meta[role + ".json"].version -= 1;
      c.repo.publish({"snapshot", "timestamp"});
      c.repo.files[promised] = c.repo.files[c.file(role)];
      std::filesystem::remove(client.dir() / (role + ".json"));
      CHECK(client.find("f").find("came where the snapshot names version") != std::string::npos);
    }
}

TEST_CASE("delegation checks, expiry: an expired role is refused for every role of the chain") {
  for (const std::string& role : kRoles) {
    INFO(role);
    Chain c;
    Client client(c.repo);
    c.repo.targets[role].header.expires = kNow;
    c.publish(role);
    CHECK(client.find("f").find(" expired at ") != std::string::npos);
  }
}

TEST_CASE("delegation checks, expiry: a cached role that has expired since is not used") {
  for (const std::string& role : kRoles) {
    INFO(role);
    Chain c;
    c.repo.targets[role].header.expires = kNow + 60;
    c.publish(role);
    Client client(c.repo);
    REQUIRE(client.find("f") == "B");
    client.now = kNow + 60;
    CHECK(client.find("f").find(" expired at ") != std::string::npos);
  }
}

TEST_CASE("cached role: a key that the delegator has dropped no longer vouches for what lies in the cache") {
  for (const std::string& role : {std::string("A"), std::string("B")}) {
    INFO(role);
    Chain c;
    Client client(c.repo);
    REQUIRE(client.find("f") == "B");
    const std::string by = role == "A" ? "targets" : "A";
    auto& delegation = c.repo.targets[by].delegations->roles[0];
    delegation.keys.key_ids.clear();
    c.repo.targets[by].add_key(role, Signer::ed25519().key());
    c.publish(by);
    CHECK(client.find("f").find("has 0 of the 1 good signature") != std::string::npos);
  }
}

TEST_CASE("cached role: a raised threshold holds for what lies in the cache") {
  Chain c;
  Client client(c.repo);
  REQUIRE(client.find("f") == "B");
  c.repo.targets["A"].delegations->roles[0].keys.threshold = 2;
  c.publish("A");
  CHECK(client.find("f").find("has 1 of the 2") != std::string::npos);
}

TEST_CASE("cached role: one delegator's keys give no authority under another delegator, in one run or two") {
  Repo repo;
  repo.delegate("targets", "pa", {"a/*"});
  repo.delegate("targets", "pb", {"b/*"});
  repo.delegate("pa", "release", {"a/*"});
  repo.signers["release"].clear();
  repo.delegate("pb", "release", {"b/*"});  // another key
  repo.add_target("release", "a/f", "a");
  repo.add_target("release", "b/f", "b");
  repo.publish_all();  // signed by pb's key only
  Client client(repo);
  CHECK(client.find("b/f") == "release");
  const auto through_a = client.updater().target_info("a/f");
  REQUIRE_FALSE(through_a);
  CHECK(through_a.error().code == Errc::untrusted);
  CHECK(client.updater().target_info("b/f").value().has_value());
  CHECK(client.find("a/f").find("has 0 of the 1") != std::string::npos);  // from the folder
}

TEST_CASE("cached role: the same keys under a higher threshold are another authority, in the same run") {
  Repo repo;
  repo.delegate("targets", "pa", {"a/*"});
  repo.delegate("targets", "pb", {"b/*"});
  repo.delegate("pa", "release", {"a/*"});
  repo.delegate("pb", "release", {"b/*"});
  auto& signers = repo.signers["release"];
  REQUIRE(signers.size() == 2);
  repo.targets["pa"].add_key("release", signers[1].key());
  repo.targets["pb"].add_key("release", signers[0].key());
  repo.targets["pb"].delegations->roles[0].keys.threshold = 2;
  signers.pop_back();
  repo.add_target("release", "a/f", "a");
  repo.add_target("release", "b/f", "b");
  repo.publish_all();  // signed by one of the two keys
  Client client(repo);
  REQUIRE(client.find("a/f") == "release");
  const auto through_b = client.updater().target_info("b/f");
  REQUIRE_FALSE(through_b);
  CHECK(through_b.error().message.find("1 of the 2") != std::string::npos);
}

TEST_CASE(
    "a role reached through two delegators with different keys is trusted under both when both have signed") {
  Repo repo;
  repo.delegate("targets", "pa", {"a/*"});
  repo.delegate("targets", "pb", {"b/*"});
  repo.delegate("pa", "release", {"a/*"});
  repo.delegate("pb", "release", {"b/*"});
  repo.add_target("release", "a/f", "a");
  repo.add_target("release", "b/f", "b");
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.find("a/f") == "release");
  const auto a = client.updater().target_info("a/f").value();
  const auto b = client.updater().target_info("b/f").value();
  REQUIRE((a && b));
  CHECK(a->chain[1].role == "pa");
  CHECK(b->chain[1].role == "pb");
  CHECK(a->chain[2].key_ids == std::vector<std::string>{repo.signers["release"][0].id()});
  CHECK(b->chain[2].key_ids == std::vector<std::string>{repo.signers["release"][1].id()});
  CHECK(repo.times_asked("1.release.json") == 1);
}

TEST_CASE("a wrong threshold of a delegation: two keys asked, one key under two ids given") {
  Chain c;
  const Json extra = {{"x-second", 1}};
  const Signer one = c.repo.signers["B"][0];
  c.repo.targets["A"].add_key("B", one.key(extra));
  c.repo.targets["A"].delegations->roles[0].keys.threshold = 2;
  c.repo.after_signing = [&](const std::string& role, Document& doc) {
    if (role == "B") add_signature(doc, one, one.id(extra));
  };
  c.repo.publish_all();
  Client client(c.repo);
  CHECK(client.find("f").find("has 1 of the 2") != std::string::npos);
}

TEST_CASE("two of three keys of different schemes vouch for a role") {
  Chain c;
  for (const Signer& s : {Signer::ecdsa(), Signer::rsa()}) {
    c.repo.targets["A"].add_key("B", s.key());
    c.repo.signers["B"].push_back(s);
  }
  c.repo.targets["A"].delegations->roles[0].keys.threshold = 2;
  c.repo.signers["B"].erase(c.repo.signers["B"].begin());
  c.repo.publish_all();
  Client client(c.repo);
  CHECK(client.find("f") == "B");
  const auto info = client.updater().target_info("f").value();
  CHECK(info->chain[2].key_ids ==
        std::vector<std::string>{c.repo.signers["B"][0].id(), c.repo.signers["B"][1].id()});
}

TEST_CASE("targets of another type or specification version are refused") {
  Chain c;
  Client client(c.repo);
  c.repo.before_signing = [](const std::string& role, Json& body) {
    if (role == "B") body["spec_version"] = "2.0.0";
  };
  c.publish("B");
  CHECK(client.find("f").find("unsupported: ") == 0);
  c.repo.before_signing = [](const std::string& role, Json& body) {
    if (role == "B") body["_type"] = "B";
  };
  c.publish("B");
  CHECK(client.find("f").find("invalid: ") == 0);
}

TEST_CASE(
    "targets endless data: more than the promised length, or 8,000,000 bytes without one, are refused while "
    "they arrive") {
  for (const bool hashes : {true, false}) {
    Chain c;
    c.repo.hashes = hashes;
    c.repo.publish_all();
    Client client(c.repo);
    const std::string path = c.file("B");
    const uint64_t limit = hashes ? c.repo.files[path].size() : 8'000'000;
    uint64_t sent = 0;
    c.repo.answer = [&](const std::string& asked, uint64_t, Sink& into) -> std::optional<Status> {
      if (asked != path) return std::nullopt;
      const std::string chunk(100, ' ');
      Status s = into.write(chunk);
      while (s && sent < 100'000'000) {
        sent += chunk.size();
        s = into.write(chunk);
      }
      return s;
    };
    CHECK(client.find("f").find(std::to_string(limit) + " bytes allowed") != std::string::npos);
    CHECK((sent <= limit && sent + 100 > limit));
  }
}

TEST_CASE("a role that the snapshot does not list is not even asked for") {
  Chain c;
  c.repo.snapshot.meta.erase("B.json");
  c.repo.publish({"snapshot", "timestamp"});
  Client client(c.repo);
  CHECK(client.find("f").find("does not list the role 'B'") != std::string::npos);
  CHECK(c.repo.times_asked(c.file("B")) == 0);
}

TEST_CASE("an unchanged second lookup of a chain asks for two files only") {
  Chain c;
  Client client(c.repo);
  REQUIRE(client.find("f") == "B");
  c.repo.asked.clear();
  REQUIRE(client.find("f") == "B");
  CHECK(c.repo.asked.size() == 2);
}
