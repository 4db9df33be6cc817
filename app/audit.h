// app/audit.h: what is installed, held against what its registries say of it now.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct AuditFinding {
  std::string package{};  ///< "acme/tiny"
  std::string version{};
  /// advisory, yanked, withdrawn (nobody vouches for it any more), replaced (another release stands in its place), unsigned,
  /// expired (its registry's metadata are too old to say), unreachable (its registry cannot be asked), policy
  std::string kind{};
  std::string severity{};  ///< of an advisory: malware, critical, high, moderate, low
  std::string id{};        ///< of an advisory
  std::string message{};
  std::string remedy{};
};

struct AuditReport {
  std::size_t packages = 0;  ///< that were looked at
  std::vector<AuditFinding> findings{};
};

/// Refreshes each registry's metadata; offline, what was seen last is judged. Findings are data: the command exits 15.
///   errors  store, invalid
[[nodiscard]] Result<AuditReport> audit(Context& ctx);

}  // namespace nano::app
