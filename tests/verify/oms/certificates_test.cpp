// tests/verify/oms/certificates_test.cpp: whose certificate is believed, and when. Every one is made by openssl here.
#include "verify/oms/certificates.h"

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "tests/verify/oms/openssl_tool.h"

using namespace nano;
using namespace nano::verify::oms;
using test::CertificateChain;
using test::TempDir;

namespace {

constexpr UnixTime kDay = 86'400;

Errc judge(const CertificateChain& c, std::string_view rule = "any",
           std::optional<UnixTime> at = std::nullopt) {
  const auto subject = SubjectRule::parse(rule);
  REQUIRE(subject);
  const auto leaf =
      verify_chain(c.chain, c.roots, *subject, at ? *at : now());  // taken after the certificates were made
  if (!leaf) UNSCOPED_INFO(leaf.error().message);
  return leaf ? Errc::ok : leaf.error().code;
}

/// The certificate (DER) that openssl issues from `issuer` for the key in `key`; `how` goes to `openssl x509`.
std::string issue(const TempDir& dir, const std::string& key, const std::string& subject, const std::string& issuer,
                  const std::string& extensions, const std::string& name, const std::vector<std::string>& how = {}) {
  const auto at = [&](const std::string& file) { return (dir / file).string(); };
  test::write(dir / "extensions", extensions);
  test::openssl({"req", "-new", "-key", at(key), "-subj", subject, "-out", at("request")});
  std::vector<std::string> args{"x509",   "-req",  "-in",          at("request"), "-CA",   at(issuer + ".pem"),
                                "-CAkey", at(issuer + ".key"), "-CAcreateserial", "-extfile", at("extensions"),
                                "-days",  "100",   "-out",         at(name)};
  args.insert(args.end(), how.begin(), how.end());
  test::openssl(args);
  return test::openssl({"x509", "-in", at(name), "-outform", "DER"});
}

/// Extensions of a certificate for one DNS name, which may hold any byte.
std::string extension_of_names(const std::string& dns) {
  // SEQUENCE { [2] IA5String }, as bytes: openssl's configuration cannot write a NUL otherwise.
  std::string der{'\x30', static_cast<char>(dns.size() + 2), '\x82', static_cast<char>(dns.size())};
  der += dns;
  return "keyUsage=critical,digitalSignature\nsubjectAltName=DER:" +
         to_hex(reinterpret_cast<const uint8_t*>(der.data()), der.size()) + "\n";
}

#define NEEDS_OPENSSL()                  \
  if (!test::have_openssl()) {           \
    WARN("SKIPPED: no openssl program"); \
    return;                              \
  }

}  // namespace

TEST_CASE("a chain to the named root holds, and gives the leaf's key and name") {
  NEEDS_OPENSSL();
  TempDir dir;
  const CertificateChain c(dir, CertificateChain::kSigning, 30, "P-384");
  const auto leaf = verify_chain(c.chain, c.roots, SubjectRule{}, now());
  REQUIRE(leaf);
  CHECK(leaf->key.curve() == Curve::p384);
  CHECK(leaf->subject == "CN=Ann,O=Example");
  CHECK(leaf->not_after > now() + 29 * kDay);
  const auto key = EcPrivateKey::from_pem(c.leaf_key);
  REQUIRE(key);
  CHECK(leaf->key.same_as(key->public_key()));
}

TEST_CASE("an expired leaf is refused now, though it was valid on its first day") {
  NEEDS_OPENSSL();
  TempDir dir;
  const CertificateChain c(dir, CertificateChain::kSigning, 1);
  CHECK(judge(c) == Errc::ok);
  CHECK(judge(c, "any", now() + 2 * kDay) == Errc::untrusted);
  CHECK(judge(c, "any", now() - 2 * kDay) == Errc::untrusted);  // not valid yet
}

TEST_CASE("another root does not vouch, and without a root nobody does") {
  NEEDS_OPENSSL();
  TempDir dir;
  TempDir elsewhere;
  CertificateChain c(dir);
  const CertificateChain other(elsewhere);
  c.roots = other.roots;
  CHECK(judge(c) == Errc::untrusted);
  c.roots = {};
  CHECK(judge(c) == Errc::untrusted);
  c.roots = {c.chain[1]};  // an intermediate is no root
  CHECK(judge(c) == Errc::untrusted);
}

TEST_CASE("a chain without its intermediate, or in another order, is refused") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  std::swap(c.chain[0], c.chain[1]);
  CHECK(judge(c) != Errc::ok);
  c.chain = {c.chain[1]};
  CHECK(judge(c) == Errc::untrusted);
  c.chain = {};
  CHECK(judge(c) == Errc::invalid);
}

TEST_CASE("a leaf may not issue certificates") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  test::write(dir / "extensions", CertificateChain::kSigning);
  test::openssl(
      {"req", "-new", "-key", (dir / "root.key").string(), "-subj", "/CN=Ann", "-out", (dir / "r").string()});
  test::openssl({"x509", "-req", "-in", (dir / "r").string(), "-CA", (dir / "leaf.pem").string(), "-CAkey",
                 (dir / "leaf.key").string(), "-CAcreateserial", "-extfile", (dir / "extensions").string(),
                 "-out", (dir / "forged.pem").string()});
  const auto forged = certificates_from_pem(test::read(dir / "forged.pem"));
  REQUIRE(forged);
  c.chain.insert(c.chain.begin(), forged->front());
  CHECK(judge(c) == Errc::untrusted);
}

TEST_CASE("the subject must be the one that was named") {
  NEEDS_OPENSSL();
  TempDir dir;
  const CertificateChain c(dir);
  for (const char* right : {"any", "cn=Ann", "email=ann@example.org", "uri=https://example.org/ann",
                            "dns=ann.example.org", "dn=CN=Ann,O=Example"})
    CHECK(judge(c, right) == Errc::ok);
  for (const char* wrong : {"cn=Bob", "cn=ann", "cn=Test intermediate", "email=ann@example.com",
                            "uri=ann@example.org", "dns=example.org", "dn=CN=Ann", "email=Ann"})
    CHECK(judge(c, wrong) == Errc::untrusted);
  for (const char* nonsense : {"", "Ann", "cn=", "name=Ann"})
    CHECK(SubjectRule::parse(nonsense).error().code == Errc::usage);
}

TEST_CASE("a certificate that is not for signing is refused") {
  NEEDS_OPENSSL();
  const auto with = [](const std::string& extensions) {
    TempDir dir;
    return judge(CertificateChain(dir, extensions));
  };
  CHECK(with("keyUsage=digitalSignature\n") == Errc::ok);
  CHECK(with("extendedKeyUsage=codeSigning\n") == Errc::ok);
  CHECK(with("subjectAltName=DNS:x\n") == Errc::untrusted);
  CHECK(with("keyUsage=keyEncipherment\n") == Errc::untrusted);
  CHECK(with("extendedKeyUsage=serverAuth\n") == Errc::untrusted);
  CHECK(with("keyUsage=keyEncipherment\nextendedKeyUsage=codeSigning\n") == Errc::untrusted);
  CHECK(with("keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n") == Errc::untrusted);
}

TEST_CASE("attack: a NUL in a certificate's name does not end it") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  const std::string whole = "ann.example.org";
  c.chain[0] = issue(dir, "leaf.key", "/CN=Mallory", "mid", extension_of_names(whole), "good.pem");
  CHECK(judge(c, "dns=" + whole) == Errc::ok);
  const std::string cut = whole + std::string(1, '\0') + ".example.com";
  c.chain[0] = issue(dir, "leaf.key", "/CN=Mallory", "mid", extension_of_names(cut), "bad.pem");
  CHECK(judge(c, "dns=" + whole) == Errc::untrusted);
  CHECK(judge(c, "dns=" + cut) == Errc::ok);
}

TEST_CASE("attack: a chain through a key or a hash that can be forged is refused") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  const std::string ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
  const auto through = [&](const std::string& name, const std::string& curve, const std::vector<std::string>& how) {
    test::openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve, "-out",
                   (dir / (name + ".key")).string()});
    c.chain[1] = issue(dir, name + ".key", "/CN=" + name, "root", ca, name + ".pem", how);
    c.chain[0] = issue(dir, "leaf.key", "/CN=Ann", name, CertificateChain::kSigning, name + "-leaf.pem");
    return judge(c);
  };
  CHECK(through("strong", "P-256", {}) == Errc::ok);
  CHECK(through("short", "prime192v1", {}) == Errc::untrusted);
  CHECK(through("sha1", "P-256", {"-sha1"}) == Errc::untrusted);
}

TEST_CASE("attack: a certificate blown up by what it says is refused by its length") {
  NEEDS_OPENSSL();
  TempDir dir;
  const CertificateChain c(dir);
  const auto key_of_one_with = [&](std::size_t bytes) {
    return key_of_certificate(issue(dir, "leaf.key", "/CN=Ann", "mid",
                                    CertificateChain::kSigning + ("nsComment=" + std::string(bytes, 'x') + "\n"), "big.pem"));
  };
  CHECK(key_of_one_with(kMaxCertificateBytes - 1024));
  const auto big = key_of_one_with(kMaxCertificateBytes);
  REQUIRE_FALSE(big);
  CHECK(big.error().code == Errc::invalid);
}

TEST_CASE("a leaf on another curve is unsupported") {
  NEEDS_OPENSSL();
  TempDir dir;
  CHECK(judge(CertificateChain(dir, CertificateChain::kSigning, 30, "secp256k1")) == Errc::unsupported);
}

TEST_CASE("a leaf that spells out its curve is refused") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  test::openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit", "-out",
                 (dir / "x.key").string()});
  test::write(dir / "extensions", CertificateChain::kSigning);
  test::openssl(
      {"req", "-new", "-key", (dir / "x.key").string(), "-subj", "/CN=Ann", "-out", (dir / "r").string()});
  test::openssl({"x509", "-req", "-in", (dir / "r").string(), "-CA", (dir / "mid.pem").string(), "-CAkey",
                 (dir / "mid.key").string(), "-CAcreateserial", "-extfile", (dir / "extensions").string(),
                 "-out", (dir / "x.pem").string()});
  const auto leaf = certificates_from_pem(test::read(dir / "x.pem"));
  REQUIRE(leaf);
  c.chain[0] = leaf->front();
  CHECK((judge(c) == Errc::untrusted || judge(c) == Errc::invalid));
  CHECK(key_of_certificate(leaf->front()).error().code == Errc::invalid);
}

TEST_CASE("certificates are read strictly") {
  NEEDS_OPENSSL();
  TempDir dir;
  CertificateChain c(dir);
  CHECK(certificates_from_pem("").error().code == Errc::invalid);
  CHECK(certificates_from_pem(c.leaf_key).error().code == Errc::invalid);  // a private key has no place here
  CHECK(certificates_from_pem(std::string(600'000, 'x')).error().code == Errc::invalid);
  const std::string good = test::read(dir / "root.pem");
  REQUIRE(certificates_from_pem(good));
  CHECK(certificates_from_pem(good + std::string(600'000, '\n')).error().code == Errc::invalid);
  // The same bytes under another name.
  std::string renamed = good;
  for (auto at = renamed.find("CERTIFICATE"); at != std::string::npos;
       at = renamed.find("CERTIFICATE", at + 4))
    renamed.replace(at, 11, "PKCS7");
  CHECK(certificates_from_pem(renamed).error().code == Errc::invalid);
  const std::string root = test::read(dir / "root.pem");
  CHECK(certificates_from_pem(root + root.substr(0, root.size() / 2)).error().code == Errc::invalid);
  std::string many;
  for (std::size_t i = 0; i <= kMaxCertificates; ++i) many += root;
  CHECK(certificates_from_pem(many).error().code == Errc::invalid);
  CHECK(key_of_certificate("nonsense").error().code == Errc::invalid);
  CHECK(key_of_certificate(c.chain[0] + "x").error().code == Errc::invalid);
  CHECK(key_of_certificate(std::string(kMaxCertificateBytes + 1, '0')).error().code == Errc::invalid);
  CertificateChain rooted = c;
  rooted.roots.resize(kMaxCertificates, c.roots[0]);
  CHECK(judge(rooted) == Errc::ok);
  rooted.roots.push_back(c.roots[0]);
  CHECK(judge(rooted) == Errc::invalid);
  c.chain.resize(kMaxCertificates + 1, c.chain[0]);
  CHECK(judge(c) == Errc::invalid);
}
