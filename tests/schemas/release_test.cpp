// tests/schemas/release_test.cpp: releases: their bytes, their limits, and the path rules.
#include "schemas/release.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/hash.h"
#include "schemas/advisory.h"
#include "schemas/index.h"
#include "schemas/target_info.h"
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

TEST_CASE("a package made of what its role lists takes its words from the newest good release") {
  Release r = example();
  std::vector<ListedRelease> listed;
  const auto list = [&](const char* version, const char* title, const char* yanked = "") {
    r.manifest.version = Version::parse(version).value();
    r.manifest.title = title;
    listed.push_back({.version = r.manifest.version, .release = sha256(version), .release_size = 900, .info = target_info(r, "2026-11-21T00:00:00Z")});
    listed.back().info.yanked = yanked;
  };
  list("1.0.0", "First");
  list("1.1.0", "Newer");
  list("1.2.0", "Newest, taken back", "wrong labels");
  list("1.0.5", "Late fix of an old line");
  list("2.0.0-beta", "Beta");
  const IndexPackage p = package_of(r.manifest.name, listed);
  CHECK(p.title == "Newer");
  CHECK(speaker(p).version.text() == "1.1.0");
  REQUIRE(p.versions.size() == 5);
  CHECK(p.versions[1].version.text() == "1.0.5");
  CHECK(p.versions[3].yanked == "wrong labels");
  CHECK(p.versions[0].published == "2026-11-21T00:00:00Z");
  CHECK(p.versions[0].variants[0].size == example().size_of("q8"));
  CHECK(p.claims.at(0).p95_ms->text() == "7.9");
  CHECK(p.claims.at(0).threads == 2u);
  CHECK(p.claims.at(0).task == example().manifest.claims.at(0).task);
  CHECK(p.claims.at(0).conditions);

  Index index;
  index.created = "2026-11-20T12:00:00Z";
  index.put(p);
  IndexPackage other = p;
  other.name = PackageName::parse("acme/other").value();
  index.put(other);
  index.put(other);  // the same package again replaces it
  CHECK(index.packages.size() == 2);
  CHECK(index.find(other.name) != nullptr);
  CHECK(index.find(PackageName::parse("absent").value()) == nullptr);
  const auto bytes = write_index(index);
  REQUIRE(bytes);
  CHECK(parse_index(bytes.value()).value() == index);
}

TEST_CASE("what a role says of a release survives the wire") {
  const TargetInfo info = target_info(example(), "2026-11-21T00:00:00Z");
  const auto back = parse_target_info(write_target_info(info));
  REQUIRE(back);
  CHECK(back.value() == info);
}

TEST_CASE("equal conditions have equal digests, others another") {
  Release r = example();
  const Digest one = target_info(r, "2026-11-21T00:00:00Z").claims.at(0).conditions.value();
  CHECK(target_info(r, "2026-11-22T00:00:00Z").claims.at(0).conditions == one);
  r.manifest.claims.at(0).conditions->threads = 7;
  CHECK(target_info(r, "2026-11-21T00:00:00Z").claims.at(0).conditions != one);
}

TEST_CASE("an advisory hits the versions in its ranges, pre-releases too") {
  Advisory a;
  a.affected = {{.name = PackageName::parse("acme/tiny").value(), .range = Range::parse(">=1.0.0 <1.0.3").value()}};
  const auto hits = [&](const char* name, const char* version) { return a.hits(PackageName::parse(name).value(), Version::parse(version).value()); };
  CHECK(hits("acme/tiny", "1.0.2"));
  CHECK(hits("acme/tiny", "1.0.2-rc.1"));
  CHECK_FALSE(hits("acme/tiny", "1.0.3"));
  CHECK_FALSE(hits("tiny", "1.0.2"));
}

TEST_CASE("a long description is cut between characters") {
  Release r = example();
  r.manifest.description = std::string(299, 'a') + "\xe2\x82\xac" + "b";
  IndexPackage p;
  add_words(p, r.manifest);
  CHECK(p.description == std::string(299, 'a'));
}
