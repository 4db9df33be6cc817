// A store on a bad day: damaged where nobody hashes, read-only, without what it needs, used by many at once.
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs_look.h"
#include "base/hash.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

/// Change one byte in the middle of a file, through its modes.
void harm(const std::string& file) {
  std::string bytes = read(file);
  REQUIRE(bytes.size() > 20);
  bytes[bytes.size() * 3 / 5] = static_cast<char>(bytes[bytes.size() * 3 / 5] ^ 0x11);
  struct stat st {};
  REQUIRE(::stat(file.c_str(), &st) == 0);
  ::chmod(file.c_str(), 0600);
  const int fd = ::open(file.c_str(), O_WRONLY);  // in place: every name of it changes
  REQUIRE(fd >= 0);
  REQUIRE(::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  ::close(fd);
  ::chmod(file.c_str(), st.st_mode & 07777);
}

/// A world with one small model installed whose packed form lies under derived/.
struct Packed : World {
  std::string derived{};
  Packed() {
    publish("tiny");
    use_registry();
    REQUIRE(nano({"install", "tiny"}).exit_code == 0);
    REQUIRE(nano({"run", "tiny", "a fine film"}).exit_code == 0);
    const auto names = fs::list_dir(path("home/store/v1/derived"));
    REQUIRE(names);
    REQUIRE(names->size() == 1);
    derived = path("home/store/v1/derived/" + names->front());
  }
};

TEST_CASE("packed weights that are not what the signed ones give are found by verify and doctor, and packed anew by repair") {
  Packed w;
  const std::string good = read(w.derived);
  CHECK(w.nano({"verify"}).exit_code == 0);
  harm(w.derived);
  const auto found = w.nano({"verify"});
  CHECK(found.exit_code == 6);
  CHECK(has(found.out, "derived/"));
  CHECK(has(found.out, "--repair"));
  CHECK(w.nano({"verify", "tiny"}).exit_code == 6);
  const auto doctor = w.nano({"doctor"});
  CHECK(doctor.exit_code == 15);
  CHECK(has(doctor.out, "derived/"));
  const auto mended = w.nano({"verify", "--repair"});
  CHECK(mended.exit_code == 0);
  CHECK(has(mended.out, "repaired 1"));
  CHECK(read(w.derived) == good);
  CHECK(w.nano({"verify"}).exit_code == 0);
  CHECK(w.nano({"doctor"}).exit_code != 1);
  // Cut short, or of another model under this one's name: the same.
  write(w.derived, good.substr(0, good.size() - 64));
  CHECK(w.nano({"verify"}).exit_code == 6);
  CHECK(w.nano({"verify", "--repair"}).exit_code == 0);
  CHECK(read(w.derived) == good);
}

TEST_CASE("attack: a link in the place of derived/ is not followed, for reading or writing") {
  Packed w;
  const auto answer = w.nano({"run", "tiny", "a fine film"}).out;
  harm(w.derived);  // taken, it would change the answer
  std::filesystem::create_directories(w.path("victim"));
  std::filesystem::rename(w.derived, w.path("victim/" + std::filesystem::path(w.derived).filename().string()));
  std::filesystem::remove_all(w.path("home/store/v1/derived"));
  REQUIRE(::symlink(w.path("victim").c_str(), w.path("home/store/v1/derived").c_str()) == 0);
  const std::string before = read(w.path("victim/" + std::filesystem::path(w.derived).filename().string()));
  const auto r = w.nano({"run", "tiny", "a fine film"});
  CHECK(r.exit_code == 0);
  CHECK(r.out == answer);
  CHECK(fs::list_dir(w.path("victim"))->size() == 1);
  CHECK(read(w.path("victim/" + std::filesystem::path(w.derived).filename().string())) == before);
}

TEST_CASE("install notices that what it thinks is installed is damaged, and brings it back") {
  Packed w;
  const std::string folder = w.path("home/store/v1/pkgs/_/tiny/1.0.0~f32");
  const std::vector<std::function<void()>> harms = {
      [&] { harm(folder + "/tiny.gguf"); },
      [&] { ::unlink((folder + "/tiny.gguf").c_str()); },
      [&] { ::unlink((folder + "/~release.json").c_str()); },
      [&] { std::filesystem::remove_all(folder); },
      [&] {
        std::filesystem::remove_all(folder);
        std::filesystem::remove_all(w.path("home/store/v1/blobs"));
      },
      [&] { write(folder + "/nano.json", "{}"); },
  };
  for (const auto& one : harms) {
    INFO("harm " << &one - harms.data());
    one();
    const auto r = w.nano({"install", "tiny"});
    INFO(r.out << r.err);
    CHECK(r.exit_code == 0);
    CHECK(has(r.err, "damaged"));
    CHECK(w.nano({"verify"}).exit_code == 0);
    CHECK(w.nano({"run", "tiny", "a fine film"}).exit_code == 0);
  }
}

TEST_CASE("run of a damaged package names the command that mends, and that command mends it") {
  Packed w;
  const std::string folder = w.path("home/store/v1/pkgs/_/tiny/1.0.0~f32");
  ::unlink((folder + "/tiny.gguf").c_str());
  const auto gone = w.nano({"run", "tiny", "x"});
  CHECK(gone.exit_code == 9);
  CHECK(has(gone.err, "nano verify --repair"));
  CHECK(w.nano({"verify", "--repair"}).exit_code == 0);
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 0);
  ::unlink((folder + "/nano.json").c_str());
  write(folder + "/nano.json", "{");
  const auto broken = w.nano({"run", "tiny", "x"});
  CHECK(has(broken.err, "nano verify --repair"));
  CHECK(w.nano({"verify", "--repair"}).exit_code == 0);
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 0);
  ::unlink(w.path("home/store/v1/current").c_str());
  const auto lost = w.nano({"run", "tiny", "x"});
  CHECK(lost.exit_code == 9);
  CHECK(has(lost.err, "nano verify --repair"));
  CHECK(w.nano({"verify"}).exit_code == 6);
  CHECK(w.nano({"verify", "--repair"}).exit_code == 0);
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 0);
  write(w.path("home/store/v1/current"), "junk\n");
  CHECK(has(w.nano({"list"}).err, "nano rollback --to 1"));
  CHECK(w.nano({"rollback", "--to", "1"}).exit_code == 0);
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 0);
}

TEST_CASE("uninstalls at once all end well") {
  World w;
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (const auto& n : names) w.publish(n);
  w.use_registry();
  REQUIRE(w.nano({"install", "a", "b", "c", "d"}).exit_code == 0);
  std::vector<int> codes(names.size(), -1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < names.size(); ++i) threads.emplace_back([&, i] { codes[i] = w.nano({"uninstall", names[i]}).exit_code; });
  for (auto& t : threads) t.join();
  for (const int c : codes) CHECK(c == 0);
  CHECK(w.installed().empty());
}

TEST_CASE("a home that can only be read: what only reads works, and what writes says where to write") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::map<std::string, std::string> readonly = {{"NANO_TEST_FAULT", "any:EROFS"}};
  const std::vector<std::vector<std::string>> reading = {
      {"list"}, {"history"}, {"tree"}, {"why", "tiny"}, {"info", "tiny"}, {"card", "tiny"}, {"verify"}, {"search"}, {"info", "other"},
      {"outdated"}, {"audit"}, {"resolve", "other"}, {"install", "--dry-run", "other"}, {"trust", "list"}, {"registry", "list"},
      {"run", "tiny", "x"}, {"doctor"}, {"config", "list"}};
  for (const auto& args : reading) {
    const auto r = w.program("nano_faulty", args, {}, readonly);
    INFO(args.front() << ": " << r.err);
    CHECK(r.exit_code == 0);
  }
  const auto writing = w.program("nano_faulty", {"install", "other"}, {}, readonly);
  CHECK(writing.exit_code == 9);
  CHECK(has(writing.err, "NANO_"));
}

TEST_CASE("a disk that does not answer is 9 or does not matter: it is never absence, damage or a bug") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  for (const char* step : {"look", "list", "open"}) {
    for (const std::vector<std::string>& args : {std::vector<std::string>{"list"}, {"gc"}, {"verify"}, {"run", "tiny", "x"}, {"install", "tiny"}}) {
      for (int after = 0; after < 60; after += after < 8 ? 1 : 7) {
        const auto r = w.program("nano_faulty", args, {}, {{"NANO_TEST_FAULT", std::string(step) + ":EIO:" + std::to_string(after)}});
        INFO(step << " " << after << " of " << args.front() << ": " << r.exit_code << " " << r.err);
        CHECK((r.exit_code == 0 || r.exit_code == 9 || r.exit_code == 5));
        if (r.exit_code == 0) break;
      }
    }
  }
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("metadata of a registry that cannot be read are no lost ones: who installs stops, who only reads goes on") {
  World w;
  w.publish("tiny");
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string trust = w.path("home/trust/" + w.id());
  if (::getuid() != 0) {
    WARN("SKIPPED: only root can make a file that only another user may read");
    return;
  }
  // As another user, who may read all but the timestamp that was kept.
  ::chmod((trust + "/timestamp.json").c_str(), 0600);
  ::chmod(w.dir.path().c_str(), 0755);
  for (const char* folder : {"home", "home/config", "home/trust", "home/store"}) ::chmod(w.path(folder).c_str(), 0755);
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.path("home/config")))
    ::chmod(e.path().c_str(), e.is_directory() ? 0755 : 0644);
  std::filesystem::create_directories(w.path("theirs"));
  ::chmod(w.path("theirs").c_str(), 0777);
  for (const std::string& args : {std::string("search"), std::string("install --dry-run other"), std::string("outdated")}) {
    const auto r = run({"/bin/sh", "-c", "cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" " + args, bin("nano")}, {}, w.environment());
    if (has(r.err, "Permission denied") && has(r.err, "sh:")) {
      WARN("SKIPPED: the programs lie where other users may not go");
      return;
    }
    INFO(args << ": " << r.exit_code << r.err);
    CHECK(r.exit_code == 0);
  }
  const auto r = run({"/bin/sh", "-c", "cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" --store \"$1\" install other", bin("nano"),
                      w.path("theirs")}, {}, w.environment());
  CHECK(r.exit_code == 9);
  CHECK(has(r.err, "timestamp.json"));
}

TEST_CASE("gc says what it withholds and why, and --now removes it") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string partial = w.path("home/store/v1/partial/" + std::string(64, 'a'));
  write(partial + "/data", "half of it");
  const auto kept = w.nano({"gc"});
  CHECK(kept.exit_code == 0);
  CHECK(has(kept.out, "partial download"));
  CHECK(has(kept.out, "--now"));
  CHECK(fs::is_there(partial).value());
  const Json doc = w.json(w.nano({"gc", "--json"}))["data"];
  REQUIRE(doc["withheld"].size() == 1);
  CHECK(doc["withheld"][0]["why"] == "young-partial");
  CHECK(w.nano({"gc", "--now"}).exit_code == 0);
  CHECK_FALSE(fs::is_there(partial).value());
}

TEST_CASE("few open files, a limit on file sizes and a path of 700 bytes") {
  World w;
  w.publish("tiny");
  w.use_registry();
  // sh, because a limit is inherited.
  const auto limited = [&](const std::string& limit, const std::string& args) {
    const auto r = run({"/bin/sh", "-c", "ulimit " + limit + "; exec \"$0\" " + args, bin("nano")}, {}, w.environment());
    INFO(r.err);
    return r;
  };
  CHECK(limited("-n 32", "install tiny").exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
  REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"gc", "--keep", "0", "--now"}).exit_code == 0);
  const auto small = limited("-f 8", "install tiny");
  CHECK(small.exit_code == 9);
  CHECK(has(small.err, "ulimit -f"));
  std::string deep = w.path("d");
  while (deep.size() < 700) deep += "/" + std::string(60, 'd');
  for (const std::vector<std::string>& args : {std::vector<std::string>{"install", "tiny"}, {"list"}, {"history"}, {"search"}, {"verify"}, {"gc"}, {"uninstall", "tiny"}}) {
    auto all = args;
    all.insert(all.end(), {"--store", deep + "/store"});
    const auto r = w.nano(all);
    INFO(args.front() << ": " << r.err);
    CHECK(r.exit_code == 0);
  }
  CHECK(fs::is_there(deep + "/store/state.sqlite").value());
}

TEST_CASE("a download that was broken off needs only the space of the rest") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string disk = w.path("disk");
  std::filesystem::create_directories(disk);
  const std::string weights = read(w.path("packages/tiny-1.0.0/tiny.gguf"));
  // Room for the rest and for the notes beside it, but not for the whole file once more.
  const std::string size = std::to_string((weights.size() * 9 / 10 + 540'000) / 4096 * 4096);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) {
    WARN("SKIPPED: mounting a tmpfs is not allowed here");
    return;
  }
  const Digest d = sha256(weights);
  write(disk + "/store/partial/" + d.hex() + "/data", weights.substr(0, weights.size() * 9 / 10));
  const auto r = w.nano({"install", "tiny", "--store", disk + "/store"});
  ::umount(disk.c_str());
  INFO(r.err);
  CHECK(r.exit_code == 0);
}

}  // namespace
}  // namespace nano::test
