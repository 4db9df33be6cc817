// tests/verify/oms/ec_key_test.cpp: which keys are taken, and that signatures are judged by the right hash.
#include "verify/oms/ec_key.h"

#include <catch2/catch.hpp>

#include "tests/verify/oms/openssl_tool.h"

using namespace nano;
using namespace nano::verify::oms;

TEST_CASE("each of the three curves signs and verifies, and a changed message does not") {
  for (const Curve curve : {Curve::p256, Curve::p384, Curve::p521}) {
    const auto key = EcPrivateKey::generate(curve);
    REQUIRE(key);
    CHECK(key->public_key().curve() == curve);
    const auto sig = key->sign("a model");
    REQUIRE(sig);
    CHECK(key->public_key().verify("a model", *sig));
    CHECK_FALSE(key->public_key().verify("a mode1", *sig));
    CHECK_FALSE(key->public_key().verify("a model", *sig + '\0'));  // bytes behind the DER
    CHECK_FALSE(key->public_key().verify("a model", ""));
    const auto other = EcPrivateKey::generate(curve);
    REQUIRE(other);
    CHECK_FALSE(other->public_key().verify("a model", *sig));
    CHECK_FALSE(other->public_key().same_as(key->public_key()));
  }
}

TEST_CASE("P-384 and P-521 do not accept a SHA-256 signature unless v0.2 is asked for") {
  if (!test::have_openssl()) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  test::TempDir dir;
  test::write(dir / "message", "a model");
  test::openssl(
      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", (dir / "k").string()});
  const std::string pub = test::openssl({"pkey", "-in", (dir / "k").string(), "-pubout"});
  const std::string sig =
      test::openssl({"dgst", "-sha256", "-sign", (dir / "k").string(), (dir / "message").string()});
  const auto key = EcPublicKey::from_pem(pub);
  REQUIRE(key);
  CHECK_FALSE(key->verify("a model", sig));
  CHECK(key->verify("a model", sig, SignedHash::always_sha256));
  CHECK(key->pem() == pub);
}

TEST_CASE("a key that spells out its curve is refused, though its numbers are P-256's") {
  if (!test::have_openssl()) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  test::TempDir dir;
  const std::string file = (dir / "k").string();
  test::openssl(
      {"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit", "-out", file});
  const auto pub =
      EcPublicKey::from_pem(test::openssl({"ec", "-in", file, "-pubout", "-param_enc", "explicit"}));
  REQUIRE_FALSE(pub);
  CHECK(pub.error().code == Errc::invalid);
  CHECK(pub.error().message.find("parameters") != std::string::npos);
  const auto key = EcPrivateKey::from_pem(test::read(dir / "k"));
  REQUIRE_FALSE(key);
  CHECK(key.error().code == Errc::invalid);
}

TEST_CASE("other curves, other kinds of key and nonsense are refused") {
  if (!test::have_openssl()) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  const auto pub = [](const std::vector<std::string>& args) {
    test::TempDir dir;
    std::vector<std::string> all = args;
    all.insert(all.end(), {"-out", (dir / "k").string()});
    test::openssl(all);
    return EcPublicKey::from_pem(test::openssl({"pkey", "-in", (dir / "k").string(), "-pubout"}));
  };
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"genpkey", "-algorithm", "ED25519"},
        {"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
        {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"}}) {
    const auto key = pub(args);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Errc::unsupported);
  }
  CHECK(EcPublicKey::from_pem("").error().code == Errc::invalid);
  CHECK(EcPublicKey::from_pem(std::string(20'000, 'x')).error().code == Errc::invalid);
  CHECK(
      EcPrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").error().code ==
      Errc::invalid);
  CHECK(EcPrivateKey::load("/nonexistent/key").error().code == Errc::not_found);
}

TEST_CASE("an encrypted key opens with its passphrase only") {
  if (!test::have_openssl()) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  test::TempDir dir;
  const std::string file = (dir / "k").string();
  test::openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc",
                 "-pass", "pass:open sesame", "-out", file});
  CHECK(EcPrivateKey::load(file).error().code == Errc::denied);
  CHECK(EcPrivateKey::load(file, verify::Secret("wrong")).error().code == Errc::denied);
  CHECK(EcPrivateKey::load(file, verify::Secret("open sesame")));
  // More than OpenSSL has room for.
  CHECK(EcPrivateKey::load(file, verify::Secret(std::string(300'000, 'p'))).error().code == Errc::denied);
}

TEST_CASE("a key file over 16 KiB is refused, though it begins with a good key") {
  const auto key = EcPrivateKey::generate(Curve::p256);
  REQUIRE(key);
  CHECK(EcPublicKey::from_pem(key->public_key().pem()));
  CHECK(EcPublicKey::from_pem(key->public_key().pem() + std::string(20'000, '\n')).error().code ==
        Errc::invalid);
}
