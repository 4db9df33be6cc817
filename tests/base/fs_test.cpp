// Files, folders, locks on a real disk.
#include "base/fs.h"

#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

namespace nano::fs {
namespace {

using test::TempDir;

TEST_CASE("an atomic write replaces the whole file and leaves nothing beside it") {
  const TempDir dir;
  REQUIRE(write_atomic(dir / "f", "one", 0600));
  REQUIRE(write_atomic(dir / "f", "two"));
  CHECK(test::read(dir / "f") == "two");
  CHECK(list_dir(dir.path()).value() == std::vector<std::string>{"f"});
  CHECK(write_atomic(dir / "no/f", "x").error().code == Errc::store);
}

TEST_CASE("reading has a limit and names what is absent") {
  const TempDir dir;
  test::write(dir / "f", "12345");
  CHECK(read_file(dir / "f", 5).value() == "12345");
  CHECK(read_file(dir / "f", 4).error().code == Errc::invalid);
  CHECK(read_file(dir / "absent", 4).error().code == Errc::not_found);
  CHECK(read_file(dir.path(), 4).error().code == Errc::invalid);
  CHECK(read_file("/dev/null", 4).error().code == Errc::invalid);
  REQUIRE(mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(read_file(dir / "fifo", 4).error().code == Errc::invalid);
}

TEST_CASE("a writer creates exclusively and resumes at a length") {
  const TempDir dir;
  {
    auto w = Writer::create(dir / "f");
    REQUIRE(w);
    REQUIRE(w->write("hello world"));
  }
  CHECK(Writer::create(dir / "f").error().code == Errc::store);
  {
    auto w = Writer::resume(dir / "f", 5);
    REQUIRE(w);
    REQUIRE(w->write("!"));
  }
  CHECK(test::read(dir / "f") == "hello!");
  std::filesystem::create_symlink(dir / "elsewhere", dir / "link");
  CHECK(Writer::create(dir / "link").error().code == Errc::store);
  CHECK(Writer::resume(dir / "link", 0).error().code == Errc::store);
  CHECK_FALSE(fs::exists(dir / "elsewhere"));
}

TEST_CASE("linking shares bytes or copies them") {
  const TempDir dir;
  test::write(dir / "a", "bytes");
  REQUIRE(link_or_copy(dir / "a", dir / "b", 0444));
  CHECK(test::read(dir / "b") == "bytes");
  CHECK(link_or_copy(dir / "a", dir / "b", 0444).error().code == Errc::store);
  CHECK(link_or_copy(dir / "absent", dir / "c", 0444).error().code == Errc::not_found);
  inject_faults([](Op op, const Path&, std::size_t&) { return op == Op::link ? EXDEV : 0; });
  REQUIRE(link_or_copy(dir / "a", dir / "c", 0444));
  inject_faults({});
  struct stat st {};
  REQUIRE(::stat((dir / "c").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0444);
  CHECK(test::read(dir / "c") == "bytes");
}

TEST_CASE("trees are made and removed without following links") {
  const TempDir dir;
  test::write(dir / "keep/x", "1");
  REQUIRE(make_dirs(dir / "t/a/b"));
  REQUIRE(make_dirs(dir / "t/a/b"));
  std::filesystem::create_directory_symlink(dir / "keep", dir / "t/a/link");
  REQUIRE(remove_tree(dir / "t"));
  REQUIRE(remove_tree(dir / "t"));
  CHECK(test::read(dir / "keep/x") == "1");
  test::write(dir / "file", "");
  CHECK(make_dirs(dir / "file/x").error().code == Errc::store);
}

TEST_CASE("maps hold the bytes and an empty file is an empty span") {
  const TempDir dir;
  test::write(dir / "f", "abc");
  test::write(dir / "empty", "");
  auto m = MappedFile::open(dir / "f");
  REQUIRE(m);
  MappedFile moved = std::move(*m);
  CHECK(moved.bytes().size() == 3);
  CHECK(static_cast<char>(moved.bytes()[2]) == 'c');
  CHECK(MappedFile::open(dir / "empty").value().bytes().empty());
  CHECK(MappedFile::open(dir.path()).error().code == Errc::invalid);
}

TEST_CASE("a lock waits, then names its holder") {
  const TempDir dir;
  using std::chrono::milliseconds;
  std::optional<FileLock> first;
  {
    auto got = FileLock::acquire(dir / "lock", milliseconds(0), "nano install alpha");
    REQUIRE(got);
    first.emplace(std::move(*got));
  }
  const auto second = FileLock::acquire(dir / "lock", milliseconds(30), "nano install beta");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::store);
  CHECK(second.error().message.find("nano install alpha") != std::string::npos);
  CHECK(second.error().message.find(std::to_string(getpid())) != std::string::npos);
  std::thread release([&] {
    std::this_thread::sleep_for(milliseconds(50));
    first.reset();
  });
  CHECK(FileLock::acquire(dir / "lock", milliseconds(10000), "nano install beta"));
  release.join();
}

TEST_CASE("package paths are plain relative names") {
  for (const char* good : {"a", "README.md", "eval/x.tsv", "a/b/c-d_e.f", ".hidden"})
    CHECK(is_package_path(good));
  for (const char* bad : {"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\\b", "a b", "é", "a\n",
                          "-rf", "x/-y", "dot.", "c:"})
    CHECK_FALSE(is_package_path(bad));
  CHECK_FALSE(is_package_path(std::string_view("a\0b", 3)));
  CHECK(is_package_path(std::string(255, 'a')));
  CHECK_FALSE(is_package_path(std::string(256, 'a')));
}

}  // namespace
}  // namespace nano::fs
