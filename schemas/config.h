// schemas/config.h: config.json, of the user and of the system.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/name.h"
#include "schemas/problem.h"

namespace nano::schemas {

inline constexpr std::string_view kConfigSchema = "nano.config/1";
inline constexpr uint64_t kMaxConfigBytes = 1'000'000;

struct RegistryEntry {
  std::string name{};  ///< local, the user's
  std::string url{};   ///< http://, https:// or file:///
  std::vector<std::string> namespaces{};
  bool root_namespace = false;            ///< owns the root namespace
  /// The registry's id: sha256 of its version-1 root, whose pinned copy lies at Places::pinned_root. All trust in it begins there.
  std::optional<Digest> root{};
  std::vector<std::string> public_keys{};  ///< of nano before 0.2: still read, so that a message can say what to do; trusts nothing
  friend bool operator==(const RegistryEntry&, const RegistryEntry&) = default;
};

/// Absent = not set here (flag > variable > user > system).
struct Config {
  std::vector<RegistryEntry> registries{};
  std::string store{};     ///< absolute path; "" = not set
  std::string registry{};  ///< the registry to use unless told; "" = not set
  std::optional<bool> json{};
  std::optional<bool> quiet{};
  std::optional<bool> verbose{};
  std::optional<bool> offline{};
  [[nodiscard]] const RegistryEntry* find(std::string_view registry_name) const;
  /// The registry that owns a namespace ("_" = root); nullptr when none is configured for it.
  [[nodiscard]] const RegistryEntry* owner(std::string_view ns) const;
  friend bool operator==(const Config&, const Config&) = default;
};

/// errors  invalid: also two registries of one name, or a namespace (or the root) with two owners
[[nodiscard]] Result<Config> parse_config(std::string_view bytes);
[[nodiscard]] Problems check_config(std::string_view bytes);
[[nodiscard]] std::string write_config(const Config& config);
/// The rules between the registries of one configuration; also for one that was changed in memory.
[[nodiscard]] Problems check_registries(const std::vector<RegistryEntry>& registries);
/// `user` over `system`: a set key wins; registries are joined, the user's of the same name wins.
/// errors  invalid: the joined registries break a rule
[[nodiscard]] Result<Config> merge(const Config& system, const Config& user);

}  // namespace nano::schemas
