// app/trust.h: what this client knows of each registry's signed metadata: shown, and forgotten on request.
#pragma once

#include <string>
#include <vector>

#include "app/anchor.h"
#include "app/context.h"

namespace nano::app {

/// Where a registry's metadata lies: <trust>/<64 hex of its id>.
[[nodiscard]] fs::Path trust_dir(const Context& ctx, const Digest& registry_id);

/// Version 1 of the root that an address serves. Nobody vouches for it yet.
///   errors  network, not_found, refused (offline), usage
[[nodiscard]] Result<std::string> fetch_first_root(Context& ctx, const std::string& url);

/// One role as it was last seen (and was trusted then).
struct TrustRole {
  std::string role{};
  uint64_t version = 0;
  std::string expires{};  ///< YYYY-MM-DDTHH:MM:SSZ
  bool expired = false;
  uint32_t threshold = 0;              ///< 0 = its delegator is not here
  std::vector<std::string> key_ids{};  ///< that may sign it
  std::size_t targets = 0;             ///< that it lists
};

struct TrustState {
  std::string registry{};  ///< the user's name for it
  std::string url{};
  std::string id{};  ///< fingerprint, 64 hex digits
  std::string from{};
  uint64_t pinned_version = 0;    ///< of the pinned root
  std::vector<TrustRole> roles{};  ///< root, timestamp, snapshot, targets, then by name; empty = never refreshed
  bool is_static = false;         ///< signed for so long that old metadata can be shown as new for long
  std::string fault{};            ///< why it cannot be trusted; "" = nothing known
};

/// Of every registry in use; nothing is fetched.
[[nodiscard]] Result<std::vector<TrustState>> trust_list(const Context& ctx);
/// errors  not_found: no such registry (with the nearest name)
[[nodiscard]] Result<TrustState> trust_show(const Context& ctx, const std::string& name);
/// Forget the metadata last seen and begin again from the pinned root. The memory that keeps old metadata from being shown as
/// new is lost with it: asks on a terminal, else `sure` must be set.
///   errors  not_found; usage: not sure; store
[[nodiscard]] Result<TrustState> trust_reset(Context& ctx, const std::string& name, bool sure);

/// Is the timestamp last seen (of a file:// registry: the one that lies there) signed for more than kOnlineDays?
[[nodiscard]] bool signs_for_long(const Context& ctx, const Registry& registry, const Digest& id);

}  // namespace nano::app
