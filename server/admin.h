// server/admin.h: what `nano-registry` does to a registry's folder. Each call is one change: done, or nothing happened.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/result.h"

namespace nano::server {

/// Where a registry's keys are: all beside the tree; root, targets, advisory and registrar elsewhere; or nobody re-signs.
/// unknown: the folder of its keys cannot be looked into here.
enum class Mode { simple, offline, fixed, unknown };
[[nodiscard]] std::string_view to_text(Mode mode);  ///< "simple", "offline", "static", "unknown"

inline constexpr uint64_t kMaxStaticDays = 36'525;  ///< 100 years
inline constexpr int64_t kSoonDays =
    14;  ///< `status` warns this long before a signature that needs a person runs out

/// How private keys are reached. Every call that signs takes it.
struct KeyOptions {
  std::vector<fs::Path> folders{};  ///< looked into besides DIR.keys
  std::string passphrase{};          ///< of the keys beside the tree, and of others that have none of their own; "" = none given
  std::string offline_passphrase{};  ///< of the keys that are kept elsewhere; "": the same
  /// Asks a person without echo; empty: there is no terminal.
  std::function<Result<std::string>(const std::string& question)> ask{};
  bool must_encrypt = false;   ///< refuse to write a key that is not encrypted where rarely used ones go
  UnixTime now = 0;            ///< 0: the machine's clock (never SOURCE_DATE_EPOCH: what is signed is alive)
  bool clock_is_right = false; ///< sign although the clock is far from when this registry was signed last
};

// --- the tree (admin.cpp) -------------------------------------------------------------------------------------

struct InitOptions {
  fs::Path dir{};
  std::string name{};  ///< empty: the folder's name
  Mode mode = Mode::simple;
  fs::Path offline_keys{};      ///< of Mode::offline: where the keys that sign rarely go
  uint64_t static_days = 3650;  ///< of Mode::fixed
  KeyOptions keys{};
};
struct InitReport {
  fs::Path dir{};
  std::string name{};
  std::string id{};  ///< sha256 of the first root, 64 hex digits: what clients pin
  fs::Path root{};   ///< that root: the file to give to clients
  Mode mode = Mode::simple;
  fs::Path keys{};
  bool keys_encrypted = false;
};
/// What fails leaves nothing; what was killed is finished or made anew by the next call.
///   errors  refused: the folder is not empty; denied: offline keys and no passphrase; usage; store
[[nodiscard]] Result<InitReport> init(const InitOptions& options);

struct AddedRelease {
  std::string name{};
  std::string version{};
  std::string digest{};
  uint64_t new_bytes = 0;  ///< blob bytes that were not in the tree yet
  bool existed = false;    ///< the very same release was there already
  uint32_t mended = 0;     ///< files of the tree that had rotted and are right again
  fs::Path draft{};        ///< not served yet: the document that others have to sign
  uint32_t missing = 0;    ///< how many signatures it still needs
};
/// `bundles`: .nano files, or package folders (packed on the way). All of them are published, or none.
///   drafts  where the namespace's document goes when more keys have to sign than are here ("": an error); one bundle only
///   errors  invalid, integrity, refused (the version exists with other bytes), not_found, denied, untrusted, store, usage
[[nodiscard]] Result<std::vector<AddedRelease>> add(const fs::Path& dir, const std::vector<fs::Path>& bundles,
                                                    const KeyOptions& keys, Log& log,
                                                    const fs::Path& drafts = {});

struct YankReport {
  fs::Path draft{};  ///< empty: done
  uint32_t missing = 0;
};
/// `what` = NAME@VERSION; `reason` empty: offer it again; `drafts` as for add. errors  usage, not_found, denied, store
[[nodiscard]] Result<YankReport> yank(const fs::Path& dir, const std::string& what, const std::string& reason,
                                      const KeyOptions& keys, const fs::Path& drafts = {});

struct StarterOptions {
  fs::Path dir{};  ///< rewritten as a whole
  std::vector<fs::Path> bundles{};
};
/// The starter registry: init + add with one key made here and destroyed before this returns (DESIGN section 4); its
/// signatures hold ten years. Honours SOURCE_DATE_EPOCH.
[[nodiscard]] Result<std::vector<AddedRelease>> make_starter(const StarterOptions& options, Log& log);

// --- namespaces and advisories (people.cpp) -------------------------------------------------------------------

struct NamespaceRow {
  std::string name{};
  std::vector<std::string> key_ids{};
  uint32_t threshold = 1;
  std::vector<std::string> release_key_ids{};
  std::string removed{};  ///< the reason; "" = in use
  uint64_t releases = 0;
  std::vector<std::string>
      announced{};            ///< keys that are to replace these, whose change the old ones have not signed
  std::string possible_at{};  ///< when that may take effect
};
struct OwnerOptions {
  std::vector<std::string>
      labels{};      ///< keys of the key folders; empty (and no proof): one is made, called ns.<name>
  fs::Path proof{};  ///< or a file that `key prove` made elsewhere
  uint32_t threshold = 1;
  std::string release_key{};  ///< label of the key that may publish only
};
/// errors  as registry::Repository::add_namespace
[[nodiscard]] Result<NamespaceRow> namespace_add(const fs::Path& dir, const std::string& name,
                                                 const OwnerOptions& owner, const KeyOptions& keys);
[[nodiscard]] Result<NamespaceRow> namespace_rekey(const fs::Path& dir, const std::string& name,
                                                   const OwnerOptions& owner, const KeyOptions& keys);
/// The announced change of keys is not made. errors  not_found: there is none
[[nodiscard]] Result<NamespaceRow> namespace_withdraw(const fs::Path& dir, const std::string& name,
                                                      const KeyOptions& keys);
[[nodiscard]] Status namespace_remove(const fs::Path& dir, const std::string& name, const std::string& reason,
                                      const KeyOptions& keys);
[[nodiscard]] Result<std::vector<NamespaceRow>> namespace_list(const fs::Path& dir);

struct AdvisoryRow {
  std::string id{};
  std::string title{};
  std::string severity{};
  std::string published{};
  std::string details{};
  std::string url{};
  std::vector<std::string> affected{};  ///< NAME@RANGE
};
/// `row.published` empty: now. errors  usage, invalid, denied, store; not_found: a package or version that it affects is not here
[[nodiscard]] Status advisory_add(const fs::Path& dir, const AdvisoryRow& row, const KeyOptions& keys);
[[nodiscard]] Status advisory_remove(const fs::Path& dir, const std::string& id, const KeyOptions& keys);
[[nodiscard]] Result<std::vector<AdvisoryRow>> advisory_list(const fs::Path& dir);

// --- keys and signatures (upkeep.cpp) -------------------------------------------------------------------------

struct KeyRow {
  std::string label{};
  std::string key_id{};
  std::string public_key{};
  fs::Path file{};
  bool encrypted = false;
  bool readable_by_others = false;
};
[[nodiscard]] Result<KeyRow> key_new(const fs::Path& folder, const std::string& label,
                                     const KeyOptions& keys);
[[nodiscard]] Result<std::vector<KeyRow>> key_list(const std::vector<fs::Path>& folders);
struct RotateOptions {
  std::string role{};
  uint32_t count = 1;      ///< new keys to make …
  uint32_t threshold = 1;  ///< … of which so many must sign
  fs::Path offline{};      ///< where new keys that sign rarely go; empty: beside the tree
  fs::Path
      drafts{};  ///< when keys that must sign are elsewhere: the documents to carry there; empty: that is an error
};
struct RotateReport {
  std::vector<KeyRow> keys{};      ///< the new ones
  std::vector<fs::Path> drafts{};  ///< empty: it is done
};
[[nodiscard]] Result<RotateReport> key_rotate(const fs::Path& dir, const RotateOptions& options,
                                              const KeyOptions& keys);
/// Proof that one holds the keys of a namespace; `current`: the role's present document, for a change of keys. Returns how many
/// of the keys still have to sign it, elsewhere: `sign` adds them.
[[nodiscard]] Result<uint32_t> key_prove(const std::string& name, const std::string& registry_id,
                                         const std::vector<std::string>& labels, uint32_t threshold,
                                         const fs::Path& current, const fs::Path& out,
                                         const KeyOptions& keys);

struct RefreshReport {
  bool done = false;                    ///< anything was signed
  std::vector<std::string> renewed{};   ///< roles besides timestamp, snapshot and index
  std::vector<std::string> warnings{};  ///< what runs out, and whose keys are not here
};
/// As registry::Repository::refresh.
[[nodiscard]] Result<RefreshReport> refresh(const fs::Path& dir, bool only_if_due, const KeyOptions& keys);
/// What runs out soon and needs a person, in sentences with the command that helps: for whoever has just changed something.
[[nodiscard]] Result<std::vector<std::string>> runs_out(const fs::Path& dir, const KeyOptions& keys);

struct SignedRow {
  std::string role{};
  uint64_t version = 0;
  std::string expires{};
  std::vector<std::string> signed_by{};
  uint32_t threshold = 1;
  uint32_t missing = 0;  ///< signatures it still needs
  std::vector<std::string> says{};
  fs::Path file{};  ///< empty: it is served now
};
/// `what` a registry's folder: sign the role anew and serve it or, when its keys are not all here, write drafts into `out`.
/// `what` a draft or a folder of drafts: add signatures (to `out`, else in place).
[[nodiscard]] Result<std::vector<SignedRow>> sign(const std::string& role, const fs::Path& what,
                                                  const fs::Path& out, const KeyOptions& keys);
/// Serve drafts that came back signed.
[[nodiscard]] Result<std::vector<SignedRow>> install_signed(const fs::Path& dir, const fs::Path& drafts,
                                                            const KeyOptions& keys);

struct RoleRow {
  std::string role{};
  uint64_t version = 0;
  std::string expires{};
  int64_t days_left = 0;  ///< negative: expired
  uint32_t threshold = 1;
  std::vector<std::string> key_ids{};
  uint32_t keys_here = 0;
  bool soon = false;  ///< needs somebody's attention
};
struct StatusReport {
  std::string id{};
  Mode mode = Mode::simple;
  std::vector<RoleRow> roles{};       ///< what runs out first is first
  std::vector<std::string> urgent{};  ///< what has run out or will soon, and the command that helps; the most urgent first
  std::vector<std::string>
      warnings{};          ///< what this registry cannot promise, and what is wrong with its keys
  bool attention = false;  ///< something runs out soon, or a key lies open
};
[[nodiscard]] Result<StatusReport> status(const fs::Path& dir, UnixTime now);

// --- the whole tree (check.cpp) -------------------------------------------------------------------------------

struct TreeProblem {
  std::string kind{};  ///< "signature", "damaged", "missing", "expired"
  std::string what{};  ///< a role, or a path in the tree
  std::string why{};
};
struct TreeReport {
  std::string id{};
  uint64_t roles = 0;
  uint64_t releases = 0;
  uint64_t blobs = 0;
  uint64_t bytes = 0;         ///< of those blobs
  uint64_t unreferenced = 0;  ///< blobs that no release names: left by a process that was killed, or of drafts
  std::vector<TreeProblem> problems{};
  Errc worst = Errc::ok;  ///< untrusted, integrity, attention (expired) or ok
};
/// Every signature, release and blob of the tree, by the clients' rules. Takes no lock, writes nothing, needs no key.
///   errors  not_found, store; what is wrong with the tree is in the report
[[nodiscard]] Result<TreeReport> check_tree(const fs::Path& dir, UnixTime now, Progress* progress);

}  // namespace nano::server
