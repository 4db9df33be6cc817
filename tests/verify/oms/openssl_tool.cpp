// tests/verify/oms/openssl_tool.cpp: thin wrappers; every certificate of the tests is made here, none is stored.
#include "tests/verify/oms/openssl_tool.h"

#include <catch2/catch.hpp>

#include "verify/oms/certificates.h"

namespace nano::test {
namespace {
constexpr const char* kProgram = "/usr/bin/openssl";  // run() searches no PATH
}

bool have_openssl() {
  static const bool there = run({kProgram, "version"}).exit_code == 0;
  return there;
}

std::string openssl(const std::vector<std::string>& args, std::string_view stdin_bytes) {
  std::vector<std::string> argv{kProgram};
  argv.insert(argv.end(), args.begin(), args.end());
  RunResult r = run(argv, stdin_bytes);
  INFO("openssl " << args.front() << ": " << r.err);
  REQUIRE(r.exit_code == 0);
  return std::move(r.out);
}

bool openssl_says_yes(const std::vector<std::string>& args) {
  std::vector<std::string> argv{kProgram};
  argv.insert(argv.end(), args.begin(), args.end());
  return run(argv).exit_code == 0;
}

CertificateChain::CertificateChain(const TempDir& dir, const std::string& leaf_extensions, int leaf_days,
                                   const std::string& curve) {
  const auto at = [&](const char* name) { return (dir / name).string(); };
  const auto make_key = [&](const char* name, const std::string& on) {
    openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + on, "-out", at(name)});
  };
  const auto sign = [&](const char* name, const char* key, const char* subject, const char* issuer,
                        const char* issuer_key, const std::string& extensions, int days) {
    write(dir / "extensions", extensions);
    openssl({"req", "-new", "-key", at(key), "-subj", subject, "-out", at("request")});
    openssl({"x509", "-req", "-in", at("request"), "-CA", at(issuer), "-CAkey", at(issuer_key),
             "-CAcreateserial", "-days", std::to_string(days), "-extfile", at("extensions"), "-out",
             at(name)});
  };
  make_key("root.key", "P-256");
  openssl({"req", "-x509", "-new", "-key", at("root.key"), "-subj", "/CN=Test root", "-days", "100", "-out",
           at("root.pem"), "-addext", "keyUsage=critical,keyCertSign"});
  make_key("mid.key", "P-256");
  sign("mid.pem", "mid.key", "/CN=Test intermediate", "root.pem", "root.key",
       "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n", 100);
  make_key("leaf.key", curve);
  sign("leaf.pem", "leaf.key", "/O=Example/CN=Ann", "mid.pem", "mid.key", leaf_extensions, leaf_days);
  leaf_key = read(dir / "leaf.key");
  const auto leaf = verify::oms::certificates_from_pem(read(dir / "leaf.pem") + read(dir / "mid.pem"));
  const auto root = verify::oms::certificates_from_pem(read(dir / "root.pem"));
  REQUIRE(leaf);
  REQUIRE(root);
  chain = *leaf;
  roots = *root;
}

}  // namespace nano::test
