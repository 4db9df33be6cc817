// tests/verify/oms/openssl_test.cpp: an outside party, openssl alone, checks what we sign and signs what we check.
#include <catch2/catch.hpp>

#include "base/json.h"
#include "tests/verify/oms/openssl_tool.h"
#include "base/base64.h"
#include "verify/oms/model_signature.h"

using namespace nano;
using namespace nano::verify;
using namespace nano::verify::oms;
using test::TempDir;

namespace {

struct Case {
  const char* curve;
  const char* hash;
};
constexpr Case kCases[] = {{"P-256", "-sha256"}, {"P-384", "-sha384"}, {"P-521", "-sha512"}};

/// The bytes that are signed, put together here from the specification, not by the code under test.
std::string signed_bytes(const std::string& payload) {
  return "DSSEv1 28 application/vnd.in-toto+json " + std::to_string(payload.size()) + " " + payload;
}

#define NEEDS_OPENSSL()                  \
  if (!test::have_openssl()) {           \
    WARN("SKIPPED: no openssl program"); \
    return;                              \
  }

}  // namespace

TEST_CASE("what nano signs, openssl alone verifies, on each curve") {
  NEEDS_OPENSSL();
  for (const Case& c : kCases) {
    TempDir dir;
    const std::string key_file = (dir / "key").string();
    test::write(dir / "m" / "w", "weights");
    test::openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", std::string("ec_paramgen_curve:") + c.curve,
                   "-out", key_file});
    test::openssl({"pkey", "-in", key_file, "-pubout", "-out", (dir / "pub").string()});
    const auto key = EcPrivateKey::load(key_file);
    REQUIRE(key);
    const auto done = sign_model(
        {.model = dir / "m", .bundle = dir / "m" / "model.sig", .ignore = {}, .certificates = {}}, *key);
    REQUIRE(done);
    const Json doc = *parse_json(done->bundle);
    const Json& envelope = doc["dsseEnvelope"];
    // openssl decodes the base64 as well.
    const std::string payload = test::openssl({"base64", "-d", "-A"}, envelope["payload"].get<std::string>());
    test::write(dir / "signature",
                test::openssl({"base64", "-d", "-A"}, envelope["signatures"][0]["sig"].get<std::string>()));
    test::write(dir / "signed", signed_bytes(payload));
    const auto verdict = [&] {
      return test::openssl_says_yes({"dgst", c.hash, "-verify", (dir / "pub").string(), "-signature",
                                     (dir / "signature").string(), (dir / "signed").string()});
    };
    CHECK(verdict());
    test::write(dir / "signed", signed_bytes(payload + " "));
    CHECK_FALSE(verdict());
    // The hint is the digest of the key's PEM, and the statement names the file by its digest.
    const std::string hint = test::openssl({"dgst", "-sha256", "-r", (dir / "pub").string()}).substr(0, 64);
    CHECK(doc["verificationMaterial"]["publicKey"]["hint"] == hint);
    const std::string digest =
        test::openssl({"dgst", "-sha256", "-r", (dir / "m" / "w").string()}).substr(0, 64);
    CHECK((*parse_json(payload))["predicate"]["resources"][0]["digest"] == digest);
  }
}

TEST_CASE("what openssl alone signs, nano verifies, on each curve") {
  NEEDS_OPENSSL();
  for (const Case& c : kCases) {
    TempDir dir;
    const std::string key_file = (dir / "key").string();
    test::write(dir / "m" / "w", "weights");
    test::openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", std::string("ec_paramgen_curve:") + c.curve,
                   "-out", key_file});
    const std::string pub = test::openssl({"pkey", "-in", key_file, "-pubout", "-out", "-"});
    const std::string digest =
        test::openssl({"dgst", "-sha256", "-r", (dir / "m" / "w").string()}).substr(0, 64);
    std::string raw;
    for (std::size_t i = 0; i < 64; i += 2)
      raw += static_cast<char>(std::stoi(digest.substr(i, 2), nullptr, 16));
    const std::string root = test::openssl({"dgst", "-sha256", "-r"}, raw).substr(0, 64);
    // White space and the order of members are the signer's business.
    const std::string payload =
        "{ \"predicateType\": \"https://model_signing/signature/v1.0\", \"_type\": "
        "\"https://in-toto.io/Statement/v1\",\n"
        " \"subject\": [{\"digest\": {\"sha256\": \"" +
        root +
        "\"}, \"name\": \"m\"}], \"predicate\": {\"serialization\":"
        " {\"method\": \"files\", \"hash_type\": \"sha256\", \"allow_symlinks\": false}, \"resources\":"
        " [{\"digest\": \"" +
        digest + "\", \"algorithm\": \"sha256\", \"name\": \"w\"}]}}";
    test::write(dir / "signed", signed_bytes(payload));
    const std::string sig = test::openssl({"dgst", c.hash, "-sign", key_file, (dir / "signed").string()});
    const std::string file =
        "{\"mediaType\": \"application/vnd.dev.sigstore.bundle.v0.3+json\", \"verificationMaterial\": "
        "{\"publicKey\": {}},"
        " \"dsseEnvelope\": {\"payload\": \"" +
        test::openssl({"base64", "-A"}, payload) +
        "\", \"payloadType\": \"application/vnd.in-toto+json\", \"signatures\": [{\"sig\": \"" +
        test::openssl({"base64", "-A"}, sig) + "\"}]}}";
    test::write(dir / "m" / "model.sig", file);
    const auto bundle = parse_bundle(file);
    REQUIRE(bundle);
    Trust trust;
    trust.key = *EcPublicKey::from_pem(pub);
    const auto statement = verify_statement(*bundle, trust);
    REQUIRE(statement);
    const auto found =
        compare_model(statement->statement, {.model = dir / "m", .bundle = dir / "m" / "model.sig"});
    REQUIRE(found);
    CHECK(found->differences.empty());
    CHECK(found->files == 1);
  }
}

TEST_CASE("a model signed with a certificate verifies by root and subject, not by another subject") {
  NEEDS_OPENSSL();
  TempDir dir;
  const test::CertificateChain c(dir);
  test::write(dir / "m" / "w", "weights");
  const auto key = EcPrivateKey::from_pem(c.leaf_key);
  REQUIRE(key);
  const auto done = sign_model(
      {.model = dir / "m", .bundle = dir / "m" / "model.sig", .ignore = {}, .certificates = c.chain}, *key);
  REQUIRE(done);
  const auto bundle = parse_bundle(done->bundle);
  REQUIRE(bundle);
  Trust trust;
  trust.roots = c.roots;
  trust.at = now();
  trust.subject = *SubjectRule::parse("email=ann@example.org");
  const auto held = verify_statement(*bundle, trust);
  REQUIRE(held);
  CHECK(held->signer == "CN=Ann,O=Example");
  trust.subject = *SubjectRule::parse("email=bob@example.org");
  CHECK(verify_statement(*bundle, trust).error().code == Errc::untrusted);
  // Nor is a chain signed with that nobody would read.
  CHECK(sign_model({.model = dir / "m",
                    .bundle = dir / "m" / "model.sig",
                    .ignore = {},
                    .certificates = std::vector<std::string>(kMaxCertificates + 1, c.chain.front())},
                   *key)
            .error()
            .code == Errc::invalid);
  // A key that is not the certificate's makes no signature at all.
  const auto other = EcPrivateKey::generate(Curve::p256);
  REQUIRE(other);
  CHECK(sign_model({.model = dir / "m", .bundle = dir / "s", .ignore = {}, .certificates = c.chain}, *other)
            .error()
            .code == Errc::invalid);
  // Another key's signature under this chain is false.
  Bundle forged = *bundle;
  forged.signature = *other->sign(signed_bytes(forged.payload));
  trust.subject = {};
  CHECK(verify_statement(forged, trust).error().code == Errc::untrusted);
}
