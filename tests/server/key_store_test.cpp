// tests/server/key_store_test.cpp: private keys at rest: modes, passphrases, and files that are not what they claim.
#include "registry/repository/key_store.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/support.h"

using namespace nano;
using namespace nano::registry;

namespace {

/// Says `text` whenever it is asked, and counts.
struct Asker {
  std::string text{};
  int asked = 0;
  AskPassphrase ask() {
    return [this](const fs::Path&, bool, uint32_t attempt) -> Result<std::optional<verify::Secret>> {
      if (attempt > 0) return std::optional<verify::Secret>();  // there is no other one
      ++asked;
      if (text.empty()) return std::optional<verify::Secret>();
      return std::optional<verify::Secret>(std::in_place, text);
    };
  }
};

KeyStore store(const fs::Path& folder, Asker& asker, std::optional<fs::Path> offline = std::nullopt) {
  auto s = KeyStore::open({.online = folder, .offline = std::move(offline)}, asker.ask());
  if (!s) FAIL(s.error().render());
  return std::move(*s);
}

unsigned mode_of(const fs::Path& p) {
  struct stat st {};
  REQUIRE(::stat(p.c_str(), &st) == 0);
  return st.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a new key is written for its owner alone and found again by its id") {
  const test::TempDir dir;
  Asker none;
  const auto key = store(dir / "keys", none).create("root");
  REQUIRE(key);
  CHECK(mode_of(dir / "keys/root.pem") == 0600);
  CHECK(mode_of(dir / "keys") == 0700);
  auto again = store(dir / "keys", none);
  CHECK(again.has(key->key_id()));
  CHECK(again.named("root") == *key);
  const auto found = again.find(key->key_id());
  REQUIRE(found);
  CHECK((*found)->public_key() == *key);
  CHECK(again.find(std::string(64, 'a')).value() == nullptr);
  CHECK(again.create("root").error().code == Errc::refused);
  CHECK(again.make("root").value() == *key);
  for (const char* label : {"", "../root", ".x", "-x", "a/b", "A"})
    CHECK(again.create(label).error().code == Errc::usage);
}

TEST_CASE("attack: a private key that others can read is not used") {
  const test::TempDir dir;
  Asker none;
  const auto key = store(dir / "keys", none).create("root").value();
  for (const mode_t mode : {0640U, 0604U, 0660U, 0610U}) {
    REQUIRE(::chmod((dir / "keys/root.pem").c_str(), mode) == 0);
    auto s = store(dir / "keys", none);
    const auto found = s.find(key.key_id());
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::denied);
    CHECK(found.error().hint.find("chmod 600") != std::string::npos);
    CHECK(s.list().value().front().readable_by_others);
  }
  REQUIRE(::chmod((dir / "keys/root.pem").c_str(), 0600) == 0);
  CHECK(store(dir / "keys", none).find(key.key_id()));
}

TEST_CASE("attack: a link in a key's place is not followed") {
  const test::TempDir dir;
  Asker none;
  const auto key = store(dir / "keys", none).create("root").value();
  std::filesystem::rename(dir / "keys/root.pem", dir / "elsewhere.pem");
  std::filesystem::create_symlink(dir / "elsewhere.pem", dir / "keys/root.pem");
  CHECK_FALSE(store(dir / "keys", none).find(key.key_id()));
}

TEST_CASE("an encrypted key opens with its passphrase, asked for once a folder, and with no other") {
  const test::TempDir dir;
  Asker right{.text = "correct horse"};
  auto made = store(dir / "keys", right);
  const auto a = made.create("a").value();
  const auto b = made.create("b").value();
  CHECK(right.asked == 1);
  CHECK(test::read(dir / "keys/a.pem").find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
  auto again = store(dir / "keys", right);
  REQUIRE(again.find(a.key_id()));
  REQUIRE(again.find(b.key_id()));
  CHECK(right.asked == 2);
  CHECK(again.list().value().front().encrypted);
  Asker wrong{.text = "wrong"};
  CHECK(store(dir / "keys", wrong).find(a.key_id()).error().code == Errc::denied);
  Asker none;
  CHECK(store(dir / "keys", none).find(a.key_id()).error().code == Errc::denied);
}

TEST_CASE("a new key is never sealed with another passphrase than its neighbours have") {
  const test::TempDir dir;
  Asker right{.text = "right"};
  REQUIRE(store(dir / "keys", right).create("a"));
  Asker wrong{.text = "wrong"};
  CHECK(store(dir / "keys", wrong).create("b").error().code == Errc::denied);
  Asker none;
  CHECK(store(dir / "keys", none).create("b").error().code == Errc::denied);
  CHECK_FALSE(std::filesystem::exists(dir / "keys/b.pem"));
  CHECK(store(dir / "keys", right).create("b"));
}

TEST_CASE("a passphrase is not asked for when the key needs none") {
  const test::TempDir dir;
  Asker none;
  const auto key = store(dir / "keys", none).create("a").value();
  Asker asker{.text = "x"};
  CHECK(store(dir / "keys", asker).find(key.key_id()));
  CHECK(asker.asked == 0);
}

TEST_CASE("attack: a .pub that names another key than the .pem beside it") {
  const test::TempDir dir;
  Asker none;
  auto s = store(dir / "keys", none);
  (void)s.create("a");
  const auto b = s.create("b").value();
  std::filesystem::remove(dir / "keys/a.pub");
  std::filesystem::rename(dir / "keys/b.pub", dir / "keys/a.pub");
  CHECK(store(dir / "keys", none).find(b.key_id()).error().code == Errc::integrity);
}

TEST_CASE("keys that sign rarely go to the offline folder when there is one") {
  const test::TempDir dir;
  Asker none;
  auto s = store(dir / "on", none, dir / "off");
  for (const char* label : {"root", "targets", "advisory", "registrar", "root.2"}) {
    (void)s.create(label);
    CHECK(std::filesystem::exists(dir / (std::string("off/") + label + ".pem")));
  }
  for (const char* label : {"timestamp", "snapshot", "index", "ns.acme", "rootling"}) {
    (void)s.create(label);
    CHECK(std::filesystem::exists(dir / (std::string("on/") + label + ".pem")));
  }
}
