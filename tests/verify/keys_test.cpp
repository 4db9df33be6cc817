// tests/verify/keys_test.cpp: key ids and signatures against securesystemslib's, key files, passphrases.
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"
#include "base/base64.h"
#include "verify/key_file.h"
#include "verify/keys.h"

using namespace nano;
using verify::PrivateKey;
using verify::PublicKey;
using verify::Secret;

namespace {

PrivateKey make_key() {
  auto key = PrivateKey::generate();
  REQUIRE(key);
  return std::move(*key);
}

}  // namespace

TEST_CASE("ed25519 key ids and signatures agree with securesystemslib") {
  const auto path = test::shared("trust/sigs.json");
  if (!path) {
    WARN("SKIPPED: no trust/sigs.json");
    return;
  }
  const auto doc = parse_json(test::read(*path));
  REQUIRE(doc);
  int checked = 0;
  for (const Json& row : *doc) {
    if (row["key"]["keytype"] != "ed25519") continue;
    const auto key = PublicKey::from_hex(row["key"]["keyval"]["public"].get<std::string>());
    REQUIRE(key);
    CHECK(key->key_id() == row["keyid"].get<std::string>());
    const std::string payload = from_hex(row["payload_hex"].get<std::string>()).value();
    std::string sig = from_hex(row["sig"].get<std::string>()).value();
    CHECK(key->verify(payload, sig));
    CHECK_FALSE(key->verify(payload + " ", sig));
    sig[10] = static_cast<char>(sig[10] ^ 1);
    CHECK_FALSE(key->verify(payload, sig));
    ++checked;
  }
  CHECK(checked >= 1);
}

TEST_CASE("RFC 8032's first test vector verifies") {
  const auto key = PublicKey::from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  REQUIRE(key);
  const auto sig = from_hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  REQUIRE(sig);
  CHECK(key->verify("", *sig));
  CHECK_FALSE(key->verify("x", *sig));
  CHECK_FALSE(key->verify("", sig->substr(1)));
  CHECK_FALSE(key->verify("", ""));
}

TEST_CASE("a key signs, and only its own public half verifies") {
  const PrivateKey a = make_key();
  const PrivateKey b = make_key();
  const auto sig = a.sign("message");
  REQUIRE(sig);
  CHECK(a.public_key().verify("message", *sig));
  CHECK_FALSE(b.public_key().verify("message", *sig));
  CHECK(a.public_key().key_id() != b.public_key().key_id());
}

TEST_CASE("public keys read from hex, from config text and from PEM are the same key") {
  const PublicKey key = make_key().public_key();
  CHECK(PublicKey::from_text(key.hex()).value() == key);
  CHECK(PublicKey::from_text(key.text() + "\n").value() == key);
  CHECK(PublicKey::from_text(key.pem()).value() == key);
}

TEST_CASE("nonsense and other kinds of keys are refused as keys") {
  CHECK(PublicKey::from_hex("ab").error().code == Errc::invalid);
  CHECK(PublicKey::from_hex(std::string(64, 'G')).error().code == Errc::invalid);
  CHECK(PublicKey::from_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").error().code == Errc::invalid);
  const auto path = test::shared("trust/sigs.json");
  if (path) {
    const auto doc = parse_json(test::read(*path));
    REQUIRE(doc);
    for (const Json& row : *doc)
      if (row["key"]["keytype"] != "ed25519")
        CHECK(PublicKey::from_pem(row["key"]["keyval"]["public"].get<std::string>()).error().code == Errc::unsupported);
  }
}

TEST_CASE("a key file is private, never overwritten, and gives the same key back") {
  const test::TempDir dir;
  const PrivateKey key = make_key();
  REQUIRE(key.save(dir / "k.pem"));
  struct stat st {};
  REQUIRE(stat((dir / "k.pem").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0600);
  CHECK(test::read(dir / "k.pem").find("BEGIN PRIVATE KEY") != std::string::npos);
  const auto again = PrivateKey::load(dir / "k.pem");
  REQUIRE(again);
  CHECK(again->public_key() == key.public_key());
  CHECK(again->sign("m").value() == key.sign("m").value());  // Ed25519 is deterministic
  CHECK(make_key().save(dir / "k.pem").error().code == Errc::refused);
  CHECK(PrivateKey::load(dir / "absent.pem").error().code == Errc::not_found);
}

TEST_CASE("an encrypted key opens with its passphrase alone, and has 600,000 rounds") {
  const test::TempDir dir;
  const PrivateKey key = make_key();
  REQUIRE(key.save(dir / "k.pem", Secret("correct horse")));
  const std::string pem = test::read(dir / "k.pem");
  CHECK(pem.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
  CHECK(PrivateKey::load(dir / "k.pem", Secret("correct horse")).value().public_key() == key.public_key());
  CHECK(PrivateKey::load(dir / "k.pem", Secret("wrong")).error().code == Errc::denied);
  CHECK(PrivateKey::load(dir / "k.pem").error().code == Errc::denied);
  std::string der;
  CHECK(verify::named_above(pem) == key.public_key());  // legible without the passphrase; readers of PEM pass over it
  for (const std::string& line : split(pem.substr(pem.find("-----BEGIN")), '\n'))
    if (!line.empty() && line[0] != '-') der += line;
  der = nano::from_base64(der).value();
  CHECK(der.find("\x02\x03\x09\x27\xC0") != std::string::npos);                  // INTEGER 600,000
  CHECK(der.find("\x2A\x86\x48\x86\xF7\x0D\x02\x09") != std::string::npos);  // hmacWithSHA256 (RFC 8018 B.1.2)
}

TEST_CASE("attack: a passphrase longer than OpenSSL's room for it opens nothing, and nothing is sealed with one") {
  const PrivateKey key = make_key();
  const std::string longest(1'024, 'p');
  const auto pem = key.pem(Secret(longest));
  REQUIRE(pem);
  CHECK(PrivateKey::from_pem(pem->view(), Secret(longest)).value().public_key() == key.public_key());
  CHECK(PrivateKey::from_pem(pem->view(), Secret(longest + "p")).error().code == Errc::denied);
  CHECK(PrivateKey::from_pem(pem->view(), Secret(std::string(300'000, 'p'))).error().code == Errc::denied);
  CHECK(key.pem(Secret(longest + "p")).error().code == Errc::usage);
}

TEST_CASE("the openssl program accepts our signature with our public PEM") {
  const test::TempDir dir;
  const PrivateKey key = make_key();
  test::write(dir / "m", "the message");
  test::write(dir / "sig", key.sign("the message").value());
  test::write(dir / "pub.pem", key.public_key().pem());
  const auto r = test::run({"/usr/bin/openssl", "pkeyutl", "-verify", "-pubin", "-inkey", (dir / "pub.pem").string(), "-rawin", "-in",
                            (dir / "m").string(), "-sigfile", (dir / "sig").string()});
  if (r.exit_code == 127 || r.exit_code == 126) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  CHECK(r.exit_code == 0);
}

TEST_CASE("a private key of another kind or of nonsense is refused") {
  CHECK(PrivateKey::from_pem("hello").error().code == Errc::invalid);
  CHECK(PrivateKey::from_pem(std::string(20000, 'x')).error().code == Errc::invalid);
  // RFC 8410 PKCS#8 with X25519's object id in Ed25519's place.
  const std::string der = from_hex("302e020100300506032b656e04220420").value() + std::string(32, '\x42');
  const std::string pem = "-----BEGIN PRIVATE KEY-----\n" + nano::to_base64(der) + "\n-----END PRIVATE KEY-----\n";
  CHECK(PrivateKey::from_pem(pem).error().code == Errc::unsupported);
}

TEST_CASE("a secret that is moved or replaced leaves nothing behind") {
  verify::Secret one(std::string("short"));
  verify::Secret two(std::move(one));
  CHECK(two.view() == "short");
  CHECK(one.view().empty());  // NOLINT: what a moved-from secret holds is the point
  verify::Secret three(std::string("another passphrase, longer than what fits into the string itself"));
  three = std::move(two);
  CHECK(three.view() == "short");
  CHECK(two.view().empty());  // NOLINT
  verify::Secret& same = three;
  three = std::move(same);
  CHECK(three.view() == "short");
}

TEST_CASE("a key id is the hash of the key's canonical JSON") {
  const PublicKey key = make_key().public_key();
  const std::string text = R"({"keytype":"ed25519","keyval":{"public":")" + key.hex() + R"("},"scheme":"ed25519"})";
  CHECK(key.key_id() == sha256(text).hex());
}

TEST_CASE("what is longer than a key, of another kind, or called otherwise is no public key") {
  const PublicKey key = make_key().public_key();
  CHECK(PublicKey::from_hex(key.hex() + "00").error().code == Errc::invalid);
  CHECK(PublicKey::from_text("x25519x:" + key.hex()).error().code == Errc::invalid);
  CHECK(PublicKey::from_text("ed25519:" + key.hex()));
  CHECK(PublicKey::from_pem(key.pem() + std::string(20'000, '\n')).error().code == Errc::invalid);
  // RFC 8410 SubjectPublicKeyInfo with X25519's object id: the same 32 bytes, another kind of key.
  const std::string der = from_hex("302a300506032b656e032100").value() + std::string(32, '\x42');
  const std::string pem = "-----BEGIN PUBLIC KEY-----\n" + nano::to_base64(der) + "\n-----END PUBLIC KEY-----\n";
  CHECK(PublicKey::from_pem(pem).error().code == Errc::unsupported);
}

TEST_CASE("an encrypted key says whether no passphrase was given or a wrong one") {
  const Secret pem = std::move(make_key().pem(Secret(std::string("right"))).value());
  const auto none = PrivateKey::from_pem(pem.view());
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("no passphrase was given") != std::string::npos);
  const auto wrong = PrivateKey::from_pem(pem.view(), Secret(std::string("wrong")));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("does not open") != std::string::npos);
}
