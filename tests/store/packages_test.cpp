// Package folders: whole or absent, links into blobs.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/packages.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

TEST_CASE("an installed package has its variant's files as hard links, nano.json and the release") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, p));
  const Path at = dir / "pkgs/_/a/1.0.0~q8";
  CHECK(tree(at) == std::vector<std::string>{"LICENSE", "README.md", "eval", "eval/data.tsv", "nano.json", "weights-q8.gguf", "~release.json"});
  for (const auto* f : p.release.files_of("q8")) {
    CHECK(nano::test::read(at / f->path) == p.files.at(f->path));
    struct stat a {}, b {};
    ::stat((at / f->path).c_str(), &a);
    ::stat(store.primary().blob(f->sha256).c_str(), &b);
    CHECK(a.st_ino == b.st_ino);
    CHECK((a.st_mode & 0222) == 0);
  }
  CHECK(nano::test::read(at / "~release.json") == p.bytes);
  CHECK(schemas::parse_manifest(nano::test::read(at / "nano.json")).value() == p.release.manifest);
  const auto back = open_package(store, "pkgs/_/a/1.0.0~q8");
  REQUIRE(back);
  CHECK(back->digest == sha256(p.bytes));
  CHECK(back->release_bytes == source_of(p).release_bytes);
  CHECK(findings(store).empty());
}

TEST_CASE("another variant replaces the first in the generation and shares what they have in common") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, p, "q8"));
  REQUIRE(install(store, p, "q4"));
  CHECK(installed_text(store) == "a@1.0.0:q4");
  CHECK(fs::exists(dir / "pkgs/_/a/1.0.0~q4/weights-q4.gguf"));
  CHECK_FALSE(fs::exists(dir / "pkgs/_/a/1.0.0~q4/weights-q8.gguf"));
  CHECK(findings(store).empty());
}

TEST_CASE("a package whose blob is not in the store is not staged, and the blob is named") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(fetch_blobs(store, p, "q8"));
  const Digest weights = sha256(p.files.at("weights-q8.gguf"));
  REQUIRE(fs::remove_file(store.primary().blob(weights)));
  auto tx = Transaction::begin(store, "test");
  REQUIRE(tx);
  const Status s = tx->add(source_of(p), {});
  REQUIRE_FALSE(s);
  CHECK(s.error().code == Errc::not_found);
  CHECK(s.error().message.find(weights.text()) != std::string::npos);
  CHECK(fs::list_dir(dir / "pkgs")->empty());
}

TEST_CASE("variants that do not exist, or are not named, are refused") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  const auto lock = store.lock("test");
  REQUIRE(lock);
  CHECK(stage_package(store, *lock, source_of(p, "q2")).error().code == Errc::not_found);
  CHECK(stage_package(store, *lock, source_of(p, "")).error().code == Errc::not_found);
  CHECK(stage_package(store, *lock, {.release_bytes = "{}", .variant = {}}).error().code == Errc::invalid);
}

TEST_CASE("another release under the same version lies beside the first, so that going back finds both") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package first = make_package("a", "1.0.0", 1);
  const Package second = make_package("a", "1.0.0", 2);
  REQUIRE(install(store, first));
  REQUIRE(install(store, second));
  const auto dirs = list_packages(store.primary());
  REQUIRE(dirs);
  CHECK(*dirs == std::vector<std::string>{"pkgs/_/a/1.0.0~q8", "pkgs/_/a/1.0.0~q8~" + sha256(second.bytes).hex().substr(0, 12)});
  CHECK(findings(store).empty());
  {
    const auto lock = store.lock("test");
    REQUIRE(lock);
    REQUIRE(rollback(*lock));
  }
  CHECK(findings(store).empty());
  CHECK(read_current(store.primary())->entries.at(0).release == sha256(first.bytes));
}

TEST_CASE("installing again what is whole writes nothing, what is damaged is replaced") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, p).value() == 1);
  {
    bool wrote = false;
    const FaultGuard g([&](fs::Op op, const Path&, std::size_t&) {
      wrote = wrote || op == fs::Op::write || op == fs::Op::rename;
      return 0;
    });
    CHECK(install(store, p).value() == 1);
    CHECK_FALSE(wrote);
  }
  const Path weights = dir / "pkgs/_/a/1.0.0~q8/weights-q8.gguf";
  ::chmod(weights.c_str(), 0644);
  std::string bad = p.files.at("weights-q8.gguf");
  bad[7] ^= 1;
  nano::test::write(weights, bad);  // the blob too: it is the same inode
  CHECK(damage(store).find("wrong-bytes pkgs/_/a/1.0.0~q8/weights-q8.gguf") != std::string::npos);
  REQUIRE(install(store, p).value() == 1);
  CHECK(findings(store).empty());
  REQUIRE(fs::remove_file(dir / "pkgs/_/a/1.0.0~q8/~release.json"));
  REQUIRE(install(store, p).value() == 1);
  CHECK(findings(store).empty());
}

TEST_CASE("only paths the layout could have made are package folders") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const auto lock = store.lock("test");
  REQUIRE(lock);
  nano::test::write(dir / "victim/file", "keep");
  for (const char* bad : {"", "pkgs", "victim", "pkgs/../victim/x/1.0.0~q8", "pkgs/_/../../victim", "pkgs/_/a/..", "pkgs/_/a/1.0.0~q8/../../x",
                          "/etc", "pkgs/_/a/1.0.0", "pkgs/_/A/1.0.0~q8", "pkgs/_/a/1.0.0~q8/", "pkgs//a/1.0.0~q8", "pkgs/_/a/~q8", "../x"}) {
    INFO(bad);
    CHECK(remove_package(*lock, bad).error().code == Errc::invalid);
    CHECK(open_package(store, bad).error().code == Errc::invalid);
  }
  CHECK(nano::test::read(dir / "victim/file") == "keep");
}

TEST_CASE("a disk without hard links gets copies that are whole and read-only") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  {
    const FaultGuard g([](fs::Op op, const Path&, std::size_t&) { return op == fs::Op::link ? EPERM : 0; });
    REQUIRE(install(store, p));
  }
  struct stat st {};
  REQUIRE(::stat((dir / "pkgs/_/a/1.0.0~q8/weights-q8.gguf").c_str(), &st) == 0);
  CHECK(st.st_nlink == 1);
  CHECK(findings(store).empty());
}

}  // namespace
}  // namespace nano::store
