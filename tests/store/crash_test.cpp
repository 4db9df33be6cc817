// Installs that are killed or whose disk fails at any step: the old generation stays whole, the next install succeeds.
#include <algorithm>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

/// After whatever happened: the old or the new state, nothing damaged; then the next install succeeds and is clean.
void check_whole_then_install(const Store& store, const Package& old, const Package& next) {
  const std::string before = old.name().text() + "@1.0.0:q8";
  const std::string after = before + " " + next.name().text() + "@1.0.0:q8";
  const std::string now = installed_text(store);
  CHECK((now == before || now == after));
  CHECK(damage(store).empty());
  const auto again = install(store, next);
  INFO((again ? std::string() : again.error().render()));
  REQUIRE(again);
  CHECK(installed_text(store) == after);
  CHECK(findings(store).empty());
  const auto partials = fs::list_dir(store.primary().partials());
  REQUIRE(partials);
  // Killed just after the blob got its name: its empty folder is left to gc.
  for (const auto& name : *partials) CHECK_FALSE(fs::exists(store.primary().partials() / name / "data"));
}

TEST_CASE("killed at 60 random moments of an install, the store is whole and the next install succeeds") {
  const Package old = make_package("old", "1.0.0", 1);
  const Package next = make_package("xnew", "1.0.0", 2, 200'000);
  long whole_us = 0;
  {
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, old));
    const auto from = std::chrono::steady_clock::now();
    REQUIRE(WIFEXITED(in_child([&] { return install(store, next) ? 0 : 1; })));
    whole_us = static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - from).count());
  }
  std::mt19937 rng(7);
  int killed = 0;
  for (int i = 0; killed < 60 && i < 300; ++i) {  // those that had ended already do not count
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, old));
    const long when = 1 + static_cast<long>(rng() % static_cast<unsigned long>(whole_us + whole_us / 10));
    const int status = in_child([&] { return install(store, next) ? 0 : 1; }, when);
    if (WIFSIGNALED(status)) {
      ++killed;
    } else {
      whole_us = std::max(200L, whole_us * 9 / 10);  // it was done already: the machine is quicker now than when it was timed
    }
    check_whole_then_install(store, old, next);
  }
  INFO("killed " << killed << ", an install takes " << whole_us << " us");
  CHECK(killed == 60);
}

/// The number of disk steps of one install.
int steps_of(const Package& old, const Package& next) {
  const FastDir dir;
  const Store store = open_store(dir.path());
  if (!install(store, old)) return 0;
  int steps = 0;
  const FaultGuard g([&](fs::Op, const Path&, std::size_t&) {
    ++steps;
    return 0;
  });
  return install(store, next) ? steps : 0;
}

TEST_CASE("killed at every single step of an install, the store is whole and what was fetched is not fetched again") {
  const Package old = make_package("old", "1.0.0", 1);
  const Package next = make_package("xnew", "1.0.0", 2);
  const int steps = steps_of(old, next);
  REQUIRE(steps > 40);
  for (int k = 1; k <= steps; ++k) {
    INFO("step " << k << " of " << steps);
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, old));
    const int status = in_child([&] {
      int at = 0;
      fs::inject_faults([&](fs::Op, const Path&, std::size_t&) {
        if (++at == k) ::kill(::getpid(), SIGKILL);
        return 0;
      });
      return install(store, next) ? 0 : 1;
    });
    CHECK(WIFSIGNALED(status));
    // Blobs that are in place keep their inode: they are used again, not written again.
    std::map<std::string, ino_t> inodes;
    for (const auto* f : next.release.files_of("q8")) {
      struct stat st {};
      if (::stat(store.primary().blob(f->sha256).c_str(), &st) == 0) inodes[f->path] = st.st_ino;
    }
    check_whole_then_install(store, old, next);
    for (const auto& [path, inode] : inodes) {
      struct stat st {};
      ::stat(store.primary().blob(next.release.find_file(path)->sha256).c_str(), &st);
      CHECK(st.st_ino == inode);
    }
  }
}

TEST_CASE("a failing disk at every single step of an install is a store error, and nothing is lost") {
  const Package old = make_package("old", "1.0.0", 1);
  const Package next = make_package("xnew", "1.0.0", 2);
  const int steps = steps_of(old, next);
  REQUIRE(steps > 40);
  const int errors[] = {ENOSPC, EIO, EROFS, EACCES, EDQUOT};
  int failed = 0;
  for (int k = 1; k <= steps; ++k) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, old));
    fs::Op failed_op = fs::Op::lock;
    Result<uint64_t> r = uint64_t{0};
    {
      int at = 0;
      const FaultGuard g([&](fs::Op op, const Path&, std::size_t&) {
        if (++at != k) return 0;
        failed_op = op;
        return errors[k % 5];
      });
      r = install(store, next);
    }
    INFO("step " << k << " of " << steps << ", op " << static_cast<int>(failed_op));
    if (r) {
      // A hard link that can't be made becomes a copy; leftovers that can't be removed stay; the lock file's text is a courtesy.
      CHECK((failed_op == fs::Op::link || failed_op == fs::Op::unlink || failed_op == fs::Op::open_read ||
             failed_op == fs::Op::look || failed_op == fs::Op::list));
    } else {
      ++failed;
      CHECK(r.error().code == Errc::store);
      CHECK_FALSE(r.error().message.empty());
    }
    check_whole_then_install(store, old, next);
  }
  CHECK(failed > steps / 2);
}

TEST_CASE("a disk that stays full fails every kind of step cleanly, and recovers when there is space again") {
  const Package old = make_package("old", "1.0.0", 1);
  const Package next = make_package("xnew", "1.0.0", 2);
  for (const fs::Op op : {fs::Op::create, fs::Op::write, fs::Op::fsync, fs::Op::rename, fs::Op::link, fs::Op::mkdir, fs::Op::lock}) {
    const FastDir dir;
    const Store store = open_store(dir.path());
    REQUIRE(install(store, old));
    {
      const FaultGuard g([op](fs::Op at, const Path&, std::size_t&) { return at == op ? ENOSPC : 0; });
      const auto r = install(store, next);
      INFO("op " << static_cast<int>(op));
      REQUIRE_FALSE(r);
      CHECK(r.error().code == Errc::store);
      CHECK(r.error().hint.find("space") != std::string::npos);
    }
    CHECK(installed_text(store) == "old@1.0.0:q8");
    check_whole_then_install(store, old, next);
  }
}

TEST_CASE("short writes all through an install change nothing about its result") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  {
    const FaultGuard g([](fs::Op op, const Path&, std::size_t& allowed) {
      if (op == fs::Op::write && allowed > 11) allowed = 11;
      return 0;
    });
    REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  }
  CHECK(findings(store).empty());
}

TEST_CASE("a read-only store says store, names a folder and the way out, and can still be read") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("old", "1.0.0", 1)));
  const FaultGuard g([](fs::Op op, const Path&, std::size_t&) { 
    return op == fs::Op::open_read || op == fs::Op::mmap || op == fs::Op::look || op == fs::Op::list ? 0 : EROFS;
  });
  const auto r = install(store, make_package("a", "1.0.0", 2));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::store);
  CHECK(r.error().message.find(dir.path().string()) != std::string::npos);
  CHECK(r.error().hint.find("--store") != std::string::npos);
  CHECK(installed_text(store) == "old@1.0.0:q8");
  CHECK(findings(store).empty());
}

}  // namespace
}  // namespace nano::store
