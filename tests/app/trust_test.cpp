// Bytes that differ and signatures that are not the pinned key's: refused, and nothing is left half-done.
#include <catch2/catch.hpp>

#include "registry/bundle.h"
#include "schemas/release.h"
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

TEST_CASE("a registry signed by another key is refused") {
  World w;
  w.publish("tiny");
  World other;
  REQUIRE(
      w.nano({"registry", "add", "work", w.registry(), "--root-namespace", "--key", other.key()}).exit_code ==
      0);
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 7);
  CHECK(has(r.err, "signature"));
  CHECK(w.installed().empty());
  CHECK(w.nano({"search", "tiny"}).exit_code == 7);
}

TEST_CASE("a release whose envelope was taken away or changed is refused") {
  World w;
  w.publish("tiny");
  w.use_registry();
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.registry() + "/targets")) {
    const std::string p = e.path().string();
    if (!p.ends_with(".dsse.json")) continue;
    const std::string whole = read(p);
    std::filesystem::permissions(p, std::filesystem::perms::owner_all);
    Json env = parse_json(whole).value();
    env["signatures"] = Json::array();
    write(p, dump_line(env));
    CHECK(w.nano({"install", "tiny"}).exit_code == 7);
    env = parse_json(whole).value();
    std::string sig = env["signatures"][0]["sig"];
    sig[10] = sig[10] == 'A' ? 'B' : 'A';
    env["signatures"][0]["sig"] = sig;
    write(p, dump_line(env));
    CHECK(w.nano({"install", "tiny"}).exit_code == 7);
    write(p, whole);
  }
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

/// A bundle as an operator would hand it out: the release and its envelope out of the tree, the blobs beside them.
std::string signed_bundle(World& w, const std::string& out) {
  std::string release, envelope;
  for (const auto& e : std::filesystem::recursive_directory_iterator(w.registry() + "/targets")) {
    const std::string p = e.path().string();
    if (!e.is_regular_file() || has(p, "/index/")) continue;
    (p.ends_with(".dsse.json") ? envelope : release) = read(p);
  }
  std::vector<registry::LocalBlob> blobs;
  const auto parsed = schemas::parse_release(release);
  REQUIRE(parsed);
  for (const auto& f : parsed->files) {
    const std::string hex = f.sha256.hex();
    blobs.push_back({{f.sha256, f.size}, w.registry() + "/blobs/sha256/" + hex.substr(0, 2) + "/" + hex});
  }
  REQUIRE(registry::write_bundle(out, release, envelope, blobs));
  return out;
}

TEST_CASE(
    "a bundle signed by a configured key is installed without a question, by another key it is refused") {
  World w;
  w.publish("tiny");
  const std::string bundle = signed_bundle(w, w.path("tiny.nano"));
  CHECK(w.nano({"install", bundle}).exit_code == 7);  // no registry is configured yet: nobody vouches for it
  w.use_registry();
  std::filesystem::remove_all(w.registry());  // the bundle alone is enough
  const auto r = w.nano({"install", bundle});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK_FALSE(has(w.nano({"list"}).out, "unsigned"));
  CHECK(w.nano({"verify"}).exit_code == 0);
  World other;
  other.use_registry();
  CHECK(other.nano({"install", bundle}).exit_code == 7);
  CHECK(other.installed().empty());
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
  // A new build of nano brings a starter registry with another key; what is installed stays trusted.
  REQUIRE(w.program("nano-registry", {"starter", starter, w.path("packages/begin-1.0.0.nano")}).exit_code ==
          0);
  CHECK(w.nano({"verify"}, {}, with).exit_code == 0);
  w.use_registry();
  CHECK(w.nano({"install", "tiny"}, {}, with).exit_code == 0);
  const auto gone = w.nano({"info", "begin@2"}, {}, with);
  CHECK(gone.exit_code == 3);
}

}  // namespace
}  // namespace nano::test
