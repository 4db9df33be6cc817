// The programs' outputs and a person's files: through links, into devices and pipes, and never over what was not meant.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/app/world.h"

namespace nano::test {
namespace {

namespace stdfs = std::filesystem;

unsigned mode_of(const std::string& p) {
  struct stat st {};
  REQUIRE(::stat(p.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

TEST_CASE("settings and project files that are symbolic links stay links, and what they lead to is changed") {
  World w;
  w.publish("tiny");
  stdfs::create_directories(w.path("dotfiles"));
  write(w.path("dotfiles/nano.json"), "{\"schema\":\"nano.config/1\",\"verbose\":false}");
  stdfs::create_directories(w.path("home/config"));
  stdfs::create_symlink("../../dotfiles/nano.json", w.path("home/config/config.json"));
  w.use_registry();
  REQUIRE(w.nano({"config", "set", "offline", "false"}).exit_code == 0);
  CHECK(stdfs::is_symlink(w.path("home/config/config.json")));
  CHECK(has(read(w.path("dotfiles/nano.json")), "\"offline\""));
  CHECK(has(read(w.path("dotfiles/nano.json")), "\"work\""));

  const std::string project = w.path("project");
  REQUIRE(w.nano({"init", project}).exit_code == 0);
  stdfs::create_directories(w.path("elsewhere"));
  stdfs::rename(project + "/nano.json", w.path("elsewhere/nano.json"));
  stdfs::create_symlink(w.path("elsewhere/nano.json"), project + "/nano.json");
  stdfs::create_symlink(w.path("elsewhere/nano.lock"), project + "/nano.lock");  // not there yet
  const auto added = w.nano_in(project, {"add", "tiny"});
  INFO(added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(stdfs::is_symlink(project + "/nano.json"));
  CHECK(stdfs::is_symlink(project + "/nano.lock"));
  CHECK(has(read(w.path("elsewhere/nano.json")), "tiny"));
  CHECK(has(read(w.path("elsewhere/nano.lock")), "tiny"));
  CHECK(w.nano_in(project, {"sync", "--locked"}).exit_code == 0);
}

TEST_CASE("project files and settings keep their modes") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string project = w.path("project"), config = w.path("home/config/config.json");
  REQUIRE(w.nano({"init", project}).exit_code == 0);
  REQUIRE(w.nano_in(project, {"add", "tiny"}).exit_code == 0);
  for (const auto& [file, mode] : {std::pair<std::string, unsigned>(project + "/nano.json", 0664), {project + "/nano.lock", 0660}, {config, 0640}})
    REQUIRE(::chmod(file.c_str(), mode) == 0);
  REQUIRE(w.nano_in(project, {"remove", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"config", "set", "verbose", "false"}).exit_code == 0);
  CHECK(mode_of(project + "/nano.json") == 0664);
  CHECK(mode_of(project + "/nano.lock") == 0660);
  CHECK(mode_of(config) == 0640);
}

TEST_CASE("pack, export, convert, quantize and golden replace a file only with --force, and never a folder") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string folder = w.path("packages/tiny-1.0.0"), gguf = data("bert_tiny/bert_tiny.gguf").string();
  const std::vector<std::vector<std::string>> commands = {{"pack", folder, "-o"},
                                                          {"export", "tiny", "-o"},
                                                          {"convert", data("hf/bert_cls").string(), "-o"},
                                                          {"quantize", gguf, "-o"},
                                                          {"golden", "tiny", "good", "-o"}};
  for (auto args : commands) {
    INFO(args.front());
    const std::string out = w.path("out-" + args.front());
    args.push_back(out);
    write(out, "mine");
    const auto refused = w.nano(args);
    CHECK(refused.exit_code == 2);
    CHECK(has(refused.err, "--force"));
    CHECK(read(out) == "mine");
    args.push_back("--force");
    const auto replaced = w.nano(args);
    INFO(replaced.err);
    CHECK(replaced.exit_code == 0);
    CHECK(read(out) != "mine");
    args[args.size() - 2] = w.path("packages");
    const auto into = w.nano(args);
    CHECK(into.exit_code == 2);
    CHECK(has(into.err, "folder"));
    CHECK(stdfs::is_directory(w.path("packages")));
  }
  // Without -o too.
  stdfs::create_directory(w.path("here"));
  REQUIRE(w.nano_in(w.path("here"), {"pack", folder}).exit_code == 0);
  CHECK(w.nano_in(w.path("here"), {"pack", folder}).exit_code == 2);
  CHECK(w.nano_in(w.path("here"), {"pack", folder, "--force"}).exit_code == 0);
  // OUT has two places, and one of them is enough.
  CHECK(w.nano({"quantize", gguf, w.path("a.gguf")}).exit_code == 0);
  CHECK(w.nano({"quantize", gguf, w.path("b.gguf"), "-o", w.path("c.gguf")}).exit_code == 2);
  CHECK(w.nano({"quantize", gguf}).exit_code == 2);
  CHECK(w.nano({"convert", data("hf/bert_cls").string()}).exit_code == 2);
}

TEST_CASE("an output that is standard output has nothing but the file in it, the same bytes as in a file") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string folder = w.path("packages/tiny-1.0.0"), gguf = data("bert_tiny/bert_tiny.gguf").string();
  const std::map<std::string, std::string> env{{"SOURCE_DATE_EPOCH", "1700000000"}};
  const std::vector<std::vector<std::string>> commands = {{"pack", folder, "-o"},
                                                          {"export", "tiny", "-o"},
                                                          {"convert", data("hf/bert_cls").string(), "-o"},
                                                          {"quantize", gguf, "-o"},
                                                          {"golden", "tiny", "good", "-o"}};
  for (const auto& command : commands) {
    INFO(command.front());
    const auto to = [&](const std::string& out) {
      auto args = command;
      args.push_back(out);
      return w.nano(args, {}, env);
    };
    const std::string file = w.path("file-" + command.front());
    REQUIRE(to(file).exit_code == 0);
    for (const char* name : {"-", "/dev/stdout", "/dev/fd/1"}) {
      const auto r = to(name);
      INFO(name << r.err);
      CHECK(r.exit_code == 0);
      CHECK(r.out == read(file));
    }
    if (command.front() == "golden") continue;
    auto args = command;
    args.insert(args.end(), {"-", "--json"});
    CHECK(w.nano(args, {}, env).exit_code == 2);
  }
  CHECK_FALSE(stdfs::exists("-"));
}

TEST_CASE("an output that is a device or a FIFO stays one") {
  World w;
  w.publish("tiny");
  const std::string folder = w.path("packages/tiny-1.0.0"), null = w.path("null");
  if (::mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    WARN("SKIPPED: devices cannot be made here");
    return;
  }
  for (const std::vector<std::string>& args : {std::vector<std::string>{"pack", folder, "-o", null},
                                               {"convert", data("hf/bert_cls").string(), null},
                                               {"quantize", data("bert_tiny/bert_tiny.gguf").string(), null}}) {
    const auto r = w.nano(args);
    INFO(r.err);
    CHECK(r.exit_code == 0);
    CHECK(stdfs::is_character_file(null));
  }
}

TEST_CASE("a project that is current needs no right to write it") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root can act for others");
    return;
  }
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string project = w.path("project");
  REQUIRE(w.nano({"init", project}).exit_code == 0);
  REQUIRE(w.nano_in(project, {"add", "tiny"}).exit_code == 0);
  for (const auto& e : stdfs::recursive_directory_iterator(w.path("home"))) REQUIRE(::lchown(e.path().c_str(), 65534, 65534) == 0);
  REQUIRE(::chown(w.path("home").c_str(), 65534, 65534) == 0);
  REQUIRE(::chmod(w.dir.path().c_str(), 0755) == 0);
  const auto as_nobody = [&](std::vector<std::string> args) {
    std::vector<std::string> argv{"/bin/sh", "-c",
                                  "cd \"$1\" && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"", "sh", project,
                                  stdfs::absolute(bin("nano")).string()};
    argv.insert(argv.end(), args.begin(), args.end());
    return run(argv, {}, w.environment());
  };
  if (as_nobody({"--version"}).exit_code != 0) {
    WARN("SKIPPED: the programs lie where another user cannot run them");
    return;
  }
  for (const std::vector<std::string>& args : {std::vector<std::string>{"sync", "--frozen"}, {"sync", "--locked"}, {"sync"}, {"tree"}}) {
    const auto r = as_nobody(args);
    INFO(args.front() << r.err);
    CHECK(r.exit_code == 0);
  }
  const auto pin = as_nobody({"pin", "tiny"});
  CHECK(pin.exit_code == 9);
  CHECK(has(pin.err, "nano.json"));
}

}  // namespace
}  // namespace nano::test
