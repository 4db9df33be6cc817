// app/remote.h: one configured registry opened for reading: its signed tree, and the wire behind it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "registry/client/client.h"
#include "registry/client/signed_tree.h"
#include "schemas/index.h"

namespace nano::app {

/// A registry. Packages of the starter registry are named as the person named them, `starter/x` or `x`, with what they need.
/// Its metadata are refreshed at most once, and only when something is asked. Not thread-safe.
class Remote {
 public:
  /// errors  untrusted: no pinned root; usage: its URL
  ///   must_keep   fail where what the registry signs cannot be kept (its folder is read-only): who installs by it needs that
  [[nodiscard]] static Result<Remote> open(const Context& ctx, const Registry& registry, bool must_keep = false);
  Remote(Remote&&) noexcept;
  Remote& operator=(Remote&&) noexcept;
  ~Remote();

  /// What the registry vouches for under this name, all that a resolver needs; nullptr: it has no such package.
  /// When each version was seen here first is noted down.
  [[nodiscard]] Result<const schemas::IndexPackage*> package(const schemas::PackageName& name);
  /// The search index: names, titles, and when each release was first served. Hints for people; nothing is installed by it.
  [[nodiscard]] Result<const schemas::Index*> index();
  [[nodiscard]] Result<const std::vector<schemas::Advisory>*> advisories();
  /// errors  as registry::SignedTree::release
  [[nodiscard]] Result<registry::VouchedRelease> release(const schemas::PackageName& name, const schemas::Version& version,
                                                         const Digest& digest);
  /// Since when a version can be thought public: the later of what its publisher says and of when this registry first served it,
  /// or where that says nothing, of when this client saw it first (TRUST.md: a stolen key can backdate `published`).
  [[nodiscard]] Result<UnixTime> public_since(const schemas::PackageName& name, const schemas::IndexVersion& version);

  /// That expiry is judged by: the clock's, or a later one that is known (believed_time).
  [[nodiscard]] UnixTime time() const;
  /// What the registry itself calls a package: the starter registry's `starter/x` is its `x`.
  [[nodiscard]] schemas::PackageName name_there(const schemas::PackageName& name) const;
  [[nodiscard]] registry::SignedTree& tree();
  [[nodiscard]] registry::Client& client();
  [[nodiscard]] const Registry& registry() const;
  [[nodiscard]] const Digest& id() const;

 private:
  struct Impl;
  explicit Remote(std::unique_ptr<Impl> impl);
  void saw_refresh();
  [[nodiscard]] Status saw_dates();
  std::unique_ptr<Impl> impl_;
};

/// The registries of a context, each opened when first asked for.
class Remotes {
 public:
  explicit Remotes(const Context& ctx, bool must_keep = false) : ctx_(ctx), must_keep_(must_keep) {}
  ~Remotes();  ///< says, when verbose, how many requests were made
  Remotes(const Remotes&) = delete;
  Remotes& operator=(const Remotes&) = delete;
  /// The one that owns a namespace. errors  not_found: none does
  [[nodiscard]] Result<Remote*> for_namespace(const std::string& ns);
  [[nodiscard]] Result<Remote*> for_registry(const Registry& registry);
  /// A bare name that its own registry has not: where the registry that came with nano has it, the words that say so; else "".
  [[nodiscard]] std::string hint_of_starter(const schemas::PackageName& name);

 private:
  const Context& ctx_;
  bool must_keep_ = false;
  std::map<std::string, Remote> open_{};
};

}  // namespace nano::app
