// tests/verify/tuf/key_test.cpp: which keys count, and under which names they are one.
#include "verify/tuf/key.h"

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/digest.h"
#include "tests/support/support.h"
#include "tests/verify/tuf/signer.h"

using namespace nano;
using test::Signer;
using verify::tuf::Key;

TEST_CASE("the keys, ids and signatures of securesystemslib are good, and a changed message is not") {
  const auto path = test::shared("trust/sigs.json");
  if (!path) {
    WARN("SKIPPED: no trust/sigs.json");
    return;
  }
  const auto rows = parse_json(test::read(*path));
  REQUIRE(rows);
  int checked = 0;
  for (const Json& row : *rows) {
    const std::string id = row["keyid"];
    const auto key = Key::parse(id, row["key"]);
    REQUIRE(key);
    INFO(key->keytype());
    CHECK(key->unusable() == "");
    const std::string payload = from_hex(row["payload_hex"].get<std::string>()).value();
    const std::string sig = row["sig"];
    CHECK(key->verify(payload, sig));
    CHECK_FALSE(key->verify(payload + " ", sig));
    CHECK_FALSE(key->verify(payload, ""));
    CHECK_FALSE(key->verify(payload, "zz"));
    CHECK_FALSE(key->verify(payload, sig + "00"));
    std::string flipped = sig;
    flipped.back() = flipped.back() == '0' ? '1' : '0';
    CHECK_FALSE(key->verify(payload, flipped));
    ++checked;
  }
  CHECK(checked == 3);
}

TEST_CASE("every scheme verifies its own signature and no other key's") {
  const Signer signers[] = {Signer::ed25519(), Signer::ecdsa(), Signer::ecdsa("P-256", true), Signer::rsa()};
  for (const Signer& a : signers)
    for (const Signer& b : signers) {
      INFO(a.object().dump() + " " + b.object().dump());
      CHECK(a.key().verify("message", b.sign("message")) == (&a == &b));
    }
}

TEST_CASE("rsa-pss signatures are accepted whatever their salt length") {
  const Signer rsa = Signer::rsa();
  for (const int salt : {0, 20, 32, 64}) CHECK(rsa.key().verify("m", rsa.sign("m", salt)));
}

TEST_CASE("key id tricks: a key under an id that is not its hash never counts") {
  const Signer s = Signer::ed25519();
  const auto key = Key::parse(Signer::ed25519().id(), s.object());
  REQUIRE(key);
  CHECK(key->unusable().find("not the hash") != std::string::npos);
  CHECK_FALSE(key->verify("m", s.sign("m")));
  CHECK(key->fingerprint().empty());
}

TEST_CASE("key id tricks: the id covers unknown fields") {
  const Signer s = Signer::ed25519();
  const Json extra = {{"x-note", 1}};
  CHECK(s.id() != s.id(extra));
  CHECK_FALSE(Key::parse(s.id(), s.object(extra)).value().usable());
  CHECK(Key::parse(s.id(extra), s.object(extra)).value().usable());
  CHECK(s.key(extra).json() == s.object(extra));
}

TEST_CASE("one key written in two ways has one fingerprint") {
  const Json extra = {{"x-note", 1}};
  for (const Signer& s : {Signer::ed25519(), Signer::ecdsa(), Signer::rsa()})
    CHECK(s.key().fingerprint() == s.key(extra).fingerprint());
  const Signer rsa = Signer::rsa();
  const Json with_note = {{"keyval", {{"public", "my key\n" + rsa.pem()}}}};
  REQUIRE(rsa.key(with_note).usable());
  CHECK(rsa.key(with_note).fingerprint() == rsa.key().fingerprint());
  const Signer ec = Signer::ecdsa();
  const Json compressed = {{"keyval", {{"public", ec.compressed_pem()}}}};
  REQUIRE(ec.key(compressed).usable());
  CHECK(ec.key(compressed).json() != ec.key().json());
  CHECK(ec.key(compressed).fingerprint() == ec.key().fingerprint());
  CHECK(ec.key().fingerprint() != Signer::ecdsa().key().fingerprint());
}

TEST_CASE("another curve, a small rsa modulus and a key of another type than it says are not usable") {
  const Signer p384 = Signer::ecdsa("P-384");
  CHECK(p384.key().unusable().find("not P-256") != std::string::npos);
  CHECK_FALSE(p384.key().verify("m", p384.sign("m")));
  const Signer small = Signer::rsa(1024);
  CHECK(small.key().unusable().find("1024 bits") != std::string::npos);
  CHECK_FALSE(small.key().verify("m", small.sign("m")));
  const Json rsa_in_ec = {{"keyval", {{"public", Signer::rsa().pem()}}}};
  CHECK(Signer::ecdsa().key(rsa_in_ec).unusable().find("not an elliptic curve") != std::string::npos);
  const Json ec_in_rsa = {{"keyval", {{"public", Signer::ecdsa().pem()}}}};
  CHECK(Signer::rsa().key(ec_in_rsa).unusable().find("not an RSA key") != std::string::npos);
}

TEST_CASE("a curve that is written out, an rsa exponent of 1 and a huge PEM text are not usable") {
  const Signer ec = Signer::ecdsa();
  const Json written = {{"keyval", {{"public", ec.explicit_pem()}}}};
  CHECK(ec.key(written).unusable() == "its curve is written out instead of named");
  const Signer rsa = Signer::rsa();
  const Json one = {{"keyval", {{"public", rsa.pem_with_exponent(1)}}}};
  CHECK(rsa.key(one).unusable() == "its exponent is less than 3");
  CHECK(rsa.key(Json{{"keyval", {{"public", rsa.pem_with_exponent(3)}}}}).usable());
  const Json long_text = {{"keyval", {{"public", std::string(20'000, ' ') + rsa.pem()}}}};
  CHECK(rsa.key(long_text).unusable().find("more than 16384 bytes") != std::string::npos);
}

TEST_CASE("attack: an rsa modulus so large that checking one signature would take minutes is not usable") {
  const auto tlv = [](char tag, const std::string& value) {  // DER, lengths of two bytes
    return std::string{tag, '\x82', static_cast<char>(value.size() >> 8), static_cast<char>(value.size() & 255)} + value;
  };
  const auto of_bits = [&](std::size_t bits) {
    const std::string modulus = std::string(1, '\0') + std::string(bits / 8, '\xff');
    const std::string rsa = tlv('\x30', tlv('\x02', modulus) + std::string("\x02\x03\x01\x00\x01", 5));
    const std::string algorithm("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
    const std::string der = tlv('\x30', algorithm + tlv('\x03', std::string(1, '\0') + rsa));
    std::string text = to_base64(der);
    for (std::size_t at = 64; at < text.size(); at += 65) text.insert(at, "\n");
    const Json object = {{"keytype", "rsa"},
                         {"scheme", "rsassa-pss-sha256"},
                         {"keyval", {{"public", "-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n"}}}};
    return Key::parse(Key::compute_id(object).value(), object).value().unusable();
  };
  CHECK(of_bits(16'384) == "");
  CHECK(of_bits(16'392).find("16392 bits") != std::string::npos);
}

TEST_CASE("unknown schemes and broken key texts are kept but never count") {
  for (
      const char* text :
      {R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"ab"}})",
       R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":5}})",
       R"({"keytype":"ed25519","scheme":"ed25519","keyval":{}})",
       R"({"keytype":"ed25519","scheme":"rsassa-pss-sha256","keyval":{"public":"ab"}})",
       R"({"keytype":"sigstore-oidc","scheme":"Fulcio","keyval":{"identity":"a","issuer":"b"}})",
       R"({"keytype":"rsa","scheme":"rsassa-pss-sha256","keyval":{"public":"-----BEGIN PUBLIC KEY-----\n"}})",
       R"({"keytype":"rsa","scheme":"rsassa-pkcs1v15-sha256","keyval":{"public":"x"}})"}) {
    INFO(text);
    const Json object = Json::parse(text);
    const auto key = Key::parse(Key::compute_id(object).value(), object);
    REQUIRE(key);
    CHECK_FALSE(key->usable());
    CHECK(key->json() == object);
    CHECK_FALSE(key->verify("m", "00"));
  }
}

TEST_CASE(
    "a good key under a scheme nano does not know does not count, and an unusable key is no key among "
    "others") {
  const Signer rsa = Signer::rsa();
  for (const char* scheme : {"rsassa-pss-sha512", "rsassa-pkcs1v15-sha256", "ecdsa-sha2-nistp256"}) {
    Json object = rsa.object();
    object["scheme"] = scheme;
    const auto key = Key::parse(Key::compute_id(object).value(), object);
    REQUIRE(key);
    CHECK(key->unusable().find("does not know the scheme") != std::string::npos);
    CHECK_FALSE(key->verify("m", rsa.sign("m")));
  }
  for (const Signer& signer : {Signer::ecdsa(), Signer::ed25519()})
    for (const char* scheme : {"ecdsa-sha2-nistp384", "ed25519ph", ""}) {
      Json object = signer.object();
      object["scheme"] = scheme;
      const auto key = Key::parse(Key::compute_id(object).value(), object);
      REQUIRE(key);
      CHECK(key->unusable().find("does not know the scheme") != std::string::npos);
      CHECK_FALSE(key->verify("m", signer.sign("m")));
    }
  CHECK(Signer::rsa(1024).key().fingerprint().empty());
  const Json short_key = {{"keyval", {{"public", std::string(62, 'a')}}}};
  CHECK(Signer::ed25519().key(short_key).unusable() == "an ed25519 key is 64 lower-case hex digits");
}

TEST_CASE("what is no key object is refused") {
  for (const char* text :
       {"1", "[]", "{}", R"({"keytype":"ed25519"})", R"({"keytype":"ed25519","scheme":1,"keyval":{}})",
        R"({"keytype":"ed25519","scheme":"ed25519","keyval":"ab"})"}) {
    INFO(text);
    CHECK(Key::parse("00", Json::parse(text)).error().code == Errc::invalid);
  }
}

TEST_CASE("nano's own keys are TUF keys under the same id") {
  const auto own = verify::PrivateKey::generate();
  REQUIRE(own);
  const Key key = Key::of(own->public_key());
  CHECK(key.id() == own->public_key().key_id());
  const std::string sig = own->sign("m").value();
  CHECK(key.verify("m", to_hex(reinterpret_cast<const uint8_t*>(sig.data()), sig.size())));
}
