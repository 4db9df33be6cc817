// app/history.h: generations: what was installed when, going back, and removing what nothing needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/install.h"

namespace nano::app {

struct HistoryItem {
  uint64_t generation = 0;
  std::string created{};
  std::string command{};
  bool current = false;
  std::vector<std::string> packages{};  ///< "sentiment-50m 1.0.0 q8"
  std::vector<std::string>
      changes{};  ///< against its parent: "+ x 1.0.0 q8", "- y 1.2.0 q4", "~ z 1.0.0 -> 1.1.0"
};
[[nodiscard]] Result<std::vector<HistoryItem>> history(const Context& ctx);  ///< newest first

struct RollbackReport {
  uint64_t from = 0;
  uint64_t to = 0;
  std::vector<std::string> changes{};
  std::vector<PlanItem> items{};  ///< the same as a plan
  bool dry_run = false;
};
/// Switch to generation `to` (nullopt: the parent of the one in force). errors  not_found, store, integrity:
/// a package of it is no longer whole
[[nodiscard]] Result<RollbackReport> rollback(Context& ctx, std::optional<uint64_t> to, bool dry_run = false);

struct GcOptions {
  bool dry_run = false;
  std::size_t keep = 5;  ///< generations kept besides the one in force
};
struct GcReport {
  uint64_t freed_bytes = 0;
  std::size_t blobs = 0;
  std::size_t packages = 0;
  std::size_t generations = 0;
  std::size_t partials = 0;
  bool dry_run = false;
};
[[nodiscard]] Result<GcReport> gc(Context& ctx, const GcOptions& options);

}  // namespace nano::app
