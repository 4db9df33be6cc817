// Exports across an air gap: what comes in is judged by the pinned root, and one attack is one test.
#include <catch2/catch.hpp>

#include "app/install.h"
#include "base/hash.h"
#include "registry/export.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

constexpr UnixTime kDay = 86'400;

/// The machine with the network, and one without that has pinned the same root.
struct Gap {
  World w{};
  World far{};
  std::string file = w.path("x.nano");

  Gap() {
    w.publish("tiny");
    w.use_registry();
    REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
    export_();
    pin(far);
  }
  void export_() {
    const auto r = w.nano({"export", "tiny", "-o", file, "--force"});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
  }
  /// Knows the registry by its root; its address leads nowhere.
  void pin(World& world) {
    REQUIRE(world.nano({"registry", "add", "work", "https://registry.invalid", "--root", w.root(), "--root-namespace"}).exit_code == 0);
  }
};

struct Heard final : Log {
  std::string text{};
  void note(std::string_view t) override { text += t; }
  void warn(std::string_view t) override { text += std::string(t) + "\n"; }
  void detail(std::string_view) override {}
};

/// An import in this process, `later` seconds from now.
Result<app::InstallReport> import_later(World& w, const std::string& file, UnixTime later, std::optional<UnixTime> as_of, int64_t max_stale_s,
                                        Heard& log) {
  for (const auto& [k, v] : w.environment()) setenv(k.c_str(), v.c_str(), 1);
  static NullProgress progress;
  auto ctx = app::make_context({}, log, progress);
  REQUIRE(ctx);
  ctx->now += later;
  ctx->settings.offline = true;
  ctx->command_line = "nano import";
  app::InstallOptions o;
  o.requests = {file};
  if (as_of) o.as_of = ctx->now + *as_of;
  o.max_stale_s = max_stale_s;
  return app::install(*ctx, o);
}

/// Change the metadata in an export and write it again, as anyone could.
void forge(const std::string& file, const std::function<void(registry::ExportHead&)>& change) {
  auto head = registry::read_export_head(file);
  REQUIRE(head);
  TempDir dir;
  std::vector<registry::LocalBlob> blobs;
  REQUIRE(registry::read_export_blobs(file, *head, [&](const registry::BlobRequest& want) -> Result<std::unique_ptr<registry::BlobSink>> {
    blobs.push_back({want, dir.path() / want.digest.hex()});
    return registry::file_sink(want, blobs.back().file);
  }));
  change(*head);
  REQUIRE(registry::write_export(file, *head, blobs));
}

TEST_CASE("a damaged export is refused also where everything in it is here already") {
  Gap g;
  REQUIRE(g.far.nano({"import", g.file}).exit_code == 0);
  CHECK(g.far.nano({"import", g.file}).exit_code == 0);
  const std::string good = read(g.file);
  for (const std::size_t at : {good.size() / 2, good.size() * 4 / 5, good.size() - 8}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    write(g.file, bad);
    const auto r = g.far.nano({"import", g.file});
    INFO("byte " << at << ": " << r.out << r.err);
    CHECK((r.exit_code == 6 || r.exit_code == 13));
  }
  write(g.file, good.substr(0, good.size() - 100));
  CHECK(g.far.nano({"import", g.file}).exit_code != 0);
}

TEST_CASE("an export is installed on a machine without a network, signed as it was") {
  Gap g;
  const auto r = g.far.nano({"import", g.file});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(g.far.installed() == std::vector<std::string>{"tiny 1.0.0 f32"});
  CHECK_FALSE(has(g.far.nano({"list"}).out, "unsigned"));
  const auto row = g.far.json(g.far.nano({"verify", "tiny", "--json"}))["data"]["packages"][0];
  CHECK(row["standing"] == "vouched");
  CHECK(row["chain"].size() == 4);
  CHECK(g.far.nano({"run", "tiny", "x"}).exit_code == 0);
  // `nano install FILE` is the same door.
  World other;
  g.pin(other);
  CHECK(other.nano({"install", g.file}).exit_code == 0);
  CHECK(has(other.nano({"info", g.file}).out, "tiny"));
}

TEST_CASE("an export takes along what its packages need") {
  World w;
  w.publish("trunk");
  w.publish("head", "1.0.0", {{"dependencies", Json::array({{{"name", "trunk"}, {"range", "^1.0.0"}, {"use", "base"}}})}});
  w.use_registry();
  REQUIRE(w.nano({"install", "head"}).exit_code == 0);
  const auto doc = w.json(w.nano({"export", "head", "-o", w.path("x.nano"), "--json"}));
  CHECK(doc["data"]["packages"].size() == 2);
  World far;
  REQUIRE(far.nano({"registry", "add", "work", "https://registry.invalid", "--root", w.root(), "--root-namespace"}).exit_code == 0);
  const auto r = far.nano({"import", w.path("x.nano")});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(far.installed() == std::vector<std::string>{"head 1.0.0 f32", "trunk 1.0.0 f32"});
  const auto list = far.json(far.nano({"list", "--json"}))["data"]["packages"];
  CHECK(list[0]["requested"] == true);
  CHECK(list[1]["requested"] == false);
}

TEST_CASE("an export of a registry that is not configured is refused") {
  Gap g;
  World nobody;
  const auto r = nobody.nano({"import", g.file});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, g.w.id()));
  CHECK(nobody.installed().empty());
}

TEST_CASE("attack: an export of a namespace that belongs to another registry") {
  Gap g;
  World w;
  REQUIRE(w.nano({"registry", "add", "stranger", "https://registry.invalid", "--root", g.w.root(), "--namespaces", "acme"}).exit_code == 0);
  w.use_registry();  // the root namespace is its own
  const auto r = w.nano({"import", g.file});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "belongs to the registry 'work'"));
  CHECK(w.installed().empty());
}

TEST_CASE("attack: an export with a foreign chain under a known registry's name") {
  Gap g;
  World evil;
  evil.publish("tiny", "9.0.0");
  evil.use_registry();
  REQUIRE(evil.nano({"install", "tiny"}).exit_code == 0);
  const std::string file = evil.path("x.nano");
  REQUIRE(evil.nano({"export", "tiny", "-o", file}).exit_code == 0);
  const auto id = Digest::parse_hex(g.w.id()).value();
  forge(file, [&](registry::ExportHead& h) {
    h.registries[0].id = id;
    h.releases[0].registry = id;
  });
  const auto r = g.far.nano({"import", file});
  CHECK(r.exit_code == 7);
  CHECK(g.far.installed().empty());
  CHECK(g.far.nano({"import", g.file}).exit_code == 0);  // nothing of it stuck
}

TEST_CASE("attack: an export with an incomplete chain, whichever file is missing") {
  Gap g;
  const auto head = registry::read_export_head(g.file);
  REQUIRE(head);
  for (const auto& entry : head->registries[0].metadata) {
    const std::string& name = entry.first;
    if (name.ends_with(".root.json")) continue;  // the root is pinned
    INFO(name);
    const std::string file = g.w.path("short.nano");
    std::filesystem::copy_file(g.file, file, std::filesystem::copy_options::overwrite_existing);
    forge(file, [&](registry::ExportHead& h) { h.registries[0].metadata.erase(name); });
    World far;
    g.pin(far);
    CHECK(far.nano({"import", file}).exit_code != 0);
    CHECK(far.installed().empty());
  }
}

TEST_CASE("attack: an export whose metadata were changed") {
  Gap g;
  const auto head = registry::read_export_head(g.file);
  REQUIRE(head);
  for (const auto& entry : head->registries[0].metadata) {
    const std::string& name = entry.first;
    if (name.ends_with(".root.json")) continue;
    INFO(name);
    const std::string file = g.w.path("bad.nano");
    std::filesystem::copy_file(g.file, file, std::filesystem::copy_options::overwrite_existing);
    forge(file, [&](registry::ExportHead& h) {
      Json doc = parse_json(h.registries[0].metadata[name], {.max_bytes = 8'000'000}).value();
      doc["signed"]["x-more"] = 1;
      h.registries[0].metadata[name] = dump_line(doc);
    });
    World far;
    g.pin(far);
    const int code = far.nano({"import", file}).exit_code;
    CHECK((code == 6 || code == 7));
    CHECK(far.installed().empty());
  }
}

TEST_CASE("attack: an older export after a newer one is a rollback and is refused") {
  Gap g;
  const std::string old = g.w.path("old.nano");
  std::filesystem::copy_file(g.file, old);
  g.w.publish("tiny", "1.1.0");
  REQUIRE(g.w.nano({"install", "tiny@1.1.0"}).exit_code == 0);
  g.export_();
  REQUIRE(g.far.nano({"import", g.file}).exit_code == 0);
  CHECK(g.far.nano({"import", old}).exit_code == 7);
  CHECK(g.far.installed() == std::vector<std::string>{"tiny 1.1.0 f32"});
}

TEST_CASE("an expired export is refused, and --max-stale is the only way past that, said aloud") {
  Gap g;
  Heard log;
  const auto expired = import_later(g.far, g.file, 5 * kDay, {}, 0, log);
  REQUIRE_FALSE(expired);
  CHECK(expired.error().code == Errc::untrusted);
  CHECK(has(expired.error().render(), "expired"));
  CHECK(import_later(g.far, g.file, 5 * kDay, {}, 2 * kDay, log).error().code == Errc::untrusted);
  log.text.clear();
  const auto excused = import_later(g.far, g.file, 5 * kDay, {}, 10 * kDay, log);
  if (!excused) FAIL(excused.error().render());
  CHECK(has(log.text, "timestamp"));
  CHECK(has(log.text, "--max-stale"));
}

TEST_CASE("import --as-of goes back no further than --max-stale, and is said aloud") {
  Gap g;
  Heard log;
  CHECK(import_later(g.far, g.file, 5 * kDay, -5 * kDay, 0, log).error().code == Errc::usage);
  CHECK(import_later(g.far, g.file, 5 * kDay, -5 * kDay, 3 * kDay, log).error().code == Errc::usage);
  log.text.clear();
  const auto done = import_later(g.far, g.file, 5 * kDay, -5 * kDay, 6 * kDay, log);
  if (!done) FAIL(done.error().render());
  CHECK(has(log.text, "judged as of"));
  // A later date than the clock's is only stricter.
  World other;
  g.pin(other);
  CHECK(import_later(other, g.file, 0, 5 * kDay, 0, log).error().code == Errc::untrusted);
}

TEST_CASE("unsigned packages are not exported") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", w.pack(w.make_package("loose")), "--allow-unsigned"}).exit_code == 0);
  CHECK(w.nano({"export", "loose", "-o", w.path("x.nano")}).exit_code == 7);
  CHECK(w.nano({"export", "nothing", "-o", w.path("x.nano")}).exit_code == 3);
  CHECK_FALSE(std::filesystem::exists(w.path("x.nano")));
}

}  // namespace
}  // namespace nano::test
