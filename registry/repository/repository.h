// registry/repository/repository.h: makes a static tree and adds releases to it. A crash leaves the old index served.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "registry/bundle.h"
#include "registry/pack.h"
#include "schemas/index.h"
#include "verify/keys.h"

namespace nano::registry {

struct InitOptions {
  std::string name{};   ///< what the registry calls itself; "" = the folder's name
  std::string title{};
  std::string api{};    ///< URL of its server; "" = none
  UnixTime now = 0;     ///< build_time(): SOURCE_DATE_EPOCH makes the tree reproducible but for the signatures
};

/// Where `nano-registry init DIR` keeps a tree's key: beside the tree, never in what is served.
struct KeyPlace {
  std::filesystem::path private_key{};  ///< DIR.keys/registry.pem, 0600
  std::filesystem::path public_key{};   ///< DIR.keys/registry.pub, one line: `ed25519:` + 64 hex digits
};
[[nodiscard]] KeyPlace key_place(const std::filesystem::path& dir);

struct AddOptions {
  UnixTime now = 0;  ///< date of the new index
};

struct Added {
  schemas::PackageName name{};
  schemas::Version version{};
  Digest release{};
  bool already_there = false;  ///< the same bytes were published before: nothing was done
  uint64_t new_blobs = 0;
  uint64_t new_bytes = 0;      ///< of the new blobs
};

/// A tree that is open for writing by one process (flock). One thread at a time. The key lives as long as this object:
/// with a key made for it and never saved, nobody can sign for the tree afterwards (the starter registry).
class Repository {
 public:
  /// Make an empty tree. errors  refused: the folder is not empty; store
  [[nodiscard]] static Result<Repository> init(const std::filesystem::path& dir, const InitOptions& options, verify::PrivateKey key);
  /// errors  not_found: no tree there; untrusted: its index was not signed by `key`; invalid; integrity; store (also: locked)
  [[nodiscard]] static Result<Repository> open(const std::filesystem::path& dir, verify::PrivateKey key,
                                               std::chrono::milliseconds lock_timeout = std::chrono::seconds(60));

  /// Add a bundle's release and all its blobs, checked as hostile; the release is signed with this tree's key, and
  /// signatures the bundle brings are kept beside it.
  ///   errors  refused: that version exists with other bytes; integrity, invalid: as read_bundle; invalid: a blob is missing
  [[nodiscard]] Result<Added> add_bundle(const std::filesystem::path& bundle, const AddOptions& options);
  /// The same for a folder just packed.
  [[nodiscard]] Result<Added> add(const Packed& packed, const AddOptions& options);

  [[nodiscard]] const schemas::Index& index() const;
  [[nodiscard]] const verify::PublicKey& public_key() const;
  [[nodiscard]] const std::filesystem::path& dir() const;

  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

 private:
  struct Impl;
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::registry
