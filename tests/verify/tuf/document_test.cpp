// tests/verify/tuf/document_test.cpp: signed files: what is signed, who counts, what is refused.
#include "verify/tuf/document.h"

#include <catch2/catch.hpp>

#include "tests/support/support.h"
#include "tests/verify/tuf/signer.h"

using namespace nano;
using namespace nano::verify::tuf;
using test::add_signature;
using test::Signer;

namespace {

Document doc_of(const char* body = R"({"_type":"x","n":1,"unknown":{"b":2,"a":"\u0001"}})") {
  return make_document(Json::parse(body)).value();
}

Keys keys_of(std::initializer_list<const Signer*> signers) {
  Keys out;
  for (const Signer* s : signers) out.emplace(s->id(), s->key());
  return out;
}

RoleKeys role_of(std::vector<std::string> ids, uint32_t threshold = 1) {
  return {.key_ids = std::move(ids), .threshold = threshold, .extra = {}};
}

bool trusted(const Document& doc, const Keys& keys, const RoleKeys& role) {
  const auto r = verify_document(doc, keys, role, "a document");
  if (!r) CHECK(r.error().code == Errc::untrusted);
  return r.has_value();
}

}  // namespace

TEST_CASE("a document signed by nano's key is trusted after writing and parsing it") {
  const auto key = verify::PrivateKey::generate();
  REQUIRE(key);
  Document doc = doc_of();
  REQUIRE(sign_document(doc, *key));
  REQUIRE(sign_document(doc, *key));  // replaced, not added
  const auto again = parse_document(write_document(doc), 10'000);
  REQUIRE(again);
  CHECK(again->signatures.size() == 1);
  CHECK(again->body == doc.body);
  const Key listed = Key::of(key->public_key());
  const auto who = verify_document(*again, {{listed.id(), listed}}, role_of({listed.id()}), "it");
  REQUIRE(who);
  CHECK(*who == std::vector<std::string>{listed.id()});
}

TEST_CASE("signatures cover unknown fields and ignore white space and the order of keys") {
  const Signer s = Signer::ed25519();
  Document doc = doc_of();
  add_signature(doc, s);
  const std::string sig =
      R"("signatures":[{"keyid":")" + s.id() + R"(","sig":")" + doc.signatures[0].sig + R"("}])";
  const std::string same = R"({"signed": {"unknown":{"a":"\u0001" , "b":2},"n":1,"_type":"x"}, )" + sig + "}";
  CHECK(trusted(parse_document(same, 10'000).value(), keys_of({&s}), role_of({s.id()})));
  const std::string changed =
      R"({"signed": {"unknown":{"a":"\u0001" , "b":3},"n":1,"_type":"x"}, )" + sig + "}";
  CHECK_FALSE(trusted(parse_document(changed, 10'000).value(), keys_of({&s}), role_of({s.id()})));
}

TEST_CASE("threshold 0 is refused") {
  const Signer s = Signer::ed25519();
  Document doc = doc_of();
  CHECK_FALSE(trusted(doc, keys_of({&s}), role_of({s.id()}, 0)));
  add_signature(doc, s);
  CHECK_FALSE(trusted(doc, keys_of({&s}), role_of({s.id()}, 0)));
}

TEST_CASE("one signature is not enough for a threshold of two") {
  const Signer a = Signer::ed25519(), b = Signer::ecdsa();
  Document doc = doc_of();
  add_signature(doc, a);
  CHECK_FALSE(trusted(doc, keys_of({&a, &b}), role_of({a.id(), b.id()}, 2)));
  add_signature(doc, b);
  CHECK(trusted(doc, keys_of({&a, &b}), role_of({a.id(), b.id()}, 2)));
}

TEST_CASE("one key under two ids counts once") {
  const Signer a = Signer::ed25519();
  const Json extra = {{"x-second", true}};
  Keys keys = keys_of({&a});
  keys.emplace(a.id(extra), a.key(extra));
  Document doc = doc_of();
  add_signature(doc, a);
  add_signature(doc, a, a.id(extra));
  CHECK_FALSE(trusted(doc, keys, role_of({a.id(), a.id(extra)}, 2)));
  CHECK(trusted(doc, keys, role_of({a.id(), a.id(extra)}, 1)));
}

TEST_CASE("a key of the document's `keys` that the role does not name does not count") {
  const Signer a = Signer::ed25519(), b = Signer::ed25519();
  Document doc = doc_of();
  add_signature(doc, b);
  CHECK_FALSE(trusted(doc, keys_of({&a, &b}), role_of({a.id()})));
}

TEST_CASE("a signature filed under another key's id does not count") {
  const Signer a = Signer::ed25519(), b = Signer::ed25519();
  Document doc = doc_of();
  add_signature(doc, b, a.id());
  CHECK_FALSE(trusted(doc, keys_of({&a}), role_of({a.id()})));
}

TEST_CASE(
    "an invalid or empty signature is tolerated when the threshold is met without it, and never counts") {
  const Signer a = Signer::ed25519(), b = Signer::ed25519();
  for (const char* nonsense : {"", "00", "no hex"}) {
    Document doc = doc_of();
    doc.signatures.push_back({.key_id = b.id(), .sig = nonsense});
    add_signature(doc, a);
    CHECK(trusted(doc, keys_of({&a, &b}), role_of({a.id(), b.id()}, 1)));
    CHECK_FALSE(trusted(doc, keys_of({&a, &b}), role_of({a.id(), b.id()}, 2)));
  }
}

TEST_CASE("duplicate key ids in the signatures are refused, even above the threshold") {
  const Signer a = Signer::ed25519();
  Document doc = doc_of();
  add_signature(doc, a);
  add_signature(doc, a);
  CHECK(parse_document(write_document(doc), 10'000).error().code == Errc::invalid);
}

TEST_CASE("what is no signed document is refused") {
  for (const char* text :
       {"", "[]", "{}", R"({"signed":{}})", R"({"signatures":[]})", R"({"signed":[],"signatures":[]})",
        R"({"signed":{},"signatures":{}})", R"({"signed":{},"signatures":[1]})",
        R"({"signed":{},"signatures":[{"keyid":"a"}]})",
        R"({"signed":{},"signatures":[{"keyid":"a","sig":1}]})", R"({"signed":{"a":1.5},"signatures":[]})",
        R"({"signed":{"a":1,"a":1},"signatures":[]})", R"({"signed":{"a":"\ud800"},"signatures":[]})",
        R"({"signed":{},"signatures":[]} x)"}) {
    INFO(text);
    CHECK(parse_document(text, 10'000).error().code == Errc::invalid);
  }
  CHECK(parse_document(R"({"signed":{},"signatures":[]})", 10'000));
}

TEST_CASE("a document over the limit of bytes or of signatures is refused") {
  const std::string small = R"({"signed":{},"signatures":[]})";
  CHECK(parse_document(small, small.size()));
  CHECK_FALSE(parse_document(small, small.size() - 1));
  Document doc = doc_of();
  for (int i = 0; i < 257; ++i) doc.signatures.push_back({.key_id = std::to_string(i), .sig = "00"});
  CHECK(parse_document(write_document(doc), 1'000'000).error().message.find("256 signatures") !=
        std::string::npos);
  doc.signatures.pop_back();
  CHECK(parse_document(write_document(doc), 1'000'000));
  // Nor is one signature more than can be read made.
  const auto own = verify::PrivateKey::generate();
  REQUIRE(own);
  CHECK_FALSE(sign_document(doc, *own));
  doc.signatures.pop_back();
  CHECK(sign_document(doc, *own));
  CHECK(doc.signatures.size() == 256);
  CHECK(sign_document(doc, *own));  // it takes its own place
}

TEST_CASE(
    "documents nested deeper than 64 levels are refused: whatever walks them would overflow its stack") {
  const auto nested = [](std::size_t levels) {  // the document and `signed` are the first two
    return R"({"signatures":[],"signed":{"a":)" + std::string(levels - 2, '[') +
           std::string(levels - 2, ']') + "}}";
  };
  CHECK(parse_document(nested(64), 10'000'000));
  CHECK(parse_document(nested(65), 10'000'000).error().message.find("64 levels") != std::string::npos);
  CHECK(parse_document(nested(1'000'000), 10'000'000).error().code == Errc::invalid);
}

TEST_CASE("the message of a missed threshold names each key and what it did") {
  const Signer a = Signer::ed25519(), b = Signer::ed25519(), small = Signer::rsa(1024);
  Document doc = doc_of();
  add_signature(doc, small);
  const auto r = verify_document(doc, keys_of({&a, &small}), role_of({a.id(), b.id(), small.id()}, 2),
                                 "snapshot version 3");
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find("snapshot version 3 has 0 of the 2") != std::string::npos);
  CHECK(r.error().message.find(a.id().substr(0, 12) + " did not sign") != std::string::npos);
  CHECK(r.error().message.find(b.id().substr(0, 12) + " is not listed") != std::string::npos);
  CHECK(r.error().message.find(small.id().substr(0, 12) + " cannot be used (its modulus") !=
        std::string::npos);
}
