// Disks that are full, read-only or write short, injected so that root's tests see them too.
#include <cerrno>

#include <catch2/catch.hpp>

#include "base/fs.h"
#include "tests/support/support.h"

namespace nano::fs {
namespace {

using test::TempDir;

struct FaultGuard {
  explicit FaultGuard(Faults f) { inject_faults(std::move(f)); }
  ~FaultGuard() { inject_faults({}); }
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
};

TEST_CASE("a full disk at any step of an atomic write leaves the old file and nothing else") {
  const TempDir dir;
  REQUIRE(write_atomic(dir / "f", "old"));
  for (const Op broken : {Op::create, Op::write, Op::fsync, Op::rename}) {
    Status s = Unit{};
    {
      const FaultGuard g([broken](Op op, const Path&, std::size_t&) { return op == broken ? ENOSPC : 0; });
      s = write_atomic(dir / "f", "new");
    }
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::store);
    CHECK_FALSE(s.error().hint.empty());
    CHECK(test::read(dir / "f") == "old");
    CHECK(list_dir(dir.path()).value().size() == 1);
  }
}

TEST_CASE("short writes are continued to the last byte") {
  const TempDir dir;
  std::string bytes(10007, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + i % 23);
  int writes = 0;
  {
    const FaultGuard g([&](Op op, const Path&, std::size_t& allowed) {
      if (op == Op::write) {
        ++writes;
        allowed = allowed > 13 ? 13 : allowed;
      }
      return 0;
    });
    REQUIRE(write_atomic(dir / "f", bytes));
  }
  CHECK(writes > 700);
  CHECK(test::read(dir / "f") == bytes);
}

TEST_CASE("a read-only store names the folder and the remedy") {
  const TempDir dir;
  const FaultGuard g([](Op op, const Path&, std::size_t&) {
    return op == Op::create || op == Op::mkdir || op == Op::rename || op == Op::unlink || op == Op::lock
               ? EROFS
               : 0;
  });
  const auto s = make_dirs(dir / "x/y");
  REQUIRE_FALSE(s);
  CHECK(s.error().code == Errc::store);
  CHECK(s.error().message.find("/x") != std::string::npos);
  CHECK(s.error().hint.find("NANO_STORE") != std::string::npos);
  CHECK(FileLock::acquire(dir / "lock", std::chrono::milliseconds(0), "me").error().code == Errc::store);
  CHECK(remove_file(dir / "f").error().code == Errc::store);
}

}  // namespace
}  // namespace nano::fs
