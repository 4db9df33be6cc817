// Links planted in the store are never followed out of it.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/gc.h"
#include "store/partials.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

struct World {
  FastDir dir{};
  Store store = open_store(dir / "s");
  Path outside = dir / "outside";
  World() { nano::test::write(outside / "keep", "keep"); }
  [[nodiscard]] bool outside_untouched() const {
    return tree(outside) == std::vector<std::string>{"keep"} && nano::test::read(outside / "keep") == "keep";
  }
};

TEST_CASE("a link where the store keeps a folder is refused with its path, and nothing is written behind it") {
  for (const char* folder : {"partial", "pkgs", "blobs/sha256", "generations", "blobs"}) {
    INFO(folder);
    World w;
    REQUIRE(install(w.store, make_package("a", "1.0.0", 1)));
    std::filesystem::rename(w.dir / ("s/" + std::string(folder)), w.dir / "moved");
    REQUIRE(::symlink(w.outside.c_str(), (w.dir / ("s/" + std::string(folder))).c_str()) == 0);
    const auto again = Store::open(w.dir / "s", Mode::write);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::store);
    CHECK(again.error().message.find("symbolic link") != std::string::npos);
    // A store that was open already refuses too.
    const auto r = install(w.store, make_package("b", "1.0.0", 2));
    REQUIRE_FALSE(r);
    CHECK(w.outside_untouched());
  }
}

TEST_CASE("a link planted as a namespace, a name or a package folder is not written through or emptied") {
  for (const char* at : {"pkgs/_", "pkgs/_/a"}) {
    World w;
    const Path p = w.dir / ("s/" + std::string(at));
    std::filesystem::create_directories(p.parent_path());
    REQUIRE(::symlink(w.outside.c_str(), p.c_str()) == 0);
    const auto r = install(w.store, make_package("a", "1.0.0", 1));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::store);
    const auto lock = w.store.lock("test");
    CHECK_FALSE(remove_package(*lock, "pkgs/_/a/1.0.0~q8"));
    CHECK(w.outside_untouched());
  }
  World w;
  std::filesystem::create_directories(w.dir / "s/pkgs/_/a");
  REQUIRE(::symlink(w.outside.c_str(), (w.dir / "s/pkgs/_/a/1.0.0~q8").c_str()) == 0);
  REQUIRE(install(w.store, make_package("a", "1.0.0", 1)));  // the link itself is replaced
  CHECK(findings(w.store).empty());
  CHECK(w.outside_untouched());
}

TEST_CASE("links planted in partial/ are replaced, never written through") {
  const Digest d = sha256("abc");
  for (const bool hard : {false, true}) {
    World w;
    const Path data = w.store.primary().partial(d) / "data";
    std::filesystem::create_directories(data.parent_path());
    if (hard) REQUIRE(::link((w.outside / "keep").c_str(), data.c_str()) == 0);
    else REQUIRE(::symlink((w.outside / "keep").c_str(), data.c_str()) == 0);
    auto p = Partial::resume(w.store, d, 3);
    REQUIRE(p);
    CHECK(p->offset() == 0);
    REQUIRE(p->append("abc"));
    REQUIRE(p->commit());
    CHECK(w.outside_untouched());
  }
  World w;
  REQUIRE(::symlink(w.outside.c_str(), w.store.primary().partial(d).c_str()) == 0);
  CHECK(Partial::resume(w.store, d, 3).error().code == Errc::store);
  CHECK(w.outside_untouched());
}

TEST_CASE("a link in place of a blob is no blob, and its target is not touched") {
  World w;
  const Package a = make_package("a", "1.0.0", 1);
  const Digest d = sha256(a.files.at("LICENSE"));
  std::filesystem::create_directories(w.store.primary().blob(d).parent_path());
  nano::test::write(w.outside / "keep", a.files.at("LICENSE"));  // even the right bytes: the target may change later
  REQUIRE(::symlink((w.outside / "keep").c_str(), w.store.primary().blob(d).c_str()) == 0);
  CHECK_FALSE(has_blob(w.store, d, a.files.at("LICENSE").size()));
  CHECK(damage(w.store).find("not-a-file blobs/") != std::string::npos);
  REQUIRE(install(w.store, a));
  CHECK(findings(w.store).empty());
  CHECK(nano::test::read(w.outside / "keep") == a.files.at("LICENSE"));
  struct stat st {};
  ::stat((w.outside / "keep").c_str(), &st);
  CHECK((st.st_mode & 0777) != 0444);
}

TEST_CASE("gc and clean-up remove planted links themselves, not what they point to") {
  World w;
  REQUIRE(::symlink(w.outside.c_str(), (w.dir / "s/pkgs/.staging-x").c_str()) == 0);
  REQUIRE(::symlink((w.outside / "keep").c_str(), (w.dir / "s/partial/.add.1.tmp").c_str()) == 0);
  std::filesystem::create_directories(w.dir / "s/pkgs/_/a/1.0.0~q8");
  REQUIRE(::symlink(w.outside.c_str(), (w.dir / "s/pkgs/_/a/1.0.0~q8/dir").c_str()) == 0);
  REQUIRE(::symlink(w.outside.c_str(), (w.dir / "s/derived" / sha256("x").hex()).c_str()) == 0);
  const auto lock = w.store.lock("test");
  REQUIRE(lock);
  CHECK_FALSE(fs::exists(w.dir / "s/pkgs/.staging-x"));
  const auto plan = plan_gc(w.store, *lock, {.keep_generations = 0, .pins = {}, .now = now() + 100'000});
  REQUIRE(plan);
  CHECK(run_gc(*lock, *plan));
  CHECK_FALSE(fs::exists(w.dir / "s/pkgs/_/a"));
  CHECK(w.outside_untouched());
}

TEST_CASE("a `current` that is a link or a folder is damage, not a way out") {
  World w;
  REQUIRE(install(w.store, make_package("a", "1.0.0", 1)));
  nano::test::write(w.outside / "keep", "1\n");
  REQUIRE(fs::remove_file(w.dir / "s/current"));
  REQUIRE(::symlink((w.outside / "keep").c_str(), (w.dir / "s/current").c_str()) == 0);
  CHECK(read_current(w.store.primary()).error().code == Errc::store);
  {
    const auto lock = w.store.lock("test");
    REQUIRE(rollback(*lock, 1));
  }
  CHECK(installed_text(w.store) == "a@1.0.0:q8");
  CHECK(nano::test::read(w.outside / "keep") == "1\n");
}

}  // namespace
}  // namespace nano::store
