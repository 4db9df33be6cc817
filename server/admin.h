// server/admin.h: what `nano-registry` does to a registry's folder: make one, add releases to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fs.h"
#include "base/log.h"
#include "base/result.h"

namespace nano::server {

struct InitOptions {
  fs::Path dir{};
  std::string name{};  ///< empty: the folder's name
  fs::Path key{};      ///< where the private key goes; empty: `<dir>.key.pem` beside the tree, mode 0600
  std::string passphrase{};  ///< empty: the key lies unencrypted, and the report says so
};
struct InitReport {
  fs::Path dir{};
  std::string name{};
  std::string public_key{};  ///< 64 hex digits: what clients pin
  std::string key_id{};
  fs::Path key{};
  bool key_encrypted = false;
};
/// errors  usage: the folder exists and is not empty; store
[[nodiscard]] Result<InitReport> init(const InitOptions& options);

struct AddOptions {
  fs::Path dir{};
  std::vector<fs::Path> bundles{};  ///< .nano files, or package folders (packed on the way)
  fs::Path key{};                   ///< empty: where init put it
  std::string passphrase{};
};
struct AddedRelease {
  std::string name{};
  std::string version{};
  std::string digest{};
  uint64_t new_bytes = 0;  ///< blob bytes that were not in the tree yet
  bool existed = false;    ///< the very same release was there already
};
/// All or nothing for each bundle; the index is rewritten last, so a crash leaves the old state served.
///   errors  invalid, integrity, usage (the version exists with other bytes), store, untrusted (wrong key)
[[nodiscard]] Result<std::vector<AddedRelease>> add(const AddOptions& options, Log& log);

struct StarterOptions {
  fs::Path dir{};  ///< rewritten as a whole
  std::vector<fs::Path> bundles{};
};
/// The starter registry: init + add with a key made here and destroyed before this returns; its public half
/// lies in
/// `<dir>/starter.pub` (`ed25519:` + 64 hex digits). For builds (DESIGN section 4). Honours
/// SOURCE_DATE_EPOCH.
[[nodiscard]] Result<std::vector<AddedRelease>> make_starter(const StarterOptions& options, Log& log);

}  // namespace nano::server
