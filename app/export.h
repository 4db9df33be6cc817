// app/export.h: installed packages and the metadata that vouches for them, as one file to carry elsewhere.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct ExportOptions {
  std::vector<std::string> names{};  ///< installed packages; what they need comes with them
  fs::Path out{};
  bool force = false;  ///< replace `out`
};
struct ExportedPackage {
  std::string name{};
  std::string version{};
  std::string variant{};
  std::string registry{};
  bool requested = true;  ///< false: another one needs it
};
struct ExportReport {
  fs::Path file{};
  uint64_t bytes = 0;
  std::vector<ExportedPackage> packages{};
  std::string fresh_until{};  ///< from then on an import needs --max-stale, YYYY-MM-DDTHH:MM:SSZ
};

/// The registries' metadata are refreshed first (offline: those seen last are taken), so that the file is as fresh as it can be.
///   errors  usage: `out` exists; not_found: not installed; untrusted: unsigned, or no longer vouched for; integrity: damaged here; those of registries
[[nodiscard]] Result<ExportReport> export_packages(Context& ctx, const ExportOptions& options);

}  // namespace nano::app
