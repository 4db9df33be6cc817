// registry/repository/key_ring.h: the private keys at hand, by key id; wherever they are kept.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/keys.h"

namespace nano::registry {

class KeyRing {
 public:
  virtual ~KeyRing() = default;
  /// The key of that id; nullptr: not here. Owned by the ring. errors  denied: the passphrase, or a file others can read
  [[nodiscard]] virtual Result<const verify::PrivateKey*> find(const std::string& key_id) = 0;
  /// Is it here? Without opening it, so no passphrase is asked for.
  [[nodiscard]] virtual bool has(const std::string& key_id) const = 0;
  /// The key for what `label` names ("targets", "ns.acme"); made when there is none yet. errors  store
  [[nodiscard]] virtual Result<verify::PublicKey> make(std::string_view label) = 0;
};

/// Keys that live as long as this object and are never saved: nobody can sign afterwards (the starter registry, tests).
class MemoryKeys final : public KeyRing {
 public:
  MemoryKeys() = default;
  /// One key that plays every role: make() always gives this one.
  explicit MemoryKeys(verify::PrivateKey only);
  [[nodiscard]] Result<const verify::PrivateKey*> find(const std::string& key_id) override;
  [[nodiscard]] bool has(const std::string& key_id) const override { return keys_.contains(key_id); }
  [[nodiscard]] Result<verify::PublicKey> make(std::string_view label) override;
  void add(verify::PrivateKey key);
  void forget(const std::string& key_id) { keys_.erase(key_id); }

 private:
  std::map<std::string, verify::PrivateKey> keys_{};
  std::string only_{};
};

}  // namespace nano::registry
