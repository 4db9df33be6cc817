// tests/verify/tuf/target_fetch_test.cpp: a target's bytes are those that its role names, or nothing (TUF 5.7).
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "tests/verify/tuf/simulator.h"
#include "verify/tuf/hashes.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

namespace {

/// targets lists "d/f" with the bytes "good bytes".
struct One {
  Repo repo{};
  Client client;
  TargetInfo info{};
  One() : client(prepare(repo)) {
    REQUIRE(client.refresh());
    info = *client.updater().target_info("d/f").value();
  }
  static Repo& prepare(Repo& repo) {
    repo.add_target("targets", "d/f", "good bytes");
    repo.publish_all();
    return repo;
  }
  std::string& served() { return repo.target_files.begin()->second; }
  Result<std::string> fetch(uint64_t max = 100) { return client.updater().fetch_target(info, max); }
};

// printf 'good bytes' | sha256sum, | sha512sum
const char* const kSha256 = "d6004ba597d097dfd95ac55076dbf03325b89d41b94fe8366c310a779ae57be5";
const char* const kSha512 =
    "cd065f0ce4dbc00b966b6483658034edfbb6c1f296d54569e652c9dae3a6e3e3b3f15b369f60fb7a01df7139fe12ab5434330376"
    "b760961870b491ee96777a28";

}  // namespace

TEST_CASE("a target is asked for by its hash, in its folder, and its bytes are checked") {
  One one;
  CHECK(one.fetch().value() == "good bytes");
  CHECK(one.repo.asked.back() == "targets/d/" + std::string(kSha256) + ".f");
  CHECK(one.client.updater().target_path(one.info) == "d/" + std::string(kSha256) + ".f");
}

TEST_CASE("arbitrary software: other bytes of the same length are refused") {
  One one;
  one.served() = "evil bytes";
  CHECK(one.fetch().error().code == Errc::integrity);
}

TEST_CASE(
    "target endless data: the first byte beyond the promised length ends it, a shorter one is refused") {
  One one;
  one.served() = "good bytes and more";
  CHECK(one.fetch().error().message.find("10 bytes allowed") != std::string::npos);
  one.served() = "good";
  CHECK(one.fetch().error().code == Errc::integrity);
}

TEST_CASE("a target longer than the caller takes is refused before it is asked for") {
  One one;
  one.repo.asked.clear();
  CHECK(one.fetch(9).error().code == Errc::invalid);
  CHECK(one.repo.asked.empty());
  CHECK(one.fetch(10));
}

TEST_CASE("every known hash must match, and one must be known") {
  const std::string bytes = "good bytes";
  CHECK(check_hashes(bytes, 10, {{"sha256", kSha256}}, "it"));
  CHECK(check_hashes(bytes, 10, {{"sha512", kSha512}}, "it"));
  CHECK(check_hashes(bytes, {}, {{"sha256", kSha256}, {"sha512", kSha512}, {"blake3", "00"}}, "it"));
  CHECK(check_hashes(bytes, 11, {{"sha256", kSha256}}, "it").error().code == Errc::integrity);
  CHECK(check_hashes(bytes, 10, {{"sha256", std::string(64, '0')}}, "it").error().code == Errc::integrity);
  CHECK(
      check_hashes(bytes, 10, {{"sha256", kSha256}, {"sha512", std::string(128, '0')}}, "it").error().code ==
      Errc::integrity);
  CHECK(check_hashes(bytes, 10, {{"sha256", std::string(kSha256).substr(0, 32)}}, "it").error().code ==
        Errc::integrity);
  CHECK(check_hashes(bytes, 10, {{"md5", "00"}}, "it").error().code == Errc::unsupported);
  CHECK(check_hashes(bytes, 10, {}, "it"));
}

TEST_CASE("a target path with a segment '..' is never asked for, and odd characters are encoded") {
  One one;
  one.repo.asked.clear();
  for (const char* path : {"../f", "d/../../f", "./f", "d/.."}) {
    one.info.path = path;
    CHECK(one.fetch().error().code == Errc::invalid);
  }
  CHECK(one.repo.asked.empty());
  one.info.path = "d e/f?#%";
  CHECK(one.fetch().error().code == Errc::not_found);
  CHECK(one.repo.asked.back() == "targets/d%20e/" + std::string(kSha256) + ".f%3F%23%25");
}

TEST_CASE("without consistent snapshots a target is asked for by its path") {
  Repo repo;
  repo.root.consistent_snapshot = false;
  repo.publish({"root"});
  repo.add_target("targets", "d/f", "good bytes");
  repo.target_files = {{"d/f", "good bytes"}};
  repo.publish({"targets", "snapshot", "timestamp"});
  repo.files["snapshot.json"] = repo.files["2.snapshot.json"];
  repo.files["targets.json"] = repo.files["2.targets.json"];
  Client client(repo);
  REQUIRE(client.refresh());
  CHECK(client.updater().fetch_target(*client.updater().target_info("d/f").value(), 100).value() ==
        "good bytes");
  CHECK(repo.asked.back() == "targets/d/f");
}
