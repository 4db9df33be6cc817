// schemas/name.h: package names, and the other short names that follow the same grammar.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano::schemas {

inline constexpr std::size_t kMaxNameBytes = 64;         ///< of a namespace, of a name, of a variant
inline constexpr std::string_view kRootNamespace = "_";  ///< how the root namespace is written in paths and documents

/// `[namespace/]name`: each `[a-z0-9]` with single inner `-`, 1 to 64 bytes. A bare name lies in the root namespace.
struct PackageName {
  std::string ns{kRootNamespace};  ///< "_" = the root namespace
  std::string name{};

  /// errors  usage: the fault and its position (1-based) are named
  [[nodiscard]] static Result<PackageName> parse(std::string_view text);
  /// As people write it: bare in the root namespace, else `ns/name`.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool in_root() const { return ns == kRootNamespace; }
  friend auto operator<=>(const PackageName&, const PackageName&) = default;
};

/// A single name of the same grammar (variant, registry, namespace). `what` begins the message: "the variant".
/// errors  usage
[[nodiscard]] Status check_simple_name(std::string_view text, std::string_view what);

}  // namespace nano::schemas

template <>
struct std::hash<nano::schemas::PackageName> {
  std::size_t operator()(const ::nano::schemas::PackageName& n) const noexcept {
    return std::hash<std::string>()(n.ns) * 31 + std::hash<std::string>()(n.name);
  }
};
