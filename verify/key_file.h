// verify/key_file.h: what stands in a private key's file besides the key.
#pragma once

#include <optional>
#include <string_view>

#include "verify/keys.h"

namespace nano::verify {

/// PrivateKey::save writes the public half's text() in a line above the PEM block, so that one rename decides over both halves and
/// a key is found without its passphrase. Readers of PEM pass over it (RFC 7468, section 2). nullopt: nothing there
[[nodiscard]] std::optional<PublicKey> named_above(std::string_view key_file);

}  // namespace nano::verify
