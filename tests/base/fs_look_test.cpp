// Absent, there, or not to be looked at; folders held open; what killed processes left.
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "base/fs_dir.h"
#include "base/fs_look.h"
#include "base/fs_temporary.h"
#include "tests/support/support.h"

namespace nano::fs {
namespace {

using test::TempDir;

struct FaultPlan {
  explicit FaultPlan(Faults f) { inject_faults(std::move(f)); }
  ~FaultPlan() { inject_faults({}); }
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;
};

TEST_CASE("absent means ENOENT or ENOTDIR, and every other refusal is an error that says cannot look") {
  const TempDir dir;
  REQUIRE(write_atomic(dir / "f", "x"));
  REQUIRE(::symlink("nowhere", (dir / "l").c_str()) == 0);
  CHECK(look(dir / "f").value() == What::file);
  CHECK(look(dir.path()).value() == What::folder);
  CHECK(look(dir / "l").value() == What::link);
  CHECK(look_follow(dir / "l").value() == What::absent);
  CHECK(is_there(dir / "l").value());
  CHECK_FALSE(is_there(dir / "none").value());
  CHECK_FALSE(is_there(dir / "f" / "below a file").value());
  for (const int e : {EACCES, EIO, ESTALE, ELOOP}) {
    const FaultPlan plan([e](Op op, const Path&, std::size_t&) { return op == Op::look ? e : 0; });
    const auto r = is_there(dir / "f");
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::store);
    CHECK(r.error().message.find("cannot look at") == 0);
    CHECK_FALSE(r.error().hint.empty());
    CHECK(r.error().hint.find("--store") == std::string::npos);
  }
  CHECK_FALSE(is_there(dir / std::string(300, 'x')));  // too long a name is not an absent one
}

TEST_CASE("a folder that cannot be read to its end is an error and no shorter list") {
  const TempDir dir;
  REQUIRE(write_atomic(dir / "f", "x"));
  const auto open = Dir::open(dir.path());
  REQUIRE(open);
  CHECK(list_dir(dir.path()).value() == std::vector<std::string>{"f"});
  CHECK(open->list().value() == std::vector<std::string>{"f"});
  CHECK(list_dir(dir / "none").value().empty());
  CHECK(list_dir(dir / "f").error().code == Errc::store);
  const FaultPlan plan([](Op op, const Path&, std::size_t&) { return op == Op::list ? EIO : 0; });
  CHECK(list_dir(dir.path()).error().code == Errc::store);
  CHECK(open->list().error().code == Errc::store);
}

TEST_CASE("attack: a link in a folder's place is not followed on the way down, and a folder held open stays what it was") {
  const TempDir dir;
  REQUIRE(make_dirs(dir / "a" / "b"));
  REQUIRE(make_dirs(dir / "victim"));
  REQUIRE(write_atomic(dir / "victim" / "precious", "p"));
  const auto held = Dir::open(dir.path(), "a/b");
  REQUIRE(held);
  REQUIRE(::rename((dir / "a" / "b").c_str(), (dir / "a" / "old").c_str()) == 0);
  REQUIRE(::symlink((dir / "victim").c_str(), (dir / "a" / "b").c_str()) == 0);
  const auto again = Dir::open(dir.path(), "a/b");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::store);
  CHECK(again.error().message.find("symbolic link") != std::string::npos);
  CHECK_FALSE(Dir::make(dir.path(), "a/b/c"));
  REQUIRE(held->write_atomic("f", "x"));
  REQUIRE(held->remove_tree("precious"));
  CHECK(test::read(dir / "a" / "old" / "f") == "x");
  CHECK(test::read(dir / "victim" / "precious") == "p");
  CHECK(list_dir(dir / "victim").value().size() == 1);
  // The link itself is removed, not what it leads to.
  REQUIRE(Dir::open(dir.path(), "a")->remove_tree("b"));
  CHECK(test::read(dir / "victim" / "precious") == "p");
}

TEST_CASE("a new file never takes the place of one that is there") {
  const TempDir dir;
  const auto d = Dir::open(dir.path());
  REQUIRE(d);
  REQUIRE(d->write_new("1.json", "one"));
  const auto r = d->write_new("1.json", "two");
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::refused);
  CHECK(test::read(dir / "1.json") == "one");
  CHECK(list_dir(dir.path()).value().size() == 1);
}

TEST_CASE("attack: a lock or a file to go on with that is a second name of another file is not written to") {
  const TempDir dir;
  REQUIRE(write_atomic(dir / "precious", "a person's own words"));
  REQUIRE(::link((dir / "precious").c_str(), (dir / "lock").c_str()) == 0);
  const auto lock = FileLock::acquire(dir / "lock", std::chrono::milliseconds(0), "nano test");
  REQUIRE_FALSE(lock);
  CHECK(lock.error().code == Errc::store);
  CHECK_FALSE(Dir::open(dir.path())->resume("lock", 0));
  CHECK(test::read(dir / "precious") == "a person's own words");
  REQUIRE(remove_file(dir / "precious"));  // now it is the only name, and still not what a lock wrote
  { CHECK(FileLock::acquire(dir / "lock", std::chrono::milliseconds(0), "nano test")); }
  CHECK(test::read(dir / "lock") == "a person's own words");
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK_FALSE(FileLock::acquire(dir / "pipe", std::chrono::milliseconds(0), "nano test"));
}

TEST_CASE("temporaries that killed processes left are told by name, process and age, and others' files are left alone") {
  const TempDir dir;
  const std::string mine = temp_sibling(dir / "x.json").filename().string();
  REQUIRE(parse_temporary(mine));
  CHECK(parse_temporary(mine)->stem == "x.json");
  CHECK(parse_temporary(mine)->pid == ::getpid());
  for (const char* other : {".x.tmp", "x.1.2.3.tmp", ".x.1.2.3.tmpx", "..1.2.3.tmp.", ".x.1.2.-3.tmp", ".x.1.a.3.tmp", ".1.2.3.tmp"}) CHECK_FALSE(parse_temporary(other));
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  int status = 0;
  ::waitpid(dead, &status, 0);
  const UnixTime t = now();
  const std::string gone = ".x." + std::to_string(dead) + ".0.7.tmp";
  CHECK(is_left_behind(gone, t - 3600, t));
  CHECK_FALSE(is_left_behind(gone, t - 5, t));
  CHECK_FALSE(is_left_behind(mine, t - 3600, t));
  CHECK(is_left_behind(mine, t - 2 * kOldTemporarySeconds, t));
  for (const auto& name : {gone, mine, std::string(".notes.tmp")}) {
    REQUIRE(write_atomic(dir / name, "x"));
    const timespec old[2] = {{t - 3600, 0}, {t - 3600, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (dir / name).c_str(), old, 0) == 0);
  }
  CHECK(remove_left_behind(dir.path()) == 1);
  CHECK(is_there(dir / mine).value());
  CHECK(is_there(dir / ".notes.tmp").value());
  CHECK_FALSE(is_there(dir / gone).value());
}

}  // namespace
}  // namespace nano::fs
