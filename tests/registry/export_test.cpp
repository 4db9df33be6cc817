// tests/registry/export_test.cpp: exports come back as they went out, and one attack on them is one test.
#include "registry/export.h"

#include <map>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "tests/registry/archives.h"
#include "tests/registry/fixture.h"
#include "tests/registry/gather.h"

using namespace nano;
using namespace nano::registry;
using test::Entry;
using test::Format;

namespace {

/// Two packages of one registry, with metadata that nobody here looks into.
struct Case {
  test::TempDir dir;
  std::vector<Packed> packed{};
  ExportHead head{};
  std::vector<LocalBlob> blobs{};
  std::filesystem::path file = dir / "x.nano";

  Case() {
    ExportRegistry r{
        .id = sha256("root one"),
        .metadata = {{"1.root.json", "root one"}, {"timestamp.json", "t"}, {"7.ns.a%2Fb.json", "n"}}};
    for (const char* name : {"one", "two"}) {
      const auto folder = dir / name;
      test::write_package(folder, name);
      packed.push_back(test::pack(folder));
      const Packed& p = packed.back();
      head.releases.push_back({.bytes = p.release_bytes,
                               .digest = p.digest,
                               .release = p.release,
                               .registry = r.id,
                               .variant = "q8",
                               .requested = name[0] == 'o'});
      for (const auto* f : p.release.files_of("q8"))
        for (const LocalBlob& b : p.blobs)
          if (b.blob.digest == f->sha256) blobs.push_back(b);
    }
    head.registries.push_back(std::move(r));
  }
  void write() { REQUIRE(write_export(file, head, blobs)); }
  SinkFactory into(std::map<Digest, std::string>& out) {
    return [&out](const BlobRequest& want) -> Result<std::unique_ptr<BlobSink>> {
      return memory_sink(want, out[want.digest]);
    };
  }
  /// The entries of a good export, to be spoilt.
  std::vector<Entry> entries() {
    write();
    std::vector<Entry> out;
    archive* a = archive_read_new();
    archive_read_support_filter_zstd(a);
    archive_read_support_format_tar(a);
    REQUIRE(archive_read_open_filename(a, file.c_str(), 1 << 16) == ARCHIVE_OK);
    archive_entry* h = nullptr;
    while (archive_read_next_header(a, &h) == ARCHIVE_OK) {
      Entry e{.name = archive_entry_pathname(h)};
      e.data.resize(static_cast<std::size_t>(archive_entry_size(h)));
      REQUIRE(archive_read_data(a, e.data.data(), e.data.size()) == static_cast<la_ssize_t>(e.data.size()));
      out.push_back(std::move(e));
    }
    archive_read_free(a);
    return out;
  }
  /// Reading head and blobs; nothing may appear on the disk but through a sink.
  Status read(const std::string& bytes) {
    test::write(file, bytes);
    const auto before = test::files_below(dir.path());
    const auto all = [&]() -> Status {
      NANO_TRY_ASSIGN(const ExportHead got, read_export_head(file));
      std::map<Digest, std::string> out;
      return read_export_blobs(file, got, into(out));
    };
    Status done = all();
    CHECK(test::files_below(dir.path()) == before);
    return done;
  }
  Status read(const std::vector<Entry>& entries, Format format = Format::ustar) {
    return read(test::zst(test::tar_of(entries, format)));
  }
  void check_refused(const std::vector<Entry>& entries, Errc code = Errc::invalid,
                     std::string_view says = "") {
    const auto r = read(entries);
    REQUIRE_FALSE(r);
    INFO(r.error().message);
    CHECK(r.error().code == code);
    CHECK(r.error().message.find(says) != std::string::npos);
  }
};

}  // namespace

TEST_CASE("an export comes back as it went out") {
  Case c;
  c.write();
  CHECK(is_export(c.file).value());
  const auto got = read_export_head(c.file);
  if (!got) FAIL(got.error().render());
  REQUIRE(got->registries.size() == 1);
  CHECK(got->registries[0].id == c.head.registries[0].id);
  CHECK(got->registries[0].metadata == c.head.registries[0].metadata);
  REQUIRE(got->releases.size() == 2);
  for (const auto& r : got->releases) {
    CHECK(sha256(r.bytes) == r.digest);
    CHECK(r.variant == "q8");
    CHECK(r.requested == (r.release.manifest.name.name == "one"));
  }
  std::map<Digest, std::string> out;
  REQUIRE(read_export_blobs(c.file, *got, c.into(out)));
  for (const LocalBlob& b : c.blobs) CHECK(out[b.blob.digest] == test::read(b.file));
  const std::string first = test::read(c.file);
  c.write();
  CHECK(test::read(c.file) == first);
}

TEST_CASE("a packed bundle is no export, and neither is read as the other") {
  Case c;
  test::write_bundle(c.dir / "p.nano", c.packed[0]);
  CHECK_FALSE(is_export(c.dir / "p.nano").value());
  CHECK(read_export_head(c.dir / "p.nano").error().code == Errc::invalid);
  c.write();
  test::Gather got;
  const auto r = read_bundle(c.file, got);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::invalid);
  CHECK(r.error().hint.find("nano import") != std::string::npos);
}

TEST_CASE("an export of a half package is not written") {
  Case c;
  const BlobRequest last = c.blobs.back().blob;
  std::erase_if(c.blobs, [&](const LocalBlob& b) { return b.blob == last; });
  CHECK(write_export(c.file, c.head, c.blobs).error().code == Errc::invalid);
  CHECK_FALSE(std::filesystem::exists(c.file));
}

TEST_CASE("export attack: entries missing, doubled, out of order, or from elsewhere") {
  Case c;
  const auto good = c.entries();
  REQUIRE(c.read(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    INFO(good[i].name);
    auto less = good;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(c.read(less).error().code == Errc::invalid);
    auto twice = good;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
    CHECK(c.read(twice).error().code == Errc::invalid);
    if (i + 1 < good.size()) {
      auto swapped = good;
      std::swap(swapped[i], swapped[i + 1]);
      CHECK(c.read(swapped).error().code == Errc::invalid);
    }
  }
  for (const char* name :
       {"../x", "/etc/x", "blobs/sha256/../../x", "extra", "metadata/x.json", "BLOBS/sha256/00"}) {
    auto more = good;
    more.push_back({.name = name, .data = "x"});
    CHECK(c.read(more).error().code == Errc::invalid);
  }
}

TEST_CASE("export attack: links, folders, devices and extension headers in any place") {
  Case c;
  const auto good = c.entries();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const Entry& evil :
         {Entry{.name = good[i].name, .type = AE_IFLNK, .link = "/etc/passwd"},
          Entry{.name = good[i].name, .link = "x", .hard = true},
          Entry{.name = good[i].name, .type = AE_IFDIR}, Entry{.name = good[i].name, .type = AE_IFCHR},
          Entry{.name = good[i].name, .type = AE_IFIFO}}) {
      auto bad = good;
      bad[i] = evil;
      CHECK(c.read(bad).error().code == Errc::invalid);
    }
  CHECK(c.read(good, Format::pax).error().message.find("PAX") != std::string::npos);
}

TEST_CASE("export attack: bytes that are not what the entry's name says") {
  Case c;
  const auto good = c.entries();
  for (std::size_t i = 1; i < good.size(); ++i) {
    INFO(good[i].name);
    auto bad = good;
    bad[i].data[bad[i].data.size() / 2] = static_cast<char>(bad[i].data[bad[i].data.size() / 2] ^ 1);
    CHECK(c.read(bad).error().code == Errc::integrity);
  }
}

TEST_CASE("export attack: a first entry that lies") {
  Case c;
  const auto good = c.entries();
  const auto with = [&](const std::function<void(Json&)>& change) {
    auto bad = good;
    Json mark = parse_json(bad[0].data).value();
    change(mark);
    bad[0].data = dump_line(mark) + "\n";
    return bad;
  };
  REQUIRE(c.read(with([](Json&) {})));
  c.check_refused(with([](Json& m) { m["schema"] = "nano.bundle/3"; }), Errc::unsupported);
  c.check_refused(with([](Json& m) { m["more"] = 1; }));
  c.check_refused(with([](Json& m) { m["releases"] = Json::array(); }));
  c.check_refused(with([](Json& m) { m["releases"][0]["variant"] = "q2"; }), Errc::invalid, "variant");
  c.check_refused(with([](Json& m) { m["releases"][0]["variant"] = "../q8"; }));
  c.check_refused(with([](Json& m) { m["releases"][0]["registry"] = "sha256:" + std::string(64, '0'); }),
                  Errc::invalid, "registry");
  c.check_refused(with([](Json& m) { std::swap(m["releases"][0], m["releases"][1]); }), Errc::invalid,
                  "order");
  for (const char* name :
       {"../timestamp.json", "a/b.json", "/x.json", ".json", "..json", "timestamp", "\x1b[31m.json"})
    c.check_refused(with([&](Json& m) {
      m["registries"][0]["metadata"][name] = m["registries"][0]["metadata"]["timestamp.json"];
    }));
  auto bad = good;
  bad[0].data = "[]";
  c.check_refused(bad);
  bad[0].data = std::string(5'000'000, ' ');
  CHECK_FALSE(c.read(std::vector<Entry>{bad[0]}));
}

TEST_CASE("export attack: a bomb is stopped at 200 times its size") {
  Case c;
  std::string tar = test::tar_of(c.entries());
  tar.resize(tar.size() + (std::size_t{64} << 20));
  const auto r = c.read(test::zst(tar));
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find("200 times") != std::string::npos);
}

TEST_CASE("an export cut anywhere is refused") {
  Case c;
  c.write();
  const std::string good = test::read(c.file);
  for (std::size_t percent = 0; percent < 100; percent += 3) {
    const auto r = c.read(good.substr(0, good.size() * percent / 100));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::invalid);
  }
}

TEST_CASE("an export that changed between its two readings is refused") {
  Case c;
  c.write();
  const auto head = read_export_head(c.file);
  REQUIRE(head);
  Case other;
  other.head.releases.erase(other.head.releases.begin());
  other.blobs.clear();
  for (const auto* f : other.packed[1].release.files_of("q8"))
    for (const LocalBlob& b : other.packed[1].blobs)
      if (b.blob.digest == f->sha256) other.blobs.push_back(b);
  other.write();
  std::map<Digest, std::string> out;
  CHECK(read_export_blobs(other.file, *head, c.into(out)).error().code == Errc::integrity);
}
