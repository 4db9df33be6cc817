// tests/registry/bundle_test.cpp: bundles written and read; libarchive's tar is the outside truth of the format.
#include <catch2/catch.hpp>

#include <archive.h>
#include <archive_entry.h>

#include <map>

#include "base/fs.h"
#include "base/hash.h"
#include "tests/registry/fixture.h"
#include "tests/registry/gather.h"

using namespace nano;
using namespace nano::registry;

namespace {

struct Made {
  test::TempDir dir;
  Packed packed{};
  std::filesystem::path file = dir / "tiny.nano";
  Made() {
    test::write_package(dir / "p");
    packed = test::pack(dir / "p");
    test::write_bundle(file, packed);
  }
};

}  // namespace

TEST_CASE("a bundle gives back its release and every blob") {
  const Made made;
  test::Gather got;
  const auto summary = read_bundle(made.file, got);
  REQUIRE(summary);
  CHECK(got.bytes == made.packed.release_bytes);
  CHECK(got.digest == made.packed.digest);
  CHECK(summary->missing.empty());
  REQUIRE(got.blobs.size() == 4);
  for (const auto& [digest, bytes] : got.blobs) CHECK(sha256(bytes) == digest);
}

TEST_CASE("the same release gives the same bundle, byte for byte") {
  const Made a;
  const Made b;
  CHECK(test::read(a.file) == test::read(b.file));
}

TEST_CASE("a bundle is a plain tar.zst of regular files, in order, owned by nobody, dated by the release") {
  const Made made;
  const std::unique_ptr<archive, decltype(&archive_read_free)> a(archive_read_new(), archive_read_free);
  archive_read_support_filter_zstd(a.get());
  archive_read_support_format_tar(a.get());
  REQUIRE(archive_read_open_filename(a.get(), made.file.c_str(), 65536) == ARCHIVE_OK);
  std::vector<std::string> names;
  archive_entry* e = nullptr;
  while (archive_read_next_header(a.get(), &e) == ARCHIVE_OK) {
    names.emplace_back(archive_entry_pathname(e));
    CHECK(archive_format(a.get()) == ARCHIVE_FORMAT_TAR_USTAR);
    CHECK(archive_entry_filetype(e) == AE_IFREG);
    CHECK(archive_entry_perm(e) == 0644);
    CHECK(archive_entry_uid(e) == 0);
    CHECK(archive_entry_mtime(e) == test::kDate);
  }
  REQUIRE(names.size() == 6);
  CHECK(names[0] == "nano-bundle.json");
  CHECK(names[1] == "release.json");
  CHECK(std::is_sorted(names.begin() + 2, names.end()));
}

TEST_CASE("a bundle may hold some of its blobs, and says which are missing") {
  Made made;
  made.packed.blobs.pop_back();
  test::write_bundle(made.file, made.packed);
  test::Gather got;
  const auto summary = read_bundle(made.file, got);
  REQUIRE(summary);
  CHECK(summary->present.size() == 3);
  CHECK(summary->missing.size() == 1);
}

TEST_CASE("blobs that are not wanted are passed over") {
  const Made made;
  test::Gather got;
  got.wanted = [](const BlobRequest& b) { return b.size == 7; };
  REQUIRE(read_bundle(made.file, got));
  CHECK(got.blobs.size() == 1);
}

TEST_CASE("a file that changed after packing is not bundled") {
  Made made;
  test::write(made.dir / "p/README.md", "# Tinz\n");
  const auto done = registry::write_bundle(made.dir / "other.nano", made.packed.release_bytes, made.packed.blobs);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::integrity);
  CHECK_FALSE(std::filesystem::exists(made.dir / "other.nano"));
}

TEST_CASE("a full disk leaves no half-written bundle behind") {
  const Made made;
  const auto before = test::files_below(made.dir.path());
  fs::inject_faults([](fs::Op op, const fs::Path&, std::size_t&) { return op == fs::Op::write ? ENOSPC : 0; });
  const auto done = registry::write_bundle(made.dir / "other.nano", made.packed.release_bytes, made.packed.blobs);
  fs::inject_faults({});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::store);
  CHECK(test::files_below(made.dir.path()) == before);
}
