// gc: removes what nothing names, never what something does.
#include <fcntl.h>
#include <sys/stat.h>

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "store/gc.h"
#include "store/partials.h"
#include "store/roots.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

/// Run gc as if everything were an hour older.
GcPlan collect(const Store& store, uint32_t keep, std::vector<schemas::PackageName> pins = {}, int64_t later = 3600) {
  const auto lock = store.lock("test gc");
  REQUIRE(lock);
  const auto plan = plan_gc(store, *lock, {.keep_generations = keep, .pins = std::move(pins), .now = now() + later});
  INFO((plan ? std::string() : plan.error().render()));
  REQUIRE(plan);
  const auto freed = run_gc(*lock, *plan);
  INFO((freed ? std::string() : freed.error().render()));
  REQUIRE(freed);
  CHECK(*freed == plan->freed_bytes);
  return *plan;
}

uint64_t disk_bytes(const Path& dir) {
  uint64_t sum = 0;
  std::set<ino_t> seen;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir)) {
    struct stat st {};
    if (::lstat(e.path().c_str(), &st) == 0 && S_ISREG(st.st_mode) && seen.insert(st.st_ino).second) sum += static_cast<uint64_t>(st.st_size);
  }
  return sum;
}

TEST_CASE("gc after an uninstall gives back exactly the bytes it says, and keeps shared blobs") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Package a = make_package("a", "1.0.0", 1);
  const Package b = make_package("b", "1.0.0", 2);
  REQUIRE(install(store, a));
  REQUIRE(install(store, b));
  REQUIRE(uninstall(store, "a"));
  CHECK(collect(store, 5).remove.empty());  // earlier generations still name it
  const uint64_t before = disk_bytes(dir.path());
  const GcPlan plan = collect(store, 0);
  CHECK(plan.freed_bytes == before - disk_bytes(dir.path()));
  CHECK(plan.freed_bytes > a.files.at("weights-q8.gguf").size());
  CHECK_FALSE(fs::exists(dir / "pkgs/_/a"));
  CHECK_FALSE(has_blob(store, sha256(a.files.at("weights-q8.gguf")), 3000));
  CHECK(has_blob(store, sha256(a.files.at("README.md")), a.files.at("README.md").size()));
  CHECK(list_generations(store.primary()).value() == std::vector<uint64_t>{3});
  CHECK(findings(store).empty());
  CHECK(collect(store, 0).remove.empty());
}

TEST_CASE("a plan changes nothing") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(uninstall(store, "a"));
  const auto lock = store.lock("test");
  REQUIRE(lock);
  const auto before = tree(dir.path());
  const auto plan = plan_gc(store, *lock, {.keep_generations = 0, .pins = {}, .now = now() + 3600});
  REQUIRE(plan);
  CHECK(plan->remove.size() >= 5);
  CHECK(tree(dir.path()) == before);
}

TEST_CASE("the variant that is no longer installed goes, the other stays") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, p, "q8"));
  REQUIRE(install(store, p, "q4"));
  collect(store, 0);
  CHECK_FALSE(has_blob(store, sha256(p.files.at("weights-q8.gguf")), 3000));
  CHECK(has_blob(store, sha256(p.files.at("weights-q4.gguf")), 1500));
  CHECK(findings(store).empty());
}

TEST_CASE("young blobs and young partial downloads stay, old ones go") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const auto loose = add_blob_bytes(store, "nobody names me");
  REQUIRE(loose);
  const Digest part = sha256("partly");
  {
    auto p = Partial::resume(store, part, 6);
    REQUIRE(p);
    REQUIRE(p->append("par"));
  }
  const GcPlan first = collect(store, 0, {}, 0);
  CHECK(first.remove.empty());
  CHECK(first.young_bytes == 15 + 3);
  CHECK(collect(store, 0, {}, 3600).remove.size() == 1);
  CHECK_FALSE(has_blob(store, *loose, 15));
  CHECK(fs::exists(store.primary().partial(part) / "data"));
  {
    auto alive = Partial::resume(store, part, 6);  // somebody goes on with it
    REQUIRE(alive);
    const auto lock = store.lock("test");
    const auto plan = plan_gc(store, *lock, {.keep_generations = 0, .pins = {}, .now = now() + 100'000});
    REQUIRE(plan);
    CHECK(run_gc(*lock, *plan).value() == 0);
    CHECK(fs::exists(store.primary().partial(part) / "data"));
  }
  collect(store, 0, {}, 100'000);
  CHECK_FALSE(fs::exists(store.primary().partial(part)));
}

TEST_CASE("a blob that is used again between the plan and its execution stays") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const auto d = add_blob_bytes(store, "again");
  REQUIRE(d);
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  ::utimensat(AT_FDCWD, store.primary().blob(*d).c_str(), old, 0);
  const auto lock = store.lock("test");
  REQUIRE(lock);
  const auto plan = plan_gc(store, *lock, {.keep_generations = 0, .pins = {}, .now = now()});
  REQUIRE(plan);
  REQUIRE(plan->remove.size() == 1);
  CHECK(reuse_blob(store, *d, 5).value());
  CHECK(run_gc(*lock, *plan).value() == 0);
  CHECK(has_blob(store, *d, 5));
}

TEST_CASE("pins and projects keep packages, a project that is gone keeps nothing") {
  const FastDir dir;
  const Store store = open_store(dir / "s");
  const Package a = make_package("a", "1.0.0", 1);
  const Package b = make_package("b", "1.0.0", 2);
  REQUIRE(install(store, a));
  REQUIRE(install(store, b));
  {
    const auto lock = store.lock("test");
    std::filesystem::create_directories(dir / "project");
    Generation wants = read_current(store.primary()).value();
    wants.entries.erase(wants.entries.begin());  // b alone
    REQUIRE(write_root(*lock, dir / "project", wants));
    CHECK(write_root(*lock, "relative", wants).error().code == Errc::usage);
    CHECK(read_root(store.primary(), dir / "project")->wants.entries == wants.entries);
  }
  REQUIRE(uninstall(store, "a"));
  REQUIRE(uninstall(store, "b"));
  collect(store, 0, {pkg("a")});
  CHECK(list_packages(store.primary()).value() == std::vector<std::string>{"pkgs/_/a/1.0.0~q8", "pkgs/_/b/1.0.0~q8"});
  CHECK(has_blob(store, sha256(a.files.at("weights-q8.gguf")), 3000));
  collect(store, 0);
  CHECK(list_packages(store.primary()).value() == std::vector<std::string>{"pkgs/_/b/1.0.0~q8"});
  CHECK(has_blob(store, sha256(b.files.at("weights-q8.gguf")), 3000));
  std::filesystem::remove_all(dir / "project");
  collect(store, 0);
  CHECK(list_packages(store.primary())->empty());
  CHECK(fs::list_dir(store.primary().project_roots())->empty());
  CHECK(findings(store).empty());
}

TEST_CASE("derived files go with the blob they were made from, others are left alone") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Package a = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, a));
  const std::string used = sha256(a.files.at("weights-q8.gguf")).hex() + ".avx2";
  const std::string unused = sha256("gone").hex() + ".avx2";
  for (const std::string& n : {used, unused, std::string("notes.txt")}) nano::test::write(dir / ("derived/" + n), "packed");
  collect(store, 0);
  CHECK(fs::list_dir(dir / "derived").value() == std::vector<std::string>{used, "notes.txt"} );
}

TEST_CASE("gc does nothing at all when what the current generation names cannot be read") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("b", "1.0.0", 2)));
  REQUIRE(uninstall(store, "a"));
  const auto try_gc = [&] {
    const auto lock = store.lock("test");
    return plan_gc(store, *lock, {.keep_generations = 0, .pins = {}, .now = now() + 3600});
  };
  const Path release = dir / "pkgs/_/b/1.0.0~q8/~release.json";
  const std::string whole = nano::test::read(release);
  REQUIRE(fs::remove_file(release));
  CHECK(try_gc().error().code == Errc::store);
  CHECK(try_gc().error().hint.find("nano verify") != std::string::npos);
  nano::test::write(release, "{");
  CHECK(try_gc().error().code == Errc::invalid);
  nano::test::write(release, whole);
  ::chmod(release.c_str(), 0444);
  nano::test::write(dir / "roots" / (sha256("/x").hex() + ".json"), "{}");
  CHECK(try_gc().error().code == Errc::invalid);
  REQUIRE(fs::remove_file(dir / "roots" / (sha256("/x").hex() + ".json")));
  nano::test::write(dir / "current", "nonsense");
  CHECK(try_gc().error().code == Errc::store);
  nano::test::write(dir / "current", "3\n");
  // An old generation that is damaged can't be put in force: gc lets it go.
  nano::test::write(dir / "generations/1.json", "{");
  CHECK(damage(store).find("bad-generation generations/1.json") != std::string::npos);
  collect(store, 5);
  CHECK(list_generations(store.primary()).value() == std::vector<uint64_t>{2, 3});
  CHECK(damage(store).empty());
}

TEST_CASE("gc that is broken off at any step leaves a clean store, and the next one finishes") {
  for (int k = 1; k < 40; ++k) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, make_package("a", "1.0.0", 1)));
    REQUIRE(install(store, make_package("b", "1.0.0", 2)));
    REQUIRE(uninstall(store, "a"));
    bool failed = false;
    {
      const auto lock = store.lock("test");
      const auto plan = plan_gc(store, *lock, {.keep_generations = 0, .pins = {}, .now = now() + 3600});
      REQUIRE(plan);
      int at = 0;
      const FaultGuard g([&](fs::Op, const Path&, std::size_t&) { return ++at == k ? EIO : 0; });
      const auto r = run_gc(*lock, *plan);
      failed = !r;
      if (failed) CHECK(r.error().code == Errc::store);
    }
    INFO("step " << k);
    CHECK(installed_text(store) == "b@1.0.0:q8");
    CHECK(damage(store).empty());
    collect(store, 0);
    CHECK(findings(store).empty());
    CHECK(list_packages(store.primary()).value() == std::vector<std::string>{"pkgs/_/b/1.0.0~q8"});
    if (!failed && k > 5) break;
  }
}

TEST_CASE("over random histories gc never removes what a kept generation names, and removes all the rest") {
  std::mt19937 rng(11);
  for (int round = 0; round < 12; ++round) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    std::map<uint64_t, std::map<std::string, std::pair<Package, std::string>>> model;  // the oracle: generation -> name -> what
    std::map<std::string, std::pair<Package, std::string>> now_installed;
    for (int step = 0; step < 12; ++step) {
      const std::string name(1, static_cast<char>('a' + rng() % 3));
      Result<uint64_t> n = uint64_t{0};
      if (now_installed.count(name) != 0 && rng() % 3 == 0) {
        n = uninstall(store, name);
        now_installed.erase(name);
      } else {
        const unsigned minor = static_cast<unsigned>(rng() % 3);
        const std::string variant = rng() % 2 == 0 ? "q8" : "q4";
        const Package p = make_package(name, "1." + std::to_string(minor) + ".0", minor * 10 + static_cast<unsigned>(name[0]), 400);
        n = install(store, p, variant);
        now_installed.insert_or_assign(name, std::make_pair(p, variant));
      }
      REQUIRE(n);
      model[*n] = now_installed;
    }
    const uint32_t keep = static_cast<uint32_t>(rng() % 4);
    uint64_t current = model.rbegin()->first;
    if (rng() % 2 == 0) {
      const auto lock = store.lock("test");
      if (const auto g = rollback(*lock, 1 + rng() % current)) current = g->number;
    }
    collect(store, keep);
    std::set<uint64_t> kept{current};
    uint32_t taken = 0;
    for (auto it = model.rbegin(); it != model.rend() && taken < keep; ++it) {
      if (it->first != current) {
        kept.insert(it->first);
        ++taken;
      }
    }
    std::set<std::string> dirs;
    std::set<std::string> blobs;
    for (const uint64_t n : kept) {
      for (const auto& [name, what] : model.at(n)) {
        dirs.insert("pkgs/_/" + name + "/" + what.first.release.manifest.version.text() + "~" + what.second);
        for (const auto* f : what.first.release.files_of(what.second)) blobs.insert(f->sha256.hex());
      }
    }
    const auto numbers = list_generations(store.primary()).value();
    CHECK(std::set<uint64_t>(numbers.begin(), numbers.end()) == kept);
    const auto left = list_packages(store.primary()).value();
    CHECK(std::set<std::string>(left.begin(), left.end()) == dirs);
    std::set<std::string> left_blobs;
    for (const auto& e : std::filesystem::recursive_directory_iterator(store.primary().blobs())) {
      if (e.is_regular_file()) left_blobs.insert(e.path().filename().string());
    }
    CHECK(left_blobs == blobs);
    CHECK(findings(store).empty());
  }
}

}  // namespace
}  // namespace nano::store
