// registry/repository/repository_impl.h: what the parts of Repository share. Internal to registry/repository.
#pragma once

#include "base/fs.h"
#include "registry/repository/edition.h"
#include "registry/repository/repository.h"
#include "registry/repository/served.h"
#include "registry/repository/tree_writer.h"

namespace nano::registry {

struct Repository::Impl {
  TreeWriter tree;
  KeyRing& keys;
  std::optional<fs::FileLock> lock;  ///< none: read only
  OpenOptions options;
  std::optional<Served> served{};
  schemas::Index index{};
  Digest index_digest{};         ///< of the index that is served
  std::string at_open{};         ///< timestamp.json as it was then
  std::vector<Digest> fresh{};   ///< blobs that this object has put into the tree, and no release names yet

  Impl(fs::Path dir, OpenOptions o, KeyRing& k, std::optional<fs::FileLock> l)
      : tree(std::move(dir)), keys(k), lock(std::move(l)), options(std::move(o)) {}

  /// A namespace's two or three roles, copied to be changed.
  struct Home {
    std::string name{};
    verify::tuf::Targets ns{};
    verify::tuf::RoleKeys ns_keys{};
    std::optional<verify::tuf::Targets> rel{};
    verify::tuf::RoleKeys rel_keys{};
    std::string tombstone{};
  };

  /// A change of a namespace's keys that its old keys have not signed.
  struct Announced {
    verify::tuf::RoleKeys by{};
    UnixTime since = 0;
    uint64_t version = 0;  ///< of the namespace's role then
  };

  [[nodiscard]] Status load();
  [[nodiscard]] Edition edition() {
    return Edition(tree, served ? &*served : nullptr, keys, options.lifetimes, options.now);
  }
  /// Commit, and read back what is served now.
  [[nodiscard]] Status commit(Edition& edition);
  /// What "targets" says of who signs `role`. errors  invalid: it does not delegate to it
  [[nodiscard]] Result<verify::tuf::RoleKeys> keys_of(std::string_view role);
  [[nodiscard]] bool has_namespace(std::string_view name) const { return served->lists(roles::ns(name)); }
  /// errors  not_found: nobody has it; refused: it was removed
  [[nodiscard]] Result<Home> home(const std::string& name);
  [[nodiscard]] Result<Home> home_or_tombstone(const std::string& name);
  [[nodiscard]] Status check_new_namespace(const std::string& name) const;
  /// reg.<hh> with one delegation put in place (and, for a new shard, "targets" that delegates to it), into `edition`.
  [[nodiscard]] Status delegate(Edition& edition, const std::string& name,
                                const std::vector<verify::tuf::Key>& owners, uint32_t threshold);
  [[nodiscard]] Result<std::optional<Announced>> announced(const std::string& name);
  [[nodiscard]] Status announce(Edition& edition, const std::string& name,
                                const std::optional<Announced>& next);
  [[nodiscard]] Result<bool> owners_agree(const Home& at, const verify::tuf::Document& doc);
  [[nodiscard]] Result<Rekeyed> wait_for_objections(const Home& at, const verify::tuf::RoleKeys& next);
  /// The index with this package's entry renewed from what the roles list, into `edition` and onto the disk.
  [[nodiscard]] Status put_index(Edition& edition, schemas::Index next);
  /// `changes`: where releases lie that are not in the tree yet.
  [[nodiscard]] Status renew_package(schemas::Index& next, const schemas::PackageName& name, const Home& home,
                                     const Edition& changes) const;
  /// A release whose blobs are in the tree.
  struct Arrival {
    schemas::Release release{};
    std::string bytes{};
    Digest digest{};
  };
  [[nodiscard]] Result<bool> is_there(const Arrival& a, const std::vector<Arrival>& before);
  [[nodiscard]] Result<Added> take_in(const Repository::Source& source, std::vector<Arrival>& arrivals);
  [[nodiscard]] Status mend_release(const Arrival& a, Added& added) const;
  /// `draft` as in AddOptions.
  [[nodiscard]] Status publish(const std::vector<Arrival>& arrivals, std::optional<Draft>* draft);
  /// The home of a namespace that is registered on the way, into `edition`.
  [[nodiscard]] Result<Home> adopt(Edition& edition, const std::string& name);
  /// When fewer keys of the role are at hand than it needs and a draft is welcome: makes it and returns true.
  [[nodiscard]] Result<bool> draft_instead(const verify::tuf::Targets& body, const std::string& role,
                                           const verify::tuf::RoleKeys& by, std::optional<Draft>* draft);
  /// Documents of namespaces that come back signed (namespace_drafts.cpp), into `edition`.
  [[nodiscard]] Status take_namespaces(Edition& edition,
                                       std::vector<std::pair<std::string, verify::tuf::Document>> documents);
  void prune_indexes(const Digest& previous) const;
  /// Are enough keys of the release role at hand? Else the namespace's own keys sign a release.
  [[nodiscard]] bool publishes_with_release_key(const Home& home) const;
  /// The namespace's role delegates to `key` from now on, into `edition`; `ns` is to be put there by the caller.
  void delegate_releases(Edition& edition, const std::string& name, verify::tuf::Targets& ns,
                         const std::optional<verify::tuf::Targets>& rel, const verify::PublicKey& key) const;

  [[nodiscard]] Status open_enough(const verify::tuf::RoleKeys& by);
  [[nodiscard]] Status renew_what_is_due(Edition& edition, const std::vector<RoleStatus>& all, Refreshed& out);

  /// Documents to be signed elsewhere (elsewhere.cpp), with what can be signed here. `by`: who may sign them.
  [[nodiscard]] Result<Draft> draft_root(verify::tuf::Root root, const verify::tuf::RoleKeys& by);
  [[nodiscard]] Result<Draft> draft_role(verify::tuf::Targets body, const std::string& role,
                                         const verify::tuf::RoleKeys& by);
};

/// The target a role lists for bytes that lie in the tree.
[[nodiscard]] verify::tuf::TargetFile target_file(const Digest& digest, uint64_t length, Json custom = {});
/// The digest a target names; zero when it names none.
[[nodiscard]] Digest digest_of(const verify::tuf::TargetFile& file);

}  // namespace nano::registry
