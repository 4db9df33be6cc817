// Clocks that are wrong, on this machine or on the other side.
#include <catch2/catch.hpp>

#include "app/install.h"
#include "app/remote.h"
#include "app/sightings.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

constexpr UnixTime kDay = 86'400;

struct HeardDates final : Log {
  std::string text{};
  void note(std::string_view t) override { text += t; }
  void warn(std::string_view t) override { text += t; }
  void detail(std::string_view) override {}
};

/// A client made in this process, whose clock can be set.
struct DatesWorld : World {
  NullProgress progress{};
  HeardDates log{};
  app::Context at(UnixTime later) {
    for (const auto& [k, v] : environment()) setenv(k.c_str(), v.c_str(), 1);
    log.text.clear();
    auto ctx = app::make_context({}, log, progress);
    REQUIRE(ctx);
    ctx->now += later;
    ctx->command_line = "nano install";
    return std::move(*ctx);
  }
  app::Sightings sightings() const { return app::Sightings::load(path("home/trust/" + id())); }
};

TEST_CASE("a client that has only ever installed notices a clock set back") {
  DatesWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("other", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.sightings().newest() == 0);  // no signed date was read
  CHECK(w.sightings().refreshed() > 0);
  auto ctx = w.at(-10 * 365 * kDay);
  const auto installed = app::install(ctx, {.requests = {"other"}});
  REQUIRE(installed);  // judged by the time that is known
  CHECK(has(w.log.text, "this machine's clock says"));
  CHECK(has(w.log.text, "the clock is not believed"));
  // Minutes are no reason to say anything, and a later clock is believed.
  auto slip = w.at(-300);
  const auto again = app::install(slip, {.requests = {"other"}, .force = true});
  if (!again) FAIL(again.error().render());
  CHECK(w.log.text.empty());
}

TEST_CASE("a clock ahead is remembered no further than what was signed was in force") {
  DatesWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  auto ahead = w.at(4000 * kDay);
  auto remote = app::Remote::open(ahead, ahead.registries.at(0));
  REQUIRE(remote);
  CHECK(remote->package(schemas::PackageName::parse("tiny").value()).error().code == Errc::untrusted);
  CHECK(w.sightings().refreshed() == 0);
  auto now = w.at(0);
  CHECK(app::install(now, {.requests = {"tiny"}}));
  CHECK(w.log.text.empty());
}

TEST_CASE("a date signed far ahead of this machine's clock is refused, and locks nobody out later") {
  DatesWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  // For a clock that stands three days back, what was signed today lies in the future.
  auto back = w.at(-3 * kDay);
  {
    auto remote = app::Remote::open(back, back.registries.at(0));
    REQUIRE(remote);
    const auto index = remote->index();
    REQUIRE_FALSE(index);
    CHECK(index.error().code == Errc::untrusted);
    CHECK(has(index.error().message, "by this machine's clock it is"));
    CHECK(has(index.error().hint, "one of the two clocks is wrong"));
  }
  CHECK(w.sightings().newest() == 0);
  const auto refused = app::install(back, {.requests = {"tiny"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::untrusted);
  CHECK(has(refused.error().message, "is dated"));
  // Hours are let pass.
  auto hours = w.at(-12 * 3600);
  auto remote = app::Remote::open(hours, hours.registries.at(0));
  REQUIRE(remote);
  CHECK(remote->index());
  auto now = w.at(0);
  CHECK(app::install(now, {.requests = {"tiny"}}));
}

TEST_CASE("SOURCE_DATE_EPOCH dates nothing that a client writes or judges") {
  DatesWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  const auto r = w.nano({"install", "tiny"}, {}, {{"SOURCE_DATE_EPOCH", "315532800"}});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK_FALSE(has(r.err, "clock"));
  const auto created = parse_json(read(w.path("home/store/v1/generations/1.json"))).value()["created"].get<std::string>();
  CHECK(parse_time(created).value() > now() - kDay);
  CHECK(w.sightings().refreshed() > now() - kDay);
}

}  // namespace
}  // namespace nano::test
