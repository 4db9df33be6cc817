// registry/repository/served.h: the metadata a tree serves now, read back and checked as a client would, whatever its age.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "registry/repository/tree_writer.h"
#include "verify/tuf/trusted_set.h"

namespace nano::registry {

/// Nothing is re-signed that was not signed by the keys it should be: a tree that was tampered with is not opened. Expiry
/// alone is no obstacle, because renewing is what this is for. One thread at a time.
class Served {
 public:
  /// errors  not_found: no registry there; untrusted, integrity, invalid: its metadata were changed; store
  [[nodiscard]] static Result<Served> open(const TreeWriter& tree, UnixTime now);

  [[nodiscard]] const std::string& id() const { return id_; }  ///< of the first root (tuf::registry_id), 64 hex digits
  [[nodiscard]] const verify::tuf::Root& root() const { return root_; }
  [[nodiscard]] const verify::tuf::Timestamp& timestamp() const { return *set_.timestamp(); }
  [[nodiscard]] const verify::tuf::Snapshot& snapshot() const { return *set_.snapshot(); }
  [[nodiscard]] bool lists(std::string_view role) const { return snapshot().find(role) != nullptr; }
  /// A rotation was cut short: the newest root is there, and what is served was signed for the one before.
  [[nodiscard]] bool root_is_ahead() const { return root_is_ahead_; }

  [[nodiscard]] Result<const verify::tuf::Targets*> targets();
  /// A delegated role; its delegator must delegate to it, and is loaded when it is "targets".
  /// errors  untrusted: not listed in the snapshot, not delegated, not signed by the delegated keys
  [[nodiscard]] Result<const verify::tuf::Targets*> role(std::string_view name, std::string_view delegator);

  /// A version no file has yet: one more than the served one, and beyond what a crash may have left.
  [[nodiscard]] uint64_t next_version(std::string_view role) const;

 private:
  Served(const TreeWriter& tree, verify::tuf::TrustedSet set) : tree_(&tree), set_(std::move(set)) {}
  [[nodiscard]] static Result<Served> open_with(const TreeWriter& tree, UnixTime now,
                                                const std::vector<std::string>& roots);
  [[nodiscard]] Result<std::string> read(std::string_view role) const;

  const TreeWriter* tree_;
  verify::tuf::TrustedSet set_;
  std::string id_{};
  verify::tuf::Root root_{};
  bool root_is_ahead_ = false;
};

}  // namespace nano::registry
