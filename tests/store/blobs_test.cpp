// Blobs: named by what they hold, written once, never half.
#include <sys/stat.h>

#include <cerrno>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

TEST_CASE("a blob lies under its digest, read-only, with the bytes that were added") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  // sha256("abc"), FIPS 180-2 appendix B.1
  const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const auto d = add_blob_bytes(store, "abc");
  REQUIRE(d);
  CHECK(d->hex() == hex);
  const Path p = dir / ("blobs/sha256/ba/" + hex);
  CHECK(nano::test::read(p) == "abc");
  struct stat st {};
  REQUIRE(::stat(p.c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0444);
  CHECK(has_blob(store, *d, 3));
  CHECK_FALSE(has_blob(store, *d, 4));
  CHECK(fs::list_dir(dir / "partial")->empty());
}

TEST_CASE("adding the same bytes again leaves the first file as it is") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const auto d = add_blob_bytes(store, "same");
  REQUIRE(d);
  struct stat before {}, after {};
  const Path p = store.primary().blob(*d);
  ::stat(p.c_str(), &before);
  REQUIRE(add_blob_bytes(store, "same"));
  ::stat(p.c_str(), &after);
  CHECK(before.st_ino == after.st_ino);
  CHECK(fs::list_dir(dir / "partial")->empty());
}

TEST_CASE("bytes of another digest, or beyond the limit, leave nothing behind and are an integrity error") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const auto wrong = add_blob_bytes(store, "abc", sha256("abd"));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Errc::integrity);
  CHECK(wrong.error().message.find(sha256("abd").text()) != std::string::npos);
  nano::test::write(dir / "src", std::string(100, 'x'));
  const auto longer = add_blob_file(store, dir / "src", 99);
  REQUIRE_FALSE(longer);
  CHECK(longer.error().code == Errc::integrity);
  REQUIRE(add_blob_file(store, dir / "src", 100));
  CHECK(fs::list_dir(dir / "partial")->empty());
}

TEST_CASE("the empty blob can be stored") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const auto d = add_blob_bytes(store, {});
  REQUIRE(d);
  CHECK(d->hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(has_blob(store, *d, 0));
}

TEST_CASE("a reused blob is hashed: a damaged one is removed so that a fetch replaces it") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const auto d = add_blob_bytes(store, "precious");
  REQUIRE(d);
  CHECK(reuse_blob(store, *d, 8).value());
  const Path p = store.primary().blob(*d);
  ::chmod(p.c_str(), 0644);
  nano::test::write(p, "precioux");
  CHECK(has_blob(store, *d, 8));
  CHECK_FALSE(reuse_blob(store, *d, 8).value());
  CHECK_FALSE(fs::exists(p));
}

TEST_CASE("reads look through the read-only stores, writes go to the first") {
  const TempDir dir;
  const Store shared = open_store(dir / "shared");
  const auto d = add_blob_bytes(shared, "common");
  REQUIRE(d);
  const auto both = Store::open(dir / "own", Mode::write, {dir / "shared"});
  REQUIRE(both);
  CHECK(find_blob(*both, *d, 6).value()->path == shared.primary().blob(*d));
  CHECK(reuse_blob(*both, *d, 6).value());
  REQUIRE(add_blob_bytes(*both, "mine"));
  CHECK(has_blob(*both, sha256("mine"), 4));
  CHECK_FALSE(has_blob(shared, sha256("mine"), 4));
  // A damaged blob of somebody else's store is passed over, not removed.
  ::chmod(shared.primary().blob(*d).c_str(), 0644);
  nano::test::write(shared.primary().blob(*d), "commom");
  CHECK_FALSE(reuse_blob(*both, *d, 6).value());
  CHECK(fs::exists(shared.primary().blob(*d)));
}

TEST_CASE("a store opened for reading creates nothing and refuses to write") {
  const TempDir dir;
  const auto store = Store::open(dir / "absent", Mode::read);
  REQUIRE(store);
  CHECK_FALSE(fs::exists(dir / "absent"));
  CHECK(add_blob_bytes(*store, "x").error().code == Errc::store);
  CHECK(store->lock("test").error().code == Errc::store);
  CHECK(read_current(store->primary())->number == 0);
  CHECK(installed_text(*store).empty());
}

TEST_CASE("every fault of adding a blob is a store error that leaves no file, and the next try succeeds") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  for (const int err : {ENOSPC, EROFS, EIO, EACCES}) {
    for (const fs::Op op : {fs::Op::create, fs::Op::write, fs::Op::fsync, fs::Op::rename, fs::Op::mkdir}) {
      const std::string bytes = "bytes " + std::to_string(err) + " " + std::to_string(static_cast<int>(op));
      {
        const FaultGuard g([&](fs::Op at, const Path&, std::size_t&) { return at == op ? err : 0; });
        const auto r = add_blob_bytes(store, bytes);
        // mkdir is only passed when the shard is new
        if (!r) CHECK(r.error().code == Errc::store);
        else CHECK(op == fs::Op::mkdir);
      }
      CHECK(fs::list_dir(dir / "partial")->empty());
      CHECK(add_blob_bytes(store, bytes));
      CHECK(nano::test::read(store.primary().blob(sha256(bytes))) == bytes);
    }
  }
}

}  // namespace
}  // namespace nano::store
