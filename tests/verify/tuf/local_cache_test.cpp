// tests/verify/tuf/local_cache_test.cpp: a damaged, poisoned or half-written folder costs downloads, never more.
#include <cerrno>
#include <random>

#include <catch2/catch.hpp>

#include "base/fs.h"
#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

namespace {

struct Setup {
  Repo repo{};
  Client client;
  Setup() : client(prepare(repo)) {
    REQUIRE(client.find("f") == "A");
    repo.asked.clear();
  }
  static Repo& prepare(Repo& repo) {
    repo.delegate("targets", "A", {"*"});
    repo.add_target("A", "f", "x");
    repo.publish_all();
    repo.publish({"root"});
    repo.publish({"root"});
    return repo;
  }
};

const std::string kFiles[] = {"root.json", "timestamp.json", "snapshot.json", "targets.json", "A.json"};

void whole(Setup& s) {
  CHECK(s.client.find("f") == "A");
  CHECK(s.client.version("root") == 3);
  for (const char* role : {"timestamp", "snapshot", "targets", "A"})
    CHECK(s.client.version(role) == (std::string(role) == "A" ? 1 : 2));
}

struct NoFaults {
  ~NoFaults() { fs::inject_faults({}); }
};

}  // namespace

TEST_CASE("poisoned cache: each file, broken in each way, is recovered from") {
  for (const std::string& file : kFiles) {
    for (const std::string how :
         {"garbage", "empty", "half", "another role", "huge", "deep", "gone", "a folder", "a link"}) {
      INFO(file << " " << how);
      Setup s;
      const auto path = s.client.dir() / file;
      const std::string good = read(path);
      std::filesystem::remove(path);
      if (how == "garbage") write(path, "\x00\xff{\"signed\":");
      if (how == "empty") write(path, "");
      if (how == "half") write(path, good.substr(0, good.size() / 2));
      if (how == "another role")
        write(path, s.client.local(file == "root.json" ? "targets.json" : "root.json"));
      if (how == "huge") write(path, std::string(9'000'000, ' '));
      if (how == "deep") write(path, std::string(100'000, '['));
      if (how == "a folder") std::filesystem::create_directory(path);
      if (how == "a link") std::filesystem::create_symlink("targets.json", path);
      if (how == "a folder") {
        // Nothing can be renamed over a folder: the one case that needs a person, and it is an error, not a belief.
        s.repo.publish_all();
        s.repo.publish({"root"});
        CHECK(s.client.find("f") != "A");
        std::filesystem::remove(path);
        CHECK(s.client.find("f") == "A");
        continue;
      }
      whole(s);
      CHECK(read(path) == (file == "root.json" ? s.repo.files["3.root.json"] : good));
    }
  }
}

TEST_CASE("poisoned cache: files signed by a stranger are not believed") {
  Setup s;
  Repo other;
  other.delegate("targets", "A", {"*"});
  other.add_target("A", "f", "evil");
  other.publish_all();
  for (const char* role : {"timestamp", "snapshot", "targets", "A"}) {
    const std::string remote = std::string(role) == "timestamp"
                                   ? "timestamp.json"
                                   : (std::string(role) == "A" ? "1." : "2.") + std::string(role) + ".json";
    write(s.client.dir() / (std::string(role) + ".json"), other.files.at(remote));
  }
  whole(s);
  CHECK(s.client.updater().notes().size() == 4);
  const auto info = s.client.updater().target_info("f").value();
  CHECK(s.client.updater().fetch_target(*info, 10).value() == "x");
}

TEST_CASE("poisoned cache: without a sound root.json the kept roots lead to the newest one again") {
  Setup s;
  write(s.client.dir() / "root.json", "{}");
  whole(s);
  CHECK(s.repo.asked[0] == "4.root.json");  // nothing was walked anew
  CHECK(s.client.updater().notes().size() == 1);
}

TEST_CASE("poisoned cache: a kept root that does not follow from the one before is not followed") {
  Setup s;
  std::filesystem::remove(s.client.dir() / "root.json");
  Repo other;
  other.publish({"root"});
  write(s.client.dir() / "root_history" / "2.root.json", other.files["2.root.json"]);
  whole(s);
  CHECK(s.repo.asked[0] == "2.root.json");
}

TEST_CASE("poisoned cache: with all roots gone the trusted root of the options is used") {
  Setup s;
  std::filesystem::remove_all(s.client.dir());
  whole(s);
  CHECK(s.repo.asked[0] == "2.root.json");
}

TEST_CASE("no root anywhere: nothing is asked, and the remedy is said") {
  Repo repo;
  TempDir dir;
  UpdaterOptions options;
  options.dir = dir / "m";
  options.time.now = kNow;
  const auto updater = Updater::open(options, &repo);
  REQUIRE_FALSE(updater);
  CHECK(updater.error().code == Errc::not_found);
  CHECK(updater.error().hint.find("nano registry add") != std::string::npos);
  CHECK(repo.asked.empty());
}

TEST_CASE(
    "poisoned cache: random bytes over random places never make a permanent failure or a false answer") {
  std::mt19937 random(7);
  Setup s;
  for (int round = 0; round < 150; ++round) {
    const std::string& file = kFiles[random() % 5];
    const auto path = s.client.dir() / file;
    std::string bytes = read(path);
    REQUIRE_FALSE(bytes.empty());
    for (unsigned n = random() % 4 + 1; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    write(path, bytes);
    INFO(round << " " << file);
    whole(s);
  }
}

TEST_CASE("a full disk at any write is an error once, and the next refresh is whole") {
  NoFaults guard;
  for (int fail_at = 0; fail_at < 60; ++fail_at) {
    Repo repo;
    Setup::prepare(repo);
    Client client(repo);
    int step = 0;
    bool hit = false;
    fs::inject_faults([&](fs::Op op, const fs::Path&, std::size_t&) {
      if (op == fs::Op::open_read || op == fs::Op::mmap || op == fs::Op::look || op == fs::Op::list) return 0;
      if (step++ != fail_at) return 0;
      hit = true;
      return ENOSPC;
    });
    const std::string first = client.find("f");
    fs::inject_faults({});
    INFO(fail_at << ": " << first);
    if (hit) CHECK(first != "none");
    CHECK(client.find("f") == "A");
    CHECK(client.version("root") == 3);
    if (!hit) {
      CHECK(fail_at > 20);  // each file takes several steps
      return;
    }
  }
  FAIL("the last step was not reached");
}

TEST_CASE("a crash between new root and dropped files: with new online keys the old files go first") {
  NoFaults guard;
  Repo repo;
  Client client(repo);
  REQUIRE(client.refresh());
  repo.rotate("timestamp");
  repo.publish({"root", "timestamp"});
  fs::inject_faults([&](fs::Op op, const fs::Path& path, std::size_t&) {
    return op == fs::Op::create && path.string().find("root") != std::string::npos ? EIO : 0;
  });
  CHECK(fails(client.refresh(), Errc::store, ""));
  fs::inject_faults({});
  CHECK(client.version("root") == 1);
  CHECK(client.version("timestamp") == 0);
  CHECK(client.version("snapshot") == 0);
  CHECK(client.refresh());
}

TEST_CASE("a local file is read up to its limit only") {
  TempDir dir;
  const LocalDir local(dir / "m");
  REQUIRE(local.write("A", std::string(100, 'x')));
  CHECK(local.read("A", 100) == std::string(100, 'x'));
  CHECK_FALSE(local.read("A", 99));
  CHECK_FALSE(local.read("B", 100));
}
