// registry/repository/edition.h: one transaction on a tree's metadata: all of it is served, or nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "registry/repository/key_ring.h"
#include "registry/repository/roles.h"
#include "registry/repository/served.h"
#include "registry/repository/tree_writer.h"
#include "verify/tuf/metadata.h"

namespace nano::registry {

/// Sign with every key of the role that is at hand. Returns how many distinct keys have signed, earlier ones included.
/// errors  denied (KeyRing::find); internal
[[nodiscard]] Result<uint32_t> sign_with(verify::tuf::Document& doc, const verify::tuf::RoleKeys& by,
                                         KeyRing& keys);

/// Gathers new versions of roles; commit() signs them all, then writes: new files under names that never existed before,
/// the snapshot, and last, by one rename, timestamp.json. Killed before that rename, the old state is served, whole, and
/// what was written is never looked at. A new root is put there last, when the timestamp also suits the old one.
class Edition {
 public:
  /// `served`: nullptr for the first edition of a new tree. All references outlive this.
  Edition(const TreeWriter& tree, const Served* served, KeyRing& keys, const roles::Lifetimes& lifetimes,
          UnixTime now)
      : tree_(tree), served_(served), keys_(keys), lifetimes_(lifetimes), now_(now) {}

  /// A new version of a targets role. Version and expiry are set here. `by`: what its delegator says (in this edition).
  void put(std::string role, verify::tuf::Targets body, verify::tuf::RoleKeys by);
  /// A new root. Version, expiry and the registry's id are set here.
  void put_root(verify::tuf::Root root);
  /// A document that was signed elsewhere, with the version it names. Its signatures are the caller's to check.
  void put_signed(std::string role, verify::tuf::Document doc, uint64_t version);
  /// A file that the roles name by its digest. Written when everything is signed, so that a missing key leaves nothing.
  void put_file(std::string path, std::string bytes);

  /// What put() was given for that role; nullptr: nothing.
  [[nodiscard]] const verify::tuf::Targets* planned(std::string_view role) const;
  /// What put_file() was given; nullptr: nothing.
  [[nodiscard]] const std::string* planned_file(std::string_view path) const;

  /// errors  denied: too few keys of a role are at hand (nothing was written); store (what was written is removed again)
  [[nodiscard]] Status commit();

 private:
  struct Change {
    verify::tuf::Targets body{};
    verify::tuf::RoleKeys by{};
    std::optional<verify::tuf::Document> ready{};  ///< signed elsewhere
    uint64_t version = 0;
  };
  struct File {
    std::string name{};  ///< in the folder of metadata
    std::string bytes{};
  };
  [[nodiscard]] const verify::tuf::Root& root_in_force() const { return root_ ? *root_ : served_->root(); }
  [[nodiscard]] verify::tuf::RoleKeys top_level(std::string_view role) const;
  [[nodiscard]] UnixTime expiry(std::string_view role) const { return now_ + lifetimes_.of(role); }
  [[nodiscard]] Result<verify::tuf::Document> sign(Json body, const verify::tuf::RoleKeys& by,
                                                   std::string_view role);
  [[nodiscard]] Status sign_roles(std::vector<File>& files, verify::tuf::Snapshot& snapshot);
  [[nodiscard]] Result<File> sign_root();
  [[nodiscard]] bool root_first() const { return served_ == nullptr || !old_root_suits_; }
  [[nodiscard]] Status undo(Error error, std::string_view timestamp) const;
  void prune(const verify::tuf::Snapshot& now_served) const;

  const TreeWriter& tree_;
  const Served* served_;
  KeyRing& keys_;
  const roles::Lifetimes& lifetimes_;
  UnixTime now_;
  std::map<std::string, Change> changes_{};
  std::map<std::string, std::string, std::less<>> files_{};  ///< by path in the tree
  std::vector<std::string> written_{};                       ///< paths that were not there before
  std::optional<verify::tuf::Root> root_{};
  std::optional<verify::tuf::Document> root_ready_{};
  bool old_root_suits_ = true;  ///< the online roles could be signed for the old root too
};

}  // namespace nano::registry
