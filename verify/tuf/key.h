// verify/tuf/key.h: public keys as TUF metadata list them: ed25519, ecdsa P-256, rsa-pss.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "verify/keys.h"

namespace nano::verify::tuf {

/// One entry of a `keys` object (TUF specification 4.2.1). A value; safe to share by threads.
///
/// A key nano cannot use (another scheme, a broken PEM, a small RSA modulus, an id that is not its hash) is still a
/// Key: it stands in its document and is written back unchanged, but no signature of it ever counts. So one odd key
/// does not lock everybody out of a document that enough good keys have signed.
class Key {
 public:
  /// `object` as listed under the id `id`. errors  invalid: not an object with keytype, scheme and keyval
  [[nodiscard]] static Result<Key> parse(std::string_view id, const Json& object);
  /// nano's own keys: ed25519, under PublicKey::key_id().
  [[nodiscard]] static Key of(const PublicKey& key);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& keytype() const { return keytype_; }
  [[nodiscard]] const std::string& scheme() const { return scheme_; }
  [[nodiscard]] const Json& json() const { return json_; }  ///< as received, with its unknown fields
  [[nodiscard]] bool usable() const { return unusable_.empty(); }
  [[nodiscard]] const std::string& unusable() const { return unusable_; }  ///< why not; empty when usable
  /// Equal for equal key material, however it was written down. Thresholds count these. Empty when not usable.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  /// Is `sig_hex` this key's signature over `message`? Never true for an unusable key or a sig that is not hex.
  [[nodiscard]] bool verify(std::string_view message, std::string_view sig_hex) const;

  /// sha256 (64 hex digits) of the canonical form of a key object with all its fields (4.2.1). errors  invalid
  [[nodiscard]] static Result<std::string> compute_id(const Json& object);

 private:
  struct Material;
  void load(const std::string& public_text);
  std::string id_{};
  std::string keytype_{};
  std::string scheme_{};
  Json json_{};
  std::string unusable_{};
  std::string fingerprint_{};
  std::shared_ptr<const Material> material_{};
};

using Keys = std::map<std::string, Key>;  ///< by key id

}  // namespace nano::verify::tuf
