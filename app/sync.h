// app/sync.h: a project brought in line with its nano.json and nano.lock.
#pragma once

#include <string>
#include <vector>

#include "app/choose_options.h"
#include "app/golden.h"
#include "app/install.h"
#include "app/upgrade.h"

namespace nano::app {

struct SyncOptions {
  bool locked = false;   ///< refuse (12) if nano.lock would change
  bool frozen = false;   ///< take nano.lock as it is: nothing is resolved
  bool upgrade = false;  ///< what is locked may move; `names` alone, or everything
  std::vector<std::string> names{};
  std::vector<std::string> add{};     ///< requirements to put into nano.json first
  std::vector<std::string> remove{};  ///< names to take out of it
  bool dry_run = false;
  ChooseOptions choose{};
};

/// One line of the difference between the old lock and the new.
struct LockChange {
  std::string name{};
  std::string before{};  ///< "1.0.0 q8"; "" = it is new
  std::string after{};   ///< "" = it goes
  int64_t bytes = 0;     ///< difference in size
  std::vector<ClaimChange> claims{};
};

struct SyncReport {
  std::string project{};              ///< folder
  std::vector<PlanItem> items{};      ///< what was put in place, or would be
  std::vector<LockChange> changes{};  ///< of nano.lock
  std::size_t packages = 0;           ///< that the project runs on
  bool wrote_manifest = false;
  bool wrote_lock = false;
  bool dry_run = false;
  uint64_t download_bytes = 0;
  uint64_t fetched_bytes = 0;
  double seconds = 0;
  std::vector<GoldenReport> golden{};  ///< of what was put in place now
};

/// Read, resolve (unless frozen), fetch, replay the golden inputs, write nano.json and nano.lock, and let the store keep what
/// they name. On any error both files and what the project was synced to stay as they are.
///   errors  not_found: no project, a name that is not in it; no_solution; refused: --locked or --frozen and nano.lock is missing
///           or would change; untrusted: a locked release is not the one the registry has, or comes from another registry;
///           unmet: a package no longer behaves as its golden file says; and those of install
[[nodiscard]] Result<SyncReport> sync(Context& ctx, const SyncOptions& options);

/// Make a project in `dir`. errors  usage: there is a nano.json already; store
[[nodiscard]] Result<fs::Path> init_project(const Context& ctx, const fs::Path& dir);

[[nodiscard]] Result<bool> is_in_project(const Context& ctx);

}  // namespace nano::app
