// schemas/store_layout.h: every path of the store, and which environment variable moves what. Used by libnano too:
// no OpenSSL, no JSON, no I/O.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/name.h"
#include "schemas/version.h"

namespace nano::schemas {

/// The paths below one store (DESIGN section 5). Only parsed values go in, so no foreign text becomes a path.
class StoreLayout {
 public:
  explicit StoreLayout(std::filesystem::path root) : root_(std::move(root)) {}
  using Path = std::filesystem::path;

  [[nodiscard]] const Path& root() const { return root_; }
  [[nodiscard]] Path blobs() const { return root_ / "blobs" / "sha256"; }
  [[nodiscard]] Path blob(const Digest& d) const;  ///< blobs/sha256/ab/<64 hex>
  [[nodiscard]] Path partials() const { return root_ / "partial"; }
  [[nodiscard]] Path partial(const Digest& d) const { return root_ / "partial" / d.hex(); }
  [[nodiscard]] Path packages() const { return root_ / "pkgs"; }
  /// pkgs/<ns>/<name>/<version>~<variant>; the root namespace is `_`. A package without variants has variant "all".
  [[nodiscard]] Path package(const PackageName& n, const Version& v, std::string_view variant) const;
  [[nodiscard]] Path manifest(const PackageName& n, const Version& v, std::string_view variant) const;  ///< …/nano.json
  [[nodiscard]] Path generations() const { return root_ / "generations"; }
  [[nodiscard]] Path generation(uint64_t number) const;  ///< generations/<N>.json
  /// A regular file that holds the number of the generation in force and a newline: "12\n". Absent = nothing installed.
  [[nodiscard]] Path current() const { return root_ / "current"; }
  [[nodiscard]] Path project_roots() const { return root_ / "roots"; }
  [[nodiscard]] Path project_root(const Digest& of_project_path) const;  ///< roots/<64 hex>.json
  [[nodiscard]] Path derived() const { return root_ / "derived"; }
  [[nodiscard]] Path state_db() const { return root_ / "state.sqlite"; }
  [[nodiscard]] Path lock() const { return root_ / "lock"; }

 private:
  Path root_;
};

/// pkgs/<ns>/<name>/<version>~<variant>, relative to a store.
[[nodiscard]] std::string package_dir(const PackageName& n, const Version& v, std::string_view variant);
inline constexpr std::string_view kNoVariant = "all";  ///< stands in paths where a package has no variants (dataset)

/// The text of `current`. errors  store: not a whole number (the store is damaged)
[[nodiscard]] Result<uint64_t> parse_current(std::string_view text);
[[nodiscard]] std::string current_text(uint64_t number);

/// Reads one environment variable; nullptr when unset. libnano passes secure_getenv.
using GetEnv = std::function<const char*(const char*)>;

/// Where things are for this user.
struct Places {
  std::filesystem::path store{};                           ///< written
  std::vector<std::filesystem::path> read_only_stores{};   ///< searched after it, in this order
  std::filesystem::path config_dir{};                      ///< user: config.json and keys
  std::filesystem::path cache{};                           ///< may be deleted at any time
  /// What registries signed last, by registry id: <64 hex>/timestamp.json and so on. Losing it loses the protection against
  /// old metadata shown as new, so it is data and no cache.
  std::filesystem::path trust{};
  std::filesystem::path system_config_dir{"/etc/nanom"};

  [[nodiscard]] std::filesystem::path user_config() const { return config_dir / "config.json"; }
  [[nodiscard]] std::filesystem::path system_config() const { return system_config_dir / "config.json"; }
  /// The pinned root of a registry, below a configuration folder: roots/<64 hex>.json
  [[nodiscard]] static std::filesystem::path pinned_root(const std::filesystem::path& config, const Digest& registry_id) {
    return config / "roots" / (registry_id.hex() + ".json");
  }
};

/// store   `store_flag`, else NANO_STORE, else $NANO_HOME/store/v1, else `store_from_config`, else $XDG_DATA_HOME/nanom/store/v1,
///         else $HOME/.local/share/nanom/store/v1
/// config  $NANO_HOME/config, else $XDG_CONFIG_HOME/nanom, else $HOME/.config/nanom
/// cache   $NANO_HOME/cache, else $XDG_CACHE_HOME/nanom, else $HOME/.cache/nanom
/// trust   $NANO_HOME/trust, else $XDG_DATA_HOME/nanom/trust, else $HOME/.local/share/nanom/trust
/// NANO_STORE_PATH: folders joined by ':', read only. An empty variable counts as unset; a relative XDG_* is ignored
/// (XDG base directory specification); other relative paths are taken from the working folder.
///   errors  usage: no variable says where (HOME unset as well)
[[nodiscard]] Result<Places> find_places(const GetEnv& getenv, std::string_view store_flag = {}, std::string_view store_from_config = {});

}  // namespace nano::schemas
