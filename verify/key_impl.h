// verify/key_impl.h: what a PrivateKey holds; shared by keys.cpp (signing) and key_file.cpp (PEM).
#pragma once

#include "verify/keys.h"
#include "verify/openssl.h"

namespace nano::verify {

inline constexpr std::size_t kMaxPassphraseBytes = 1'024;  ///< what OpenSSL has room for when it opens a key (PEM_BUFSIZE)

struct PrivateKey::Impl {
  openssl::Pkey pkey;  ///< OpenSSL keeps Ed25519 private bytes in secure memory and wipes them when freed
};

}  // namespace nano::verify
