// tests/registry/pack_test.cpp: a package folder becomes a release, or hears everything that is wrong with it.
#include <catch2/catch.hpp>

#include <filesystem>

#include "base/hash.h"
#include "base/json.h"
#include "tests/registry/fixture.h"

using namespace nano;
using namespace nano::registry;

namespace {

PackReport report(const std::filesystem::path& dir, WeightsCheck check = {}) {
  const PackOptions options{.created = test::kDate, .check_weights = std::move(check)};
  auto r = pack_folder(dir, options);
  REQUIRE(r);
  return std::move(*r);
}

bool says(const PackReport& r, std::string_view text) {
  for (const auto& p : r.problems)
    if (p.message.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a good folder becomes a release with every file's size and digest") {
  const test::TempDir dir;
  test::write_package(dir.path());
  const Packed packed = test::pack(dir.path());
  CHECK(packed.release.manifest.name.text() == "tiny");
  CHECK(packed.release.created == "2023-11-14T22:13:20Z");
  CHECK(packed.digest == sha256(packed.release_bytes));
  const auto* card = packed.release.find_file("README.md");
  REQUIRE(card);
  CHECK(card->size == 7);
  CHECK(card->sha256 == sha256("# Tiny\n"));
  REQUIRE(packed.release.find_file("m-q4.gguf"));
  CHECK(packed.release.find_file("m-q4.gguf")->variant == "q4");
  CHECK(packed.blobs.size() == 4);
}

TEST_CASE("packing the same folder twice gives the same release bytes") {
  const test::TempDir a;
  const test::TempDir b;
  test::write_package(a.path());
  test::write_package(b.path());
  CHECK(test::pack(a.path()).release_bytes == test::pack(b.path()).release_bytes);
}

TEST_CASE("equal files are one blob") {
  const test::TempDir dir;
  test::write_package(dir.path());
  test::write(dir / "LICENSE", "# Tiny\n");
  CHECK(test::pack(dir.path()).blobs.size() == 3);
}

TEST_CASE("a folder that is not there, or has no nano.json, is not found") {
  const test::TempDir dir;
  CHECK(pack_folder(dir / "absent", {}).error().code == Errc::not_found);
  CHECK(pack_folder(dir.path(), {}).error().code == Errc::not_found);
}

TEST_CASE("every problem is reported at once") {
  const test::TempDir dir;
  test::write_package(dir.path());
  auto manifest = parse_json(test::read(dir / "nano.json")).value();
  manifest["taks"] = "text-classification";
  manifest["version"] = "1.02.0";
  test::write(dir / "nano.json", dump_pretty(manifest));
  std::filesystem::remove(dir / "LICENSE");
  test::write(dir / "m-q8.gguf", "PK\x03\x04 zip");
  test::write(dir / "m-q4.gguf", "not gguf");
  test::write(dir / "README.md", "\xff\xfe");
  const PackReport r = report(dir.path());
  CHECK_FALSE(r.packed);
  CHECK(r.problems.size() >= 6);
  CHECK(says(r, "taks"));
  CHECK(says(r, "'LICENSE' is not in the folder"));
  CHECK(says(r, "zip archive"));
  CHECK(says(r, "'m-q4.gguf' is not a GGUF file"));
  CHECK(says(r, "'README.md' is not UTF-8"));
}

TEST_CASE("a nano.json that is not JSON is a problem, not a crash") {
  const test::TempDir dir;
  for (const char* bad : {"", "{", "[]", "null", "{\"files\":7}", "{\"files\":[7,{\"path\":1}]}"}) {
    test::write(dir / "nano.json", bad);
    const PackReport r = report(dir.path());
    CHECK_FALSE(r.packed);
    CHECK_FALSE(r.problems.empty());
  }
}

TEST_CASE("symbolic links, also of folders, are refused") {
  const test::TempDir dir;
  const test::TempDir outside;
  test::write_package(dir.path());
  test::write(outside / "LICENSE", "x");
  std::filesystem::remove(dir / "LICENSE");
  std::filesystem::create_symlink(outside / "LICENSE", dir / "LICENSE");
  CHECK(says(report(dir.path()), "symbolic link"));
  std::filesystem::remove(dir / "LICENSE");
  std::filesystem::create_directory(dir / "LICENSE");
  CHECK(says(report(dir.path()), "not a regular file"));
}

TEST_CASE("paths out of the folder are refused and never opened") {
  const test::TempDir dir;
  test::write_package(dir / "p");
  test::write(dir / "secret", "x");
  auto manifest = parse_json(test::read(dir / "p/nano.json")).value();
  manifest["files"].push_back({{"path", "../secret"}, {"role", "other"}});
  manifest["files"].push_back({{"path", "/etc/passwd"}, {"role", "other"}});
  test::write(dir / "p/nano.json", dump_pretty(manifest));
  const PackReport r = report(dir / "p");
  CHECK_FALSE(r.packed);
  CHECK(r.problems.size() >= 2);
}

TEST_CASE("files that nano.json does not name are noted and not packed") {
  const test::TempDir dir;
  test::write_package(dir.path());
  test::write(dir / "train.py", "print()");
  test::write(dir / ".git/config", "x");
  const PackReport r = report(dir.path());
  REQUIRE(r.packed);
  REQUIRE(r.notes.size() == 1);
  CHECK(r.notes[0].find("train.py") != std::string::npos);
}

TEST_CASE("the caller's look at the weights becomes a problem") {
  const test::TempDir dir;
  test::write_package(dir.path());
  int asked = 0;
  const PackReport r = report(dir.path(), [&](const auto&, const schemas::Manifest&, const schemas::FileEntry& f, const schemas::Problems& known) {
    ++asked;
    CHECK(known.empty());
    schemas::Problems out;
    if (f.variant == "q4") out = {{"", "tensor count is wrong", ""}, {"/model/family", "is another", ""}};
    return out;
  });
  CHECK(asked == 2);
  CHECK(schemas::any_about(r.problems, "/model/family"));
  CHECK(says(r, "'m-q4.gguf': tensor count is wrong"));
  CHECK_FALSE(says(r, "'m-q8.gguf'"));
}

TEST_CASE("a card over 256 KiB is refused") {
  const test::TempDir dir;
  test::write_package(dir.path());
  test::write(dir / "README.md", std::string(256 * 1024 + 1, 'x'));
  CHECK(says(report(dir.path()), "the card"));
}

TEST_CASE("what can run, or unpacks into what can, is known by its first bytes") {
  const auto tar = std::string(257, 'x') + "ustar";
  for (const std::string& head : {std::string("PK\x03\x04"), std::string("\x7f" "ELF"), std::string("#!/bin/sh"), std::string("MZ\x90\0", 4),
                                  std::string("\x80\x02}q"), std::string("\x80\x04\x95"), std::string("cos\nsystem\n(S'id'\ntR."), std::string("(dp0"),
                                  std::string("\0asm", 4), std::string("\x1f\x8b\x08"), std::string("\xfd" "7zXZ\0", 6), std::string("\x89HDF\r\n\x1a\n"),
                                  std::string("\x93NUMPY"), std::string("\xca\xfe\xba\xbe"), std::string("Rar!\x1a\x07"), tar}) {
    INFO(head);
    CHECK_FALSE(forbidden_kind(head, "file").empty());
  }
  CHECK_FALSE(forbidden_kind("", "weights.PTH").empty());
  for (const std::string& head : {std::string("GGUF\3\0\0\0", 8), std::string("# card"), std::string("{}"), std::string("MZ is text"), std::string(),
                                  std::string("cat\ndog\nbird\n"), std::string("label\ttext\n")}) {
    INFO(head);
    CHECK(forbidden_kind(head, "file.txt").empty());
  }
}
