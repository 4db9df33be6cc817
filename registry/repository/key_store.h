// registry/repository/key_store.h: private keys at rest: one file each, mode 0600, encrypted when there is a passphrase.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "registry/repository/key_ring.h"

namespace nano::registry {

/// The passphrase of a folder's keys; nullopt: none, the keys lie (or are to lie) unencrypted. Asked at most once a folder.
///   for_new  keys are about to be written with it, so a person types it twice
using AskPassphrase =
    std::function<Result<std::optional<verify::Secret>>(const fs::Path& folder, bool for_new)>;

//   <label>.pem   PKCS#8, mode 0600; PBES2 with PBKDF2-HMAC-SHA256, 600,000 rounds (verify/keys.h)
//   <label>.pub   `ed25519:` + 64 hex digits: finds a key without opening it; alone, it names somebody else's key
class KeyStore final : public KeyRing {
 public:
  struct Folders {
    fs::Path online{};                  ///< DIR.keys: where new keys go, unless …
    std::optional<fs::Path> offline{};  ///< … it is given and the label is one of a key that signs rarely
    std::vector<fs::Path> more{};       ///< looked into, never written
  };
  /// Reads the public halves. Absent folders are empty. errors  store; invalid: a .pub that is none
  [[nodiscard]] static Result<KeyStore> open(Folders folders, AskPassphrase ask);

  /// Look again for keys, that another process may have made: once the registry's lock is held.
  [[nodiscard]] Status look_again();
  /// From now on also there.
  [[nodiscard]] Status look_into(const fs::Path& folder);

  struct Entry {
    std::string label{};
    verify::PublicKey key{};
    fs::Path file{};  ///< of the private half
    bool encrypted = false;
    bool readable_by_others = false;
  };
  /// Those whose private halves are here, sorted by label. errors  store
  [[nodiscard]] Result<std::vector<Entry>> list() const;
  /// Also one of which only the .pub is here.
  [[nodiscard]] std::optional<verify::PublicKey> named(std::string_view label) const;

  /// errors  denied: no or a wrong passphrase, the file or its folder is open to others; integrity: not the key its .pub names
  [[nodiscard]] Result<const verify::PrivateKey*> find(const std::string& key_id) override;
  [[nodiscard]] bool has(const std::string& key_id) const override { return places_.contains(key_id); }
  [[nodiscard]] Result<verify::PublicKey> make(std::string_view label) override;
  /// A key that must be new. errors  refused: the label is taken; usage: no label; store
  [[nodiscard]] Result<verify::PublicKey> create(std::string_view label);

 private:
  struct Place {
    std::string label{};
    verify::PublicKey key{};
    fs::Path folder{};
  };
  KeyStore(Folders folders, AskPassphrase ask) : folders_(std::move(folders)), ask_(std::move(ask)) {}
  [[nodiscard]] Status read_folder(const fs::Path& folder);
  [[nodiscard]] Result<const std::optional<verify::Secret>*> passphrase(const fs::Path& folder, bool for_new);

  Folders folders_;
  AskPassphrase ask_;
  std::map<std::string, Place> places_{};              ///< by key id
  std::map<std::string, verify::PublicKey> others_{};  ///< by label: only the public half is here
  std::map<std::string, verify::PrivateKey> open_{};
  std::map<fs::Path, std::optional<verify::Secret>> secrets_{};
};

/// The keys that sign rarely, and so belong on another machine: root, targets, advisory, registrar.
[[nodiscard]] bool signs_rarely(std::string_view label);
/// errors  denied: group or others may read it, or it is not ours; not_found
[[nodiscard]] Status check_private(const fs::Path& file);

}  // namespace nano::registry
