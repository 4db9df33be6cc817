// Downloads that are interrupted, lied to, or raced.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/partials.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

const std::string kBytes = [] {
  std::string s(100'000, '\0');
  for (std::size_t i = 0; i < s.size(); ++i) s[i] = static_cast<char>((i * 7919) >> 3);
  return s;
}();

TEST_CASE("an interrupted download goes on where it stopped and becomes a read-only blob") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256(kBytes);
  for (const std::size_t stop : {std::size_t{0}, std::size_t{1}, std::size_t{40'000}, std::size_t{99'999}}) {
    auto p = Partial::resume(store, d, kBytes.size());
    REQUIRE(p);
    REQUIRE(p->append(std::string_view(kBytes).substr(p->offset(), stop - p->offset())));
  }
  auto p = Partial::resume(store, d, kBytes.size());
  REQUIRE(p);
  CHECK(p->offset() == 99'999);
  REQUIRE(p->append(std::string_view(kBytes).substr(99'999)));
  REQUIRE(p->commit());
  CHECK(p->already_stored());
  CHECK(nano::test::read(store.primary().blob(d)) == kBytes);
  struct stat st {};
  ::stat(store.primary().blob(d).c_str(), &st);
  CHECK((st.st_mode & 07777) == 0444);
  CHECK(fs::list_dir(dir / "partial")->empty());
  CHECK(Partial::resume(store, d, kBytes.size())->already_stored());
}

TEST_CASE("a flipped byte in what was kept, or in what arrives, is found at the end: 6, the blob named, nothing kept") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256(kBytes);
  for (const bool in_prefix : {true, false}) {
    std::string bad = kBytes;
    bad[in_prefix ? 10 : 60'000] ^= 1;
    {
      auto p = Partial::resume(store, d, bad.size());
      REQUIRE(p);
      REQUIRE(p->append(std::string_view(bad).substr(0, 50'000)));
    }
    auto p = Partial::resume(store, d, bad.size());
    REQUIRE(p);
    CHECK(p->offset() == 50'000);
    REQUIRE(p->append(std::string_view(bad).substr(50'000)));
    const Status s = p->commit();
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::integrity);
    CHECK(s.error().message.find(d.text()) != std::string::npos);
    CHECK_FALSE(fs::exists(store.primary().partial(d) / "data"));
    CHECK_FALSE(has_blob(store, d, kBytes.size()));
  }
}

TEST_CASE("too many bytes are refused as they come, too few at the end are kept for the next try") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256("abc");
  {
    auto p = Partial::resume(store, d, 3);
    REQUIRE(p);
    const Status s = p->append("abcd");
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::integrity);
  }
  {
    auto p = Partial::resume(store, d, 3);
    REQUIRE(p);
    CHECK(p->offset() == 0);
    REQUIRE(p->append("ab"));
    const Status s = p->commit();
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::integrity);
    CHECK(s.error().message.find("2 of 3") != std::string::npos);
  }
  auto p = Partial::resume(store, d, 3);
  REQUIRE(p);
  CHECK(p->offset() == 2);
  REQUIRE(p->append("c"));
  CHECK(p->commit());
}

TEST_CASE("a kept part that is longer than the blob is cut and hashed, and restart begins anew") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256("abc");
  nano::test::write(store.primary().partial(d) / "data", "xyz-and-more");
  auto p = Partial::resume(store, d, 3);
  REQUIRE(p);
  CHECK(p->offset() == 3);
  REQUIRE(p->restart());
  CHECK(p->offset() == 0);
  REQUIRE(p->append("abc"));
  CHECK(p->commit());
  CHECK(nano::test::read(store.primary().blob(d)) == "abc");
}

TEST_CASE("a blob beyond the limit is refused before anything is created") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  CHECK(Partial::resume(store, sha256("x"), kMaxBlobBytes + 1).error().code == Errc::invalid);
  CHECK(fs::list_dir(dir / "partial")->empty());
}

TEST_CASE("a second downloader of the same blob waits, or is told who holds it") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256("abc");
  auto first = Partial::resume(store, d, 3);
  REQUIRE(first);
  const auto second = Partial::resume(store, d, 3, std::chrono::milliseconds(30));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::store);
  CHECK(second.error().message.find("pid " + std::to_string(getpid())) != std::string::npos);
  REQUIRE(first->append("abc"));
  REQUIRE(first->commit());
  CHECK(Partial::resume(store, d, 3)->already_stored());
}

TEST_CASE("a full disk while a download grows keeps what arrived and says store") {
  const TempDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256(kBytes);
  {
    auto p = Partial::resume(store, d, kBytes.size());
    REQUIRE(p);
    int writes = 0;
    const FaultGuard g([&](fs::Op op, const Path&, std::size_t& allowed) {
      if (op != fs::Op::write) return 0;
      if (allowed > 7000) allowed = 7000;
      return ++writes > 5 ? ENOSPC : 0;
    });
    const Status s = p->append(kBytes);
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::store);
    CHECK_FALSE(s.error().hint.empty());
  }
  auto p = Partial::resume(store, d, kBytes.size());
  REQUIRE(p);
  CHECK(p->offset() == 35'000);
  REQUIRE(p->append(std::string_view(kBytes).substr(35'000)));
  CHECK(p->commit());
}

}  // namespace
}  // namespace nano::store
