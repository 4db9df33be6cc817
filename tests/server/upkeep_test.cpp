// tests/server/upkeep_test.cpp: a registry kept alive by its timer, with keys on two sides, a clock that may be wrong, and settings
// that lie where they were put.
#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "schemas/requirement.h"
#include "tests/server/world.h"

using namespace nano;
using namespace nano::server;
using test::code_of;
using test::kDay;
using test::role_row;
using test::World;

namespace {

NullLog g_log;

KeyOptions at(UnixTime when) {
  return {.now = when};
}

bool says(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& l) { return l.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("the documented timer alone keeps a simple registry alive: after 181 days, a year, and three years") {
  World w;
  const UnixTime start = now();
  InitOptions o;
  o.keys.now = start;
  w.made(o);
  REQUIRE(add(w.dir, {w.package("acme/set")}, at(start), g_log));
  int64_t worst = 1000;
  for (int64_t day = 0; day <= 1100; day += 20) {
    const UnixTime when = start + day * kDay;
    const auto done = refresh(w.dir, true, at(when));
    if (!done) FAIL(done.error().render());
    CHECK(done->warnings.empty());
    const auto s = status(w.dir, when).value();
    CHECK_FALSE(s.attention);
    for (const auto& r : s.roles)
      if (r.role != "timestamp" && r.role != "snapshot" && r.role != "index") worst = std::min(worst, r.days_left);
  }
  CHECK(worst > 60);
  const auto last = status(w.dir, start + 1100 * kDay).value();
  CHECK(role_row(last, "root").version > 4);
  CHECK(check_tree(w.dir, start + 1100 * kDay, nullptr).value().problems.empty());
}

TEST_CASE("refresh and add say what runs out and whose keys are elsewhere, and status says it first") {
  World w;
  const UnixTime start = now();
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "secret";
  o.keys.now = start;
  w.made(o);
  KeyOptions here{.passphrase = "secret", .now = start + 170 * kDay};
  const auto soon = refresh(w.dir, true, here);
  REQUIRE(soon);
  REQUIRE(soon->warnings.size() == 1);
  CHECK(soon->warnings.front().find("reg (256 documents) runs out in 10 days") != std::string::npos);
  CHECK(soon->warnings.front().find("nano-registry sign reg") != std::string::npos);
  CHECK(says(runs_out(w.dir, here).value(), "reg (256 documents)"));
  here.now = start + 364 * kDay;
  REQUIRE(refresh(w.dir, true, here));
  const auto s = status(w.dir, here.now).value();
  CHECK(s.attention);
  CHECK(s.roles.front().days_left < 0);
  REQUIRE(s.urgent.size() >= 3);
  CHECK(s.urgent.front().find("reg (256 documents) has run out") != std::string::npos);
  CHECK(says(s.urgent, "root runs out in 1 day"));
  // With the keys at hand the same command renews it all.
  here.folders = {w.temp / "away"};
  const auto done = refresh(w.dir, true, here);
  REQUIRE(done);
  CHECK(done->renewed.size() >= 259);
  CHECK(done->warnings.empty());
  CHECK_FALSE(status(w.dir, here.now).value().attention);
}

TEST_CASE("keys that are here and cannot be opened stop no refresh of the others, and are said") {
  World w;
  const UnixTime start = now();
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "near";
  o.keys.offline_passphrase = "far";
  o.keys.now = start;
  w.made(o);
  KeyOptions near{.folders = {w.temp / "away"}, .passphrase = "near", .now = start + 100 * kDay};
  const auto r = refresh(w.dir, true, near);
  REQUIRE(r);
  CHECK(r->done);
  CHECK(r->renewed.empty());
  CHECK(says(r->warnings, "not renewed, reg."));
}

TEST_CASE("the two sides of offline keys may have two passphrases, and each opens its own side only") {
  World w;
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "near";
  o.keys.offline_passphrase = "far";
  w.made(o);
  KeyOptions both{.folders = {w.temp / "away"}, .passphrase = "near", .offline_passphrase = "far"};
  CHECK(namespace_add(w.dir, "acme", {}, both));
  CHECK(refresh(w.dir, false, {.passphrase = "near"}));
  CHECK(code_of(refresh(w.dir, false, {.passphrase = "far"})) == Errc::denied);
  CHECK(code_of(sign("root", w.dir, {}, {.folders = {w.temp / "away"}, .passphrase = "near"})) == Errc::denied);
  CHECK(sign("root", w.dir, {}, both));
  CHECK(sign("all", w.dir, {}, both));
  // A person is asked for each side by its name, and again when the first answer was wrong for none.
  std::vector<std::string> asked;
  KeyOptions typed{.folders = {w.temp / "away"}};
  typed.ask = [&](const std::string& question) -> Result<std::string> {
    asked.push_back(question);
    return std::string(question.find("offline keys") != std::string::npos ? "far" : "near");
  };
  CHECK(sign("targets", w.dir, {}, typed));
  CHECK(asked.size() == 2);
  // Offline keys alone may be encrypted: the timer then needs no passphrase.
  World v;
  InitOptions p{.mode = Mode::offline, .offline_keys = v.temp / "away"};
  p.keys.offline_passphrase = "far";
  CHECK_FALSE(v.made(p).keys_encrypted);
  CHECK(refresh(v.dir, false, {}));
  CHECK(test::read(v.temp / "away/root.pem").find("ENCRYPTED") != std::string::npos);
}

TEST_CASE("SOURCE_DATE_EPOCH dates no live signature") {
  World w;
  ::setenv("SOURCE_DATE_EPOCH", "315532800", 1);
  w.made();
  const auto added = add(w.dir, {w.package("set")}, {}, g_log);
  const auto refreshed = refresh(w.dir, false, {});
  ::unsetenv("SOURCE_DATE_EPOCH");
  REQUIRE(added);
  REQUIRE(refreshed);
  const auto told = status(w.dir, now());
  REQUIRE(told);
  for (const auto& r : told->roles) CHECK(r.days_left >= 0);
}

TEST_CASE("a clock far from when the registry was signed last signs nothing, unless a person says that it is right") {
  World w;
  const UnixTime start = now();
  InitOptions o;
  o.keys.now = start;
  w.made(o);
  const std::string before = test::read(w.dir / "metadata/timestamp.json");
  for (const int64_t days : {int64_t{3650}, int64_t{-30}, int64_t{-20'000}, int64_t{40'000}}) {
    INFO(days);
    const KeyOptions wrong = at(start + days * kDay);
    CHECK(code_of(refresh(w.dir, false, wrong)) == Errc::refused);
    CHECK(code_of(add(w.dir, {w.package("set")}, wrong, g_log)) == Errc::refused);
    CHECK(code_of(sign("root", w.dir, {}, wrong)) == Errc::refused);
    CHECK(code_of(namespace_add(w.dir, "acme", {}, wrong)) == Errc::refused);
  }
  CHECK(test::read(w.dir / "metadata/timestamp.json") == before);
  CHECK(refresh(w.dir, false, at(start - kDay / 2)));    // a clock that was put right by hours
  CHECK(refresh(w.dir, false, at(start + 399 * kDay)));  // a timer that stopped a year ago
  KeyOptions right = at(start + 3650 * kDay);
  right.clock_is_right = true;
  CHECK(refresh(w.dir, false, right));
  right.now = start;  // and back, when that was the mistake
  CHECK(refresh(w.dir, false, right));
  World v;
  InitOptions early;
  early.keys.now = 315'532'800;
  early.dir = v.dir;
  CHECK(init(early).error().code == Errc::refused);
  CHECK_FALSE(fs::exists(v.dir));
}

TEST_CASE("settings are found through links and in moved folders, and their absence is an error, never 'simple'") {
  World w;
  w.made({.mode = Mode::fixed, .static_days = 3650});
  const fs::Path link = w.temp / "current";
  std::filesystem::create_directory_symlink(w.dir, link);
  REQUIRE(add(link, {w.package("set")}, {}, g_log));
  CHECK(role_row(status(w.dir, now()).value(), "timestamp").days_left > 3000);
  CHECK(status(link, now()).value().mode == Mode::fixed);
  CHECK_FALSE(fs::exists(w.temp / "current.keys"));
  // The tree alone was moved: nobody guesses for how long to sign.
  std::filesystem::rename(w.dir, w.temp / "moved");
  CHECK(code_of(refresh(w.temp / "moved", false, {})) == Errc::not_found);
  CHECK(status(w.temp / "moved", now()).value().mode == Mode::unknown);
  REQUIRE(refresh(w.temp / "moved", false, {.folders = {w.temp / "reg.keys"}}));
  CHECK(role_row(status(w.temp / "moved", now()).value(), "timestamp").days_left > 3000);
  // Another registry's settings are not this one's.
  World v;
  v.made();
  CHECK(code_of(refresh(w.temp / "moved", false, {.folders = {v.temp / "reg.keys"}})) == Errc::not_found);
  std::filesystem::rename(v.temp / "reg.keys", w.temp / "moved.keys");
  CHECK(code_of(refresh(w.temp / "moved", false, {})) == Errc::refused);
}

TEST_CASE("a registry that was made through a link keeps its keys beside the link's target") {
  World w;
  std::filesystem::create_directories(w.temp / "disk/tree");
  std::filesystem::create_directory_symlink(w.temp / "disk/tree", w.dir);
  w.made();
  CHECK(fs::exists(w.temp / "disk/tree.keys/settings.json"));
  CHECK(refresh(w.dir, false, {}));
  CHECK(refresh(w.temp / "disk/tree", false, {}));
}

TEST_CASE("what only reads needs no keys' folder, and none that can be read") {
  World w;
  w.made();
  REQUIRE(add(w.dir, {w.package("acme/set")}, {}, g_log));
  std::filesystem::remove_all(w.temp / "reg.keys");
  const auto s = status(w.dir, now());
  REQUIRE(s);
  CHECK(s->mode == Mode::unknown);
  CHECK_FALSE(s->attention);
  CHECK(namespace_list(w.dir).value().size() == 1);
  CHECK(advisory_list(w.dir).value().empty());
  CHECK(check_tree(w.dir, now(), nullptr).value().problems.empty());
  if (::geteuid() != 0) {
    WARN("SKIPPED: acting as another user needs root");
    return;
  }
  World v;
  v.made();
  ::chmod(v.temp.path().c_str(), 0755);
  const auto r = test::run({"/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                            test::bin("nano-registry"), "status", v.dir.string()});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(r.out.find("unknown") != std::string::npos);
}
