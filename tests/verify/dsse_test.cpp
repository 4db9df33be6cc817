// tests/verify/dsse_test.cpp: envelopes: what is signed, who counts, what is refused.
#include "verify/dsse.h"

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "tests/support/support.h"
#include "base/base64.h"

using namespace nano;
using namespace nano::verify;

namespace {

PrivateKey make_key() {
  auto key = PrivateKey::generate();
  REQUIRE(key);
  return std::move(*key);
}

Envelope signed_by(std::initializer_list<const PrivateKey*> keys, std::string payload = "{\"a\":1}") {
  Envelope e{.payload_type = std::string(kReleasePayload), .payload = std::move(payload), .signatures = {}};
  for (const PrivateKey* k : keys) REQUIRE(sign_envelope(e, *k));
  return e;
}

struct Verified {
  std::string bytes{};
  std::vector<std::string> signers{};  ///< key ids
};

/// Written, read back and verified.
Result<Verified> check(const Envelope& e, const std::vector<PublicKey>& keys, uint32_t threshold = 1) {
  NANO_TRY_ASSIGN(const auto parsed, parse_envelope(write_envelope(e), 1000));
  NANO_TRY_ASSIGN(const auto signers,
                  verify_envelope(parsed, kReleasePayload, keys, threshold, "release x@1.0.0"));
  Verified out{.bytes = parsed.payload};
  for (const PublicKey& k : signers) out.signers.push_back(k.key_id());
  return out;
}

}  // namespace

TEST_CASE("the signed bytes are DSSE's own example") {
  // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
  CHECK(pae("http://example.com/HelloWorld", "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(pae("", "") == "DSSEv1 0  0 ");
}

TEST_CASE("an envelope signed by a pinned key gives its payload, digest and signer") {
  const PrivateKey key = make_key();
  const auto v = check(signed_by({&key}), {key.public_key()});
  REQUIRE(v);
  CHECK(v->bytes == "{\"a\":1}");
  CHECK(v->signers == std::vector<std::string>{key.public_key().key_id()});
}

TEST_CASE("an unsigned envelope is untrusted, naming the accepted key and the remedy") {
  const PrivateKey key = make_key();
  const auto v = check(signed_by({}), {key.public_key()});
  REQUIRE_FALSE(v);
  CHECK(v.error().code == Errc::untrusted);
  CHECK(v.error().message.find("release x@1.0.0 is not signed") != std::string::npos);
  CHECK(v.error().message.find(key.public_key().key_id().substr(0, 16)) != std::string::npos);
  CHECK_FALSE(v.error().hint.empty());
}

TEST_CASE("an envelope signed by another key is untrusted, naming both keys") {
  const PrivateKey pinned = make_key();
  const PrivateKey other = make_key();
  const auto v = check(signed_by({&other}), {pinned.public_key()});
  REQUIRE_FALSE(v);
  CHECK(v.error().code == Errc::untrusted);
  CHECK(v.error().message.find(pinned.public_key().key_id().substr(0, 16)) != std::string::npos);
  CHECK(v.error().message.find(other.public_key().key_id().substr(0, 16)) != std::string::npos);
}

TEST_CASE("without any pinned key everything is untrusted") {
  const PrivateKey key = make_key();
  CHECK(check(signed_by({&key}), {}).error().code == Errc::untrusted);
}

TEST_CASE("a changed payload, type or signature is untrusted") {
  const PrivateKey key = make_key();
  const std::vector<PublicKey> keys{key.public_key()};
  Envelope e = signed_by({&key});
  e.payload = "{\"a\":2}";
  CHECK(check(e, keys).error().code == Errc::untrusted);
  e = signed_by({&key});
  e.payload_type = "application/vnd.nano.another.v1+json";
  CHECK(check(e, keys).error().code == Errc::untrusted);
  e = signed_by({&key});
  e.signatures[0].sig[5] = static_cast<char>(e.signatures[0].sig[5] ^ 4);
  const auto v = check(e, keys);
  CHECK(v.error().code == Errc::untrusted);
  CHECK(v.error().message.find("false") != std::string::npos);
}

TEST_CASE("a signature under a pinned key's id made by another key does not count") {
  const PrivateKey pinned = make_key();
  const PrivateKey thief = make_key();
  Envelope e = signed_by({&thief});
  e.signatures[0].key_id = pinned.public_key().key_id();
  CHECK(check(e, {pinned.public_key()}).error().code == Errc::untrusted);
}

TEST_CASE("unknown, empty and false signatures beside a good one are tolerated") {
  const PrivateKey key = make_key();
  const PrivateKey other = make_key();
  Envelope e = signed_by({&other, &key});
  e.signatures.push_back({.key_id = "someone", .sig = ""});
  e.signatures.push_back({.key_id = "", .sig = "nonsense"});
  CHECK(check(e, {key.public_key()}));
}

TEST_CASE("signing again replaces the key's signature, and there are at most 32") {
  const PrivateKey key = PrivateKey::generate().value();
  Envelope e{.payload_type = std::string(kReleasePayload), .payload = "one", .signatures = {}};
  REQUIRE(verify::sign_envelope(e, key));
  e.payload = "two";
  REQUIRE(verify::sign_envelope(e, key));
  CHECK(e.signatures.size() == 1);
  const std::vector<PublicKey> trusted{key.public_key()};
  CHECK(verify::verify_envelope(e, kReleasePayload, trusted, 1, "it"));
  for (std::size_t i = 1; i < verify::kMaxSignatures; ++i)
    e.signatures.push_back({.key_id = std::to_string(i), .sig = "x"});
  CHECK(verify::sign_envelope(e, key));
  CHECK(verify::sign_envelope(e, PrivateKey::generate().value()).error().code == Errc::invalid);
}

TEST_CASE("a good signature over another type of payload is untrusted, and an endless key id is invalid") {
  const PrivateKey key = make_key();
  Envelope other{.payload_type = "application/other", .payload = "{}", .signatures = {}};
  REQUIRE(sign_envelope(other, key));
  CHECK(check(other, {key.public_key()}).error().code == Errc::untrusted);
  Envelope e = signed_by({&key});
  e.signatures.push_back({.key_id = std::string(257, 'k'), .sig = "x"});
  CHECK(parse_envelope(write_envelope(e), 1000).error().code == Errc::invalid);
  e.signatures.back().key_id.pop_back();
  CHECK(parse_envelope(write_envelope(e), 1000));
}

TEST_CASE("a threshold counts distinct keys, and a key given twice counts once") {
  const PrivateKey a = make_key();
  const PrivateKey b = make_key();
  CHECK(check(signed_by({&a, &b}), {a.public_key(), b.public_key()}, 2));
  CHECK(check(signed_by({&a}), {a.public_key(), b.public_key()}, 2).error().code == Errc::untrusted);
  CHECK(check(signed_by({&a}), {a.public_key(), a.public_key()}, 2).error().code == Errc::untrusted);
  CHECK(check(signed_by({&a}), {a.public_key()}, 0).error().code == Errc::internal);
}

TEST_CASE("one key id twice in an envelope is refused") {
  const PrivateKey key = make_key();
  Envelope e = signed_by({&key});
  e.signatures.push_back(e.signatures[0]);
  CHECK(check(e, {key.public_key()}).error().code == Errc::invalid);
}

TEST_CASE("envelopes that break the format are invalid") {
  const std::string good = write_envelope(signed_by({}));
  CHECK(parse_envelope(good, 1000));
  for (const char* bad : {"", "[]", "{}", "null", R"({"payload":"e30=","payloadType":"t"})",
                          R"({"payload":"e30","payloadType":"t","signatures":[]})",
                          R"({"payload":"e30=","payloadType":7,"signatures":[]})",
                          R"({"payload":"e30=","payloadType":"t","signatures":{}})",
                          R"({"payload":"e30=","payloadType":"t","signatures":[1]})",
                          R"({"payload":"e30=","payloadType":"t","signatures":[{"sig":""}]})",
                          R"({"payload":"e30=","payloadType":"t","signatures":[{"keyid":"a","sig":"A"}]})",
                          R"({"payload":"e30=","payload":"e30=","payloadType":"t","signatures":[]})",
                          R"({"payload":"e30=","payloadType":"t","signatures":[],"more":1})", "<html>"}) {
    INFO(bad);
    CHECK(parse_envelope(bad, 1000).error().code == Errc::invalid);
  }
  CHECK(parse_envelope(write_envelope(signed_by({}, std::string(1001, 'x'))), 1000).error().code ==
        Errc::invalid);
  Envelope many = signed_by({});
  for (int i = 0; i < 33; ++i) many.signatures.push_back({.key_id = std::to_string(i), .sig = "x"});
  CHECK(parse_envelope(write_envelope(many), 1000).error().code == Errc::invalid);
}

TEST_CASE("an envelope survives writing and reading, and the same envelope gives the same bytes") {
  const PrivateKey key = make_key();
  const Envelope e = signed_by({&key});
  const std::string text = write_envelope(e);
  const auto back = parse_envelope(text, 1000);
  REQUIRE(back);
  CHECK(write_envelope(*back) == text);
  CHECK(back->payload == e.payload);
}
