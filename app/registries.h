// app/registries.h: which registries this client uses, and its configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct RegistryAddOptions {
  std::string name{};
  std::string url{};  ///< file://, http://, https://, or a folder (becomes file://)
  std::vector<std::string> namespaces{};
  bool root_namespace = false;
  // How it is trusted: exactly one of these.
  std::string root{};              ///< path of its root document
  std::string root_fingerprint{};  ///< sha256 of its version-1 root; that is then fetched
  bool trust_first_use = false;    ///< whatever version-1 root its address serves now
};
struct RegistryRow {
  std::string name{};
  std::string url{};
  std::vector<std::string> namespaces{};
  bool root_namespace = false;
  std::string id{};                    ///< fingerprint of its version-1 root; "" = it has none and is not trusted
  uint64_t root_version = 0;           ///< of the pinned root
  std::string root_expires{};          ///< of the pinned root, YYYY-MM-DDTHH:MM:SSZ
  std::vector<std::string> key_ids{};  ///< of the role root
  /// Its timestamp, as last seen, is signed for longer than kOnlineDays: nobody renews it, so old metadata can be shown as
  /// new for that long (TRUST.md: static registries).
  bool is_static = false;
  std::string fault{};  ///< why it cannot be used; "" = nothing known
  bool starter = false;
  std::string from{};  ///< "user", "system", "starter"
};
/// A registry with online keys signs its timestamp for a day, at most for this long.
inline constexpr int64_t kOnlineDays = 31;

/// errors  usage: bad name or URL, a namespace that another registry owns, no root or more than one; untrusted: another
///         root than the fingerprint's; network, refused (offline): the root cannot be fetched
[[nodiscard]] Result<RegistryRow> registry_add(Context& ctx, const RegistryAddOptions& options);
[[nodiscard]] Result<std::vector<RegistryRow>> registry_list(const Context& ctx);
[[nodiscard]] Status registry_remove(Context& ctx,
                                     const std::string& name);  ///< errors  not_found, usage (starter)

struct ConfigRow {
  std::string key{};
  std::string value{};
  std::string from{};  ///< "flag", "environment", "user", "system", "default"
};
/// The keys: json, quiet, verbose, offline, registry, store.
[[nodiscard]] Result<std::vector<ConfigRow>> config_list(const Context& ctx);
[[nodiscard]] Result<ConfigRow> config_get(const Context& ctx,
                                           const std::string& key);  ///< errors  usage: unknown key
[[nodiscard]] Status config_set(Context& ctx, const std::string& key,
                                const std::string& value);  ///< errors  usage
[[nodiscard]] Status config_unset(Context& ctx, const std::string& key);

}  // namespace nano::app
