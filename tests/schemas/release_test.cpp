// tests/schemas/release_test.cpp: releases: their bytes, their limits, and the path rules.
#include "schemas/release.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/hash.h"
#include "schemas/index.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::schemas;

namespace {

Release example() {
  const char* source = std::getenv("NANO_SOURCE");
  REQUIRE(source != nullptr);
  auto r = parse_release(test::read(std::filesystem::path(source) / "tests/schemas/golden/release/valid/sentiment-50m.json"));
  REQUIRE(r);
  return r.value();
}

}  // namespace

TEST_CASE("equal releases give equal bytes, whatever order their files came in") {
  Release r = example();
  const auto bytes = release_bytes(r);
  REQUIRE(bytes);
  std::reverse(r.files.begin(), r.files.end());
  CHECK(release_bytes(r).value() == bytes.value());
  CHECK(bytes->find('\n') == std::string::npos);
  CHECK(bytes->find("\": ") == std::string::npos);  // compact
  CHECK(parse_release(bytes.value()).value() == example());
}

TEST_CASE("a changed release has another digest") {
  Release r = example();
  const Digest before = sha256(release_bytes(r).value());
  r.files[0].size += 1;
  CHECK(sha256(release_bytes(r).value()) != before);
}

TEST_CASE("a release's variant is as large as its files") {
  const Release r = example();
  uint64_t shared = 0;
  for (const ReleaseFile& f : r.files)
    if (f.variant.empty()) shared += f.size;
  CHECK(r.size_of("q8") == shared + r.find_file("sentiment-50m-q8.gguf")->size);
  CHECK(r.files_of("q8").size() == r.files.size() - 1);
  CHECK(r.find_file("nothing") == nullptr);
}

TEST_CASE("a release that breaks a rule is not written") {
  Release r = example();
  r.files.pop_back();
  REQUIRE_FALSE(release_bytes(r));
  CHECK(release_bytes(r).error().code == Errc::invalid);
  Release large = example();
  large.manifest.extensions["/x-filler"] = "\"" + std::string(kMaxReleaseBytes, 'a') + "\"";
  CHECK_FALSE(release_bytes(large));
}

TEST_CASE("extensions of the manifest inside a release keep their place") {
  Release r = example();
  r.manifest.extensions["/x-inside"] = "42";
  const auto back = parse_release(release_bytes(r).value());
  REQUIRE(back);
  CHECK(back->manifest.extensions.at("/x-inside") == "42");
  CHECK(back.value() == r);
}

TEST_CASE("paths are unique ignoring case, and none is a folder of another") {
  CHECK(check_paths({"a", "b/c", "b/d.txt", "B-2"}).empty());
  CHECK(check_paths({"README.md", "readme.MD"}).size() == 1);
  CHECK(check_paths({"a", "a/b"}).size() == 1);
  CHECK(check_paths({"A/b", "a"}).size() == 1);
  CHECK(check_paths({"a/b/c", "a/B"}).size() == 1);
  CHECK(check_paths({"nano.json"}).size() == 1);
  CHECK(check_paths({"sub/nano.json"}).empty());
  for (const char* bad : {"", "/a", "../a", "a/..", "a//b", "a\\b", "C:a", "a b", "-a", "a.", "a/\x01"}) CHECK(check_paths({bad}).size() == 1);
}

TEST_CASE("the index takes its words from the newest good release") {
  Index index;
  index.created = "2026-11-20T12:00:00Z";
  Release r = example();
  const Digest d = sha256("x");
  add_to_index(index, r, d, 900);
  r.manifest.version = Version::parse("1.1.0").value();
  r.manifest.title = "Newer";
  add_to_index(index, r, d, 901);
  r.manifest.version = Version::parse("1.0.5").value();
  r.manifest.title = "Late fix of an old line";
  add_to_index(index, r, d, 902);
  r.manifest.version = Version::parse("2.0.0-beta").value();
  r.manifest.title = "Beta";
  add_to_index(index, r, d, 903);
  REQUIRE(index.packages.size() == 1);
  const IndexPackage& p = index.packages[0];
  CHECK(p.title == "Newer");
  CHECK(p.versions.size() == 4);
  CHECK(p.versions[1].version.text() == "1.0.5");
  CHECK(p.versions[0].variants[0].size == example().size_of("q8"));
  CHECK(p.claims.at(0).p95_ms->text() == "7.9");
  CHECK(p.claims.at(0).threads == 2u);
  r.manifest.name = PackageName::parse("acme/other").value();
  add_to_index(index, r, d, 904);
  CHECK(index.find(PackageName::parse("acme/other").value()) != nullptr);
  CHECK(index.find(PackageName::parse("absent").value()) == nullptr);
  const auto bytes = write_index(index);
  REQUIRE(bytes);
  CHECK(parse_index(bytes.value()).value() == index);
  add_to_index(index, r, d, 905);  // the same version again replaces it
  CHECK(index.find(r.manifest.name)->versions.size() == 1);
}

TEST_CASE("a long description is cut between characters") {
  Index index;
  Release r = example();
  r.manifest.description = std::string(299, 'a') + "\xe2\x82\xac" + "b";
  add_to_index(index, r, sha256("x"), 1);
  CHECK(index.packages[0].description == std::string(299, 'a'));
}
