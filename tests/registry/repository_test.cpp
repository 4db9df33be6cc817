// tests/registry/repository_test.cpp: trees made and added to; crashes and full disks leave the old index served.
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/text.h"
#include "registry/tree.h"
#include "tests/registry/signed_fixture.h"

using namespace nano;
using namespace nano::registry;

namespace {

/// What a client that comes for the first time sees.
struct Visitor {
  test::TempDir trust;
  test::Run run;
  explicit Visitor(const std::filesystem::path& dir) : run("file://" + dir.string(), trust / "t", test::read(dir / "metadata/1.root.json")) {}
  Result<schemas::Index> index() {
    NANO_TRY_ASSIGN(const auto* index, run->index());
    return *index;
  }
  Result<VouchedRelease> release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest) {
    return run->release(name, version, digest);
  }
};
Visitor client_of(const std::filesystem::path& dir) { return Visitor(dir); }

struct Repo {
  test::TempDir temp;
  std::filesystem::path dir = temp / "tree";
  verify::PrivateKey made = test::make_key();
  verify::PublicKey key = made.public_key();
  MemoryKeys keys{test::registry_key(made)};
  Repo() { REQUIRE(Repository::init(dir, {.name = "test", .now = test::kDate, .adopt_namespaces = true}, keys)); }
  OpenOptions options() const {
    OpenOptions o{.now = test::kDate};
    o.lock_timeout = std::chrono::milliseconds(50);
    o.adopt_namespaces = true;
    return o;
  }
  Repository open() {
    auto r = Repository::open(dir, options(), keys);
    if (!r) FAIL(r.error().render());
    return std::move(*r);
  }
  Packed package(std::string_view name, std::string_view version, std::string_view weights = "GGUF w") {
    const auto folder = temp / (std::string(name) + "-" + std::string(version));
    test::write_package(folder, name, version, weights);
    return test::pack(folder);
  }
};

}  // namespace

TEST_CASE("init makes an empty, signed tree and no key in it") {
  Repo repo;
  CHECK(client_of(repo.dir).index()->packages.empty());
  CHECK(client_of(repo.dir).run.client->describe()->name == "test");
  for (const auto& f : test::files_below(repo.dir)) CHECK(test::read(repo.dir / f).find("PRIVATE") == std::string::npos);
}

TEST_CASE("init refuses a folder that is not empty and changes nothing") {
  const test::TempDir dir;
  test::write(dir / "precious", "x");
  MemoryKeys keys;
  const auto r = Repository::init(dir.path(), {}, keys);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::refused);
  CHECK(test::files_below(dir.path()) == std::vector<std::string>{"precious"});
}

TEST_CASE("an added bundle is served: release, blobs, index") {
  Repo repo;
  const Packed packed = repo.package("tiny", "1.0.0");
  test::write_bundle(repo.temp / "t.nano", packed);
  const auto added = repo.open().add_bundle(repo.temp / "t.nano", {.now = test::kDate});
  if (!added) FAIL(added.error().render());
  CHECK(added->new_blobs == 4);
  CHECK(test::read(repo.dir / tree::release(packed.release.manifest.name, packed.release.manifest.version, packed.digest)) == packed.release_bytes);
  for (const LocalBlob& b : packed.blobs) CHECK(sha256(test::read(repo.dir / tree::blob(b.blob.digest))) == b.blob.digest);
  auto client = client_of(repo.dir);
  const auto index = client.index();
  REQUIRE(index);
  REQUIRE(index->find({.ns = "_", .name = "tiny"}));
  CHECK(index->find({.ns = "_", .name = "tiny"})->versions.at(0).release == packed.digest);
  CHECK(client.release(packed.release.manifest.name, packed.release.manifest.version, packed.digest)->bytes == packed.release_bytes);
}

TEST_CASE("the same version again with equal bytes is a quiet success that writes nothing") {
  Repo repo;
  const Packed packed = repo.package("tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  const std::string before = test::read(repo.dir / tree::metadata("timestamp.json"));
  const auto again = repo.open().add(packed, {.now = test::kDate + 5});
  REQUIRE(again);
  CHECK(again->already_there);
  CHECK(test::read(repo.dir / tree::metadata("timestamp.json")) == before);
}

TEST_CASE("the same version with other bytes is refused and the old one stays") {
  Repo repo;
  const Packed first = repo.package("tiny", "1.0.0", "GGUF one");
  REQUIRE(repo.open().add(first, {.now = test::kDate}));
  const Packed second = repo.package("tiny", "1.0.0", "GGUF two");
  const auto r = repo.open().add(second, {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::refused);
  CHECK(client_of(repo.dir).index()->packages.at(0).versions.at(0).release == first.digest);
}

TEST_CASE("versions and packages share blobs, which are written once") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("tiny", "1.0.0"), {.now = test::kDate}));
  const auto second = repo.open().add(repo.package("tiny", "1.1.0"), {.now = test::kDate});
  REQUIRE(second);
  CHECK(second->new_blobs == 0);
  REQUIRE(repo.open().add(repo.package("other", "0.1.0", "GGUF other"), {.now = test::kDate}));
  const auto index = client_of(repo.dir).index();
  REQUIRE(index);
  CHECK(index->packages.size() == 2);
  CHECK(index->find({.ns = "_", .name = "tiny"})->versions.size() == 2);
}

TEST_CASE("a bundle that lacks a blob is refused, also when the tree has that blob") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("tiny", "1.0.0"), {.now = test::kDate}));
  Packed packed = repo.package("thief", "1.0.0");  // blob theft: naming a digest one has not
  packed.blobs.pop_back();
  test::write_bundle(repo.temp / "t.nano", packed);
  const auto r = repo.open().add_bundle(repo.temp / "t.nano", {.now = test::kDate});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::invalid);
  CHECK(client_of(repo.dir).index()->packages.size() == 1);
}

TEST_CASE("a bundle made elsewhere that holds a zip, or weights that are no GGUF, is refused") {
  for (const auto& [path, content] : {std::pair<std::string, std::string>{"README.md", "PK\x03\x04 zip"}, {"m-q8.gguf", "something else"}}) {
    Repo repo;
    Packed packed = repo.package("tiny", "1.0.0");
    const auto file = repo.temp / "planted";
    test::write(file, content);
    for (auto& f : packed.release.files) {
      if (f.path != path) continue;
      for (auto& b : packed.blobs)
        if (b.blob.digest == f.sha256) b = {.blob = {.digest = sha256(content), .size = content.size()}, .file = file};
      f.sha256 = sha256(content);
      f.size = content.size();
    }
    packed.release_bytes = schemas::release_bytes(packed.release).value();
    test::write_bundle(repo.temp / "t.nano", packed);
    const auto r = repo.open().add_bundle(repo.temp / "t.nano", {.now = test::kDate});
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::invalid);
    CHECK(r.error().message.find(path) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(repo.dir / tree::blob(sha256(content))));
  }
}

TEST_CASE("without the keys of a role nothing is published and nothing changes") {
  Repo repo;
  MemoryKeys stranger(test::make_key());
  auto r = Repository::open(repo.dir, repo.options(), stranger);
  REQUIRE(r);
  const std::string before = test::read(repo.dir / "metadata/timestamp.json");
  const auto added = r->add(repo.package("tiny", "1.0.0"), {.now = test::kDate});
  REQUIRE_FALSE(added);
  CHECK(added.error().code == Errc::denied);
  CHECK(test::read(repo.dir / "metadata/timestamp.json") == before);
  CHECK(Repository::open(repo.temp / "absent", repo.options(), stranger).error().code == Errc::not_found);
}

TEST_CASE("two writers at once: the second is told who holds the lock") {
  Repo repo;
  const Repository first = repo.open();
  const auto second = Repository::open(repo.dir, repo.options(), repo.keys);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::store);
  CHECK(second.error().message.find("pid " + std::to_string(getpid())) != std::string::npos);
}

TEST_CASE("two trees made from the same packages differ in signatures alone") {
  Repo a;
  Repo b;
  for (Repo* r : {&a, &b}) REQUIRE(r->open().add(r->package("tiny", "1.0.0"), {.now = test::kDate}));
  REQUIRE(test::files_below(a.dir) == test::files_below(b.dir));
  for (const auto& f : test::files_below(a.dir))
    if (f != tree::kLock && f.rfind("metadata/", 0) != 0) CHECK(test::read(a.dir / f) == test::read(b.dir / f));
}

TEST_CASE("a fault at any step of an add leaves the old index served, and the next add succeeds") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("old", "1.0.0"), {.now = test::kDate}));
  const Packed packed = repo.package("tiny", "1.0.0", "GGUF new");
  std::filesystem::copy(repo.dir, repo.temp / "before", std::filesystem::copy_options::recursive);
  const auto faulty = [&](fs::Op op, int error) {
    for (int step = 0;; ++step) {
      std::filesystem::remove_all(repo.dir);
      std::filesystem::copy(repo.temp / "before", repo.dir, std::filesystem::copy_options::recursive);
      bool hit = false;
      {
        Repository r = repo.open();
        int seen = 0;
        fs::inject_faults([&](fs::Op at, const fs::Path&, std::size_t&) {
          if (at != op || seen++ != step) return 0;
          hit = true;
          return error;
        });
        const auto added = r.add(packed, {.now = test::kDate});
        fs::inject_faults({});
        // An old index that cannot be removed afterwards, or a folder that cannot be flushed, is an error after the new one is served.
        if (hit && !added) CHECK(added.error().code == Errc::store);
      }
      const auto index = client_of(repo.dir).index();
      REQUIRE(index);
      REQUIRE(index->find({.ns = "_", .name = "old"}));
      const auto again = repo.open().add(packed, {.now = test::kDate});
      if (!again) FAIL(again.error().render());
      REQUIRE(client_of(repo.dir).release(packed.release.manifest.name, packed.release.manifest.version, packed.digest));
      if (!hit) return step;
    }
  };
  CHECK(faulty(fs::Op::write, ENOSPC) > 4);
  CHECK(faulty(fs::Op::create, EROFS) > 4);
  CHECK(faulty(fs::Op::rename, EIO) > 4);
  CHECK(faulty(fs::Op::fsync, EIO) > 4);
  CHECK(faulty(fs::Op::mkdir, ENOSPC) > 0);
  CHECK(faulty(fs::Op::unlink, EIO) >= 0);
}

TEST_CASE("kill -9 during adds leaves a tree that is whole and can be added to") {
  Repo repo;
  std::vector<Packed> packages;
  for (int i = 0; i < 6; ++i) packages.push_back(repo.package("p" + std::to_string(i), "1.0.0", "GGUF " + std::to_string(i)));
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto r = Repository::open(repo.dir, repo.options(), repo.keys);
      for (const Packed& p : packages) (void)r->add(p, {.now = test::kDate + round});
      _exit(0);
    }
    usleep(static_cast<useconds_t>(500 + 700 * round));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    auto client = client_of(repo.dir);
    const auto index = client.index();
    REQUIRE(index);
    for (const auto& p : index->packages) {
      const auto release = client.release(p.name, p.versions.at(0).version, p.versions.at(0).release);
      REQUIRE(release);
      std::vector<BlobRequest> want;
      for (const auto& f : release->release.files) want.push_back({.digest = f.sha256, .size = f.size});
      REQUIRE(client.run.client->blobs(want, [](const BlobRequest& b) -> Result<std::unique_ptr<BlobSink>> { return checking_sink(b); }));
    }
  }
  Repository r = repo.open();
  for (const Packed& p : packages) REQUIRE(r.add(p, {.now = test::kDate}));
  CHECK(client_of(repo.dir).index()->packages.size() == packages.size());
}
