// A real disk that is really full: a small tmpfs, where mounting works.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

constexpr int kNoMount = 77;

/// `body` runs in a child whose own mount namespace has a tmpfs of `size` (and inodes) at `at`.
int with_tmpfs(const Path& at, const std::string& options, const std::function<int()>& body) {
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoMount;
    if (::mount("nano-test", at.c_str(), "tmpfs", 0, options.c_str()) != 0) return kNoMount;
    return body();
  });
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_CASE("on a tmpfs that is too small an install says store, keeps the old generation, and succeeds after a gc") {
  const TempDir dir;
  const Package old = make_package("old", "1.0.0", 1, 100'000);
  const Package big = make_package("xbig", "1.0.0", 2, 800'000);
  const int code = with_tmpfs(dir.path(), "size=1m", [&] {
    const Store store = open_store(dir / "s");
    if (!install(store, old)) return 1;
    nano::test::write(dir / "ballast", std::string(400'000, 'b'));
    const auto r = install(store, big);
    if (r) return 2;
    if (r.error().code != Errc::store) return 3;
    if (r.error().hint.find("space") == std::string::npos) return 4;
    if (installed_text(store) != "old@1.0.0:q8" || !damage(store).empty()) return 5;
    ::unlink((dir / "ballast").c_str());
    return install(store, big) ? (findings(store).empty() ? 0 : 6) : 7;
  });
  if (code == kNoMount) {
    WARN("SKIPPED: mounting a tmpfs is not permitted here");
    return;
  }
  CHECK(code == 0);
}

TEST_CASE("on a tmpfs without inodes left an install says store and leaves the old generation") {
  const TempDir dir;
  const Package old = make_package("old", "1.0.0", 1);
  const int code = with_tmpfs(dir.path(), "size=4m,nr_inodes=64", [&] {
    const Store store = open_store(dir / "s");
    if (!install(store, old)) return 1;
    for (int i = 0; i < 64; ++i) {
      try {
        nano::test::write(dir / ("f" + std::to_string(i)), "x");
      } catch (...) {
        break;
      }
    }
    const auto r = install(store, make_package("xnew", "1.0.0", 2));
    if (r || r.error().code != Errc::store) return 2;
    return installed_text(store) == "old@1.0.0:q8" && damage(store).empty() ? 0 : 3;
  });
  if (code == kNoMount) {
    WARN("SKIPPED: mounting a tmpfs is not permitted here");
    return;
  }
  CHECK(code == 0);
}

TEST_CASE("a store that is really mounted read-only can be read and says store to writers") {
  const TempDir dir;
  const int code = with_tmpfs(dir.path(), "size=4m", [&] {
    if (!install(open_store(dir / "s"), make_package("old", "1.0.0", 1))) return 1;
    if (::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return kNoMount;
    const auto reader = Store::open(dir / "s", Mode::read);
    if (!reader || installed_text(*reader) != "old@1.0.0:q8" || !findings(*reader).empty()) return 2;
    const auto writer = Store::open(dir / "s", Mode::write);
    if (!writer) return 3;  // its folders are all there
    const auto r = install(*writer, make_package("xnew", "1.0.0", 2));
    if (r || r.error().code != Errc::store) return 4;
    const auto fresh = Store::open(dir / "t", Mode::write);
    return fresh || fresh.error().code != Errc::store ? 5 : 0;
  });
  if (code == kNoMount) {
    WARN("SKIPPED: mounting a tmpfs is not permitted here");
    return;
  }
  CHECK(code == 0);
}

TEST_CASE("a read-only store on another file system gives its blobs by copy") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "mnt");
  const int code = with_tmpfs(dir / "mnt", "size=4m", [&] {
    const Package p = make_package("a", "1.0.0", 1);
    if (!install(open_store(dir / "mnt/s"), p)) return 1;
    const auto both = Store::open(dir / "own", Mode::write, {dir / "mnt/s"});
    if (!both || !install(*both, p)) return 2;
    if (tree(dir / "own/blobs/sha256").size() != 0) return 3;  // nothing was fetched
    return findings(open_store(dir / "own")).empty() ? 0 : 4;
  });
  if (code == kNoMount) {
    WARN("SKIPPED: mounting a tmpfs is not permitted here");
    return;
  }
  CHECK(code == 0);
}

}  // namespace
}  // namespace nano::store
