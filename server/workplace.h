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

/// `DIR.keys`, beside the tree and never in what is served; where DIR is a symbolic link, beside what it points to.
[[nodiscard]] fs::Path keys_folder(const fs::Path& dir);

/// How this registry was made: `DIR.keys/settings.json`. It decides lifetimes and conveniences, never trust.
struct Settings {
  Mode mode = Mode::simple;
  int64_t static_seconds = 0;  ///< of a static registry: how long all its signatures hold
  int64_t rekey_days = registry::roles::kRekeyWait / registry::roles::kDay;  ///< "rekey_wait_days"
  std::string registry{};   ///< its id; "": made by nano before 0.3, or not made yet
  bool unfinished = false;  ///< `init` is at work, or was killed
  [[nodiscard]] registry::roles::Lifetimes lifetimes() const;
};
/// A folder of keys with the settings in it.
struct KeysHome {
  fs::Path folder{};
  Settings settings{};
};
/// Looks into keys_folder(dir), then into `more` for settings that name this registry: its folder may have been moved.
///   errors  not_found: there are none, so nobody knows for how long to sign; invalid, store
[[nodiscard]] Result<KeysHome> find_settings(const fs::Path& dir, const std::vector<fs::Path>& more);
/// errors  not_found, invalid, store
[[nodiscard]] Result<Settings> read_settings(const fs::Path& folder);
[[nodiscard]] Status write_settings(const fs::Path& folder, const Settings& settings);
/// The id of the registry in `dir`, read from its first root; "": it cannot be read.
[[nodiscard]] std::string id_of_tree(const fs::Path& dir);
/// The time to sign with. errors  refused: before nano-registry was written, or after the year 2100
[[nodiscard]] Result<UnixTime> signing_time(const KeyOptions& options);

/// The keys of a registry: DIR.keys, the offline folder, and what --keys names.
[[nodiscard]] Result<registry::KeyStore> open_keys(const fs::Path& online,
                                                   const std::optional<fs::Path>& offline,
                                                   const KeyOptions& options);

struct Workplace {
  fs::Path keys_home{};  ///< where new keys go
  Settings settings{};
  UnixTime now = 0;
  std::unique_ptr<registry::KeyStore> keys{};
  std::optional<registry::Repository> repo{};

  [[nodiscard]] static Result<Workplace> open(const fs::Path& dir, const KeyOptions& options,
                                              std::string_view command);
  /// Only to be looked at: without the lock, also in a folder that cannot be written.
  [[nodiscard]] static Result<Workplace> look(const fs::Path& dir, UnixTime now = nano::now());

  /// After a change: keys made for it stay when it was made, and are taken back when it failed and nothing is served of it.
  template <class T>
  [[nodiscard]] Result<T> settle(Result<T> done) {
    if (done || !repo->unchanged())
      keys->keep();
    else
      keys->take_back();
    return done;
  }

 private:
  [[nodiscard]] Status open_tree(const fs::Path& dir, registry::OpenOptions how);
};

/// `<folder>/<version>.<role>.json`
[[nodiscard]] Result<fs::Path> write_draft(const registry::Draft& draft, const fs::Path& folder);

}  // namespace nano::server
