// tests/server/admin_test.cpp: the use cases of `nano-registry`, over folders and the program itself.
#include "server/admin.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/json.h"
#include "tests/server/world.h"
#include "verify/tuf/metadata.h"

using namespace nano;
using namespace nano::server;

using test::World;
using test::code_of;
using test::kDay;
using test::role_row;

namespace {

NullLog g_log;

}  // namespace

TEST_CASE("init --simple keeps every key beside the tree, 0600, and status warns that they lie open") {
  World w;
  const InitReport r = w.made();
  CHECK_FALSE(r.keys_encrypted);
  CHECK(r.id == sha256(test::read(r.root)).hex());
  for (const auto& e : std::filesystem::directory_iterator(r.keys)) {
    if (e.path().extension() != ".pem") continue;
    struct stat st {};
    REQUIRE(::stat(e.path().c_str(), &st) == 0);
    CHECK((st.st_mode & 077U) == 0);
  }
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.dir))
    if (e.is_regular_file()) CHECK(test::read(e.path()).find("PRIVATE") == std::string::npos);
  const auto s = status(w.dir, now());
  REQUIRE(s);
  CHECK_FALSE(s->attention);
  REQUIRE(s->warnings.size() == 2);
  CHECK(s->warnings[0].find("not encrypted") != std::string::npos);
  CHECK(s->warnings[1].find("simple") != std::string::npos);
}

TEST_CASE("init refuses folders that hold something, and leaves them") {
  World w;
  test::write(w.dir / "precious", "x");
  CHECK(init({.dir = w.dir}).error().code == Errc::refused);
  std::filesystem::remove_all(w.dir);
  test::write(w.temp / "reg.keys/root.pem", "x");
  CHECK(init({.dir = w.dir}).error().code == Errc::refused);
  CHECK(test::read(w.temp / "reg.keys/root.pem") == "x");
}

TEST_CASE("offline keys are never written without a passphrase, and lie apart") {
  World w;
  const auto r = init({.dir = w.dir, .mode = Mode::offline, .offline_keys = w.temp / "away"});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::denied);
  World v;
  InitOptions o{.mode = Mode::offline, .offline_keys = v.temp / "away"};
  o.keys.passphrase = "secret";
  const InitReport made = v.made(o);
  CHECK(made.keys_encrypted);
  for (const char* label : {"root", "targets", "advisory", "registrar"}) {
    CHECK(std::filesystem::exists(v.temp / ("away/" + std::string(label) + ".pem")));
    CHECK_FALSE(std::filesystem::exists(made.keys / (std::string(label) + ".pem")));
  }
  CHECK(status(v.dir, now()).value().warnings.empty());
  // The registrar's key is away: nobody can register a namespace on this machine, and publishing does not do it by the way.
  KeyOptions here{.passphrase = "secret"};
  CHECK(namespace_add(v.dir, "acme", {}, here).error().code == Errc::denied);
  CHECK(add(v.dir, {v.package("acme/set")}, here, g_log).error().code == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(made.keys / "ns.acme.pem"));  // the key of the attempt that was denied is not kept
  here.folders = {v.temp / "away"};
  CHECK(namespace_add(v.dir, "acme", {}, here));
  CHECK(add(v.dir, {v.package("acme/set")}, {.passphrase = "secret"}, g_log));
}

TEST_CASE("a wrong passphrase signs nothing") {
  World w;
  InitOptions o;
  o.keys.passphrase = "right";
  w.made(o);
  const std::string before = test::read(w.dir / "metadata/timestamp.json");
  for (const char* wrong : {"wrong", ""}) {
    const auto r = add(w.dir, {w.package("set")}, {.passphrase = wrong}, g_log);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::denied);
  }
  CHECK(test::read(w.dir / "metadata/timestamp.json") == before);
  CHECK(add(w.dir, {w.package("set")}, {.passphrase = "right"}, g_log));
}

TEST_CASE("attack: a key file that others can read stops a publish") {
  World w;
  const InitReport r = w.made();
  REQUIRE(::chmod((r.keys / "snapshot.pem").c_str(), 0644) == 0);
  CHECK(add(w.dir, {w.package("set")}, {}, g_log).error().code == Errc::denied);
  const auto s = status(w.dir, now());
  REQUIRE(s);
  CHECK(s->attention);
}

TEST_CASE("a static registry is signed for as long as asked, and says what it cannot promise") {
  World w;
  w.made({.mode = Mode::fixed, .static_days = 3650});
  REQUIRE(add(w.dir, {w.package("set")}, {}, g_log));
  const auto s = status(w.dir, now());
  REQUIRE(s);
  CHECK_FALSE(s->attention);
  for (const auto& r : s->roles) CHECK(r.days_left >= 3649);
  CHECK(s->warnings.back().find("static") != std::string::npos);
}

TEST_CASE("status says what runs out soon, and what has run out") {
  World w;
  w.made();
  const auto attention = [&](int64_t days) { return status(w.dir, now() + days * kDay).value(); };
  CHECK_FALSE(attention(0).attention);
  CHECK(attention(1).attention);  // the timestamp
  const auto late = attention(352);
  for (const auto& r : late.roles)
    if (r.role == "root") {
      CHECK(r.soon);
      CHECK(r.days_left >= 12);
      CHECK(r.days_left <= 13);
    } else if (r.role == "timestamp") {
      CHECK(r.days_left < 0);
    }
  REQUIRE(refresh(w.dir, false, {}));
  CHECK_FALSE(attention(0).attention);
}

TEST_CASE("the program: status exits with 15 when something runs out, in text and JSON") {
  World w;
  const auto run = [&](std::vector<std::string> args, std::map<std::string, std::string> env = {}) {
    args.insert(args.begin(), test::bin("nano-registry"));
    env.emplace("NANO_KEY_PASSPHRASE", "");
    env.emplace("NANO_JSON", "");
    return test::run(args, {}, env);
  };
  const std::string dir = w.dir.string();
  REQUIRE(run({"init", dir}).exit_code == 0);
  CHECK(run({"status", dir}).exit_code == 0);
  std::filesystem::remove_all(w.dir);
  std::filesystem::remove_all(dir + ".keys");
  // Made three days ago: its timestamp has run out.
  InitOptions then;
  then.keys.now = now() - 3 * kDay;
  w.made(then);
  const auto r = run({"status", dir, "--json"});
  CHECK(r.exit_code == 15);
  const auto doc = parse_json(r.out);
  REQUIRE(doc);
  CHECK((*doc)["data"]["attention"] == true);
  REQUIRE(run({"refresh", dir, "--if-due"}).exit_code == 0);
  CHECK(run({"status", dir}).exit_code == 0);
  CHECK(run({"refresh", dir, "--if-due", "--json"}).out.find("false") != std::string::npos);
  // The passphrase of the environment is used, and nothing is asked without a terminal.
  std::filesystem::remove_all(w.dir);
  std::filesystem::remove_all(dir + ".keys");
  REQUIRE(run({"init", dir}, {{"NANO_KEY_PASSPHRASE", "secret"}}).exit_code == 0);
  CHECK(test::read(dir + ".keys/root.pem").find("ENCRYPTED") != std::string::npos);
  CHECK(run({"refresh", dir}).exit_code == 8);
  CHECK(run({"refresh", dir}, {{"NANO_KEY_PASSPHRASE", "secret"}}).exit_code == 0);
  CHECK(run({"init", dir, "--simple", "--static"}).exit_code == 2);
  CHECK(run({"init", dir, "--expires", "10y"}).exit_code == 2);
}

TEST_CASE("namespaces and advisories: added, listed, removed") {
  World w;
  w.made();
  CHECK(namespace_add(w.dir, "acme", {}, {}).value().key_ids.size() == 1);
  CHECK(namespace_add(w.dir, "ac-me", {}, {}).error().code == Errc::refused);
  CHECK_FALSE(
      std::filesystem::exists(w.temp / "reg.keys/ns.ac-me.pem"));  // no key is left of what was refused
  REQUIRE(add(w.dir, {w.package("acme/set")}, {}, g_log));
  const auto before = namespace_list(w.dir).value().front();
  CHECK(before.releases == 1);
  const auto after = namespace_rekey(w.dir, "acme", {}, {});
  REQUIRE(after);
  CHECK(after->key_ids != before.key_ids);
  CHECK(after->releases == 1);
  CHECK(code_of(yank(w.dir, "acme/set@1.0.0", "broken", {})) == Errc::ok);
  CHECK(code_of(yank(w.dir, "acme/set", "broken", {})) == Errc::usage);
  CHECK(code_of(namespace_remove(w.dir, "acme", "over", {})) == Errc::ok);
  CHECK(namespace_list(w.dir).value().front().removed == "over");

  AdvisoryRow a{.id = "nano-1", .title = "Bad", .severity = "malware", .affected = {"acme/set@<2"}};
  CHECK(code_of(advisory_add(w.dir, a, {})) == Errc::ok);
  CHECK(advisory_list(w.dir).value().front().affected.front() == "acme/set@<2");
  // What is not there would warn nobody; the package of a removed namespace may be installed all the same.
  REQUIRE(namespace_add(w.dir, "other", {}, {}));
  REQUIRE(add(w.dir, {w.package("other/set")}, {}, g_log));
  const AdvisoryRow slip{.id = "nano-2", .title = "Bad", .severity = "high", .affected = {"other/sett@<2"}};
  CHECK(advisory_add(w.dir, slip, {}).error().hint == "did you mean 'other/set'?");
  for (const char* affected : {"other/set@>=2", "nobody/set"}) {
    CHECK(code_of(advisory_add(w.dir, {.id = "nano-2", .title = "Bad", .severity = "high", .affected = {affected}}, {})) == Errc::not_found);
  }
  CHECK(code_of(advisory_add(w.dir, {.id = "nano-2", .title = "Bad", .severity = "high", .affected = {"other/set:q4"}}, {})) == Errc::usage);
  a.severity = "awful";
  CHECK(code_of(advisory_add(w.dir, a, {})) == Errc::usage);
  CHECK(code_of(advisory_remove(w.dir, "nano-1", {})) == Errc::ok);
  CHECK(advisory_list(w.dir).value().empty());
}

TEST_CASE("root is signed on a machine without the registry, from documents carried over and back") {
  World w;
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "secret";
  w.made(o);
  const KeyOptions here{.passphrase = "secret"};
  const KeyOptions there{.folders = {w.temp / "away"}, .passphrase = "secret"};
  CHECK(sign("root", w.dir, {}, here).error().code == Errc::denied);
  const auto out = sign("root", w.dir, w.temp / "carry", here);
  REQUIRE(out);
  REQUIRE(out->size() == 1);
  CHECK(install_signed(w.dir, w.temp / "carry", here).error().code == Errc::untrusted);
  CHECK(sign("targets", w.temp / "carry", {}, there).error().code == Errc::usage);  // not what was asked for
  const auto done = sign("root", w.temp / "carry", {}, there);
  REQUIRE(done);
  CHECK(done->front().says.size() == 4);
  REQUIRE(install_signed(w.dir, w.temp / "carry", here));
  CHECK(std::filesystem::exists(w.dir / "metadata/2.root.json"));
  CHECK(role_row(status(w.dir, now()).value(), "root").version == 2);
  // All 256 of the registrar at once.
  REQUIRE(sign("reg", w.dir, w.temp / "regs", here));
  CHECK(sign("reg", w.temp / "regs", {}, there).value().size() == 256);
  REQUIRE(install_signed(w.dir, w.temp / "regs", here));
  CHECK(role_row(status(w.dir, now()).value(), "timestamp").version == 3);  // the timestamp
}

TEST_CASE("rotated keys get labels of their own, and the old ones are kept") {
  World w;
  w.made();
  const auto done = key_rotate(w.dir, {.role = "timestamp"}, {});
  REQUIRE(done);
  CHECK(done->keys.front().label == "timestamp.2");
  CHECK(done->drafts.empty());
  REQUIRE(refresh(w.dir, false, {}));
  CHECK(key_rotate(w.dir, {.role = "root", .count = 3, .threshold = 2}, {}).value().keys.size() == 3);
  const auto s = status(w.dir, now()).value();
  CHECK(role_row(s, "root").threshold == 2);
  CHECK(role_row(s, "root").keys_here == 3);
  CHECK(key_rotate(w.dir, {.role = "nonsense"}, {}).error().code == Errc::usage);
}

TEST_CASE(
    "keys are rotated where the root key is not: the documents go there and back, and only then is the new "
    "key in force") {
  World w;
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "secret";
  w.made(o);
  const KeyOptions here{.passphrase = "secret"};
  const KeyOptions there{.folders = {w.temp / "away"}, .passphrase = "secret"};
  for (const char* role : {"timestamp", "index", "registrar"}) {
    INFO(role);
    const auto before = status(w.dir, now()).value();
    const fs::Path carry = w.temp / (std::string("carry-") + role);
    RotateOptions how{.role = role, .offline = w.temp / "away2"};
    CHECK(key_rotate(w.dir, how, here).error().code == Errc::denied);
    how.drafts = carry;
    const auto made = key_rotate(w.dir, how, here);
    if (!made) FAIL(made.error().render());
    CHECK_FALSE(made->drafts.empty());
    CHECK(role_row(status(w.dir, now()).value(), "timestamp").key_ids == role_row(before, "timestamp").key_ids);
    REQUIRE(sign("all", carry, {}, there));
    const auto done = install_signed(w.dir, carry, here);
    if (!done) FAIL(done.error().render());
    const auto after = status(w.dir, now()).value();
    for (const auto& r : after.roles) {
      const bool meant = r.role == role || (std::string(role) == "registrar" && r.role.rfind("reg.", 0) == 0);
      if (meant) CHECK(r.key_ids.front() == made->keys.front().key_id);
    }
    CHECK(refresh(w.dir, false, here));
  }
}

TEST_CASE("two publishers at once: one waits for the other, and both are served") {
  World w;
  w.made();
  std::vector<fs::Path> packages;
  for (int i = 0; i < 6; ++i) packages.push_back(w.package("set-" + std::to_string(i)));
  std::vector<pid_t> children;
  for (int who = 0; who < 2; ++who) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      bool good = true;
      for (int i = who; i < 6; i += 2)
        good = good && add(w.dir, {packages[static_cast<std::size_t>(i)]}, {}, g_log).has_value();
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int how = 0;
    waitpid(child, &how, 0);
    CHECK(how == 0);
  }
  CHECK(namespace_list(w.dir).value().front().releases == 6);
}

TEST_CASE("the starter registry's releases are the same bytes whenever it is made, its key is nowhere") {
  World w;
  const auto package = w.package("set");
  ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  REQUIRE(make_starter({.dir = w.temp / "a", .bundles = {package}}, g_log));
  REQUIRE(make_starter({.dir = w.temp / "b", .bundles = {package}}, g_log));
  ::unsetenv("SOURCE_DATE_EPOCH");
  int targets = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.temp / "a")) {
    if (!e.is_regular_file()) continue;
    const std::string rel = e.path().lexically_relative(w.temp / "a").generic_string();
    CHECK(test::read(e.path()).find("PRIVATE") == std::string::npos);
    if (rel.rfind("targets/", 0) != 0) continue;
    ++targets;
    CHECK(test::read(e.path()) == test::read(w.temp / "b" / rel));
  }
  CHECK(targets >= 2);
  CHECK_FALSE(std::filesystem::exists(w.temp / "a.keys"));
  const auto root =
      verify::tuf::read_metadata<verify::tuf::Root>(test::read(w.temp / "a/metadata/1.root.json"), 512'000);
  REQUIRE(root);
  CHECK(root->second.header.expires == 1'700'000'000 + 3650 * kDay);
}
