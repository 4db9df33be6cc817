// tests/server/check_test.cpp: `nano-registry verify`, and what `add` mends.
#include <fcntl.h>

#include "registry/bundle.h"
#include "registry/pack.h"
#include "tests/server/world.h"

using namespace nano;
using namespace nano::server;
using test::kDay;
using test::World;

namespace {

NullLog g_log;

fs::Path biggest_blob(const fs::Path& dir) {
  fs::Path out;
  uintmax_t size = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir / "blobs"))
    if (e.is_regular_file() && e.file_size() >= size) {
      size = e.file_size();
      out = e.path();
    }
  return out;
}

void spoil(const fs::Path& file) {
  std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  std::string bytes = test::read(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  test::write(file, bytes);
}

fs::Path find_below(const fs::Path& dir, const std::string& ending) {
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir))
    if (e.path().string().ends_with(ending)) return e.path();
  FAIL("no " << ending);
  return {};
}

struct Published : World {
  fs::Path bundle = bundled("acme/set");
  fs::Path other = bundled("acme/other");
  Published() {
    made();
    REQUIRE(add(dir, {bundle, other}, {}, g_log));
  }
  fs::Path bundled(const std::string& name) {
    const auto packed = registry::pack_folder(package(name), {.created = now(), .check_weights = {}});
    REQUIRE(packed);
    REQUIRE(packed->packed);
    const fs::Path out = temp / (sha256(name).hex().substr(0, 8) + ".nano");
    REQUIRE(registry::write_bundle(out, packed->packed->release_bytes, packed->packed->blobs));
    return out;
  }
  TreeReport checked(UnixTime when = now()) {
    auto r = check_tree(dir, when, nullptr);
    if (!r) FAIL(r.error().render());
    return std::move(*r);
  }
};

}  // namespace

TEST_CASE("verify counts what a good tree holds and finds nothing wrong") {
  Published w;
  const auto r = w.checked();
  CHECK(r.problems.empty());
  CHECK(r.worst == Errc::ok);
  CHECK(r.releases == 2);
  CHECK(r.blobs >= 3);
  CHECK(r.unreferenced == 0);
  CHECK(check_tree(w.temp / "nothing", now(), nullptr).error().code == Errc::not_found);
}

TEST_CASE("verify names a blob that has rotted, is missing, or is a link, add of its bundle mends the first two") {
  Published w;
  const fs::Path blob = biggest_blob(w.dir);
  const std::string good = test::read(blob);
  spoil(blob);
  auto r = w.checked();
  REQUIRE(r.problems.size() == 1);
  CHECK(r.problems.front().kind == "damaged");
  CHECK(r.problems.front().what.find(blob.filename().string()) != std::string::npos);
  CHECK(r.worst == Errc::integrity);
  // The release exists, and its blob is put right all the same.
  const auto again = add(w.dir, {w.bundle, w.other}, {}, g_log);
  REQUIRE(again);
  CHECK((*again)[0].existed);
  CHECK((*again)[0].mended + (*again)[1].mended == 1);
  CHECK(test::read(blob) == good);
  CHECK(w.checked().problems.empty());
  std::filesystem::resize_file(blob, good.size() - 1);
  CHECK(w.checked().worst == Errc::integrity);
  REQUIRE(add(w.dir, {w.bundle, w.other}, {}, g_log));
  CHECK(w.checked().problems.empty());
  std::filesystem::remove(blob);
  CHECK(w.checked().problems.front().kind == "missing");
  REQUIRE(add(w.dir, {w.bundle, w.other}, {}, g_log));
  CHECK(w.checked().problems.empty());
  std::filesystem::rename(blob, w.temp / "elsewhere");
  std::filesystem::create_symlink(w.temp / "elsewhere", blob);
  CHECK(w.checked().worst == Errc::integrity);
}

TEST_CASE("a release's document that has rotted is found and mended") {
  Published w;
  const fs::Path release = find_below(w.dir / "targets", ".1.0.0.json");
  const std::string good = test::read(release);
  spoil(release);
  CHECK(w.checked().worst == Errc::integrity);
  REQUIRE(add(w.dir, {w.bundle, w.other}, {}, g_log));
  CHECK(test::read(release) == good);
  CHECK(w.checked().problems.empty());
}

TEST_CASE("attack: verify finds a changed signature of any role, with exit code 7") {
  for (const char* role : {"targets.json", "index.json", "advisory.json", "ns.acme.json", "snapshot.json", "timestamp.json", "1.root.json"}) {
    INFO(role);
    Published w;
    // The served version is the highest one.
    fs::Path file;
    for (const auto& e : std::filesystem::directory_iterator(w.dir / "metadata"))
      if (e.path().string().ends_with(role) && e.path() > file) file = e.path();
    REQUIRE_FALSE(file.empty());
    std::string bytes = test::read(file);
    const auto sig = bytes.find("\"sig\":\"") + 8;
    bytes[sig] = bytes[sig] == '0' ? '1' : '0';
    test::write(file, bytes);
    const auto r = w.checked();
    REQUIRE_FALSE(r.problems.empty());
    if (std::string(role) == "snapshot.json")
      CHECK(r.worst != Errc::ok);  // the timestamp names its bytes
    else
      CHECK(r.worst == Errc::untrusted);
  }
}

TEST_CASE("verify tells an expired signature from a false one, counts what no release names, and is a command") {
  Published w;
  const auto late = w.checked(now() + 30 * kDay);
  CHECK(late.worst == Errc::attention);
  for (const auto& p : late.problems) CHECK(p.kind == "expired");
  test::write(w.dir / ("blobs/sha256/aa/" + std::string(64, 'a')), "x");
  CHECK(w.checked().unreferenced == 1);
  const auto run = [&](std::vector<std::string> args) {
    args.insert(args.begin(), test::bin("nano-registry"));
    return test::run(args, {}, {{"NANO_KEY_PASSPHRASE", ""}, {"NANO_JSON", ""}});
  };
  const auto good = run({"verify", w.dir.string(), "--json"});
  REQUIRE(good.exit_code == 0);
  const auto doc = parse_json(good.out).value();
  CHECK(doc["schema"] == "nano-registry.verify/1");
  CHECK(doc["data"]["ok"] == true);
  spoil(biggest_blob(w.dir));
  const auto bad = run({"verify", w.dir.string()});
  CHECK(bad.exit_code == 6);
  CHECK(bad.out.find("damaged") != std::string::npos);
  CHECK(run({"verify", (w.temp / "nothing").string()}).exit_code == 3);
}

TEST_CASE("a bundle of a published release that is cut short or changed is told, not passed over") {
  Published w;
  const std::string good = test::read(w.bundle);
  test::write(w.bundle, good.substr(0, good.size() / 2));
  CHECK(test::code_of(add(w.dir, {w.bundle}, {}, g_log)) == Errc::invalid);
  test::write(w.bundle, good + "x");
  CHECK(test::code_of(add(w.dir, {w.bundle}, {}, g_log)) == Errc::invalid);
  test::write(w.bundle, good);
  CHECK(add(w.dir, {w.bundle}, {}, g_log).value().front().existed);
}
