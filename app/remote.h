// app/remote.h: one configured registry opened for reading, with its index kept between runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/context.h"
#include "registry/client/client.h"
#include "schemas/index.h"

namespace nano::app {

/// A registry's client and its index. The index is read at most once. Not thread-safe.
class Remote {
 public:
  [[nodiscard]] static Result<Remote> open(const Context& ctx, const Registry& registry);
  Remote(Remote&&) noexcept;
  Remote& operator=(Remote&&) noexcept;
  ~Remote();

  /// The newest signed index; when offline, the one that was verified and kept last.
  ///   errors  refused: offline and nothing kept; as registry::Client
  [[nodiscard]] Result<const schemas::Index*> index();
  /// What the registry vouches for under this name, all that a resolver needs; nullptr: it has no such package.
  [[nodiscard]] Result<const schemas::IndexPackage*> package(const schemas::PackageName& name);
  [[nodiscard]] registry::Client& client();
  [[nodiscard]] const Registry& registry() const;

 private:
  struct Impl;
  explicit Remote(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The registries of a context, each opened when first asked for.
class Remotes {
 public:
  explicit Remotes(const Context& ctx) : ctx_(ctx) {}
  /// The one that owns a namespace. errors  not_found: none does
  [[nodiscard]] Result<Remote*> for_namespace(const std::string& ns);
  [[nodiscard]] Result<Remote*> for_registry(const Registry& registry);

 private:
  const Context& ctx_;
  std::map<std::string, Remote> open_{};
};

}  // namespace nano::app
