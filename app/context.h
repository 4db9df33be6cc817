// app/context.h: what every use case is handed: settings, places, registries, and where prose and progress
// go.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/result.h"
#include "schemas/config.h"
#include "schemas/store_layout.h"

namespace nano::app {

/// The six global flags as given on the command line; unset members fall to NANO_*, user config, system
/// config.
struct Flags {
  std::optional<bool> json{};
  std::optional<bool> quiet{};
  std::optional<bool> verbose{};
  std::optional<bool> offline{};
  std::string registry{};  ///< a configured name, or a URL with a configured key
  std::string store{};     ///< folder
};

/// After flag > variable > user > system.
struct Settings {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool offline = false;
  std::string registry{};  ///< empty = all configured ones
};

/// A registry as this client knows it: configured by the user or system, or the starter registry that came
/// with the program.
struct Registry {
  schemas::RegistryEntry config{};
  bool starter = false;  ///< installed with the program, file:// only, trusted as the program is
  std::string from{};    ///< "user", "system" or "starter"
};
inline constexpr std::string_view kStarterName = "starter";  ///< of the registry, and of the namespace that always reaches it

/// Everything a use case may touch. Made once in main; tests make their own.
struct Context {
  Settings settings{};
  schemas::Places places{};
  schemas::Config user_config{};    ///< as in the user's file
  schemas::Config system_config{};  ///< as in the system's file
  Flags flags{};                    ///< as given
  std::vector<Registry> registries{};
  Log* log = nullptr;            ///< never null after make_context
  Progress* progress = nullptr;  ///< never null after make_context
  /// Asks yes or no on a terminal; empty when there is none (then the safe answer is taken).
  std::function<bool(const std::string& question)> ask{};
  UnixTime now = 0;
  std::string command_line{};  ///< for locks, generations and history: "nano install x"
  /// What a command comes upon more than once (a project it passes over) is said once.
  std::shared_ptr<std::set<std::string>> said = std::make_shared<std::set<std::string>>();
  void warn_once(const std::string& text) const {
    if (said->insert(text).second) log->warn(text);
  }
};

/// Find places, read system and user config, add the starter registry (`<exe dir>/../share/nanom/starter`,
/// else NANO_STARTER, else the installed data folder). It owns the names without a namespace unless a configured registry does, and `starter/NAME` always.
///   errors  usage, invalid (a config file: named, with the place), store
[[nodiscard]] Result<Context> make_context(const Flags& flags, Log& log, Progress& progress);

/// The user's config.json as it stands now; an absent one is empty. errors  invalid: named, with the place; store
[[nodiscard]] Result<schemas::Config> read_user_config(const schemas::Places& places);

/// The root of the starter registry, in its folder: pinned by the installation of the program that it lies beside.
inline constexpr std::string_view kStarterRoot = "metadata/1.root.json";
/// The folder of the starter registry, if there is one beside this program.
[[nodiscard]] std::optional<fs::Path> find_starter();

/// The registry that owns a namespace: exactly one or none; there is no fallback to another (TRUST.md).
///   errors  not_found: no configured registry serves the namespace
[[nodiscard]] Result<const Registry*> registry_for(const Context& ctx, const std::string& ns);

}  // namespace nano::app
