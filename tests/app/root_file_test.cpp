// tests/app/root_file_test.cpp: a registry is the same one whatever its root's file went through on its way.
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

TEST_CASE("a root whose file got line ends, a newline or other white space pins the same registry, also after a rotation") {
  World w;
  w.publish("tiny");
  const std::string root = read(w.root());
  std::map<std::string, std::string> forms{{"crlf", with_crlf(root)}, {"newline", root + "\n"}, {"bare", root.substr(0, root.size() - 1)}};
  forms["pretty"] = dump_pretty(parse_json(root).value());
  for (const auto& [name, bytes] : forms) {
    INFO(name);
    write(w.path("root.json"), bytes);
    REQUIRE(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root", w.path("root.json")}).exit_code == 0);
    const auto listed = w.nano({"trust", "list", "--json"});
    CHECK(has(listed.out, sha256(root).hex()));
    CHECK(w.nano({"install", "tiny"}).exit_code == 0);
    CHECK(w.nano({"uninstall", "tiny"}).exit_code == 0);
    REQUIRE(w.nano({"registry", "remove", "work"}).exit_code == 0);
  }
  write(w.path("root.json"), forms["crlf"]);
  REQUIRE(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root", w.path("root.json")}).exit_code == 0);
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.program("nano-registry", {"key", "rotate", w.registry(), "root"}).exit_code == 0);
  CHECK(w.nano({"search"}).exit_code == 0);
  CHECK_FALSE(has(w.nano({"search"}).err, "another registry"));
  // A root that was really changed is refused at once.
  std::string other = root;
  other.replace(other.find("\"sig\":\"") + 7, 4, "0000");
  write(w.path("root.json"), other);
  CHECK(w.nano({"registry", "add", "more", w.registry(), "--namespaces", "x", "--root", w.path("root.json")}).exit_code == 7);
}

TEST_CASE("a registry that nano before 0.3 pinned by the bytes of its root stays known by that id") {
  World w;
  w.publish("tiny");
  const std::string bytes = with_crlf(read(w.root()));
  write(w.path("root.json"), bytes);
  REQUIRE(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root", w.path("root.json")}).exit_code == 0);
  // What such a nano wrote: the id of the bytes in the configuration, and the bytes under that name.
  const std::string id = sha256(read(w.root())).hex();
  const std::string old = sha256(bytes).hex();
  int changed = 0;
  std::vector<std::filesystem::path> pinned;
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.path(""))) {
    if (!e.is_regular_file()) continue;
    const std::string text = read(e.path());
    if (e.path().filename() == "config.json" && has(text, id)) {
      std::string next = text;
      next.replace(next.find(id), id.size(), old);
      write(e.path(), next);
      ++changed;
    } else if (has(e.path().filename().string(), id)) {
      pinned.push_back(e.path());
    }
  }
  REQUIRE(changed == 1);
  REQUIRE(pinned.size() == 1);
  const std::string name = pinned.front().filename().string();
  write(pinned.front().parent_path() / (old + name.substr(name.find(id) + id.size())), bytes);
  std::filesystem::remove(pinned.front());
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(w.program("nano-registry", {"key", "rotate", w.registry(), "root"}).exit_code == 0);
  const auto after = w.nano({"search"});
  INFO(after.err);
  CHECK(after.exit_code == 0);
  CHECK_FALSE(has(after.err, "another registry"));
}

}  // namespace
}  // namespace nano::test
