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
  std::vector<std::string> keys{};  ///< Ed25519 public keys: 64 hex digits, or paths of PEM files
};
struct RegistryRow {
  std::string name{};
  std::string url{};
  std::vector<std::string> namespaces{};
  bool root_namespace = false;
  std::vector<std::string> key_ids{};
  bool starter = false;
  std::string from{};  ///< "user", "system", "starter"
};
/// errors  usage: bad name or URL, a namespace that another registry owns, no key
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
