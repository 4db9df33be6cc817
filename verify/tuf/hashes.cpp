// verify/tuf/hashes.cpp: sha256 and sha512 by OpenSSL.
#include "verify/tuf/hashes.h"

#include <array>

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/text.h"

namespace nano::verify::tuf {
namespace {

Result<std::string> sha512_hex(std::string_view bytes) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned n = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &n, EVP_sha512(), nullptr) != 1)
    return make_error(Errc::internal, "OpenSSL cannot compute sha512");
  return to_hex(out.data(), n);
}

}  // namespace

Status check_hashes(std::string_view bytes, const std::optional<uint64_t>& length, const Hashes& hashes,
                    std::string_view what) {
  const auto differs = [&](const std::string& how) {
    return make_error(Errc::integrity, std::string(what) + " " + how,
                      "the file was changed on its way or at the registry; try again later");
  };
  if (length && bytes.size() != *length)
    return differs("has " + std::to_string(bytes.size()) + " bytes, not the " + std::to_string(*length) +
                   " that were promised");
  if (hashes.empty()) return Unit{};
  bool known = false;
  for (const auto& entry : hashes) {
    std::string actual;
    if (entry.first == "sha256") {
      actual = sha256(bytes).hex();
    } else if (entry.first == "sha512") {
      NANO_TRY_ASSIGN(actual, sha512_hex(bytes));
    } else {
      continue;
    }
    known = true;
    if (actual != entry.second)
      return differs("has the " + entry.first + " " + actual.substr(0, 16) + "..., not " +
                     sanitize(entry.second.substr(0, 16)) + "...");
  }
  if (!known)
    return make_error(
        Errc::unsupported,
        std::string(what) + " is promised by hashes of unknown algorithms only (known: sha256, sha512)",
        "update nano, or tell the registry's operator");
  return Unit{};
}

}  // namespace nano::verify::tuf
