// What cannot be looked at is not absent; what was lost is told and mended; nothing is written over, and nothing outside changes.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/fs_look.h"
#include "base/hash.h"
#include "store/blobs.h"
#include "store/gc.h"
#include "store/roots.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

/// A store in which `a` is wanted by a project only, and `b` is installed.
struct Projected {
  FastDir dir{};
  Store store = open_store(dir / "s");
  Path project = dir / "project";
  Path package = dir / "s/pkgs/_/a/1.0.0~q8";
  explicit Projected(const std::string& name = "project") : project(dir / name) {
    std::filesystem::create_directories(project);
    REQUIRE(install(store, make_package("a", "1.0.0", 1)));
    const auto wants = read_current(store.primary());
    REQUIRE(wants);
    {
      const auto lock = store.lock("test");
      REQUIRE(lock);
      REQUIRE(write_root(*lock, project, *wants));
    }
    REQUIRE(uninstall(store, "a"));
    REQUIRE(install(store, make_package("b", "1.0.0", 2)));
  }
  Result<GcPlan> collect(bool spare_young = true) const {
    const auto lock = store.lock("test");
    REQUIRE(lock);
    auto plan = plan_gc(store, *lock, {.keep_generations = 0, .now = now() + 3600, .spare_young = spare_young});
    if (plan) {
      if (const auto freed = run_gc(*lock, *plan); !freed) return freed.error();
    }
    return plan;
  }
};

TEST_CASE("gc keeps what a project needs whose folder cannot be looked at, and says which and why") {
  for (const int e : {EACCES, EIO, ESTALE}) {
    const Projected w;
    {
      const FaultGuard g([&](fs::Op op, const Path& p, std::size_t&) { return op == fs::Op::look && p == w.project ? e : 0; });
      const auto plan = w.collect();
      REQUIRE(plan);
      REQUIRE(plan->kept.size() == 1);
      CHECK(plan->kept.front().why == GcKept::Why::unseen_project);
      CHECK(plan->kept.front().path == w.project.string());
      CHECK_FALSE(plan->kept.front().reason.empty());
    }
    CHECK(fs::is_there(w.package).value());
    std::filesystem::remove_all(w.project);  // gone indeed: then its packages go
    REQUIRE(w.collect());
    CHECK_FALSE(fs::is_there(w.package).value());
  }
}

TEST_CASE("a project whose path is not UTF-8 keeps its packages") {
  const Projected w("pro\xff\xfejekt");
  REQUIRE(w.collect());
  CHECK(fs::is_there(w.package).value());
  CHECK(read_root(w.store.primary(), w.project)->project == w.project);
}

TEST_CASE("a folder of the store that cannot be read to its end stops gc, with nothing that was wanted removed") {
  int lists = 0;
  {
    const Projected w;
    const FaultGuard g([&](fs::Op op, const Path&, std::size_t&) { return lists += op == fs::Op::list ? 1 : 0, 0; });
    REQUIRE(w.collect());
  }
  REQUIRE(lists > 8);
  int refused = 0;
  for (int k = 1; k <= lists; ++k) {
    INFO("list " << k << " of " << lists);
    const Projected w;
    int at = 0;
    {
      const FaultGuard g([&](fs::Op op, const Path&, std::size_t&) { return op == fs::Op::list && ++at == k ? EIO : 0; });
      const auto plan = w.collect();
      if (!plan) {
        CHECK(plan.error().code == Errc::store);
        ++refused;
      }
    }
    CHECK(fs::is_there(w.package).value());
    CHECK(damage(w.store).empty());
  }
  CHECK(refused > 4);
}

TEST_CASE("gc withholds what is young, and with nothing spared it goes") {
  const Projected w;
  REQUIRE(add_blob_bytes(w.store, "nobody names this"));
  const auto lock = w.store.lock("test");
  REQUIRE(lock);
  const auto plan = plan_gc(w.store, *lock, {.now = now()});
  REQUIRE(plan);
  REQUIRE(plan->kept.size() == 1);
  CHECK(plan->kept.front().why == GcKept::Why::young_blob);
  CHECK(plan->kept.front().bytes == 17);
  const auto all = plan_gc(w.store, *lock, {.now = now(), .spare_young = false});
  REQUIRE(all);
  CHECK(all->kept.empty());
  REQUIRE(run_gc(*lock, *all));
  CHECK_FALSE(has_blob(w.store, sha256("nobody names this"), 17));
}

TEST_CASE("a generation's number is never given twice, whatever was listed before") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  const FaultGuard g([&](fs::Op op, const Path& p, std::size_t&) {
    if (op == fs::Op::rename && p.filename() == "2.json") nano::test::write(dir / "generations/2.json", "somebody else's");
    return 0;
  });
  const auto r = install(store, make_package("b", "1.0.0", 2));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::store);
  CHECK(nano::test::read(dir / "generations/2.json") == "somebody else's");
  CHECK(installed_text(store) == "a@1.0.0:q8");
}

TEST_CASE("what may not be read is said to be unreadable, never to be damaged, and nobody is told to move it away") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  for (const char* file : {"current", "1.json", "~release.json", "nano.json", "LICENSE"}) {
    for (const int e : {EACCES, EIO}) {
      INFO(file);
      const FaultGuard g([&](fs::Op op, const Path& p, std::size_t&) { return op == fs::Op::open_read && p.filename() == file ? e : 0; });
      NullProgress progress;
      const auto found = check(store, {.all_blobs = false}, progress);
      if (std::string_view(file) != "LICENSE") {  // bytes are read by the hasher, past the plan of faults
        REQUIRE_FALSE(found);
        CHECK(found.error().code == Errc::store);
        CHECK(found.error().message.find("cannot") != std::string::npos);
      }
      const auto now = read_current(store.primary());
      if (now) continue;
      CHECK(now.error().code == Errc::store);
      CHECK(now.error().message.find("cannot read") != std::string::npos);
      CHECK(now.error().hint.find("move") == std::string::npos);
      CHECK(now.error().hint.find("rollback") == std::string::npos);
    }
  }
}

TEST_CASE("a rollback that cannot read what is in force changes nothing and does not say it did") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("b", "1.0.0", 2)));
  const auto lock = store.lock("test");
  REQUIRE(lock);
  {
    const FaultGuard g([&](fs::Op op, const Path& p, std::size_t&) { return op == fs::Op::open_read && p.filename() == "current" ? EIO : 0; });
    const auto r = rollback(*lock);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::store);
  }
  CHECK(read_current(store.primary())->number == 2);
}

TEST_CASE("a lost `current` is damage with a way back, and repair puts the newest whole generation in force") {
  for (const bool two : {false, true}) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, make_package("a", "1.0.0", 1)));
    if (two) REQUIRE(install(store, make_package("b", "1.0.0", 2)));
    const std::string before = installed_text(store);
    REQUIRE(fs::remove_file(dir / "current"));
    const auto now = read_current(store.primary());
    REQUIRE_FALSE(now);
    CHECK(now.error().code == Errc::store);
    CHECK(now.error().hint.find(two ? "rollback --to 2" : "rollback --to 1") != std::string::npos);
    CHECK_FALSE(install(store, make_package("c", "1.0.0", 3)));  // it would begin from nothing
    CHECK(damage(store, false).find("bad-generation current") != std::string::npos);
    {
      const auto lock = store.lock("test");
      NullProgress progress;
      const auto mended = repair(store, *lock, {}, progress);
      REQUIRE(mended);
      CHECK(mended->after.clean());
      CHECK(mended->in_force == (two ? 2u : 1u));
    }
    CHECK(installed_text(store) == before);
  }
}

TEST_CASE("a `current` of junk with no whole generation is cleared by repair, and then everything can be installed") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  nano::test::write(dir / "generations/1.json", "{");
  nano::test::write(dir / "current", "junk\n");
  {
    const auto lock = store.lock("test");
    NullProgress progress;
    REQUIRE(repair(store, *lock, {}, progress));
  }
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  CHECK(read_current(store.primary())->number == 2);  // the damaged one's number is not given again
  CHECK(damage(store, false).empty());
}

TEST_CASE("killed before the very first switch, nothing is installed, nothing is damaged, and the next install is clean") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const int status = in_child([&] {
    fs::inject_faults([&](fs::Op op, const Path& p, std::size_t&) {
      if (op == fs::Op::rename && p.filename() == "current") ::kill(::getpid(), SIGKILL);
      return 0;
    });
    return install(store, make_package("a", "1.0.0", 1)) ? 0 : 1;
  });
  CHECK(WIFSIGNALED(status));
  CHECK(fs::is_there(dir / "generations/1.json").value());
  CHECK(installed_text(store).empty());
  CHECK(damage(store).empty());
  REQUIRE(install(store, make_package("b", "1.0.0", 2)));
  CHECK(installed_text(store) == "b@1.0.0:q8");
  CHECK(findings(store).empty());
}

TEST_CASE("packages of a layer whose folders cannot be renamed are removed and replaced in place") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Package a = make_package("a", "1.0.0", 1);
  REQUIRE(install(store, a));
  REQUIRE(install(store, make_package("b", "1.0.0", 2)));
  const Path leaf = dir / "pkgs/_/a/1.0.0~q8";
  bool exchanged = false;
  const FaultGuard g([&](fs::Op op, const Path& p, std::size_t&) {
    if (op != fs::Op::rename) return 0;
    if (p.filename().string().starts_with(".staging-")) return EXDEV;
    if (p == leaf && !std::exchange(exchanged, true)) return EXDEV;
    return 0;
  });
  ::unlink((leaf / "LICENSE").c_str());
  REQUIRE(install(store, a));
  CHECK(exchanged);
  CHECK(damage(store).empty());
  const auto lock = store.lock("test");
  REQUIRE(lock);
  REQUIRE(remove_package(*lock, "pkgs/_/a/1.0.0~q8"));
  CHECK_FALSE(fs::is_there(dir / "pkgs/_/a").value());
}

TEST_CASE("attack: folders of the store swapped with links all the time let nothing outside change") {
  const FastDir dir;
  const Store store = open_store(dir / "s");
  const Package a = make_package("a", "1.0.0", 1), b = make_package("a", "1.1.0", 2);
  REQUIRE(install(store, a));
  const Path victim = dir / "victim";
  nano::test::write(victim / "1.0.0~q8", "precious");
  nano::test::write(victim / "1.1.0~q8", "precious");
  nano::test::write(victim / "data", "precious");
  const auto before = tree(victim);
  for (const Path& folder : {dir / "s/pkgs/_/a", dir / "s/partial", dir / "s/generations", dir / "s/blobs/sha256"}) {
    INFO(folder);
    const Path link = dir / "link";
    (void)::unlink(link.c_str());
    REQUIRE(::symlink(victim.c_str(), link.c_str()) == 0);
    std::atomic<bool> stop{false};
    long swaps = 0;
    std::thread swapper([&] {
      while (!stop) swaps += ::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0 ? 1 : 0;
    });
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
    NullProgress progress;
    while (std::chrono::steady_clock::now() < until) {
      (void)install(store, b);
      (void)install(store, a);
      if (const auto lock = store.lock("test")) {
        (void)repair(store, *lock, {}, progress);
        if (const auto plan = plan_gc(store, *lock, {.keep_generations = 0, .now = now() + 3600})) (void)run_gc(*lock, *plan);
      }
    }
    stop = true;
    swapper.join();
    if (fs::look(folder).value() == fs::What::link) (void)::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
    CHECK(swaps > 10);
    CHECK(tree(victim) == before);
    for (const auto& name : before) CHECK(nano::test::read(victim / name) == "precious");
  }
}

TEST_CASE("attack: a blob or lock that is a second name of somebody's file: the file keeps its bytes, its mode and its times") {
  const FastDir dir;
  const Store store = open_store(dir / "s");
  const Package a = make_package("a", "1.0.0", 1);
  const Digest d = sha256(a.files.at("LICENSE"));
  const Path mine = dir / "mine";
  nano::test::write(mine, a.files.at("LICENSE"));
  ::chmod(mine.c_str(), 0640);
  std::filesystem::create_directories(store.primary().blob(d).parent_path());
  REQUIRE(::link(mine.c_str(), store.primary().blob(d).c_str()) == 0);
  REQUIRE(install(store, a));
  {
    const auto lock = store.lock("test");
    NullProgress progress;
    const auto mended = repair(store, *lock, {}, progress);
    REQUIRE(mended);
    CHECK(mended->after.clean());
  }
  struct stat st {};
  REQUIRE(::stat(mine.c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0640);
  CHECK(nano::test::read(mine) == a.files.at("LICENSE"));
  ::unlink((dir / "s/lock").c_str());
  REQUIRE(::link(mine.c_str(), (dir / "s/lock").c_str()) == 0);
  CHECK_FALSE(store.lock("test"));
  CHECK(nano::test::read(mine) == a.files.at("LICENSE"));
}

TEST_CASE("what was packed from a blob goes when the blob comes anew, and killed packers' temporaries with the next writer") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Digest d = sha256("weights");
  const Path packed = dir / ("derived/" + d.hex() + ".panels.packed"), other = dir / ("derived/" + sha256("x").hex() + ".panels.packed");
  nano::test::write(packed, "from bytes that are gone");
  nano::test::write(other, "another's");
  REQUIRE(add_blob_bytes(store, "weights"));
  CHECK_FALSE(fs::is_there(packed).value());
  CHECK(fs::is_there(other).value());
  const Path dead = dir / ("derived/." + d.hex() + ".panels.packed.4194304.0.7.tmp");  // no process has that number
  nano::test::write(dead, "x");
  const timespec old[2] = {{now() - 3600, 0}, {now() - 3600, 0}};
  REQUIRE(::utimensat(AT_FDCWD, dead.c_str(), old, 0) == 0);
  REQUIRE(store.lock("test"));
  CHECK_FALSE(fs::is_there(dead).value());
}

}  // namespace
}  // namespace nano::store
