// Digest parses one form only; SHA-256 against NIST's published vectors (FIPS 180-2 appendix B).
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "tests/support/support.h"

namespace nano {
namespace {

constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_CASE("SHA-256 gives NIST's vectors") {
  CHECK(sha256("abc").hex() == kAbc);
  CHECK(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex() ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Hasher h;
  for (int i = 0; i < 1000; ++i) h.update(std::string(1000, 'a'));
  CHECK(h.finish().hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  h.update("abc");
  CHECK(h.finish().hex() == kAbc);  // it starts anew
}

TEST_CASE("hashing a file hashes its bytes and refuses links and folders") {
  const test::TempDir dir;
  test::write(dir / "f", "abc");
  std::filesystem::create_symlink(dir / "f", dir / "link");
  CHECK(sha256_file(dir / "f").value().hex() == kAbc);
  CHECK(sha256_file(dir / "absent").error().code == Errc::not_found);
  CHECK(sha256_file(dir / "link").error().code == Errc::invalid);
  CHECK(sha256_file(dir.path()).error().code == Errc::invalid);
}

TEST_CASE("a digest parses sha256: and 64 lower-case hex digits and nothing else") {
  const std::string good = "sha256:" + std::string(kAbc);
  CHECK(Digest::parse(good).value().text() == good);
  CHECK(Digest::parse_hex(kAbc).value().hex() == kAbc);
  std::string upper = good;
  upper[8] = 'A';
  for (const std::string& bad : std::vector<std::string>{
           std::string(kAbc), std::string("sha256:"), good + "0", good.substr(0, 70), upper,
           "sha512:" + std::string(kAbc), "SHA256:" + std::string(kAbc),
           "sha256:../../../../../../../../../../../../../../../../../../../../etc/passwd",
           "sha256: " + std::string(kAbc).substr(1), good + "\n"})
    CHECK(Digest::parse(bad).error().code == Errc::invalid);
}

TEST_CASE("hex text round-trips and refuses what is not hex") {
  const std::string raw("\x00\xff\x10", 3);
  CHECK(from_hex(to_hex(reinterpret_cast<const uint8_t*>(raw.data()), 3)).value() == raw);
  CHECK_FALSE(from_hex("abc"));
  CHECK_FALSE(from_hex("zz"));
}

}  // namespace
}  // namespace nano
