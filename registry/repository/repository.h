// registry/repository/repository.h: makes a registry's tree and changes it. Each change is one transaction (edition.h): a crash
// leaves the old state served.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "registry/bundle.h"
#include "registry/pack.h"
#include "registry/repository/key_ring.h"
#include "registry/repository/roles.h"
#include "schemas/advisory.h"
#include "schemas/index.h"
#include "verify/keys.h"
#include "verify/tuf/metadata.h"

namespace nano::registry {

struct InitOptions {
  std::string name{};  ///< what the registry calls itself; "" = the folder's name
  std::string title{};
  std::string api{};  ///< URL of its server; "" = none
  UnixTime now = 0;   ///< the clock's; the starter registry's build gives build_time()
  roles::Lifetimes lifetimes{};
  /// Delegate all 256 shards at once, so that a registrar without the key of `targets` can take in any namespace.
  bool all_shards = false;
  bool adopt_namespaces = false;  ///< OpenOptions
};

struct OpenOptions {
  UnixTime now = 0;
  roles::Lifetimes lifetimes{};
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(60);
  std::string holder = "nano-registry";  ///< who holds the lock, for whoever waits
  /// Register a namespace nobody has when something is added to it: where registrar and publisher are one person.
  bool adopt_namespaces = false;
  /// Only look: no lock is taken and nothing is written, so the folder may be read-only. What changes is refused.
  bool read_only = false;
  int64_t rekey_wait = roles::kRekeyWait;  ///< seconds; rekey_namespace
};

/// The next version of a role as a document to be signed elsewhere, with what could be signed here.
struct Draft {
  std::string role{};
  uint64_t version = 0;
  std::string bytes{};
  uint32_t missing = 0;  ///< signatures it still needs
};

struct AddOptions {
  UnixTime now = 0;  ///< when it is published
  /// Where the namespace's document goes when too few of its keys are at hand, for the others to sign; nullptr: denied.
  std::optional<Draft>* draft = nullptr;
};

struct Added {
  schemas::PackageName name{};
  schemas::Version version{};
  Digest release{};
  bool already_there = false;  ///< the same bytes were published before: nothing was done, but for …
  uint32_t mended = 0;         ///< … files of the tree that had rotted, and were replaced by the bytes they should have
  bool drafted = false;        ///< blobs and release are here, and nobody vouches for them yet
  uint64_t new_blobs = 0;
  uint64_t new_bytes = 0;  ///< of the new blobs
};

/// Who may publish in a namespace.
struct NamespaceOwner {
  std::string name{};
  std::vector<std::string> key_ids{};
  uint32_t threshold = 1;
  std::vector<std::string> release_key_ids{};  ///< of ns.<name>.rel; empty: there is none
  std::string tombstone{};                     ///< why it was removed; "" = it was not
  uint64_t releases = 0;
  std::vector<std::string> announced{};  ///< the keys of an announced re-key; empty: none is
  UnixTime announced_at = 0;
};

/// One role as it is served.
struct RoleStatus {
  std::string role{};
  std::string delegator{};  ///< empty: root says who signs it
  uint64_t version = 0;
  UnixTime expires = 0;
  uint32_t threshold = 1;
  std::vector<std::string> key_ids{};
  uint32_t keys_here = 0;  ///< of these, in the key ring
};

/// Drop `-`, read 0 as o and 1 as l: two namespaces that become equal look alike, and only one may exist.
[[nodiscard]] std::string namespace_skeleton(std::string_view name);

/// A tree that is open for writing by one process (flock). One thread at a time. The key ring outlives it; keys it does not
/// hold are missed only by what needs them (denied).
class Repository {
 public:
  /// Make an empty tree, with keys that `keys` makes. errors  refused: the folder is not empty; store
  [[nodiscard]] static Result<Repository> init(const std::filesystem::path& dir, const InitOptions& options,
                                               KeyRing& keys);
  /// errors  not_found: no tree there; untrusted, integrity, invalid: its metadata were changed; store (also: locked)
  [[nodiscard]] static Result<Repository> open(const std::filesystem::path& dir, const OpenOptions& options,
                                               KeyRing& keys);

  // --- publishing (publish.cpp) -------------------------------------------------------------------------------

  /// Add releases and all their blobs, listed by the roles of their namespaces: all of them in one transaction, or none. What is in
  /// the tree already is compared by digest, and replaced where it has rotted.
  ///   errors  refused: that version exists with other bytes; not_found: nobody has the namespace; denied: its keys are not at
  ///           hand; integrity, invalid: as read_bundle; invalid: a blob is missing
  struct Source {
    std::filesystem::path bundle{};   ///< checked as hostile, …
    const Packed* packed = nullptr;   ///< … or a folder just packed
  };
  [[nodiscard]] Result<std::vector<Added>> add(const std::vector<Source>& sources, const AddOptions& options);
  [[nodiscard]] Result<Added> add_bundle(const std::filesystem::path& bundle, const AddOptions& options);
  [[nodiscard]] Result<Added> add(const Packed& packed, const AddOptions& options);
  /// Take a version back (`reason`: one line) or, with "", offer it again. Locked projects still find it.
  /// `draft` as in AddOptions. errors  not_found, denied, usage
  [[nodiscard]] Status yank(const schemas::PackageName& name, const schemas::Version& version,
                            const std::string& reason, std::optional<Draft>* draft = nullptr);

  // --- namespaces (namespaces.cpp) ----------------------------------------------------------------------------

  /// May this name be registered? errors  usage: its grammar; refused: it exists, existed, or looks like one that does
  [[nodiscard]] Status check_new_namespace(const std::string& name) const;
  /// Register a namespace for `owners`, which are in the key ring; `release_key` as set_release_key.
  ///   errors  usage: the name; refused: it exists, was removed (never reused), or looks like one that exists; denied
  [[nodiscard]] Status add_namespace(const std::string& name, const std::vector<verify::PublicKey>& owners,
                                     uint32_t threshold = 1,
                                     const std::optional<verify::PublicKey>& release_key = std::nullopt);
  /// Register a namespace for whoever signed `proof` (prove_namespace). errors  also untrusted: not signed by each of its keys,
  /// or made for another registry or namespace
  [[nodiscard]] Status add_namespace(const std::string& name, std::string_view proof);
  /// For good: a terminating tombstone stays, signed by the registrar. errors  not_found, denied, usage: no reason
  [[nodiscard]] Status remove_namespace(const std::string& name, const std::string& reason);
  /// Other keys from now on; the role is signed anew by them. What was published stays. At once when enough of the old keys
  /// sign too. Else somebody says that they are lost: the first call only announces the new keys, in reg.<hh>, for everybody
  /// to see, and one with the same keys takes effect after OpenOptions::rekey_wait, unless the old keys have signed meanwhile.
  ///   returns  done, or when it may be
  ///   errors   as add_namespace, not_found; refused: announced, and not long enough ago, or its owner has signed since
  struct Rekeyed {
    bool done = false;
    UnixTime possible_at = 0;
  };
  [[nodiscard]] Result<Rekeyed> rekey_namespace(const std::string& name,
                                                const std::vector<verify::PublicKey>& owners,
                                                uint32_t threshold = 1,
                                                const std::optional<verify::PublicKey>& release_key = std::nullopt);
  [[nodiscard]] Result<Rekeyed> rekey_namespace(const std::string& name, std::string_view proof);
  /// The owner objected. errors  not_found: nothing is announced; denied
  [[nodiscard]] Status withdraw_rekey(const std::string& name);
  /// A key that may publish but not change the namespace's keys: the delegated role ns.<name>.rel. errors  as above
  [[nodiscard]] Status set_release_key(const std::string& name, const verify::PublicKey& key);
  [[nodiscard]] Result<std::vector<NamespaceOwner>> namespaces();

  // --- advisories (advisories.cpp) ----------------------------------------------------------------------------

  /// Add or replace by id. errors  invalid, denied
  [[nodiscard]] Status put_advisory(const schemas::Advisory& advisory);
  [[nodiscard]] Status remove_advisory(const std::string& id);  ///< errors  not_found, denied
  [[nodiscard]] Result<std::vector<schemas::Advisory>> advisories();

  // --- keys and signatures (upkeep.cpp) -----------------------------------------------------------------------

  /// Sign timestamp, snapshot and index anew (with `only_if_due` when half the life of one of them is over), and every other role
  /// with half its life behind it whose keys are at hand. errors  denied: of the first three
  struct Refreshed {
    bool done = false;                  ///< anything was signed
    std::vector<std::string> roles{};   ///< renewed besides the three
    std::vector<std::string> closed{};  ///< roles that are due, and whose keys are here and cannot be opened: why
  };
  [[nodiscard]] Result<Refreshed> refresh(bool only_if_due = false);
  /// Replace the keys of "root", "targets", "snapshot", "timestamp", "advisory", "index" or "registrar" by keys of the ring.
  /// errors  denied: the keys of a delegator, or the old root keys, are not at hand; usage: no such role
  [[nodiscard]] Status rotate(std::string_view role, const std::vector<verify::PublicKey>& keys,
                              uint32_t threshold = 1);
  /// Sign "root", "targets", "advisory", "reg" (each reg.<hh>) or "all" of them anew, for another lifetime. errors  denied, usage
  [[nodiscard]] Status renew(std::string_view role);
  /// The next version of such a role as a document to be signed elsewhere; one for each role.
  [[nodiscard]] Result<std::vector<Draft>> drafts(std::string_view role);
  /// What rotate() would serve, as documents to be signed elsewhere: all of them are installed together.
  [[nodiscard]] Result<std::vector<Draft>> rotation_drafts(std::string_view role,
                                                           const std::vector<verify::PublicKey>& keys,
                                                           uint32_t threshold = 1);
  /// Serve documents that were signed elsewhere: of root, targets and what targets delegates to, or of namespaces.
  ///   errors  untrusted: signatures, a version that is not the next, a role that is not delegated, a release that is not what
  ///           is listed or that lists another way; refused: a version that was published before; denied; invalid; not_found
  [[nodiscard]] Status install(const std::vector<std::string>& documents);
  [[nodiscard]] Result<std::vector<RoleStatus>> status();
  /// Is what the tree serves still what it was when it was opened? After an error: whether keys made meanwhile may be taken back.
  [[nodiscard]] bool unchanged() const;
  [[nodiscard]] UnixTime timestamp_expires() const;

  [[nodiscard]] const schemas::Index& index() const;
  [[nodiscard]] const std::string& id() const;  ///< of the first root (tuf::registry_id), 64 hex digits: what clients pin
  [[nodiscard]] const verify::tuf::Root& root() const;
  [[nodiscard]] const std::filesystem::path& dir() const;

  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

 private:
  struct Impl;
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The proof that somebody holds the keys of a namespace, made without the registry's data: its role's first document (or, with
/// `current`, the next one, for a change of keys), to be signed by each key; and by the old ones, as far as they are at hand.
///   registry  its id; current  the role's present document, or ""
///   errors    denied: none of the keys is at hand
struct NamespaceProof {
  std::string bytes{};
  uint32_t missing = 0;  ///< signatures of owners that are elsewhere: sign_elsewhere() adds them
};
[[nodiscard]] Result<NamespaceProof> prove_namespace(const std::string& name, const std::string& registry,
                                                     const std::vector<verify::PublicKey>& owners,
                                                     uint32_t threshold, std::string_view current,
                                                     KeyRing& keys, UnixTime now);

/// Sign a draft or a proof, on a machine without the registry's data, with every key of the ring that it names.
///   errors  denied: none of them is at hand; invalid
struct SignedElsewhere {
  std::string role{};
  uint64_t version = 0;
  UnixTime expires = 0;
  std::vector<std::string> key_ids{};  ///< that have signed it
  std::vector<std::string> wanted{};   ///< that may
  uint32_t threshold = 1;
  uint32_t missing = 0;  ///< signatures it still needs
  std::vector<std::string>
      says{};  ///< what it decides, for the person who signs: "root key 12ab…", "namespace acme: key …"
  std::string bytes{};
};
[[nodiscard]] Result<SignedElsewhere> sign_elsewhere(std::string_view document, KeyRing& keys);

}  // namespace nano::registry
