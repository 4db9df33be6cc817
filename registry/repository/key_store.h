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

/// A passphrase to try for a folder's keys; nullopt: there is none (left), so the keys lie (or are to lie) unencrypted. Asked until
/// one opens a key of the folder, and never again after that.
///   for_new  keys are about to be written with it, so a person types it twice
///   attempt  0, 1, …: how many were wrong
using AskPassphrase =
    std::function<Result<std::optional<verify::Secret>>(const fs::Path& folder, bool for_new, uint32_t attempt)>;

//   <label>.pem   the public half in a line above, then PKCS#8; mode 0600; PBES2 with PBKDF2-HMAC-SHA256, 600,000 rounds
//                 (verify/keys.h). One rename makes the whole key.
//   <label>.pub   `ed25519:` + 64 hex digits, to be given to others; alone, it names somebody else's key. Where it is missing (a
//                 process was killed before it) it is written again from the .pem.
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
  /// In the folders that new keys go to: remove what killed processes left, and write the .pub files they did not come to. errors  store
  [[nodiscard]] Status tidy();
  /// Take back the keys that this object has made: what they were made for failed.
  void take_back();
  /// They are in force: from now on nothing takes them back.
  void keep() { made_.clear(); }

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
  /// Is the private half of that label's key here?
  [[nodiscard]] bool holds(std::string_view label) const;
  /// Is there any file for that label, even one whose public half is not known?
  [[nodiscard]] bool taken(std::string_view label) const;

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
  /// The passphrases of a folder that were tried, and the one that opened a key.
  struct Tried {
    std::vector<verify::Secret> secrets{};
    std::optional<std::size_t> good{};
    bool no_more = false;
  };
  [[nodiscard]] Status read_folder(const fs::Path& folder);
  [[nodiscard]] Status read_label(const fs::Path& folder, const std::string& label, bool has_public);
  [[nodiscard]] Result<verify::PrivateKey> open_file(const fs::Path& folder, const fs::Path& file);
  /// The passphrase for a new key of `folder`; nullptr: it is not to be encrypted.
  [[nodiscard]] Result<const verify::Secret*> for_new_key(const fs::Path& folder);
  [[nodiscard]] Result<std::optional<verify::PublicKey>> unseal(const std::string& label);
  [[nodiscard]] Status write_public(const fs::Path& folder, const std::string& label, const verify::PublicKey& key);

  Folders folders_;
  AskPassphrase ask_;
  std::map<std::string, Place> places_{};              ///< by key id
  std::map<std::string, verify::PublicKey> others_{};  ///< by label: only the public half is here
  std::map<std::string, verify::PrivateKey> open_{};
  std::map<std::string, Error> closed_{};  ///< by key id: why it cannot be opened
  std::map<fs::Path, Tried> tried_{};
  std::map<std::string, fs::Path> sealed_{};                   ///< label to folder: a .pem that does not say whose it is
  std::vector<std::pair<fs::Path, std::string>> no_public_{};  ///< folder and label: the .pub is missing
  std::vector<std::pair<fs::Path, std::string>> made_{};
};

/// The keys that sign rarely, and so belong on another machine: root, targets, advisory, registrar.
[[nodiscard]] bool signs_rarely(std::string_view label);
/// errors  denied: group or others may read it, or it is not ours; not_found
[[nodiscard]] Status check_private(const fs::Path& file);

}  // namespace nano::registry
