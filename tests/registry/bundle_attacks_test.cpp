// tests/registry/bundle_attacks_test.cpp: one attack on a bundle, one test. The hostile archives are made by libarchive
// and by hand, never by our own writer.
#include <catch2/catch.hpp>

#include <archive_entry.h>

#include <cstring>
#include <functional>

#include "base/hash.h"
#include "tests/registry/archives.h"
#include "tests/registry/fixture.h"
#include "tests/registry/gather.h"

using namespace nano;
using namespace nano::registry;
using test::Entry;
using test::Format;
using test::patch_header;
using test::tar_of;
using test::zst;

namespace {

/// A good bundle's entries, to be spoilt one at a time.
struct Case {
  test::TempDir dir;
  Packed packed{};
  std::vector<Entry> entries{};
  std::size_t first_blob = 2;

  Case() {
    test::write_package(dir / "p");
    packed = test::pack(dir / "p");
    entries.push_back({.name = "nano-bundle.json", .data = "{\"schema\":\"nano.bundle/1\"}\n"});
    entries.push_back({.name = "release.json", .data = packed.release_bytes});
    for (const LocalBlob& b : packed.blobs) entries.push_back({.name = "blobs/sha256/" + b.blob.digest.hex(), .data = test::read(b.file)});
  }
  Result<BundleSummary> read_raw(const std::string& file_bytes) {
    test::write(dir / "x.nano", file_bytes);
    const auto before = test::files_below(dir.path());
    test::Gather got;
    auto r = read_bundle(dir / "x.nano", got);
    CHECK(test::files_below(dir.path()) == before);  // nothing is ever written but through a sink
    return r;
  }
  Result<BundleSummary> read(Format format = Format::ustar) { return read_raw(zst(tar_of(entries, format))); }
  void check_refused(Errc code = Errc::invalid, std::string_view says = "") {
    const auto r = read();
    REQUIRE_FALSE(r);
    INFO(r.error().message);
    CHECK(r.error().code == code);
    CHECK(r.error().message.find(says) != std::string::npos);
  }
};


}  // namespace

TEST_CASE("the attacks' starting point is a good bundle") {
  Case c;
  const auto r = c.read();
  if (!r) FAIL(r.error().render());
  CHECK(r->missing.empty());
}

TEST_CASE("bundle attack: a symbolic link") {
  Case c;
  c.entries.push_back({.name = "blobs/sha256/link", .type = AE_IFLNK, .link = "/etc/passwd"});
  c.check_refused(Errc::invalid, "symbolic link");
}

TEST_CASE("bundle attack: a symbolic link in a blob's place") {
  Case c;
  c.entries[c.first_blob].type = AE_IFLNK;
  c.entries[c.first_blob].link = "../../../etc/passwd";
  c.check_refused(Errc::invalid, "symbolic link");
}

TEST_CASE("bundle attack: a hard link") {
  Case c;
  c.entries.push_back({.name = "zz", .link = "release.json", .hard = true});
  c.check_refused(Errc::invalid, "hard link");
}

TEST_CASE("bundle attack: .. in a name") {
  Case c;
  c.entries.push_back({.name = "blobs/sha256/../../../../tmp/evil", .data = "x"});
  c.check_refused(Errc::invalid, "not a blob's name");
}

TEST_CASE("bundle attack: an absolute name") {
  Case c;
  c.entries.push_back({.name = "/etc/cron.d/evil", .data = "x"});
  c.check_refused(Errc::invalid, "which no bundle does");
}

TEST_CASE("bundle attack: devices, FIFOs and folders") {
  for (const unsigned type : {static_cast<unsigned>(AE_IFCHR), static_cast<unsigned>(AE_IFBLK), static_cast<unsigned>(AE_IFIFO), static_cast<unsigned>(AE_IFDIR)}) {
    Case c;
    c.entries.push_back({.name = "zz", .type = type});
    c.check_refused(Errc::invalid, "only regular files");
  }
}

TEST_CASE("bundle attack: a setuid bit is without effect") {
  Case c;
  c.entries[c.first_blob].perm = 04777;
  CHECK(c.read());  // modes of a bundle are never used: sinks choose theirs
}

TEST_CASE("bundle attack: the same name with other case") {
  Case c;
  Entry copy = c.entries[c.first_blob];
  for (char& ch : copy.name)
    if (ch >= 'a' && ch <= 'f') ch = static_cast<char>(ch - 32);
  copy.name = "blobs/sha256/" + copy.name.substr(13);
  c.entries.push_back(copy);
  c.check_refused(Errc::invalid, "");
}

TEST_CASE("bundle attack: release.json a second time") {
  Case c;
  c.entries.push_back({.name = "release.json", .data = "{}"});
  c.check_refused(Errc::invalid, "which no bundle does");
}

TEST_CASE("bundle attack: a blob a second time") {
  Case c;
  c.entries.push_back(c.entries.back());
  c.check_refused(Errc::invalid, "twice");
}

TEST_CASE("bundle attack: a blob again out of order") {
  Case c;
  c.entries.push_back(c.entries[c.first_blob]);
  c.check_refused(Errc::invalid, "out of order");
}

TEST_CASE("bundle attack: a blob the release does not name") {
  Case c;
  c.entries.push_back({.name = "blobs/sha256/" + std::string(64, 'f'), .data = "x"});
  c.check_refused(Errc::invalid, "does not name");
}

TEST_CASE("bundle attack: a blob with one flipped byte") {
  Case c;
  c.entries[c.first_blob].data[3] = static_cast<char>(c.entries[c.first_blob].data[3] ^ 1);
  c.check_refused(Errc::integrity);
}

TEST_CASE("bundle attack: a blob longer or shorter than the release says") {
  Case c;
  c.entries[c.first_blob].data += "x";
  c.check_refused(Errc::integrity, "bytes, its release says");
}

TEST_CASE("a bundle of nano 0.1 with its envelope is refused") {
  Case c;
  c.entries.insert(c.entries.begin() + 1,
                   {.name = "release.dsse.json", .data = R"({"payload":"e30=","payloadType":"application/vnd.nano.release.v1+json","signatures":[]})"});
  c.check_refused(Errc::invalid, "release.json");
}

TEST_CASE("bundle attack: a release that is not JSON, or over 1 MiB") {
  Case c;
  c.entries[1].data = "{";
  c.check_refused();
  Case d;
  d.entries[1].data = std::string((1 << 20) + 1, ' ');
  d.check_refused(Errc::invalid, "limit");
}

TEST_CASE("bundle attack: no mark, no release, an empty archive") {
  Case c;
  c.entries.erase(c.entries.begin());
  c.check_refused(Errc::invalid, "does not begin with");
  Case d;
  d.entries.erase(d.entries.begin() + 1);
  d.check_refused(Errc::invalid, "release.json");
  Case e;
  e.entries.clear();
  e.check_refused();
}

TEST_CASE("bundle attack: PAX headers, which can contradict the plain ones") {
  Case c;
  const auto r = c.read(Format::pax);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::invalid);
  CHECK(r.error().message.find("PAX") != std::string::npos);
}

TEST_CASE("bundle attack: a hand-made PAX size before a blob") {
  Case c;
  std::string tar = tar_of(c.entries);
  // An 'x' header in front of the first blob says size=0, so that a lenient reader sees the data as headers.
  const std::string record = "10 size=0\n";
  std::string x(1024, '\0');
  std::memcpy(x.data(), tar.data(), 512);
  std::memcpy(x.data() + 512, record.data(), record.size());
  patch_header(x, 0, [&](char* h) {
    std::memset(h, 0, 100);
    std::strcpy(h, "PaxHeader/x");
    h[156] = 'x';
    std::snprintf(h + 124, 12, "%011o", static_cast<unsigned>(record.size()));
  });
  const auto r = c.read_raw(zst(x + tar));
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find("PAX") != std::string::npos);
}

TEST_CASE("bundle attack: GNU long names") {
  Case c;
  c.entries.push_back({.name = "blobs/" + std::string(200, 'a'), .data = "x"});
  const auto r = c.read(Format::gnu);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::invalid);
}

TEST_CASE("bundle attack: a name prefix, a second name behind the first, a binary size, a wrong checksum") {
  Case c;
  const std::string good = tar_of(c.entries);
  const auto refused = [&](const std::function<void(char*)>& change, std::string_view says) {
    std::string tar = good;
    patch_header(tar, 0, change);
    const auto r = c.read_raw(zst(tar));
    REQUIRE_FALSE(r);
    INFO(r.error().message);
    CHECK(r.error().code == Errc::invalid);
    CHECK(r.error().message.find(says) != std::string::npos);
  };
  refused([](char* h) { std::strcpy(h + 345, "etc"); }, "prefix");
  refused([](char* h) { std::strcpy(h + 60, "hidden"); }, "behind its end");
  refused([](char* h) { h[124] = '\x80'; }, "octal");
  refused([](char* h) { std::strcpy(h + 157, "target"); }, "link target");
  std::string tar = good;
  tar[0] = 'N';
  CHECK(c.read_raw(zst(tar)).error().message.find("checksum") != std::string::npos);
}

TEST_CASE("bundle attack: a stated size that runs past the end") {
  Case c;
  std::string tar = tar_of(c.entries);
  patch_header(tar, 0, [](char* h) { std::memcpy(h + 124, "77777777777", 12); });
  CHECK(c.read_raw(zst(tar)).error().code == Errc::invalid);
}

TEST_CASE("bundle attack: bytes hidden in the padding, behind the end, behind the compressed data") {
  Case c;
  std::string tar = tar_of(c.entries);
  std::string padded = tar;
  padded[512 + c.entries[0].data.size() + 3] = 'x';
  CHECK(c.read_raw(zst(padded)).error().message.find("hidden") != std::string::npos);
  CHECK(c.read_raw(zst(tar + "trailing")).error().message.find("behind its end") != std::string::npos);
  CHECK(c.read_raw(zst(tar) + "trailing garbage").error().code == Errc::invalid);
  CHECK(c.read_raw(zst(tar) + zst("second frame")).error().code == Errc::invalid);
}

TEST_CASE("bundle attack: frames that readers skip, a second frame, a tail: bytes nobody would see") {
  Case c;
  const std::string good = zst(tar_of(c.entries));
  const auto skippable = [](unsigned kind, const std::string& payload) {
    std::string out = {static_cast<char>(0x50 + kind), 0x2A, 0x4D, 0x18};
    for (int i = 0; i < 4; ++i) out += static_cast<char>(payload.size() >> (8 * i));
    return out + payload;
  };
  REQUIRE(c.read_raw(good));
  for (const std::string& bytes :
       {good + skippable(0, "#!/bin/sh\nhidden\n"), good + skippable(15, ""), skippable(3, "hidden") + good, good + zst(""),
        good + std::string(512, '\0'), good + "x"}) {
    const auto r = c.read_raw(bytes);
    REQUIRE_FALSE(r);
    INFO(r.error().message);
    CHECK(r.error().code == Errc::invalid);
  }
  // Two whole frames whose contents follow one another would unpack to the same tar.
  const std::string tar = tar_of(c.entries);
  CHECK(c.read_raw(zst(tar.substr(0, 1024)) + zst(tar.substr(1024))).error().code == Errc::invalid);
  CHECK(c.read_raw(zst(tar.substr(0, 1024)) + skippable(1, "between") + zst(tar.substr(1024))).error().code == Errc::invalid);
}

TEST_CASE("a bundle cut anywhere is invalid, never accepted") {
  Case c;
  // Incompressible weights, so that cuts fall into every part.
  test::write(c.dir / "p/m-q8.gguf", test::noise(20000));
  c.packed = test::pack(c.dir / "p");
  test::write_bundle(c.dir / "good.nano", c.packed);
  const std::string good = test::read(c.dir / "good.nano");
  REQUIRE(c.read_raw(good));
  for (std::size_t percent = 0; percent < 100; ++percent) {
    INFO(percent);
    const auto r = c.read_raw(good.substr(0, good.size() * percent / 100));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::invalid);
  }
  CHECK_FALSE(c.read_raw(good.substr(0, good.size() - 1)));
}

TEST_CASE("a bundle with any byte flipped is refused, or holds only what its release names") {
  Case c;
  test::write_bundle(c.dir / "good.nano", c.packed);
  const std::string good = test::read(c.dir / "good.nano");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); at += 3) {
    INFO(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    test::write(c.dir / "x.nano", bad);
    test::Gather got;
    const auto r = read_bundle(c.dir / "x.nano", got);
    if (!r) {
      CHECK((r.error().code == Errc::invalid || r.error().code == Errc::integrity || r.error().code == Errc::unsupported));
      ++refused;
      continue;
    }
    for (const auto& [digest, bytes] : got.blobs) CHECK(sha256(bytes) == digest);
    CHECK(sha256(got.bytes) == got.digest);
  }
  CHECK(refused > good.size() / 3 / 2);
}

TEST_CASE("bundle attack: a bomb is stopped at 200 times its size") {
  Case c;
  std::string tar = tar_of({c.entries[0], c.entries[1]});
  tar.resize(tar.size() + (std::size_t{64} << 20));  // zeros behind the end: legal, but for their number
  const std::string packed = zst(tar);
  REQUIRE(packed.size() < 200000);
  const auto r = c.read_raw(packed);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::invalid);
  CHECK(r.error().message.find("200 times") != std::string::npos);
}

TEST_CASE("a zip, a pickle, a gzip or text is not a bundle, and is called by its name") {
  Case c;
  CHECK(c.read_raw(std::string("PK\x03\x04") + std::string(100, 'x')).error().message.find("zip") != std::string::npos);
  CHECK(c.read_raw("\x80\x04\x95" + std::string(100, 'x')).error().message.find("pickle") != std::string::npos);
  CHECK(c.read_raw("\x1f\x8b\x08" + std::string(100, 'x')).error().message.find("gzip") != std::string::npos);
  CHECK(c.read_raw("hello").error().code == Errc::invalid);
  CHECK(c.read_raw("").error().code == Errc::invalid);
  CHECK(c.read_raw("\x28\xB5\x2F\xFD").error().code == Errc::invalid);
}
