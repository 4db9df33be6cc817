// Bytes that differ and signatures that are not the pinned key's: refused, and nothing is left half-done.
#include <catch2/catch.hpp>

#include <algorithm>

#include "base/hash.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

void flip_a_byte(const std::string& file) {
  std::string bytes = read(file);
  REQUIRE(bytes.size() > 1000);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  write(file, bytes);
}

TEST_CASE("a blob with one flipped byte is refused and the next install is clean") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string blob = w.blob_of(data("bert_tiny/bert_tiny.gguf").string());
  flip_a_byte(blob);
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 6);
  CHECK(has(r.err, "sha256:"));
  CHECK(w.installed().empty());
  flip_a_byte(blob);
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("a blob cut short is refused") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const std::string blob = w.blob_of(data("bert_tiny/bert_tiny.gguf").string());
  const std::string whole = read(blob);
  std::filesystem::permissions(blob, std::filesystem::perms::owner_all);
  write(blob, whole.substr(0, whole.size() / 3));
  CHECK(w.nano({"install", "tiny"}).exit_code == 6);
  CHECK(w.installed().empty());
  write(blob, whole);
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
}

TEST_CASE("a registry with another root than the pinned one is refused") {
  World w;
  w.publish("tiny");
  World other;
  REQUIRE(w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--root", other.root()}).exit_code == 0);
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "signature"));
  CHECK(w.installed().empty());
  CHECK(w.nano({"search", "tiny"}).exit_code == 7);
}

TEST_CASE("metadata that were changed are refused, each file of them, and nothing is installed") {
  World w;
  w.publish("tiny");
  w.use_registry();
  int refused = 0;
  for (const auto& e : std::filesystem::directory_iterator(w.registry() + "/metadata")) {
    const std::string p = e.path().string();
    const std::string whole = read(p);
    std::filesystem::permissions(p, std::filesystem::perms::owner_all);
    Json doc = parse_json(whole).value();
    doc["signed"]["x-changed"] = 1;
    write(p, dump_line(doc));
    const auto r = w.nano({"install", "tiny"}, {}, {{"NANO_HOME", w.path("home-" + e.path().filename().string())}});
    CHECK(r.exit_code != 0);  // this home has no registry at all
    const auto seen = w.nano({"install", "tiny", "--dry-run"});
    if (seen.exit_code != 0) {
      CHECK((seen.exit_code == 7 || seen.exit_code == 6));
      ++refused;
    }
    write(p, whole);
    std::filesystem::remove_all(w.path("home/trust"));
  }
  CHECK(refused >= 5);  // timestamp, snapshot, targets, advisory, the shard's registrar, the namespace
  CHECK(w.installed().empty());
  CHECK(w.nano({"install", "tiny"}).exit_code == 0);
}

TEST_CASE("verify finds a changed byte of what is installed and repair mends it") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  flip_a_byte(w.path("home/store/v1/pkgs/_/tiny/1.0.0~f32/tiny.gguf"));
  const auto r = w.nano({"verify"});
  CHECK(r.exit_code == 6);
  CHECK(has(r.out + r.err, "tiny.gguf"));
  (void)w.nano({"verify", "--repair"});
  // The blob is the same file (a hard link), so its bytes are gone too: an install brings them back.
  CHECK(w.nano({"install", "tiny", "--force"}).exit_code == 0);
  CHECK(w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("an unsigned bundle needs a clear yes, is marked, and replaces nothing signed") {
  World w;
  w.publish("tiny");
  const std::string bundle = w.pack(w.make_package("loose"));
  w.use_registry();
  const auto refused = w.nano({"install", bundle});
  CHECK(refused.exit_code == 7);
  CHECK(has(refused.err, "--allow-unsigned"));
  CHECK(w.installed().empty());
  REQUIRE(w.nano({"install", bundle, "--allow-unsigned"}).exit_code == 0);
  CHECK(has(w.nano({"list"}).out, "unsigned"));
  CHECK(has(w.nano({"info", "loose"}).out, "unsigned"));
  CHECK(has(w.nano({"verify"}).out, "unsigned"));
  CHECK(w.nano({"verify"}).exit_code == 0);
  CHECK(w.nano({"run", "loose", "x"}).exit_code == 0);

  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string impostor = w.pack(w.make_package("tiny", "9.0.0"));
  CHECK(w.nano({"install", impostor, "--allow-unsigned"}).exit_code == 7);
  CHECK(w.installed() == std::vector<std::string>{"loose 1.0.0 f32", "tiny 1.0.0 f32"});
}

TEST_CASE("an unsigned package satisfies no dependency") {
  World w;
  w.publish("tiny");
  w.publish("head", "1.0.0",
            {{"dependencies", Json::array({{{"name", "trunk"}, {"range", "*"}, {"use", "base"}}})}});
  w.use_registry();
  REQUIRE(w.nano({"install", w.pack(w.make_package("trunk")), "--allow-unsigned"}).exit_code == 0);
  const auto r = w.nano({"install", "head"});
  INFO(r.err);
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "trunk"));
}

TEST_CASE("the starter registry serves the root namespace until another registry takes it") {
  World w;
  w.publish("tiny");
  const std::string starter = w.path("starter");
  REQUIRE(w.program("nano-registry", {"starter", starter, w.pack(w.make_package("begin"))}).exit_code == 0);
  const std::map<std::string, std::string> with = {{"NANO_STARTER", starter}};
  REQUIRE(w.nano({"install", "begin"}, {}, with).exit_code == 0);
  CHECK(w.nano({"verify"}, {}, with).exit_code == 0);
  // A new build of nano brings a starter registry with another root; what is installed stays trusted.
  REQUIRE(w.program("nano-registry", {"starter", starter, w.path("packages/begin-1.0.0.nano")}).exit_code ==
          0);
  CHECK(w.nano({"verify"}, {}, with).exit_code == 0);
  w.use_registry();
  CHECK(w.nano({"install", "tiny"}, {}, with).exit_code == 0);
  const auto gone = w.nano({"info", "begin@2"}, {}, with);
  CHECK(gone.exit_code == 3);
}

TEST_CASE("verify names each file, the release, who vouches, and until when, without a network") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  std::filesystem::rename(w.registry(), w.path("gone"));
  const auto row = w.json(w.nano({"verify", "tiny", "--json"}))["data"]["packages"][0];
  CHECK(row["standing"] == "vouched");
  CHECK(row["registry_id"] == sha256(read(w.path("gone/metadata/1.root.json"))).hex());
  CHECK(row["files"].size() >= 2);
  for (const auto& f : row["files"]) CHECK(f["digest"].get<std::string>().starts_with("sha256:"));
  REQUIRE(row["chain"].size() == 4);
  CHECK(row["chain"][0]["role"] == "root");
  CHECK(row["chain"][3]["role"] == "ns._");
  CHECK(row["chain"][3]["keys"][0] == row["signer"]);
  const auto shown = w.nano({"verify", "tiny"});
  CHECK(shown.exit_code == 0);
  CHECK(has(shown.out, "sha256:"));
  CHECK(has(shown.out, "role ns._"));
  // Without the metadata the record of the install says the same.
  std::filesystem::remove_all(w.path("home/trust"));
  const auto again = w.json(w.nano({"verify", "tiny", "--json"}))["data"]["packages"][0];
  CHECK(again["standing"] == "recorded");
  CHECK(again["chain"] == row["chain"]);
}

TEST_CASE("an attack with a namespace in another registry: it is asked of its owner and of nobody else") {
  World w;
  World evil;
  // Dependency confusion: the stranger offers a higher version of a package of the other registry, signed and all.
  w.publish("tiny", "1.0.0");
  evil.publish("tiny", "99.0.0");
  w.use_registry();
  REQUIRE(w.nano({"registry", "add", "evil", evil.registry(), "--namespaces", "acme", "--root", evil.root()}).exit_code == 0);
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  CHECK(w.installed() == std::vector<std::string>{"tiny 1.0.0 f32"});
  CHECK(w.nano({"install", "tiny@99.0.0"}).exit_code == 3);
  // And when its owner is away there is no falling back.
  REQUIRE(w.nano({"uninstall", "tiny"}).exit_code == 0);
  std::filesystem::rename(w.registry(), w.path("away"));
  CHECK(w.nano({"install", "tiny"}).exit_code != 0);
  CHECK(w.installed().empty());
  const auto hits = w.json(w.nano({"search", "tiny", "--json"}));
  for (const auto& h : hits["data"]["hits"]) CHECK(h["version"] != "99.0.0");
}

TEST_CASE("keys that sign a package and change are announced loudly") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const auto rekeyed = w.program("nano-registry", {"namespace", "rekey", w.registry(), "_"});
  INFO(rekeyed.err);
  REQUIRE(rekeyed.exit_code == 0);
  w.publish("tiny", "1.1.0");
  const auto r = w.nano({"install", "tiny@1.1.0"});
  CHECK(r.exit_code == 0);
  CHECK(has(r.err, "HAVE CHANGED"));
  CHECK_FALSE(has(w.nano({"install", "tiny@1.1.0", "--force"}).err, "HAVE CHANGED"));
}

TEST_CASE("trust list and show say which root, which roles, which keys, reset forgets and begins again") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto before = w.json(w.nano({"trust", "show", "work", "--json"}))["data"];
  CHECK(before["id"] == w.id());
  CHECK(before["roles"].empty());
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const auto after = w.json(w.nano({"trust", "show", "work", "--json"}))["data"];
  std::vector<std::string> roles;
  for (const auto& r : after["roles"]) {
    roles.push_back(r["role"]);
    CHECK(r["threshold"] == 1);
    CHECK(r["key_ids"].size() == 1);
    CHECK(r["expired"] == false);
  }
  CHECK(std::find(roles.begin(), roles.end(), "ns._") != roles.end());
  CHECK(std::find(roles.begin(), roles.end(), "timestamp") != roles.end());
  CHECK(has(w.nano({"trust", "list"}).out, w.id().substr(0, 16)));
  CHECK(has(w.nano({"trust", "show", "work"}).out, "ns._"));
  CHECK(w.nano({"trust", "show", "wrk"}).exit_code == 3);
  CHECK(w.nano({"trust", "reset", "work"}).exit_code == 2);
  CHECK(w.nano({"trust", "reset", "work", "--yes"}).exit_code == 0);
  CHECK(w.json(w.nano({"trust", "show", "work", "--json"}))["data"]["roles"].empty());
  CHECK(w.nano({"install", "tiny", "--force"}).exit_code == 0);
}

TEST_CASE("a static registry is pointed out as weaker against old metadata") {
  World w;
  const std::string folder = w.path("static");
  REQUIRE(w.program("nano-registry", {"init", folder, "--static", "--expires", "10y"}).exit_code == 0);
  REQUIRE(w.nano({"registry", "add", "stick", folder, "--root-namespace", "--root", folder + "/metadata/1.root.json"}).exit_code == 0);
  CHECK(w.json(w.nano({"registry", "list", "--json"}))["data"]["registries"][0]["static"] == true);
  CHECK(has(w.nano({"registry", "list"}).err, "static"));
  CHECK(has(w.nano({"trust", "list"}).out, "static"));
}

TEST_CASE("the first install says its metadata requests with --verbose, and an unchanged registry costs two") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto first = w.nano({"install", "tiny", "--verbose"});
  REQUIRE(first.exit_code == 0);
  const auto at = first.err.find(" metadata requests");
  REQUIRE(at != std::string::npos);
  CHECK(std::stoi(first.err.substr(first.err.rfind(' ', at - 1) + 1)) <= 8);
  const auto again = w.nano({"install", "tiny", "--force", "--verbose"});
  CHECK(has(again.err, ": 2 metadata requests"));
}

}  // namespace
}  // namespace nano::test
