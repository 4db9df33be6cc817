// What lies where an output is to go: nothing, a file, a link, a folder, a device, a pipe, a descriptor.
#include "base/fs_output.h"

#include <cerrno>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/support.h"

namespace nano::fs {
namespace {

using test::TempDir;
namespace stdfs = std::filesystem;

unsigned mode_of(const Path& p) {
  struct stat st {};
  REQUIRE(::stat(p.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

/// A pipe whose reading end collects everything in a thread of its own.
struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    out = ends[1];
    reader = std::thread([this, in = ends[0]] {
      char buf[4096];
      for (ssize_t n = 0; (n = ::read(in, buf, sizeof buf)) > 0;) got.append(buf, static_cast<std::size_t>(n));
      ::close(in);
    });
  }
  std::string finish() {
    ::close(out);
    reader.join();
    return got;
  }
  int out = -1;
  std::string got{};
  std::thread reader{};
};

TEST_CASE("an output that is absent is made at the end, and not at all when the work fails") {
  const TempDir dir;
  {
    auto out = Output::open(dir / "f");
    REQUIRE(out);
    REQUIRE(out->writer().write("half"));
    CHECK_FALSE(fs::exists(dir / "f"));
  }
  CHECK(list_dir(dir.path()).value().empty());
  REQUIRE(write_output(dir / "f", "all"));
  CHECK(test::read(dir / "f") == "all");
  CHECK(list_dir(dir.path()).value().size() == 1);
  CHECK(write_output(dir / "no/f", "x").error().code == Errc::store);
}

TEST_CASE("a file that exists is replaced only when asked for, and keeps its mode") {
  const TempDir dir;
  test::write(dir / "f", "old");
  REQUIRE(::chmod((dir / "f").c_str(), 0640) == 0);
  const auto refused = write_output(dir / "f", "new");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::usage);
  CHECK(refused.error().hint.find("--force") != std::string::npos);
  CHECK(check_output(dir / "f", false).error().code == Errc::usage);
  CHECK(test::read(dir / "f") == "old");
  REQUIRE(write_output(dir / "f", "new", {.replace = true}));
  CHECK(test::read(dir / "f") == "new");
  CHECK(mode_of(dir / "f") == 0640);
}

TEST_CASE("a file that appears while the work is done is not replaced without being asked") {
  const TempDir dir;
  auto out = Output::open(dir / "f");
  REQUIRE(out);
  REQUIRE(out->writer().write("ours"));
  test::write(dir / "f", "theirs");
  const auto late = out->commit();
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::usage);
  CHECK(test::read(dir / "f") == "theirs");
}

TEST_CASE("a link as output stays, and what it leads to is written, also where that is not there yet") {
  const TempDir dir;
  stdfs::create_directory(dir / "real");
  test::write(dir / "real/f", "old");
  stdfs::create_symlink("real/f", dir / "link");
  stdfs::create_symlink(dir / "link", dir / "link2");
  CHECK(write_output(dir / "link2", "x").error().code == Errc::usage);
  REQUIRE(write_output(dir / "link2", "new", {.replace = true}));
  CHECK(stdfs::is_symlink(dir / "link2"));
  CHECK(stdfs::is_symlink(dir / "link"));
  CHECK(test::read(dir / "real/f") == "new");
  stdfs::create_symlink("real/fresh", dir / "dangling");
  REQUIRE(write_output(dir / "dangling", "made"));
  CHECK(stdfs::is_symlink(dir / "dangling"));
  CHECK(test::read(dir / "real/fresh") == "made");
  stdfs::create_symlink("b", dir / "a");
  stdfs::create_symlink("a", dir / "b");
  const auto circle = write_output(dir / "a", "x", {.replace = true});
  REQUIRE_FALSE(circle);
  CHECK(circle.error().code == Errc::store);
}

TEST_CASE("a folder is no output, with or without a slash") {
  const TempDir dir;
  stdfs::create_directory(dir / "d");
  stdfs::create_symlink("d", dir / "to-d");
  for (const auto& p : {dir / "d", Path((dir / "d").string() + "/"), Path((dir / "new").string() + "/"), dir / "to-d", Path(".")}) {
    for (const bool replace : {false, true}) {
      const auto s = write_output(p, "x", {.replace = replace});
      REQUIRE_FALSE(s);
      CHECK(s.error().code == Errc::usage);
      CHECK(s.error().message.find("folder") != std::string::npos);
    }
  }
  CHECK(list_dir(dir / "d").value().empty());
}

TEST_CASE("a FIFO is written through and stays one") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = test::read(dir / "fifo"); });
  REQUIRE(write_output(dir / "fifo", "through"));
  reader.join();
  CHECK(got == "through");
  CHECK(stdfs::is_fifo(dir / "fifo"));
}

TEST_CASE("a device is written through and stays one, a disk and a socket are refused by name") {
  const TempDir dir;
  const Path socket_path = dir / "s";
  {
    const Fd s(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(socket_path.string().size() < sizeof address.sun_path);
    std::copy_n(socket_path.c_str(), socket_path.string().size(), address.sun_path);
    REQUIRE(::bind(s.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  CHECK(write_output(socket_path, "x", {.replace = true}).error().code == Errc::usage);
  CHECK(stdfs::is_socket(socket_path));
  if (::mknod((dir / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    WARN("SKIPPED: devices cannot be made here");
    return;
  }
  for (const bool staged : {false, true}) REQUIRE(write_output(dir / "null", "gone", {.staged = staged}));
  CHECK(stdfs::is_character_file(dir / "null"));
  stdfs::create_symlink("null", dir / "to-null");
  REQUIRE(write_output(dir / "to-null", "gone", {.replace = true}));
  CHECK(stdfs::is_character_file(dir / "null"));
  REQUIRE(::mknod((dir / "disk").c_str(), S_IFBLK | 0600, makedev(7, 250)) == 0);
  const auto disk = write_output(dir / "disk", "x", {.replace = true});
  REQUIRE_FALSE(disk);
  CHECK(disk.error().code == Errc::usage);
  CHECK(stdfs::is_block_file(dir / "disk"));
}

TEST_CASE("a descriptor of this process is written where it stands, whatever file is behind it") {
  const TempDir dir;
  {
    Pipe pipe;
    REQUIRE(write_output("/dev/fd/" + std::to_string(pipe.out), "one "));
    REQUIRE(write_output("/proc/self/fd/" + std::to_string(pipe.out), "two", {.staged = true}));
    CHECK(pipe.finish() == "one two");
  }
  // `cmd -o /dev/fd/3 3>>log`: what stands in the log stays, and no other file takes the log's place.
  test::write(dir / "log", "before\n");
  struct stat before {}, after {};
  REQUIRE(::stat((dir / "log").c_str(), &before) == 0);
  const Fd log(::open((dir / "log").c_str(), O_WRONLY | O_APPEND));
  REQUIRE(write_output("/dev/fd/" + std::to_string(log.get()), "ours\n"));
  REQUIRE(::write(log.get(), "after\n", 6) == 6);
  CHECK(test::read(dir / "log") == "before\nours\nafter\n");
  REQUIRE(::stat((dir / "log").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(is_standard_output("-"));
  CHECK(is_standard_output("/dev/stdout"));
  CHECK(is_standard_output("/dev/fd/1"));
  CHECK_FALSE(is_standard_output("/dev/fd/2"));
  CHECK_FALSE(is_standard_output(dir / "-"));
  CHECK_FALSE(is_standard_output(dir / "log"));
}

TEST_CASE("staged bytes can be read again before anybody sees them") {
  const TempDir dir;
  Pipe pipe;
  auto out = Output::open("/dev/fd/" + std::to_string(pipe.out), {.staged = true});
  REQUIRE(out);
  REQUIRE(out->writer().write("weights"));
  CHECK(test::read(out->temporary()) == "weights");
  const Path temporary = out->temporary();
  REQUIRE(out->commit());
  CHECK(out->size() == 7);
  { const Output gone = std::move(*out); }
  CHECK_FALSE(fs::exists(temporary));
  CHECK(pipe.finish() == "weights");
}

TEST_CASE("a full disk at any step of an output leaves the old file and nothing else") {
  const TempDir dir;
  test::write(dir / "f", "old");
  for (const Op broken : {Op::create, Op::write, Op::fsync, Op::rename}) {
    inject_faults([broken](Op op, const Path&, std::size_t&) { return op == broken ? ENOSPC : 0; });
    const auto s = write_output(dir / "f", "new", {.replace = true});
    const auto fresh = write_output(dir / "g", "new");
    inject_faults({});
    REQUIRE_FALSE(s);
    REQUIRE_FALSE(fresh);
    CHECK(s.error().code == Errc::store);
    CHECK(s.error().message.find(".tmp") == std::string::npos);  // the person's file, not our temporary
    CHECK(test::read(dir / "f") == "old");
    CHECK(list_dir(dir.path()).value().size() == 1);
  }
}

}  // namespace
}  // namespace nano::fs
