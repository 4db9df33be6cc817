// schemas/registry_json.h: registry.json, the unsigned hints at a tree's top: they change no limit and no trust.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schemas/problem.h"

namespace nano::schemas {

inline constexpr std::string_view kRegistrySchema = "nano.registry/1";
inline constexpr uint64_t kMaxRegistryJsonBytes = 65'536;

struct RegistryJson {
  std::string name{};        ///< what it calls itself; the user's own name for it counts
  std::string title{};
  std::string api{};         ///< URL of the server API; "" = none. Used only at the tree's own origin
  uint64_t protocol = 1;     ///< of the tree
  friend bool operator==(const RegistryJson&, const RegistryJson&) = default;
};

/// errors  invalid; unsupported: a protocol this build does not speak
[[nodiscard]] Result<RegistryJson> parse_registry_json(std::string_view bytes);
[[nodiscard]] Problems check_registry_json(std::string_view bytes);
[[nodiscard]] std::string write_registry_json(const RegistryJson& doc);

}  // namespace nano::schemas
