// tests/registry/signed_tree_attacks_test.cpp: a registry that lies about its metadata: one attack, one test named after it.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/hash.h"
#include "base/json.h"
#include "tests/registry/signed_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::answer;
using test::HttpAnswer;
using test::HttpRequest;
using test::HttpServer;
using test::kDate;
using test::Run;
using test::SignedRepo;

namespace {

constexpr UnixTime kDay = 86'400;

void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

void replace(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::remove(file);
  test::write(file, bytes);
}

bool refused(const Result<VouchedRelease>& r) { return !r && (r.error().code == Errc::untrusted || r.error().code == Errc::integrity); }

}  // namespace

TEST_CASE("attack: rollback of the whole registry") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  copy_tree(repo.dir, repo.temp / "old");
  repo.publish("tiny", "1.1.0");
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  Run run("file://" + (repo.temp / "old").string(), repo.temp / "t", repo.root());
  CHECK(run.install().error().code == Errc::untrusted);
}

TEST_CASE("attack: rollback of the timestamp alone") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  const std::string old = test::read(repo.served("timestamp"));
  repo.publish("tiny", "1.1.0");
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  replace(repo.served("timestamp"), old);
  CHECK(Run(repo.url(), repo.temp / "t", repo.root()).install().error().code == Errc::untrusted);
}

TEST_CASE("attack: freeze, the same metadata for ever") {
  SignedRepo repo;
  repo.publish();
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  const auto late = Run(repo.url(), repo.temp / "t", repo.root(), kDate + 2 * kDay).install();
  CHECK(late.error().code == Errc::untrusted);
  CHECK(late.error().render().find("expired") != std::string::npos);
  // A first visit is no better off.
  CHECK(Run(repo.url(), repo.temp / "fresh", repo.root(), kDate + 2 * kDay).install().error().code == Errc::untrusted);
}

TEST_CASE("attack: mix and match, an old role beside a new snapshot") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  const std::string old_ns = test::read(repo.served("ns._"));
  repo.publish("tiny", "1.1.0");
  replace(repo.served("ns._"), old_ns);  // under the new version's name
  CHECK(refused(Run(repo.url(), repo.temp / "t", repo.root()).install()));
}

TEST_CASE("attack: mix and match, an old snapshot beside a new timestamp") {
  SignedRepo repo;
  repo.publish("tiny", "1.0.0");
  const std::string old = test::read(repo.served("snapshot"));
  repo.publish("tiny", "1.1.0");
  replace(repo.served("snapshot"), old);
  CHECK(refused(Run(repo.url(), repo.temp / "t", repo.root()).install()));
}

TEST_CASE("attack: another registry with another root in its place") {
  SignedRepo repo;
  repo.publish();
  SignedRepo impostor;
  impostor.publish();
  CHECK(Run(impostor.url(), repo.temp / "t", repo.root()).install().error().code == Errc::untrusted);
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  CHECK(Run(impostor.url(), repo.temp / "t", repo.root()).install().error().code == Errc::untrusted);
}

TEST_CASE("a root rotation is followed, and only one that both roots signed") {
  SignedRepo repo;
  repo.publish();
  REQUIRE(Run(repo.url(), repo.temp / "t", repo.root()).install());
  const auto fresh = repo.keys.make("root.2");
  REQUIRE(fresh);
  const auto rotated = repo.open().rotate("root", {*fresh});
  if (!rotated) FAIL(rotated.error().render());
  {
    Run run(repo.url(), repo.temp / "t", repo.root());
    const auto got = run.install();
    if (!got) FAIL(got.error().render());
    CHECK(got->chain[0].role == "root");
    CHECK(got->chain[0].version == 2);
  }
  Run newcomer(repo.url(), repo.temp / "n", repo.root());
  CHECK(newcomer.install());
  // A third root, signed by nobody who may.
  SignedRepo impostor;
  auto doc = parse_json(test::read(impostor.dir / "metadata/1.root.json")).value();
  doc["signed"]["version"] = 3;
  test::write(repo.dir / "metadata/3.root.json", dump_line(doc));
  CHECK(Run(repo.url(), repo.temp / "t", repo.root()).install().error().code == Errc::untrusted);
}

TEST_CASE("attack: one changed byte in any file of metadata") {
  SignedRepo repo;
  const Packed packed = repo.publish();
  for (const auto& e : std::filesystem::directory_iterator(repo.dir / "metadata")) {
    const std::string good = test::read(e.path());
    const std::string name = e.path().filename().string();
    INFO(name);
    std::size_t n = 0;
    for (const std::size_t at : {good.size() / 5, good.size() / 2, good.size() - 40}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      replace(e.path(), bad);
      const auto got = Run(repo.url(), repo.temp / ("t" + name + std::to_string(n++)), repo.temp.path().empty() ? "" : repo.root()).install();
      // Files that the run does not need (an old version, the index's) may be anything.
      if (got) CHECK(got->bytes == packed.release_bytes);
      else CHECK((got.error().code == Errc::untrusted || got.error().code == Errc::integrity || got.error().code == Errc::invalid));
    }
    replace(e.path(), good);
  }
  // Those it does need are never accepted with a change.
  for (const char* role : {"timestamp", "snapshot", "targets", "ns._", "advisory"}) {
    INFO(role);
    const std::string good = test::read(repo.served(role));
    std::string bad = good;
    bad[bad.find("\"signed\"") + 30] = static_cast<char>(bad[bad.find("\"signed\"") + 30] ^ 1);
    replace(repo.served(role), bad);
    CHECK_FALSE(Run(repo.url(), repo.temp / (std::string("x") + role), repo.root()).install());
    replace(repo.served(role), good);
  }
  REQUIRE(Run(repo.url(), repo.temp / "good", repo.root()).install());
}

TEST_CASE("attack: another release under the listed one's name") {
  SignedRepo repo;
  const Packed one = repo.publish("tiny", "1.0.0");
  const Packed two = repo.publish("other", "1.0.0");
  const auto& m = one.release.manifest;
  replace(repo.dir / tree::release(m.name, m.version, one.digest), two.release_bytes);
  const auto got = Run(repo.url(), repo.temp / "t", repo.root()).install("tiny");
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Errc::integrity);
}

TEST_CASE("attack: bytes at hand that are not the listed release") {
  SignedRepo repo;
  const Packed one = repo.publish("tiny", "1.0.0");
  const Packed two = repo.publish("other", "1.0.0");
  Run run(repo.url(), repo.temp / "t", repo.root());
  const auto& m = one.release.manifest;
  CHECK(run->vouch(m.name, m.version, two.release_bytes).error().code == Errc::untrusted);
  // The same name and version, other weights.
  test::write_package(repo.temp / "forged", "tiny", "1.0.0", "GGUF of somebody else");
  const Packed forged = test::pack(repo.temp / "forged");
  REQUIRE(forged.digest != one.digest);
  CHECK(run->vouch(m.name, m.version, forged.release_bytes).error().code == Errc::untrusted);
  CHECK(run->vouch(m.name, m.version, one.release_bytes));
  CHECK(run->vouch(m.name, schemas::Version::parse("9.0.0").value(), one.release_bytes).error().code == Errc::not_found);
  CHECK(run->vouch(schemas::PackageName::parse("evil/tiny").value(), m.version, one.release_bytes).error().code == Errc::not_found);
}

TEST_CASE("attack: endless metadata, of each role") {
  SignedRepo repo;
  repo.publish();
  for (const char* role : {"2.root.json", "timestamp.json", "snapshot.json", "targets.json", "ns._.json"}) {
    INFO(role);
    const HttpServer server([&](const HttpRequest& r) {
      if (r.path.ends_with(role)) return HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", .endless = true};
      return test::serve_file(repo.dir.string(), r);
    });
    const auto got = Run(server.url(), repo.temp / role, repo.root()).install();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::integrity);
  }
}

TEST_CASE("attack: a peer that drips each file of metadata") {
  SignedRepo repo;
  repo.publish();
  const HttpServer server([&](const HttpRequest& r) {
    auto a = test::serve_file(repo.dir.string(), r);
    if (r.path.ends_with("timestamp.json")) {
      a.bytes.resize(a.bytes.size() / 2);
      a.stall_ms = 20'000;
    }
    return a;
  });
  auto options = test::quick();
  options.stall_seconds = 600;
  options.document_seconds = 1;
  const double start = monotonic_ms();
  CHECK(Run(server.url(), repo.temp / "t", repo.root(), kDate, false, options).install().error().code == Errc::network);
  CHECK(monotonic_ms() - start < 15'000);
}

TEST_CASE("a poisoned local cache is recovered from, whichever file it is") {
  SignedRepo repo;
  const Packed packed = repo.publish();
  const auto dir = repo.temp / "t";
  REQUIRE(Run(repo.url(), dir, repo.root()).install());
  SignedRepo other;
  other.publish();
  REQUIRE(Run(other.url(), repo.temp / "o", other.root()).install());
  for (const std::string& file : test::files_below(dir)) {
    if (!file.ends_with(".json")) continue;
    INFO(file);
    const std::string foreign = std::filesystem::exists(repo.temp / "o" / file) ? test::read(repo.temp / "o" / file) : "";
    for (const std::string& poison : {std::string(), std::string("{"), std::string(20'000'000, 'x'), foreign}) {
      if (file.ends_with(".lock")) continue;
      replace(dir / file, poison);
      const auto got = Run(repo.url(), dir, repo.root()).install();
      if (!got) FAIL(got.error().render());
      CHECK(got->bytes == packed.release_bytes);
    }
  }
  std::filesystem::remove_all(dir);
  CHECK(Run(repo.url(), dir, repo.root()).install());
}

TEST_CASE("two clients that refresh one folder at once both succeed") {
  SignedRepo repo;
  repo.publish();
  const auto dir = repo.temp / "t";
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> good{0};
    const auto work = [&] {
      Run run(repo.url(), dir, repo.root());
      if (run.install()) ++good;
    };
    std::thread a(work);
    std::thread b(work);
    a.join();
    b.join();
    CHECK(good == 2);
    repo.publish("tiny", "1." + std::to_string(round + 1) + ".0");
  }
}

TEST_CASE("a refresh that is killed leaves a folder that the next one uses") {
  SignedRepo repo;
  repo.publish();
  const auto dir = repo.temp / "t";
  int killed = 0;
  for (int round = 0; round < 40; ++round) {
    if (round % 4 == 0) std::filesystem::remove_all(dir);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // No Catch in the child: it is about to die.
      NullLog log;
      NullProgress progress;
      auto client = Client::open(repo.url(), test::quick(), log, progress);
      auto tree = SignedTree::open({.dir = dir, .pinned_root = repo.root(), .id = sha256(repo.root()), .time = {.now = kDate, .max_stale_s = 0}, .what = "x"}, &*client, log);
      if (tree) {
        (void)tree->advisories();
        (void)tree->package(schemas::PackageName::parse("tiny").value());
      }
      _exit(0);
    }
    usleep(static_cast<useconds_t>(200 + round * 250));
    if (kill(child, SIGKILL) == 0) {
      int status = 0;
      REQUIRE(waitpid(child, &status, 0) == child);
      if (WIFSIGNALED(status)) ++killed;
    }
    const auto got = Run(repo.url(), dir, repo.root()).install();
    if (!got) FAIL(got.error().render());
  }
  CHECK(killed >= 5);
}
