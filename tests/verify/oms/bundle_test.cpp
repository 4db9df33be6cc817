// tests/verify/oms/bundle_test.cpp: model.sig: one reading only.
#include "verify/oms/bundle.h"

#include <catch2/catch.hpp>

#include "base/json.h"

using namespace nano;
using namespace nano::verify::oms;

namespace {

Json sample() {
  Bundle b;
  b.key_hint = std::string(64, 'a');
  b.payload_type = kPayloadType;
  b.payload = "{}";
  b.signature = "sig";
  return *parse_json(write_bundle(b));
}

Errc refusal(const std::function<void(Json&)>& change) {
  Json doc = sample();
  change(doc);
  const auto b = parse_bundle(dump_line(doc));
  return b ? Errc::ok : b.error().code;
}

}  // namespace

TEST_CASE("a bundle is written and read back, with either kind of material") {
  const auto b = parse_bundle(dump_line(sample()));
  REQUIRE(b);
  CHECK(b->material == Bundle::Material::key);
  CHECK(b->payload == "{}");
  CHECK(b->signature == "sig");
  Bundle c = *b;
  c.material = Bundle::Material::certificate;
  c.certificates = {"leaf", "root"};
  const auto again = parse_bundle(write_bundle(c));
  REQUIRE(again);
  CHECK(again->certificates == c.certificates);
}

TEST_CASE("a bundle nested deeper than 16 levels, or longer than 48 MiB, is refused") {
  const auto nested = [](int levels) {
    return refusal([&](Json& doc) {
      Json deep = 1;
      for (int i = 0; i < levels; ++i) deep = Json{{"x", deep}};
      doc["extra"] = deep;
    });
  };
  CHECK(nested(15) == Errc::ok);
  CHECK(nested(16) == Errc::invalid);
  const auto endless = parse_bundle(dump_line(sample()) + std::string(kMaxBundleBytes, ' '));
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == Errc::invalid);
}

TEST_CASE("a key id may be absent, null or any text, and decides nothing") {
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0].erase("keyid"); }) == Errc::ok);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0]["keyid"] = nullptr; }) == Errc::ok);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0]["keyid"] = "x"; }) == Errc::ok);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0]["keyid"] = 1; }) == Errc::invalid);
}

TEST_CASE("lax base64 is refused: in the payload, the signature and the certificates") {
  for (const char* lax : {"e30", "e30=\n", "e3 0=", "e30==", "e31=", "e-_=", "=e30"}) {
    CAPTURE(lax);
    CHECK(refusal([&](Json& d) { d["dsseEnvelope"]["payload"] = lax; }) == Errc::invalid);
    CHECK(refusal([&](Json& d) { d["dsseEnvelope"]["signatures"][0]["sig"] = lax; }) == Errc::invalid);
    CHECK(refusal([&](Json& d) {
            d["verificationMaterial"] = {{"x509CertificateChain", {{"certificates", {{{"rawBytes", lax}}}}}}};
          }) == Errc::invalid);
  }
}

TEST_CASE("two signatures, or none, are refused") {
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"] = Json::array(); }) == Errc::invalid);
  CHECK(refusal([](Json& d) {
          d["dsseEnvelope"]["signatures"].push_back(d["dsseEnvelope"]["signatures"][0]);
        }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["signatures"] = {1}; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"].erase("signatures"); }) == Errc::invalid);
}

TEST_CASE("keyless material is unsupported, two kinds are invalid") {
  const Json certificate = {{"rawBytes", "AAAA"}};
  CHECK(refusal([&](Json& d) {
          d["verificationMaterial"] = {{"certificate", certificate}};
        }) == Errc::unsupported);
  CHECK(refusal([&](Json& d) {
          d["verificationMaterial"]["x509CertificateChain"] = {{"certificates", {certificate}}};
        }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["verificationMaterial"] = Json::object(); }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d.erase("verificationMaterial"); }) == Errc::invalid);
  const auto chain = [&](const Json& list) {
    return refusal([&](Json& d) {
      d["verificationMaterial"] = {{"x509CertificateChain", {{"certificates", list}}}};
    });
  };
  CHECK(chain(Json::array({certificate})) == Errc::ok);
  CHECK(chain(Json::array()) == Errc::invalid);
  CHECK(chain(Json::array({1})) == Errc::invalid);
  CHECK(chain(Json(std::vector<Json>(17, certificate))) == Errc::invalid);
}

TEST_CASE("every other part is checked too") {
  CHECK(refusal([](Json& d) { d["mediaType"] = "application/json"; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d.erase("mediaType"); }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"] = 1; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["dsseEnvelope"]["payloadType"] = 1; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["verificationMaterial"]["publicKey"] = 1; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["verificationMaterial"]["publicKey"]["hint"] = 1; }) == Errc::invalid);
  CHECK(refusal([](Json& d) { d["verificationMaterial"]["publicKey"]["rawBytes"] = "!"; }) == Errc::invalid);
  CHECK(parse_bundle("").error().code == Errc::invalid);
  CHECK(parse_bundle("[]").error().code == Errc::invalid);
  CHECK(parse_bundle(R"({"mediaType":"a","mediaType":"b"})").error().code == Errc::invalid);
}

TEST_CASE("v0.2's signing bytes are what Python prints for bytes") {
  // python3 -c 'p=b"..."; print(f"DSSEV1 1 t {len(p)} {p}")'
  CHECK(old_pae("t", "a\nb\t\\") == "DSSEV1 1 t 5 b'a\\nb\\t\\\\'");
  CHECK(old_pae("t", "it's") == "DSSEV1 1 t 4 b\"it's\"");
  CHECK(old_pae("t", "'\"") == "DSSEV1 1 t 2 b'\\'\"'");
  CHECK(old_pae("t", "\x01\xff\r") == "DSSEV1 1 t 3 b'\\x01\\xff\\r'");
}
