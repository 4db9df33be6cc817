// What is installed, held against what its registry says of it later.
#include <catch2/catch.hpp>

#include "app/remote.h"
#include "app/sightings.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

Json findings(World& w) {
  const auto r = w.nano({"audit", "--json"});
  const Json doc = w.json(r);
  CHECK(r.exit_code == (doc["data"]["findings"].empty() ? 0 : 15));
  return doc["data"]["findings"];
}

void registry(World& w, std::vector<std::string> args) {
  const auto r = w.program("nano-registry", std::move(args));
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
}

TEST_CASE("audit finds nothing in what is well, and exits 0") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(findings(w).empty());
  CHECK(has(w.nano({"audit"}).out, "nothing found"));
}

TEST_CASE("audit finds an installed package that an advisory hits") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  registry(w, {"advisory", "add", w.registry(), "nano-2026-0001", "--title", "labels are swapped", "--affects", "tiny@<1.1.0", "--severity", "high"});
  const Json f = findings(w);
  REQUIRE(f.size() == 1);
  CHECK(f[0]["kind"] == "advisory");
  CHECK(f[0]["id"] == "nano-2026-0001");
  CHECK(f[0]["severity"] == "high");
  CHECK(has(w.nano({"audit"}).out, "labels are swapped"));
  // Installing it is warned of, and not forbidden.
  const auto r = w.nano({"install", "tiny", "--force"});
  CHECK(r.exit_code == 0);
  CHECK(has(r.err, "nano-2026-0001"));
}

TEST_CASE("what is known as malware is not installed") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  registry(w, {"advisory", "add", w.registry(), "nano-2026-0002", "--title", "it phones home", "--affects", "tiny@*", "--severity", "malware"});
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "it phones home"));
  CHECK(w.installed().empty());
}

TEST_CASE("audit finds an installed version that was taken back") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  registry(w, {"yank", w.registry(), "tiny@1.0.0", "--reason", "wrong vocabulary"});
  const Json f = findings(w);
  REQUIRE(f.size() == 1);
  CHECK(f[0]["kind"] == "yanked");
  CHECK(has(f[0]["message"].get<std::string>(), "wrong vocabulary"));
}

TEST_CASE("audit finds a removed namespace, an unsigned package and a registry that is away") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"install", w.pack(w.make_package("loose")), "--allow-unsigned"}).exit_code == 0);
  Json f = findings(w);
  REQUIRE(f.size() == 1);
  CHECK(f[0]["kind"] == "unsigned");
  std::filesystem::rename(w.registry(), w.path("away"));
  f = findings(w);
  REQUIRE(f.size() == 2);
  CHECK(f[1]["kind"] == "unreachable");
}

/// A context as main makes it, with another clock.
app::Context context(World& w, NullProgress& progress, Log& log, UnixTime later) {
  for (const auto& [k, v] : w.environment()) setenv(k.c_str(), v.c_str(), 1);
  auto ctx = app::make_context({}, log, progress);
  REQUIRE(ctx);
  ctx->now += later;
  return std::move(*ctx);
}

struct Heard final : Log {
  std::string text{};
  void note(std::string_view t) override { text += t; }
  void warn(std::string_view t) override { text += t; }
  void detail(std::string_view) override {}
};

TEST_CASE("a release is public since the later of its publisher's word and of when it was first served") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  NullProgress progress;
  Heard log;
  const app::Context ctx = context(w, progress, log, 0);
  auto remote = app::Remote::open(ctx, ctx.registries.at(0));
  REQUIRE(remote);
  const auto name = schemas::PackageName::parse("tiny").value();
  const auto package = remote->package(name);
  REQUIRE(package);
  auto backdated = (*package)->versions.at(0);
  backdated.published = "2001-01-01T00:00:00Z";  // as a stolen key could say
  const auto since = remote->public_since(name, backdated);
  REQUIRE(since);
  CHECK(*since > ctx.now - 3600);
  auto unknown = backdated;
  unknown.release = Digest();  // never served, never seen: it counts from now
  CHECK(remote->public_since(name, unknown).value() == ctx.now);
}

TEST_CASE("a clock that stands before the newest signed date is reported and not believed") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"search", "tiny"}).exit_code == 0);  // the index is dated and signed
  NullProgress progress;
  Heard log;
  app::Context ctx = context(w, progress, log, -400 * 86'400);
  auto remote = app::Remote::open(ctx, ctx.registries.at(0));
  REQUIRE(remote);
  CHECK(has(log.text, "clock"));
  const auto sightings = app::Sightings::load(w.path("home/trust/" + w.id()));
  CHECK(app::believed_time(ctx, sightings, "x") == std::max(sightings.newest(), sightings.refreshed()));
  // Years later everything has expired, whatever the clock said in between.
  app::Context late = context(w, progress, log, 4000 * 86'400);
  auto old = app::Remote::open(late, late.registries.at(0));
  REQUIRE(old);
  CHECK(old->advisories().error().code == Errc::untrusted);
}

}  // namespace
}  // namespace nano::test
