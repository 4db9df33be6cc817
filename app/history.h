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
  bool now = false;      ///< what is young goes too, but for downloads that are running
};
/// What gc left although nothing names it (or only a project that cannot be seen does), and why.
struct GcWithheld {
  std::string why{};      ///< stable word: "young-blob", "young-partial", "unseen-project"
  std::size_t count = 0;
  uint64_t bytes = 0;
  std::string detail{};   ///< of a project: its folder, and what the system said
};
struct GcReport {
  uint64_t freed_bytes = 0;
  std::size_t blobs = 0;
  std::size_t packages = 0;
  std::size_t generations = 0;
  std::size_t partials = 0;
  std::vector<GcWithheld> withheld{};  ///< young things by kind, then projects one by one
  bool dry_run = false;
};
[[nodiscard]] Result<GcReport> gc(Context& ctx, const GcOptions& options);

}  // namespace nano::app
