// What a word means: a path or a name, by its letters alone; and whose project a folder lies in.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/app/world.h"

namespace nano::test {
namespace {

namespace stdfs = std::filesystem;

TEST_CASE("a bare word and a namespace's package are packages, whatever lies in the working folder") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"registry", "add", "acme", w.registry(), "--namespaces", "acme", "--root", w.root()}).exit_code == 0);
  const std::string folder = w.path("work");
  stdfs::create_directories(folder + "/acme");
  write(folder + "/tiny", "notes");
  CHECK(w.nano_in(folder, {"install", "tiny"}).exit_code == 0);
  CHECK(w.nano_in(folder, {"run", "tiny", "good"}).exit_code == 0);
  CHECK(w.nano_in(folder, {"info", "tiny"}).exit_code == 0);
  CHECK(w.nano_in(folder, {"uninstall", "tiny"}).exit_code == 0);
  stdfs::remove(folder + "/tiny");
  stdfs::copy(w.path("packages/tiny-1.0.0"), folder + "/tiny", stdfs::copy_options::recursive);
  stdfs::copy(w.path("packages/tiny-1.0.0"), folder + "/acme/tiny", stdfs::copy_options::recursive);
  CHECK(w.nano_in(folder, {"run", "tiny", "good"}).exit_code == 3);  // not installed, though a folder is called so
  CHECK(w.nano_in(folder, {"install", "tiny"}).exit_code == 0);
  const auto named = w.nano_in(folder, {"run", "acme/tiny", "good"});
  CHECK(named.exit_code == 3);
  CHECK(has(named.err, "./acme/tiny"));
  CHECK(w.nano_in(folder, {"run", "./acme/tiny", "good"}).exit_code == 0);
  CHECK(w.nano_in(folder, {"run", "acme/tiny/", "good"}).exit_code == 0);
  CHECK(w.nano_in(folder + "/acme/tiny", {"run", ".", "good"}).exit_code == 0);
}

TEST_CASE("a path that is not there is no such file, for every command that takes a word") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  for (const char* word : {"./none", "none/", "/none/x", "none.gguf", "none.nano", "a/b/c", "~/none", "Models/none"}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"install"}, {"info"}, {"card"}, {"run"}, {"embed"}, {"verify"}, {"bench"},
                                                    {"golden"}, {"path"}, {"uninstall"}, {"inspect"}, {"why"}, {"pin"}, {"export"}, {"files"},
                                                    {"verify", "--behaviour"}}) {
      auto args = command;
      args.emplace_back(word);
      if (args.front() == "run" || args.front() == "embed" || args.front() == "golden") args.emplace_back("text");
      const auto r = w.nano(args);
      if (has(r.err, "no command")) continue;
      INFO(args.front() << " " << word << ": " << r.err);
      CHECK(r.exit_code == 3);
      CHECK(has(r.err, "no such file"));
      CHECK_FALSE(has(r.err, "nano install"));
    }
  }
}

TEST_CASE("a path where a name is wanted is said to be one, and a folder is no bundle") {
  World w;
  w.publish("tiny");
  const std::string folder = w.path("packages/tiny-1.0.0");
  for (const char* command : {"uninstall", "path", "pin", "why"}) {
    const auto r = w.nano({command, folder});
    INFO(command << r.err);
    CHECK(r.exit_code == 2);
    CHECK(has(r.err, "is a path"));
  }
  CHECK(has(w.nano({"install", folder}).err, "folder"));
  CHECK(has(w.nano({"run", folder + ".nano", "x"}).err, "nano install"));
}

TEST_CASE("settings that name no registry are refused, and go with the registry they name") {
  World w;
  CHECK(w.nano({"config", "set", "registry", "work"}).exit_code == 3);
  w.use_registry();
  const auto slip = w.nano({"config", "set", "registry", "wrok"});
  CHECK(slip.exit_code == 3);
  CHECK(has(slip.err, "'work'"));
  CHECK(w.nano({"config", "set", "registry", "work"}).exit_code == 0);
  CHECK(w.nano({"registry", "remove", "work"}).exit_code == 0);
  CHECK_FALSE(has(read(w.path("home/config/config.json")), "\"registry\""));
}

TEST_CASE("a name that is a slip of the pen is not offered for installing") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto unseen = w.nano({"run", "tinny", "x"});
  CHECK(unseen.exit_code == 3);
  CHECK(w.nano({"info", "tiny"}).exit_code == 0);
  const auto known = w.nano({"run", "tinny", "x"});  // the registry was seen
  CHECK(has(known.err, "did you mean 'tiny'?"));
  CHECK(has(known.err, "nano install tiny`"));
  CHECK_FALSE(has(known.err, "nano install tinny"));
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const auto here = w.nano({"run", "tinny", "x"});
  CHECK(has(here.err, "did you mean 'tiny'?"));
  CHECK_FALSE(has(here.err, "nano install"));
}

TEST_CASE("what lies in the way under the name nano.json is passed over by commands that need no project") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string work = w.path("work");
  stdfs::create_directories(work + "/sub");
  const std::vector<std::vector<std::string>> commands = {{"list"}, {"outdated"}, {"run", "tiny", "good"}, {"why", "tiny"}, {"upgrade"}, {"verify"}, {"pin", "tiny"}, {"unpin", "tiny"}};
  const auto all_work = [&] {
    for (const auto& args : commands) {
      const auto r = w.nano_in(work + "/sub", args);
      INFO(args.front() << r.err);
      CHECK(r.exit_code == 0);
    }
    CHECK(w.nano_in(work + "/sub", {"sync"}).exit_code != 0);
  };
  stdfs::create_directory(work + "/nano.json");
  all_work();
  stdfs::remove(work + "/nano.json");
  for (const char* other : {"{\"editor\": \"nano\", \"project\": \"my site\"}", "[]", "", "\"project\"", "not JSON"}) {
    write(work + "/nano.json", other);
    INFO(other);
    if (std::string(other) != "\"project\"") all_work();
  }
  stdfs::remove(work + "/nano.json");
  stdfs::create_symlink("nano.json", work + "/nano.json");
  all_work();
  stdfs::remove(work + "/nano.json");
  REQUIRE(::mkfifo((work + "/nano.json").c_str(), 0600) == 0);
  all_work();
  stdfs::remove(work + "/nano.json");
  REQUIRE(w.nano({"init", work}).exit_code == 0);
  stdfs::create_directory(work + "/nano.lock");
  all_work();
  CHECK(has(w.nano_in(work + "/sub", {"upgrade"}).err, "nano.lock"));
  stdfs::remove_all(work + "/nano.lock");
  stdfs::remove(work + "/nano.json");
  // A folder that was removed while somebody stood in it.
  const auto gone = run({"/bin/sh", "-c", "mkdir \"$1\" && cd \"$1\" && rmdir \"$1\" && exec \"$0\" list",
                         stdfs::absolute(bin("nano")).string(), w.path("gone")},
                        {}, w.environment());
  INFO(gone.err);
  CHECK(gone.exit_code == 0);
}

TEST_CASE("attack: a nano.json of another user in a folder above steers nothing, unless NANO_PROJECT names it") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root can make another user's file");
    return;
  }
  World w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.1.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny@1.0.0"}).exit_code == 0);
  const std::string shared = w.path("shared"), mine = shared + "/mine";
  REQUIRE(w.nano({"init", shared}).exit_code == 0);
  REQUIRE(w.nano_in(shared, {"add", "tiny@1.1.0"}).exit_code == 0);
  stdfs::create_directories(mine);
  const auto version = [&](std::map<std::string, std::string> env = {}) {
    return w.json(w.nano_in(mine, {"run", "tiny", "x", "--json"}, std::move(env)))["data"]["version"].get<std::string>();
  };
  CHECK(version() == "1.1.0");  // root's own
  for (const char* theirs : {"/nano.json", "/nano.lock", ""}) {
    REQUIRE(::chown((shared + theirs).c_str(), 4711, 4711) == 0);
    INFO(theirs);
    CHECK(version() == "1.0.0");
    const auto said = w.nano_in(mine, {"upgrade", "--dry-run"});
    CHECK(has(said.err, "4711"));
    CHECK(has(said.err, "NANO_PROJECT=" + shared));
    CHECK(w.nano_in(mine, {"sync"}).exit_code == 3);
    CHECK(version({{"NANO_PROJECT", shared}}) == "1.1.0");
    CHECK(version({{"SUDO_UID", "4711"}}) == "1.1.0");
    CHECK(version({{"SUDO_UID", "47"}}) == "1.0.0");
    REQUIRE(::chown((shared + theirs).c_str(), 0, 0) == 0);
  }
  // A link of theirs to a project of mine.
  stdfs::rename(shared + "/nano.json", w.path("nano.json"));
  REQUIRE(::symlink(w.path("nano.json").c_str(), (shared + "/nano.json").c_str()) == 0);
  CHECK(version() == "1.1.0");
  REQUIRE(::lchown((shared + "/nano.json").c_str(), 4711, 4711) == 0);
  CHECK(version() == "1.0.0");
}

TEST_CASE("a literal ~ in a variable is warned of") {
  World w;
  const auto r = w.nano({"list"}, {}, {{"NANO_HOME", "~/.nano"}});
  CHECK(r.exit_code == 0);
  CHECK(has(r.err, "NANO_HOME"));
  CHECK(has(r.err, "~"));
}

}  // namespace
}  // namespace nano::test
