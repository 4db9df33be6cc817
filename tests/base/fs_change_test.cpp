// A person's files, changed: links, modes, owners, second names, and many at once.
#include "base/fs_change.h"

#include <cerrno>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/support.h"

namespace nano::fs {
namespace {

using std::chrono::milliseconds;
using test::TempDir;
namespace stdfs = std::filesystem;

struct stat stat_of(const Path& p) {
  struct stat st {};
  REQUIRE(::lstat(p.c_str(), &st) == 0);
  return st;
}

/// Run `work` as another user, in a process of its own. Its exit status.
int as_nobody(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::setgid(65534) == 0 && ::setuid(65534) == 0 ? work() : 99);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a rewritten file keeps its mode, and a link to it stays a link") {
  const TempDir dir;
  stdfs::create_directory(dir / "dotfiles");
  test::write(dir / "dotfiles/nano.json", "old");
  stdfs::create_symlink("dotfiles/nano.json", dir / "config.json");
  for (const unsigned mode : {0600U, 0644U, 0664U, 0755U}) {
    REQUIRE(::chmod((dir / "dotfiles/nano.json").c_str(), mode) == 0);
    REQUIRE(rewrite(dir / "config.json", "new " + std::to_string(mode), 0600));
    CHECK(stdfs::is_symlink(dir / "config.json"));
    CHECK(test::read(dir / "dotfiles/nano.json") == "new " + std::to_string(mode));
    CHECK((stat_of(dir / "dotfiles/nano.json").st_mode & 07777) == mode);
  }
  CHECK(list_dir(dir / "dotfiles").value().size() == 1);
}

TEST_CASE("a link to a file that is not there yet makes that file, one in a circle is refused") {
  const TempDir dir;
  stdfs::create_symlink("later.json", dir / "config.json");
  REQUIRE(rewrite(dir / "config.json", "made", 0600));
  CHECK(stdfs::is_symlink(dir / "config.json"));
  CHECK(test::read(dir / "later.json") == "made");
  CHECK((stat_of(dir / "later.json").st_mode & 0777) == 0600);
  stdfs::create_symlink("nowhere/later.json", dir / "lost.json");
  CHECK(rewrite(dir / "lost.json", "x").error().code == Errc::store);
  CHECK(stdfs::is_symlink(dir / "lost.json"));
  stdfs::create_symlink("circle", dir / "circle");
  CHECK(rewrite(dir / "circle", "x").error().code == Errc::store);
}

TEST_CASE("a second name of a rewritten file stays a name of it") {
  const TempDir dir;
  test::write(dir / "a", "a long old text");
  stdfs::create_hard_link(dir / "a", dir / "b");
  REQUIRE(rewrite(dir / "a", "short"));
  CHECK(test::read(dir / "b") == "short");
  CHECK(stat_of(dir / "a").st_ino == stat_of(dir / "b").st_ino);
}

TEST_CASE("settings that are a device, a FIFO or a folder are refused by name and stay what they are") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  stdfs::create_directory(dir / "folder");
  for (const char* name : {"fifo", "folder"}) {
    const auto s = rewrite(dir / name, "x");
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::store);
    CHECK(s.error().message.find(name) != std::string::npos);
  }
  CHECK(stdfs::is_fifo(dir / "fifo"));
  if (::mknod((dir / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    WARN("SKIPPED: devices cannot be made here");
    return;
  }
  stdfs::create_symlink("null", dir / "config.json");
  CHECK(rewrite(dir / "config.json", "x").error().code == Errc::store);
  CHECK(stdfs::is_character_file(dir / "null"));
}

TEST_CASE("the owner and group of a rewritten file stay, for root and for whoever may only write it") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root can act for others");
    return;
  }
  const TempDir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  test::write(dir / "theirs", "old");
  REQUIRE(::chown((dir / "theirs").c_str(), 1234, 4321) == 0);
  REQUIRE(::chmod((dir / "theirs").c_str(), 02664) == 0);
  REQUIRE(rewrite(dir / "theirs", "by root"));
  CHECK(stat_of(dir / "theirs").st_uid == 1234);
  CHECK(stat_of(dir / "theirs").st_gid == 4321);
  CHECK((stat_of(dir / "theirs").st_mode & 07777) == 02664);

  // Another's file that everybody may write, in a folder that everybody may write, and in one that nobody else may.
  for (const mode_t folder : {0777U, 0755U, 01777U}) {
    REQUIRE(::chmod(dir.path().c_str(), folder) == 0);
    REQUIRE(::chmod((dir / "theirs").c_str(), 0666) == 0);
    CHECK(as_nobody([&] { return rewrite(dir / "theirs", "by nobody") ? 0 : 1; }) == 0);
    CHECK(test::read(dir / "theirs") == "by nobody");
    CHECK(stat_of(dir / "theirs").st_uid == 1234);
    CHECK(stat_of(dir / "theirs").st_gid == 4321);
  }
  // What its owner made read-only is not replaced, though the folder would allow it.
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  REQUIRE(::chmod((dir / "theirs").c_str(), 0644) == 0);
  CHECK(as_nobody([&] {
          const auto s = rewrite(dir / "theirs", "x");
          return !s && s.error().code == Errc::store ? 0 : 1;
        }) == 0);
  CHECK(test::read(dir / "theirs") == "by nobody");
}

TEST_CASE("a full disk leaves the old settings and nothing else") {
  const TempDir dir;
  test::write(dir / "f", "old");
  for (const Op broken : {Op::create, Op::write, Op::fsync, Op::rename}) {
    inject_faults([broken](Op op, const Path&, std::size_t&) { return op == broken ? ENOSPC : 0; });
    const auto s = rewrite(dir / "f", "new");
    inject_faults({});
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::store);
    CHECK(test::read(dir / "f") == "old");
    CHECK(list_dir(dir.path()).value().size() == 1);
  }
}

TEST_CASE("a folder's lock keeps others out, leaves nothing behind, and goes with its process") {
  const TempDir dir;
  {
    const auto mine = FolderLock::acquire(dir.path(), {}, "me");
    REQUIRE(mine);
    const auto second = FolderLock::acquire(dir.path(), {}, "you", milliseconds(30));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::store);
    CHECK_FALSE(second.error().hint.empty());
  }
  CHECK(list_dir(dir.path()).value().empty());
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto held = FolderLock::acquire(dir.path(), {}, "child");
    ::_exit(held ? 0 : 1);  // without its destructor
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(FolderLock::acquire(dir.path(), {}, "me", milliseconds(0)));
  CHECK(FolderLock::acquire(dir / "absent", {}, "me").error().code == Errc::store);
}

TEST_CASE("a lock that the disk refuses is an error that names the folder") {
  const TempDir dir;
  inject_faults([](Op op, const Path&, std::size_t&) { return op == Op::lock ? ENOLCK : 0; });
  const auto lock = FolderLock::acquire(dir.path(), {}, "me");
  inject_faults({});
  REQUIRE_FALSE(lock);
  CHECK(lock.error().code == Errc::store);
  CHECK(lock.error().message.find(dir.path().string()) != std::string::npos);
}

TEST_CASE("of many changes at once through links to one file none is lost") {
  const TempDir dir;
  stdfs::create_directory(dir / "real");
  test::write(dir / "real/list", "");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    const Path mine = dir / ("home" + std::to_string(i)) / "list";
    stdfs::create_directory(mine.parent_path());
    stdfs::create_symlink(dir / "real/list", mine);
    threads.emplace_back([mine] {
      for (int n = 0; n < 10; ++n) {
        const auto folder = folder_of_target(mine);
        const auto lock = FolderLock::acquire(folder ? *folder : Path(), {}, "test");
        if (lock) (void)rewrite(mine, test::read(mine) + "x");
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(test::read(dir / "real/list") == std::string(80, 'x'));
}

}  // namespace
}  // namespace nano::fs
