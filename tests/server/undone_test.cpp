// tests/server/undone_test.cpp: a command that fails has changed nothing, and one that was killed is simply run again.
#include <csignal>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/repository/leftovers.h"
#include "tests/server/world.h"

using namespace nano;
using namespace nano::server;
using test::code_of;
using test::World;

namespace {

NullLog g_log;

/// Every file below a folder with its bytes.
std::map<std::string, std::string> all_below(const fs::Path& dir) {
  std::map<std::string, std::string> out;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir))
    out[e.path().lexically_relative(dir).string()] = e.is_regular_file() ? test::read(e.path()) : "";
  out.erase("reg/.lock");  // says who held it last
  return out;
}

/// Without the folders: an empty one is no half state.
std::map<std::string, std::string> files_below(const fs::Path& dir) {
  auto out = all_below(dir);
  std::erase_if(out, [&](const auto& e) { return std::filesystem::is_directory(dir / e.first); });
  return out;
}

/// Runs `what` in a child that is killed before its `n`th call of one kind. Returns false when it came to its end.
bool killed_before(fs::Op op, int n, const std::function<bool()>& what) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int seen = 0;
    fs::inject_faults([&](fs::Op now, const fs::Path&, std::size_t&) {
      if (now == op && ++seen == n) ::raise(SIGKILL);
      return 0;
    });
    _exit(what() ? 0 : 1);
  }
  int how = 0;
  waitpid(child, &how, 0);
  if (WIFSIGNALED(how)) return true;
  CHECK(WEXITSTATUS(how) == 0);
  return false;
}

/// A registry that was made once, without its many flushes to disk.
void copy_world(const World& from, const World& to) {
  std::filesystem::copy(from.temp.path(), to.temp.path(),
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
}

bool any_leftover(const fs::Path& dir) {
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir))
    if (registry::writer_of_leftover(e.path().filename().string())) return true;
  return false;
}

}  // namespace

TEST_CASE("a command that fails leaves the tree and its keys as they were") {
  World w;
  w.made();
  REQUIRE(key_new(w.temp / "reg.keys", "ci", {}));
  REQUIRE(add(w.dir, {w.package("acme/set")}, {}, g_log));
  const fs::Path good = w.package("other/one");
  const fs::Path bad = w.package("other/two");
  test::write(bad / "nano.json", "{");
  const auto before = files_below(w.temp.path());
  const auto same = [&] { return files_below(w.temp.path()) == before; };
  CHECK(code_of(namespace_add(w.dir, "beta", {.release_key = "nobody"}, {})) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(namespace_add(w.dir, "beta", {.labels = {"nobody"}}, {})) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(namespace_add(w.dir, "beta", {.threshold = 3}, {})) == Errc::usage);
  CHECK(same());
  CHECK(code_of(namespace_rekey(w.dir, "acme", {.labels = {"ci"}, .release_key = "nobody"}, {})) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(namespace_rekey(w.dir, "nobody", {}, {})) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(key_rotate(w.dir, {.role = "nonsense"}, {})) == Errc::usage);
  CHECK(same());
  CHECK(code_of(key_rotate(w.dir, {.role = "root", .count = 1, .threshold = 2}, {})) == Errc::usage);
  CHECK(same());
  CHECK(code_of(add(w.dir, {good, bad}, {}, g_log)) == Errc::invalid);
  CHECK(same());
  CHECK(code_of(add(w.dir, {good, w.temp / "nothing.nano"}, {}, g_log)) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(yank(w.dir, "acme/set@9.0.0", "x", {})) == Errc::not_found);
  CHECK(same());
  CHECK(code_of(namespace_remove(w.dir, "acme", "", {})) == Errc::usage);
  CHECK(same());
}

TEST_CASE("a missing key leaves nothing: no blob, no index, no advisory, no new key") {
  World w;
  w.made();
  REQUIRE(add(w.dir, {w.package("acme/set")}, {}, g_log));
  for (const char* label : {"timestamp", "advisory", "ns.acme"}) {
    INFO(label);
    const fs::Path pem = w.temp / ("reg.keys/" + std::string(label) + ".pem");
    const fs::Path away = w.temp / "away.pem";
    std::filesystem::rename(pem, away);
    const fs::Path one = w.package("acme/one-" + sha256(label).hex().substr(0, 4));
    const fs::Path two = w.package("acme/two-" + sha256(label).hex().substr(0, 4));
    const auto before = files_below(w.temp.path());
    CHECK(code_of(add(w.dir, {one, two}, {}, g_log)) ==
          (std::string(label) == "advisory" ? Errc::ok : Errc::denied));
    if (std::string(label) != "advisory") CHECK(files_below(w.temp.path()) == before);
    const auto middle = files_below(w.temp.path());
    if (std::string(label) != "ns.acme") {
      CHECK(code_of(advisory_add(w.dir, {.id = "a-1", .title = "T", .severity = "low", .affected = {"acme/set@*"}}, {})) ==
            Errc::denied);
      if (std::string(label) == "timestamp") CHECK(code_of(key_rotate(w.dir, {.role = "snapshot"}, {})) == Errc::denied);
      CHECK(files_below(w.temp.path()) == middle);
    }
    std::filesystem::rename(away, pem);
  }
}

TEST_CASE("a full disk at any write of an add, a rotation or an init leaves what was served, and no key or file more") {
  World made;
  made.made();
  made.package("acme/set");
  for (int n = 1; n < 200; ++n) {
    World w;
    copy_world(made, w);
    const fs::Path package = w.package("acme/set");
    const auto before = files_below(w.temp.path());
    int seen = 0;
    const auto full = [&](fs::Op op, const fs::Path&, std::size_t&) { return op == fs::Op::write && ++seen >= n ? ENOSPC : 0; };
    fs::inject_faults(full);
    const auto added = add(w.dir, {package}, {}, g_log);
    fs::inject_faults({});
    if (added) break;
    REQUIRE(n < 100);
    CHECK(added.error().code == Errc::store);
    CHECK(files_below(w.temp.path()) == before);
    REQUIRE(add(w.dir, {package}, {}, g_log));
  }
  for (int n = 1; n < 200; n += 3) {
    World w;
    int seen = 0;
    fs::inject_faults([&](fs::Op op, const fs::Path&, std::size_t&) { return op == fs::Op::write && ++seen >= n ? ENOSPC : 0; });
    const auto done = init({.dir = w.dir});
    fs::inject_faults({});
    if (done) break;
    REQUIRE(n < 100);
    INFO(n << ": " << done.error().render());
    CHECK(done.error().code == Errc::store);
    if (!fs::exists(w.dir / "metadata/timestamp.json")) CHECK(files_below(w.temp.path()).empty());
    REQUIRE(init({.dir = w.dir}));
    CHECK(check_tree(w.dir, now(), nullptr).value().problems.empty());
  }
}

TEST_CASE("of several bundles all are published or none, also two new namespaces at once") {
  World w;
  w.made();
  REQUIRE(add(w.dir, {w.package("acme/a"), w.package("acme/b"), w.package("beta/c"), w.package("root-one")}, {}, g_log));
  CHECK(namespace_list(w.dir).value().size() == 3);
  CHECK(check_tree(w.dir, now(), nullptr).value().releases == 4);
  CHECK(code_of(add(w.dir, {w.package("gamma/x"), w.package("gam-ma/y")}, {}, g_log)) == Errc::refused);  // look alike
  CHECK(namespace_list(w.dir).value().size() == 3);
}

TEST_CASE("killed before any rename of an init, an add, a rotation or a new namespace: the same command again succeeds") {
  struct Try {
    const char* name;
    std::function<bool(World&)> what;
    bool made = true;
  };
  const std::vector<Try> tries{
      {"init", [](World& w) { return init({.dir = w.dir}).has_value(); }, false},
      {"add", [](World& w) { return add(w.dir, {w.package("acme/set")}, {}, g_log).has_value(); }},
      {"rotate root", [](World& w) { return key_rotate(w.dir, {.role = "root"}, {}).has_value(); }},
      {"rotate timestamp", [](World& w) { return key_rotate(w.dir, {.role = "timestamp"}, {}).has_value(); }},
      {"namespace add", [](World& w) { return namespace_add(w.dir, "beta", {}, {}).has_value(); }}};
  World made;
  made.made();
  for (const Try& t : tries) {
    for (int n = 1; n < 200; ++n) {
      World w;
      if (t.made) copy_world(made, w);
      const bool killed = killed_before(fs::Op::rename, n, [&] { return t.what(w); });
      if (!killed) {
        CHECK(n > 4);
        break;
      }
      INFO(t.name << ", killed before rename " << n);
      REQUIRE(n < 150);
      const bool again = t.what(w);
      const bool was_done = std::string(t.name) == "namespace add" && namespace_list(w.dir).value().size() == 1;
      const bool init_done = std::string(t.name) == "init" && fs::exists(w.dir / "metadata/timestamp.json");
      CHECK((again || was_done || init_done));
      CHECK(refresh(w.dir, false, {}));
      CHECK(check_tree(w.dir, now(), nullptr).value().problems.empty());
      CHECK_FALSE(any_leftover(w.temp.path()));
    }
  }
}

TEST_CASE("a key whose .pub was not written is found, with and without a passphrase, also one of an older nano") {
  for (const std::string passphrase : {"", "secret"}) {
    World w;
    InitOptions o;
    o.keys.passphrase = passphrase;
    w.made(o);
    const KeyOptions keys{.passphrase = passphrase};
    std::filesystem::remove(w.temp / "reg.keys/timestamp.pub");
    REQUIRE(refresh(w.dir, false, keys));
    CHECK(fs::exists(w.temp / "reg.keys/timestamp.pub"));
    // Older ones have no line above the PEM block: killed behind a new namespace's key, with its passphrase it is used all the same.
    REQUIRE(key_new(w.temp / "reg.keys", "ns.acme", keys));
    const std::string pem = test::read(w.temp / "reg.keys/ns.acme.pem");
    test::write(w.temp / "reg.keys/ns.acme.pem", pem.substr(pem.find("-----BEGIN")));
    ::chmod((w.temp / "reg.keys/ns.acme.pem").c_str(), 0600);
    std::filesystem::remove(w.temp / "reg.keys/ns.acme.pub");
    REQUIRE(add(w.dir, {w.package("acme/set")}, keys, g_log));
    CHECK(fs::exists(w.temp / "reg.keys/ns.acme.pub"));
  }
}

TEST_CASE("a private key's file that is empty or cut short is passed over, and its label is not used again") {
  World w;
  w.made();
  test::write(w.temp / "reg.keys/ns.acme.pem", "-----BEGIN PRIVATE KEY-----\nMC4C");
  test::write(w.temp / "reg.keys/ns.beta.pem", "");
  REQUIRE(refresh(w.dir, false, {}));
  REQUIRE(namespace_add(w.dir, "acme", {}, {}));
  CHECK(fs::exists(w.temp / "reg.keys/ns.acme.2.pem"));
  CHECK(test::read(w.temp / "reg.keys/ns.beta.pem").empty());
}

TEST_CASE("what a killed process left is removed by the next writer, by name, and nothing else is") {
  World w;
  w.made();
  const std::string gone = "99999999";  // above the highest process number
  const std::string mine = std::to_string(::getpid());
  for (const char* folder : {"reg", "reg/metadata", "reg/targets/index", "reg.keys"}) {
    test::write(w.temp / (std::string(folder) + "/.root.pem." + gone + ".0.12345.tmp"), "secret");
    test::write(w.temp / (std::string(folder) + "/.root.pem." + mine + ".0.12345.tmp"), "at work");
    test::write(w.temp / (std::string(folder) + "/.mine.tmp"), "a person's");
    test::write(w.temp / (std::string(folder) + "/notes.99999999.0.1.tmp"), "a person's");
  }
  REQUIRE(status(w.dir, now()));
  CHECK(fs::exists(w.temp / ("reg.keys/.root.pem." + gone + ".0.12345.tmp")));  // reading writes nothing
  REQUIRE(refresh(w.dir, true, {}));
  for (const char* folder : {"reg", "reg/metadata", "reg/targets/index", "reg.keys"}) {
    INFO(folder);
    CHECK_FALSE(fs::exists(w.temp / (std::string(folder) + "/.root.pem." + gone + ".0.12345.tmp")));
    CHECK(fs::exists(w.temp / (std::string(folder) + "/.root.pem." + mine + ".0.12345.tmp")));
    CHECK(fs::exists(w.temp / (std::string(folder) + "/.mine.tmp")));
    CHECK(fs::exists(w.temp / (std::string(folder) + "/notes.99999999.0.1.tmp")));
  }
}

TEST_CASE("documents are signed all together or not at all") {
  World w;
  InitOptions o{.mode = Mode::offline, .offline_keys = w.temp / "away"};
  o.keys.passphrase = "secret";
  w.made(o);
  REQUIRE(sign("root", w.dir, w.temp / "carry", {.passphrase = "secret"}));
  test::write(w.temp / "carry/9.zz.json", "{}");
  const auto before = files_below(w.temp / "carry");
  CHECK_FALSE(sign("all", w.temp / "carry", {}, {.folders = {w.temp / "away"}, .passphrase = "secret"}));
  CHECK(files_below(w.temp / "carry") == before);
}
