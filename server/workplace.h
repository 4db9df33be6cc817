// server/workplace.h: a registry opened for work: its folder, its lock, its keys. Internal to server.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "registry/repository/key_store.h"
#include "registry/repository/repository.h"
#include "server/admin.h"

namespace nano::server {

/// `DIR.keys`, beside the tree and never in what is served.
[[nodiscard]] fs::Path keys_folder(const fs::Path& dir);

/// How this registry was made: `DIR.keys/settings.json`. It decides lifetimes and conveniences, never trust.
struct Settings {
  Mode mode = Mode::simple;
  int64_t static_seconds = 0;  ///< of a static registry: how long all its signatures hold
  int64_t rekey_days = registry::roles::kRekeyWait / registry::roles::kDay;  ///< "rekey_wait_days"
  [[nodiscard]] registry::roles::Lifetimes lifetimes() const;
};
[[nodiscard]] Result<Settings> read_settings(
    const fs::Path& dir);  ///< absent: the defaults. errors  invalid, store
[[nodiscard]] Status write_settings(const fs::Path& dir, const Settings& settings);

/// The keys of a registry: DIR.keys, the offline folder, and what --keys names.
[[nodiscard]] Result<registry::KeyStore> open_keys(const fs::Path& online,
                                                   const std::optional<fs::Path>& offline,
                                                   const KeyOptions& options);

struct Workplace {
  Settings settings{};
  std::unique_ptr<registry::KeyStore> keys{};
  std::optional<registry::Repository> repo{};

  [[nodiscard]] static Result<Workplace> open(const fs::Path& dir, const KeyOptions& options,
                                              std::string_view command);
  /// Only to be looked at: without the lock, also in a folder that cannot be written.
  [[nodiscard]] static Result<Workplace> look(const fs::Path& dir);

 private:
  [[nodiscard]] static Result<Workplace> open(const fs::Path& dir, const KeyOptions& options,
                                              registry::OpenOptions how);
};

/// `<folder>/<version>.<role>.json`
[[nodiscard]] Result<fs::Path> write_draft(const registry::Draft& draft, const fs::Path& folder);

}  // namespace nano::server
