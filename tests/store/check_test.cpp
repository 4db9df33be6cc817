// check finds every kind of damage; repair mends what can be mended.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "store/blobs.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

struct Installed {
  FastDir dir{};
  Store store = open_store(dir.path());
  Package a = make_package("a", "1.0.0", 1);
  Package b = make_package("b", "1.0.0", 2);
  Path pkg_dir = dir / "pkgs/_/a/1.0.0~q8";
  Installed() {
    REQUIRE(install(store, a));
    REQUIRE(install(store, b));
    REQUIRE(findings(store).empty());
  }
  [[nodiscard]] RepairReport mend() const {
    const auto lock = store.lock("test");
    REQUIRE(lock);
    NullProgress progress;
    auto r = repair(store, *lock, {}, progress);
    INFO((r ? std::string() : r.error().render()));
    REQUIRE(r);
    return *r;
  }
};

/// The file gets bytes of its own (the blob keeps its).
void replace(const Path& p, std::string_view bytes) {
  ::unlink(p.c_str());
  nano::test::write(p, bytes);
  ::chmod(p.c_str(), 0444);
}

TEST_CASE("one flipped byte anywhere in an installed file is found and named") {
  for (const std::size_t at : {std::size_t{0}, std::size_t{1499}, std::size_t{2999}}) {
    Installed s;
    std::string bytes = s.a.files.at("weights-q8.gguf");
    bytes[at] ^= 0x10;
    replace(s.pkg_dir / "weights-q8.gguf", bytes);
    const std::string found = damage(s.store);
    CHECK(found.find("wrong-bytes pkgs/_/a/1.0.0~q8/weights-q8.gguf (a@1.0.0:q8)") != std::string::npos);
    CHECK(found.find(sha256(s.a.files.at("weights-q8.gguf")).text()) != std::string::npos);
    CHECK(found.find(sha256(bytes).text()) != std::string::npos);
    const auto r = s.mend();  // the blob is good
    CHECK(r.rebuilt == 1);
    CHECK(r.after.clean());
    CHECK(findings(s.store).empty());
    CHECK(nano::test::read(s.pkg_dir / "weights-q8.gguf") == s.a.files.at("weights-q8.gguf"));
  }
}

TEST_CASE("a blob damaged through its hard link is found in both places, an install brings it back") {
  Installed s;
  const Path blob = s.store.primary().blob(sha256(s.a.files.at("weights-q8.gguf")));
  ::chmod(blob.c_str(), 0644);
  std::string bytes = s.a.files.at("weights-q8.gguf");
  bytes[5] ^= 1;
  nano::test::write(blob, bytes);
  ::chmod(blob.c_str(), 0444);
  const std::string found = damage(s.store);
  CHECK(found.find("bad-blob blobs/") != std::string::npos);
  CHECK(found.find("wrong-bytes pkgs/") != std::string::npos);
  const auto r = s.mend();
  CHECK(r.removed == 1);
  CHECK(r.rebuilt == 0);
  CHECK_FALSE(r.after.clean());
  CHECK(r.after.findings.at(0).remedy.find("install") != std::string::npos);
  REQUIRE(install(s.store, s.a));
  CHECK(findings(s.store).empty());
}

TEST_CASE("a blob that is gone or damaged is made again from a package's good copy") {
  Installed s;
  const Digest d = sha256(s.a.files.at("weights-q8.gguf"));
  replace(s.pkg_dir / "weights-q8.gguf", s.a.files.at("weights-q8.gguf"));  // a copy, no link
  replace(s.store.primary().blob(d), std::string(3000, 'x'));
  replace(s.pkg_dir / "README.md", "wrong");
  const auto r = s.mend();
  CHECK(r.rebuilt == 1);
  CHECK(r.after.clean());
  CHECK(has_blob(s.store, d, 3000));
}

TEST_CASE("each kind of damage has its word and its remedy") {
  struct Case {
    const char* expected;
    bool mended;
    std::function<void(const Installed&)> harm;
  };
  const std::vector<Case> cases = {
      {"missing-file", true, [](const Installed& s) { ::unlink((s.pkg_dir / "LICENSE").c_str()); }},
      {"wrong-size", true, [](const Installed& s) { replace(s.pkg_dir / "LICENSE", "x"); }},
      {"not-a-file", true,
       [](const Installed& s) {
         ::unlink((s.pkg_dir / "LICENSE").c_str());
         ::symlink("/etc/passwd", (s.pkg_dir / "LICENSE").c_str());
       }},
      {"not-a-file", true,
       [](const Installed& s) {
         ::unlink((s.pkg_dir / "LICENSE").c_str());
         ::mkdir((s.pkg_dir / "LICENSE").c_str(), 0755);
       }},
      {"extra-file", true, [](const Installed& s) { replace(s.pkg_dir / "eval/extra.py", "import os"); }},
      {"extra-file", true, [](const Installed& s) { ::mkdir((s.pkg_dir / "empty").c_str(), 0755); }},
      {"extra-file", true, [](const Installed& s) { nano::test::write(s.dir / "blobs/sha256/zz/no-digest", "x"); }},
      {"writable", true, [](const Installed& s) { ::chmod((s.pkg_dir / "LICENSE").c_str(), 0644); }},
      {"bad-release", true, [](const Installed& s) { replace(s.pkg_dir / "nano.json", "{}"); }},
      {"writable", true, [](const Installed& s) { ::chmod((s.pkg_dir / "nano.json").c_str(), 0644); }},
      {"writable", true, [](const Installed& s) { ::chmod((s.pkg_dir / "~release.json").c_str(), 0664); }},
      {"bad-release", false, [](const Installed& s) { replace(s.pkg_dir / "~release.json", s.b.bytes); }},
      {"bad-release", false, [](const Installed& s) { ::unlink((s.pkg_dir / "~release.json").c_str()); }},
      {"missing-package", false, [](const Installed& s) { std::filesystem::remove_all(s.pkg_dir); }},
      {"not-a-file", true,  // the release behind the link is the right one: its digest says so
       [](const Installed& s) {
         std::filesystem::rename(s.pkg_dir, s.dir / "elsewhere");
         ::symlink((s.dir / "elsewhere").c_str(), s.pkg_dir.c_str());
       }},
  };
  for (const auto& c : cases) {
    INFO(c.expected << " #" << (&c - cases.data()));
    Installed s;
    c.harm(s);
    NullProgress progress;
    const auto found = check(s.store, {}, progress);
    REQUIRE(found);
    REQUIRE_FALSE(found->findings.empty());  // a mode is one of all the names of an inode
    for (const auto& f : found->findings) {
      CHECK(kind_word(f.kind) == c.expected);
      CHECK_FALSE(f.remedy.empty());
    }
    CHECK_FALSE(found->clean());
    CHECK(s.mend().after.clean() == c.mended);
    // Whatever it was: installing again ends in a current generation that is whole.
    REQUIRE(install(s.store, s.a));
    CHECK(damage(s.store, false).empty());
  }
}

TEST_CASE("only the packages asked for are looked at, and each inode is hashed once") {
  Installed s;
  replace(s.pkg_dir / "LICENSE", "x");
  NullProgress progress;
  CHECK(check(s.store, {.only = {pkg("b")}}, progress)->clean());
  CHECK_FALSE(check(s.store, {.only = {pkg("a")}}, progress)->clean());
  Installed whole;
  const auto r = check(whole.store, {}, progress);
  REQUIRE(r);
  CHECK(r->packages == 2);
  CHECK(r->files == 8);
  uint64_t bytes = 0;
  for (const auto* p : {&whole.a, &whole.b}) {
    for (const auto* f : p->release.files_of("q8")) bytes += f->size;
  }
  bytes -= whole.a.files.at("README.md").size() + whole.a.files.at("LICENSE").size();  // shared
  CHECK(r->bytes_hashed == bytes);
}

TEST_CASE("leftovers of a killed writer are told apart from damage, and the next writer removes them") {
  Installed s;
  nano::test::write(s.dir / "pkgs/.staging-1.2.3.tmp/file", "x");
  nano::test::write(s.dir / "generations/.9.json.1.2.3.tmp", "x");
  nano::test::write(s.dir / "partial/.add.1.2.3.tmp", "x");
  NullProgress progress;
  const auto r = check(s.store, {}, progress);
  REQUIRE(r);
  CHECK(r->clean());
  CHECK(r->findings.size() == 3);
  REQUIRE(s.store.lock("test"));
  CHECK(findings(s.store).empty());
}

}  // namespace
}  // namespace nano::store
