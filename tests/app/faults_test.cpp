// Full, read-only and stuttering disks under the whole program.
#include <catch2/catch.hpp>
#include <sys/mount.h>

#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("a disk that fails at any step of an install ends in 9 with the old generation whole") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "other"}).exit_code == 0);
  int failed = 0;
  for (int after = 0; after < 400; after += after < 12 ? 1 : 9) {
    const auto r = w.program("nano_faulty", {"install", "tiny"}, {},
                             {{"NANO_TEST_FAULT", "any:ENOSPC:" + std::to_string(after)}});
    if (r.exit_code == 0) break;
    ++failed;
    INFO("after " << after << " steps: " << r.err);
    CHECK(r.exit_code == 9);
    const auto verify = w.nano({"verify"});
    INFO(verify.out << verify.err);
    CHECK(verify.exit_code == 0);
    CHECK(w.installed().size() <= 2);
    if (w.installed().size() == 2) REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  }
  CHECK(failed > 10);
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("a full disk and a read-only store name the folder and the remedy") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto full =
      w.program("nano_faulty", {"install", "tiny"}, {}, {{"NANO_TEST_FAULT", "write:ENOSPC:3"}});
  CHECK(full.exit_code == 9);
  CHECK(has(full.err, "hint"));
  const auto readonly = w.program("nano_faulty", {"install", "tiny"}, {}, {{"NANO_TEST_FAULT", "any:EROFS"}});
  CHECK(readonly.exit_code == 9);
  CHECK(has(readonly.err, "NANO_STORE"));
  CHECK(w.installed().empty());
}

TEST_CASE("short writes lose nothing") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.program("nano_faulty", {"install", "tiny"}, {}, {{"NANO_TEST_SHORT", "1"}}).exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("a read-only store beside the writable one is read and never written") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny", "--store", w.path("system-store")}).exit_code == 0);
  const std::map<std::string, std::string> both = {{"NANO_STORE_PATH", w.path("system-store")}};
  CHECK(w.nano({"run", "tiny", "x"}, {}, both).exit_code == 0);
  REQUIRE(w.nano({"install", "other"}, {}, both).exit_code == 0);
  CHECK(w.nano({"run", "tiny", "x"}, {}, both).exit_code == 0);
  CHECK(w.nano({"uninstall", "tiny"}, {}, both).exit_code == 9);
}

TEST_CASE("a small real disk fills up and is named") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string mount_point = w.path("small");
  std::filesystem::create_directories(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=300k") != 0) {
    WARN("SKIPPED: mounting a tmpfs is not allowed here");
    return;
  }
  const auto r = w.nano({"install", "tiny", "--store", mount_point + "/store"});
  const auto after = w.nano({"list", "--store", mount_point + "/store"});
  ::umount(mount_point.c_str());
  INFO(r.err);
  CHECK(r.exit_code == 9);
  CHECK(has(r.err, "free"));
  CHECK(after.exit_code == 0);
}

}  // namespace
}  // namespace nano::test
