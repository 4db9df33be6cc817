// tests/cli/sign_test.cpp: `nano sign` and `nano verify --oms` as a person types them.
#include <catch2/catch.hpp>

#include "base/json.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

constexpr const char* kOpenssl = "/usr/bin/openssl";

struct Model {
  test::TempDir dir;
  Model() {
    test::write(dir / "m" / "weights.bin", "weights");
    REQUIRE(test::run({kOpenssl, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                       (dir / "key").string()})
                .exit_code == 0);
    REQUIRE(test::run(
                {kOpenssl, "pkey", "-in", (dir / "key").string(), "-pubout", "-out", (dir / "pub").string()})
                .exit_code == 0);
  }
  test::RunResult nano(std::vector<std::string> args, std::map<std::string, std::string> env = {}) const {
    args.insert(args.begin(), test::bin("nano"));
    env["NANO_HOME"] = (dir / "home").string();
    return test::run(args, {}, env);
  }
  test::RunResult verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> args{"verify", "--oms", (dir / "m").string(), "--public-key",
                                  (dir / "pub").string()};
    args.insert(args.end(), more.begin(), more.end());
    return nano(args);
  }
};

#define NEEDS_OPENSSL()                                  \
  if (test::run({kOpenssl, "version"}).exit_code != 0) { \
    WARN("SKIPPED: no openssl program");                 \
    return;                                              \
  }

}  // namespace

TEST_CASE("a folder is signed, checked, and a changed byte found with exit code 6") {
  NEEDS_OPENSSL();
  const Model m;
  const auto sign = m.nano({"sign", (m.dir / "m").string(), "--key", (m.dir / "key").string(), "--json"});
  REQUIRE(sign.exit_code == 0);
  const auto doc = parse_json(sign.out);
  REQUIRE(doc);
  CHECK((*doc)["data"]["files"] == 1);
  CHECK((*doc)["data"]["method"] == "key");
  CHECK(m.verify().exit_code == 0);
  test::write(m.dir / "m" / "extra", "x");
  const auto extra = m.verify();
  CHECK(extra.exit_code == 6);
  CHECK(extra.out.find("uncovered: extra") != std::string::npos);
  CHECK(m.verify({"--ignore", "extra"}).exit_code == 0);
  CHECK(m.verify({"--ignore-unsigned"}).exit_code == 0);
  test::write(m.dir / "m" / "weights.bin", "Weights");
  const auto changed = m.verify({"--ignore-unsigned", "--json"});
  CHECK(changed.exit_code == 6);
  const auto found = parse_json(changed.out);
  REQUIRE(found);
  CHECK((*found)["schema"] == "nano.verify-oms/1");
  CHECK((*found)["data"]["ok"] == false);
  CHECK((*found)["data"]["differences"][0]["kind"] == "changed");
}

TEST_CASE("another key is untrusted (7), no key is a wrong command line (2), nonsense invalid (13)") {
  NEEDS_OPENSSL();
  const Model m;
  const Model other;
  REQUIRE(m.nano({"sign", (m.dir / "m").string(), "--key", (m.dir / "key").string()}).exit_code == 0);
  const std::string folder = (m.dir / "m").string();
  CHECK(m.nano({"verify", "--oms", folder, "--public-key", (other.dir / "pub").string()}).exit_code == 7);
  CHECK(m.nano({"verify", "--oms", folder}).exit_code == 2);
  CHECK(m.nano({"verify", "--oms", folder, "--ca", (m.dir / "pub").string()}).exit_code == 2);
  CHECK(m.nano({"verify", "x", "--oms", folder}).exit_code == 2);
  CHECK(m.nano({"sign", folder}).exit_code == 2);
  CHECK(m.nano({"sign", folder, "--key", (m.dir / "pub").string()}).exit_code == 13);
  test::write(m.dir / "m" / "model.sig", "{}");
  CHECK(m.verify().exit_code == 13);
  std::filesystem::remove(m.dir / "m" / "model.sig");
  CHECK(m.verify().exit_code == 3);
}

TEST_CASE("an encrypted key takes its passphrase from a file or the environment, never the command line") {
  NEEDS_OPENSSL();
  const Model m;
  const std::string key = (m.dir / "locked").string();
  REQUIRE(test::run({kOpenssl, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-aes-256-cbc", "-pass", "pass:open sesame", "-out", key})
              .exit_code == 0);
  const std::vector<std::string> sign{"sign", (m.dir / "m").string(), "--key", key};
  CHECK(m.nano(sign).exit_code == 8);
  CHECK(m.nano(sign, {{"NANO_KEY_PASSPHRASE", "open sesame"}}).exit_code == 0);
  test::write(m.dir / "pass", "open sesame\nand more\n");
  auto with_file = sign;
  with_file.insert(with_file.end(), {"--passphrase-file", (m.dir / "pass").string()});
  CHECK(m.nano(with_file).exit_code == 0);
  test::write(m.dir / "pass", "\n");
  CHECK(m.nano(with_file).exit_code == 2);
}

TEST_CASE("git's four paths at the top are left out and named in the signature, unless told otherwise") {
  NEEDS_OPENSSL();
  const Model m;
  for (const char* path : {".git/HEAD", ".github/workflows/x.yml", ".gitignore", ".gitattributes", "below/.gitignore"})
    test::write(m.dir / "m" / path, "x");
  const std::vector<std::string> sign{"sign", (m.dir / "m").string(), "--key", (m.dir / "key").string(), "--json"};
  const auto left_out = m.nano(sign);
  REQUIRE(left_out.exit_code == 0);
  const auto doc = parse_json(left_out.out).value();
  CHECK(doc["data"]["files"] == 2);  // the weights, and what lies deeper
  CHECK(doc["data"]["left_out"] == Json::array({".git", ".gitattributes", ".github", ".gitignore"}));
  CHECK(m.verify().exit_code == 0);
  CHECK(m.verify({"--no-ignore-git-paths"}).exit_code == 6);
  test::write(m.dir / "m" / "below/.github", "y");
  CHECK(m.verify().exit_code == 6);
  std::filesystem::remove(m.dir / "m" / "below/.github");
  // Covered on request, and then looked at.
  auto all = sign;
  all.emplace_back("--no-ignore-git-paths");
  const auto covered = m.nano(all);
  REQUIRE(covered.exit_code == 0);
  CHECK(parse_json(covered.out).value()["data"]["files"] == 6);
  CHECK(m.verify().exit_code == 0);
  test::write(m.dir / "m" / ".gitignore", "changed");
  CHECK(m.verify().exit_code == 6);
  test::write(m.dir / "m" / ".gitignore", "x");
  test::write(m.dir / "m" / ".git/more", "x");
  CHECK(m.verify().exit_code == 6);  // a signer who lists one file of .git vouches for all of it
}
